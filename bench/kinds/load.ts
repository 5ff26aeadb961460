/** Load: requests that arrive at random at an instance of each environment, rate by rate, in random order. */

import { LATENCIES, summarizeLoad } from '../analysis/capacity/load.ts';
import { type RatioRow, ratioRows } from '../analysis/reproduction.ts';
import { burstNsOf, runOf } from '../plan/commands.ts';
import { LOAD_SHARES, sharesOf } from '../plan/load-plan.ts';
import { boxesOf, controlOf } from '../plan/schedule.ts';
import { onBaseline } from '../run/baseline.ts';
import { calibrate } from '../run/calibrate.ts';
import {
  type BlockResult,
  type BlockScope,
  countedOf,
  type Kind,
  type KindRun,
  type SessionRecords,
  type SessionScope,
  startedIn,
  type TimeGuess,
} from '../run/kind.ts';
import { measureCapacity, OVERTIME } from '../run/load/level.ts';
import { LoadBlock } from '../run/load/load-block.ts';
import { type OpenLedger, openLedger } from '../run/watch/ledger.ts';
import type { SessionInfo } from '../session/info.ts';
import type { Plan } from '../types.ts';
import { count, formatSpan } from '../units.ts';

export const load: Kind = {
  name: 'load',
  hasTarget: false,
  estimate,
  describe,
  open: (session) => new LoadRun(session),
  counted: countedOf,
  conclude: () => ({ contrasts: [], events: [] }),
  ratios,
  measured: startedIn,
};

/** A closed loop for so long finds what the baseline can do. */
const CAPACITY_NS = 1e9;

/** Levels last as long as requests arrive, and longer in a box that is slower than they do. */
function estimate(plan: Plan, guess: TimeGuess, blocks: number): number {
  const levelsNs = runOf(plan).reduce((sum, id) => sum + plannedNs(plan, id), 0);
  return boxesOf(plan).reduce((sum, box) => {
    const { startSeconds, factor } = guess(box);
    return sum + blocks * (startSeconds + (levelsNs / 1e9) * Math.min(OVERTIME, Math.max(1, factor)));
  }, 0);
}

/** All levels of a workload in a box, as far as their rates are known. */
function plannedNs(plan: Plan, workload: string): number {
  const { levelNs = 0, levelArrivals = 1 } = plan;
  const perSecond = 1e9 / burstNsOf(plan, workload);
  const rates = plan.rates ?? sharesOf(perSecond);
  return rates.reduce((sum, rate) => sum + Math.max(levelNs, (levelArrivals * 1e9) / rate), 0);
}

function describe(plan: Plan): string[] {
  const { maxBlocks, rates, levelNs = 0, levelArrivals = 1, burstNs } = plan;
  const arrivals = levelArrivals > 1 ? ` and ${levelArrivals} arrivals` : '';
  const at =
    rates === undefined ? `${LOAD_SHARES.join(', ')} of what the baseline can do` : `${rates.join(', ')} a second`;
  return [
    `measures      latency of requests that arrive at random: ${runOf(plan).join(', ')}, bursts of ${burstNs / 1e6} ms`,
    `rates         ${at}`,
    `design        ${count(maxBlocks, 'block')} of a level at each rate in each, in random order, ${formatSpan(levelNs / 1e9)}${arrivals} at least`,
  ];
}

/** Latency over that of the baseline, at each rate that both keep up with. */
function ratios(records: SessionRecords): RatioRow[] {
  const { plan } = records;
  const control = controlOf(plan.baseline);
  return summarizeLoad(countedOf(records).load, plan).levels.flatMap((level) => {
    const { env, workload, ratePerSecond, ratios: found } = level;
    if (env === control) return [];
    return LATENCIES.flatMap((latency) => {
      const named = `${workload}, ${ratePerSecond}/s, ${latency}`;
      return ratioRows({ env, baseline: plan.baseline, workload: named }, found[latency]);
    });
  });
}

class LoadRun implements KindRun {
  readonly #session: SessionScope;
  readonly #opened: OpenLedger;

  constructor(session: SessionScope) {
    this.#session = session;
    this.#opened = openLedger(session);
  }

  /** Work per burst and rates, on a start of the baseline that is not measured otherwise. */
  async prepare(): Promise<Partial<SessionInfo> | undefined> {
    const { info, plan, signal } = this.#session;
    const { work: known, rates } = info();
    if (rates !== undefined) return undefined;
    return onBaseline(this.#session, async (resident) => {
      const work = Object.keys(known).length > 0 ? known : await calibrate(resident, plan);
      const found: Record<string, readonly number[]> = {};
      for (const [workload, passes] of Object.entries(work)) {
        const loop = { leastNs: CAPACITY_NS, signal };
        found[workload] = plan.rates ?? sharesOf(await measureCapacity(resident, { workload, work: passes }, loop));
      }
      return { work, rates: found };
    });
  }

  runBlock(scope: BlockScope): Promise<BlockResult> {
    const { work, rates = {} } = this.#session.info();
    return new LoadBlock(scope, { work, rates, ledger: this.#opened.ledger }).run();
  }

  close(): Promise<void> {
    return this.#opened.close();
  }
}
