/** Workloads: bursts of every one in every box, interleaved; ratios to the baseline with their verdicts. */

import { hostTimedBoxes } from '../analysis/contrast/clock.ts';
import { isPrecise } from '../analysis/contrast/precise.ts';
import { sessionTable } from '../analysis/contrast/session-table.ts';
import { decideWarmup, warmupBurstsOf } from '../analysis/warmup.ts';
import { burstNsOf, commandOf, runOf } from '../plan/commands.ts';
import { copiesText, ownCopies } from '../plan/copies.ts';
import { blocksText, LEAD_IN } from '../plan/profiles.ts';
import { rootText } from '../plan/root.ts';
import { boxesOf } from '../plan/schedule.ts';
import { calibrated } from '../run/baseline.ts';
import { BlockRun } from '../run/block.ts';
import type {
  BlockResult,
  BlockScope,
  Conclusion,
  Kind,
  KindRun,
  SessionRecords,
  SessionScope,
  TimeGuess,
} from '../run/kind.ts';
import { Refusals } from '../run/refusals.ts';
import { type OpenLedger, openLedger } from '../run/watch/ledger.ts';
import type { SessionInfo } from '../session/info.ts';
import { NO_KIND_ROWS } from '../session/kind-tables.ts';
import { countedSamples } from '../session/load.ts';
import type { Plan } from '../types.ts';
import { count, formatCpuList } from '../units.ts';
import { workloadLines } from './describe.ts';

/** Warm-up bursts of the blocks after the pilot are only known when it is done; a third of its own is a reasonable guess. */
const LATER_WARMUP_SHARE = 1 / 3;

export const workloads: Kind = {
  name: 'workloads',
  hasTarget: true,
  estimate,
  describe,
  open: (session) => new WorkloadsRun(session),
  counted: (records) => ({ samples: countedOf(records), starts: records.starts, ...NO_KIND_ROWS }),
  conclude,
  ratios: (records) => tableOf(records).rows,
  measured: ({ samples }) =>
    new Set(samples.filter(({ phase, ok }) => phase === 'measure' && ok).map(({ env }) => env)),
};

function estimate(plan: Plan, guess: TimeGuess, blocks: number): number {
  const run = runOf(plan);
  const longSeconds = (run.length * plan.longVisits * plan.longNs) / 1e9;
  const burstNs = run.reduce((sum, id) => sum + burstNsOf(plan, id), 0);
  const visitNs = run.reduce((sum, id) => sum + visitNsOf(plan, id), 0);
  const firstRunsNs = (plan.commands ?? []).reduce((sum, { runNs = 0 }) => sum + runNs, 0);
  let seconds = 0;
  for (const box of boxesOf(plan)) {
    const { startSeconds, factor } = guess(box);
    const warmups = plan.pilotBursts * (1 + (blocks - 1) * LATER_WARMUP_SHARE);
    const timedNs = warmups * burstNs + blocks * (plan.rounds * visitNs + firstRunsNs);
    seconds += blocks * (startSeconds + longSeconds) + (timedNs * factor) / 1e9;
  }
  return seconds;
}

/** A lead-in is one run at least, which of a long program is a whole burst. */
function visitNsOf(plan: Plan, workload: string): number {
  const burstNs = burstNsOf(plan, workload);
  if (plan.singleBursts === true) return burstNs;
  return burstNs + Math.max((plan.leadIn ?? 1) * burstNs, commandOf(plan, workload)?.runNs ?? 0);
}

function describe(plan: Plan): string[] {
  const { minBlocks, maxBlocks, target, root } = plan;
  const end =
    target === null
      ? `after ${count(maxBlocks, 'block')}`
      : `when every interval is ±${percent(target)} at most, from ${minBlocks} blocks on`;
  return [
    ...workloadLines(plan),
    ...(root === undefined ? [] : [`root          ${rootText(root)}`]),
    `design        ${blocksText(plan)} blocks × ${plan.rounds} rounds, ${plan.schedule}, ${plan.singleBursts === true ? 'one run a visit' : `bursts of ${plan.burstNs / 1e6} ms`}`,
    ...leadLines(plan),
    ...threadLines(plan),
    `margin        ±${percent(plan.margin)}: differences up to that count as none`,
    `ends          ${end}`,
  ];
}

/** A lead-in of another length than by default. */
function leadLines({ leadIn = 1, singleBursts }: Plan): string[] {
  if (leadIn === LEAD_IN || singleBursts === true) return [];
  return [`lead-in       ${percent(leadIn)} of the passes of a burst`];
}

/** Copies, if there are several, and whether the harness has no CPU left for itself. */
function threadLines(plan: Plan): string[] {
  const text = copiesText(plan);
  if (text === '') return [];
  const { threads = 1, limits } = plan;
  const { cpus, housekeeping } = limits;
  const shared = housekeeping.filter((cpu) => cpus.includes(cpu));
  const shares = shared.length === 0 ? '' : `; the harness is on CPU ${formatCpuList(shared)} too`;
  const own = ownCopies(plan).map((one) => `${one.id} as ${one.threads}`);
  const rest = threads === 1 ? 'others run once' : `${threads} copies of others`;
  if (own.length > 0) return [`threads       ${own.join(', ')}, ${rest}; copies one a CPU${shares}`];
  return [`threads       ${threads} copies of each workload at once, one a CPU${shares}`];
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}

function conclude(records: SessionRecords): Conclusion {
  const { rows: contrasts, trust } = tableOf(records);
  return {
    contrasts,
    events: trust.differences.map((difference) => ({ kind: 'control-difference', ...difference })),
  };
}

function tableOf(records: SessionRecords) {
  const { plan, starts, events } = records;
  return sessionTable({ plan, samples: countedOf(records), starts, events });
}

function countedOf({ samples, events, blocksCompleted }: SessionRecords) {
  return countedSamples(samples, events, blocksCompleted);
}

class WorkloadsRun implements KindRun {
  readonly #session: SessionScope;
  readonly #opened: OpenLedger;
  readonly #refusals = new Refusals();

  constructor(session: SessionScope) {
    this.#session = session;
    this.#opened = openLedger(session);
  }

  prepare(): Promise<Partial<SessionInfo> | undefined> {
    return calibrated(this.#session);
  }

  runBlock(block: BlockScope): Promise<BlockResult> {
    const { plan, info, records } = this.#session;
    const { warmup, work } = info();
    const warmupBursts = (workload: string) => (warmup === null ? plan.pilotBursts : warmupBurstsOf(warmup, workload));
    const hostTimed = hostTimedBoxes(records().events);
    const { ledger } = this.#opened;
    return new BlockRun({ ...block, warmupBursts, hostTimed, work, ledger, refusals: this.#refusals }).run();
  }

  /** The first block with whole series is the pilot: it fixes the warm-up of all later ones. */
  learn(block: number): Partial<SessionInfo> {
    const known = this.#session.info().warmup;
    if (known !== null) return { warmup: known };
    const { samples, events } = this.#session.records();
    const pilot = samples.filter((sample) => sample.block === block);
    const warmup = decideWarmup(countedSamples(pilot, events, block), this.#session.plan.pilotBursts);
    for (const { env, workload, bursts, ...series } of warmup?.series ?? []) {
      if (series.class !== 'no steady state') continue;
      this.#session.event({ kind: 'no-steady-state', env, block, workload, bursts });
    }
    return { warmup };
  }

  isPrecise(): boolean {
    const { plan, boxes, records } = this.#session;
    return isPrecise(tableOf(records()), plan, (box) => boxes.has(box));
  }

  close(): Promise<void> {
    return this.#opened.close();
  }
}
