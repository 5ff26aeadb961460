/** Load: requests that arrive at random at an instance of each environment, rate by rate, in random order. */

import { arrivalTimes } from '../analysis/capacity/arrivals.ts';
import { isTooLate, LATENCIES, lateLimitNs, summarizeLoad } from '../analysis/capacity/load.ts';
import type { RatioRow } from '../analysis/reproduction.ts';
import { LEAST_WARMUP } from '../analysis/warmup.ts';
import { commandOf, runOf } from '../plan/commands.ts';
import { LOAD_SHARES, sharesOf } from '../plan/load-plan.ts';
import { boxesOf, controlOf } from '../plan/schedule.ts';
import { randomStream } from '../random.ts';
import { onBaseline } from '../run/baseline.ts';
import { calibrate } from '../run/calibrate.ts';
import { BoxFault, faultOf } from '../run/client.ts';
import {
  type BlockResult,
  type BlockScope,
  type Kind,
  type KindRun,
  type SessionRecords,
  type SessionRows,
  type SessionScope,
  startedIn,
  type TimeGuess,
  wholeOf,
} from '../run/kind.ts';
import { type LevelResult, measureCapacity, OVERTIME, runLevel } from '../run/load/level.ts';
import { Resident, recordFault, startName } from '../run/resident.ts';
import { watchHost } from '../run/watch/host-gauges.ts';
import { Ledger, Verifier } from '../run/watch/ledger.ts';
import type { SessionInfo } from '../session/info.ts';
import { INTERRUPTED, type LoadRow, type Plan } from '../types.ts';
import { formatSpan } from '../units.ts';

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
/** Bursts of a box that has just answered others. */
const WARM_BURSTS = LEAST_WARMUP;

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
  const perSecond = 1e9 / Math.max(plan.burstNs, commandOf(plan, workload)?.runNs ?? 0);
  const rates = plan.rates ?? sharesOf(perSecond);
  return rates.reduce((sum, rate) => sum + Math.max(levelNs, (levelArrivals * 1e9) / rate), 0);
}

function describe(plan: Plan): string[] {
  const { maxBlocks, rates, levelNs = 0, levelArrivals = 1, burstNs } = plan;
  const blocks = `${maxBlocks} ${maxBlocks === 1 ? 'block' : 'blocks'}`;
  const arrivals = levelArrivals > 1 ? ` and ${levelArrivals} arrivals` : '';
  const at =
    rates === undefined ? `${LOAD_SHARES.join(', ')} of what the baseline can do` : `${rates.join(', ')} a second`;
  return [
    `measures      latency of requests that arrive at random: ${runOf(plan).join(', ')}, bursts of ${burstNs / 1e6} ms`,
    `rates         ${at}`,
    `design        ${blocks} of a level at each rate in each, in random order, ${formatSpan(levelNs / 1e9)}${arrivals} at least`,
  ];
}

/** Rows of whole blocks, without those of a box in a block in which its state was wrong. */
function countedOf(records: SessionRecords): SessionRows {
  const whole = wholeOf(records);
  const wrong = new Set(
    records.events.filter(({ kind }) => kind === 'checksum-mismatch').map(({ block, env }) => `${block} ${env}`),
  );
  return wrong.size === 0
    ? whole
    : { ...whole, load: whole.load.filter(({ block, env }) => !wrong.has(`${block} ${env}`)) };
}

/** Latency over that of the baseline, at each rate that both keep up with. */
function ratios(records: SessionRecords): RatioRow[] {
  const { plan } = records;
  const control = controlOf(plan.baseline);
  return summarizeLoad(countedOf(records).load, plan).levels.flatMap((level) => {
    const { env, workload, ratePerSecond, ratios: found } = level;
    if (env === control) return [];
    return LATENCIES.flatMap((latency): RatioRow[] => {
      const ratio = found[latency];
      if (ratio === null) return [];
      const named = `${workload}, ${ratePerSecond}/s, ${latency}`;
      return [{ env, baseline: plan.baseline, workload: named, timeRatio: ratio.ratio, ...ratio, verdict: null }];
    });
  });
}

class LoadRun implements KindRun {
  readonly #session: SessionScope;
  readonly #verifier: Verifier;
  readonly #ledger: Ledger;

  constructor(session: SessionScope) {
    const verifier = new Verifier(session.verifier, session.plan, session.signal);
    this.#session = session;
    this.#verifier = verifier;
    this.#ledger = new Ledger((workload, passes) => verifier.replay(workload, passes));
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
    return new LoadBlock(scope, { work, rates, ledger: this.#ledger }).run();
  }

  close(): Promise<void> {
    return this.#verifier.close();
  }
}

interface Known {
  readonly work: SessionInfo['work'];
  readonly rates: NonNullable<SessionInfo['rates']>;
  readonly ledger: Ledger;
}

interface Cell {
  readonly box: string;
  readonly workload: string;
  readonly rate: number;
  readonly position: number;
}

/** All boxes are started first and idle while another one is measured. One that fails has no further level in the block. */
class LoadBlock {
  readonly #scope: BlockScope;
  readonly #known: Known;
  readonly #alive = new Map<string, Resident>();
  readonly #completed: string[] = [];
  readonly #failed = new Set<string>();

  constructor(scope: BlockScope, known: Known) {
    this.#scope = scope;
    this.#known = known;
  }

  async run(): Promise<BlockResult> {
    const { plan, block, gauges, signal, sink } = this.#scope;
    const order = randomStream(plan.seed, block, 'load');
    const hostEvents = watchHost(gauges);
    const boxes = boxesOf(plan);
    try {
      for (const [index, box] of order.shuffle(boxes).entries()) await this.#start(box, index + 1);
      const cells = order.shuffle(boxes.flatMap((box) => this.#levelsOf(box)));
      for (const [index, cell] of cells.entries()) {
        signal.throwIfAborted();
        await this.#guarded(cell.box, (resident) => this.#take({ ...cell, position: index + 1 }, resident));
        sink.pause(((index + 1) * plan.rounds) / cells.length);
      }
      for (const box of [...this.#alive.keys()]) await this.#guarded(box, (resident) => this.#verify(resident));
      for (const box of [...this.#alive.keys()]) await this.#guarded(box, (resident) => this.#close(resident));
    } finally {
      const why = new BoxFault('failed', signal.aborted ? INTERRUPTED : 'the block was given up');
      // All of them, even when the store takes no more rows.
      await Promise.allSettled([...this.#alive.values()].map((resident) => this.#close(resident, why)));
    }
    for (const event of hostEvents(block)) sink.event(event);
    return { completed: this.#completed, failed: [...this.#failed] };
  }

  #levelsOf(box: string): Omit<Cell, 'position'>[] {
    return Object.entries(this.#known.rates).flatMap(([workload, rates]) =>
      rates.map((rate) => ({ box, workload, rate })),
    );
  }

  async #start(box: string, position: number): Promise<void> {
    const { plan, block, isFirst, environments, signal, sink } = this.#scope;
    const startId = startName(block, box);
    const head = { block, position, env: box, startId };
    const environment = environments.get(box);
    if (environment === undefined) {
      sink.start({ ...head, status: 'skipped', reason: this.#scope.whyAbsent(box) });
      return;
    }
    let resident: Resident;
    try {
      resident = await Resident.start(this.#scope, { box, startId, position, environment, digests: isFirst });
    } catch (error) {
      signal.throwIfAborted();
      this.#failed.add(box);
      recordFault(sink, head, faultOf(error));
      return;
    }
    this.#alive.set(box, resident);
    sink.facts(box, resident.facts);
    for (const [workload, reason] of resident.refused) {
      if (isFirst) sink.event({ kind: 'workload-refused', env: box, block, workload, reason });
    }
    await this.#guarded(box, async () => {
      for (const workload of Object.keys(this.#known.rates)) await this.#warm(resident, workload, plan.pilotBursts);
    });
  }

  async #warm(resident: Resident, workload: string, bursts: number): Promise<void> {
    const work = this.#known.work[workload];
    if (bursts < 1 || work === undefined || resident.refused.has(workload)) return;
    await resident.ask('warmup', { workload, work, bursts });
  }

  async #take(cell: Cell, resident: Resident): Promise<void> {
    const { plan, block, signal, sink } = this.#scope;
    const { box, workload, rate } = cell;
    const work = this.#known.work[workload];
    if (work === undefined || resident.refused.has(workload)) return;
    await this.#warm(resident, workload, Math.min(plan.pilotBursts, WARM_BURSTS));
    // The same arrivals for every environment: what they have in common is no difference between them.
    const times = arrivalTimes(randomStream(plan.seed, block, `load/${workload}/${rate}`), {
      ratePerSecond: rate,
      lengthNs: plan.levelNs ?? 0,
      leastArrivals: plan.levelArrivals ?? 1,
    });
    const burstNs = Math.max(plan.burstNs, commandOf(plan, workload)?.runNs ?? 0);
    let disputed: number | undefined;
    const check = ({ passes, checksum }: { readonly passes: number; readonly checksum: string }) => {
      if (!this.#known.ledger.agrees(workload, passes, checksum)) disputed ??= passes;
    };
    const result = await runLevel({ resident, workload, work, burstNs, times, signal, check });
    const rows = rowsOf({ ...cell, block, startId: resident.startId }, result);
    sink.rows('load', rows);
    this.#note(cell, rows, result);
    if (result.fault !== null) throw result.fault;
    if (disputed !== undefined) await this.#settle(resident, workload);
    if (disputed !== undefined && this.#alive.has(box)) await this.#settleOthers(box, workload);
  }

  /** What a reader of the figures has to know of the level. */
  #note({ box: env, workload, rate }: Cell, rows: readonly LoadRow[], { stopped }: LevelResult): void {
    const { plan, block, sink } = this.#scope;
    if (stopped !== null) {
      const unanswered = rows.filter(({ doneNs }) => doneNs === null).length;
      sink.event({ kind: 'load-stopped', env, block, workload, rate, unanswered, reason: stopped });
    }
    const limitNs = lateLimitNs(plan, workload);
    const late = rows.filter(({ sentNs, intendedNs }) => sentNs - intendedNs > limitNs).length;
    if (isTooLate(late, rows.length)) {
      sink.event({ kind: 'load-late', env, block, workload, rate, late, arrivals: rows.length });
    }
  }

  /** Boxes differ in a state: a replay shows which of them are wrong. */
  async #settleOthers(box: string, workload: string): Promise<void> {
    for (const other of [...this.#alive.keys()].filter((name) => name !== box)) {
      await this.#guarded(other, (resident) => this.#settle(resident, workload));
    }
  }

  async #verify(resident: Resident): Promise<void> {
    for (const workload of Object.keys(this.#known.rates)) await this.#settle(resident, workload);
  }

  /** Compares the state of a workload with a replay, so that boxes can't agree on something wrong. */
  async #settle(resident: Resident, workload: string): Promise<void> {
    if (resident.refused.has(workload)) return;
    const { block, sink } = this.#scope;
    const { passes, checksum } = (await resident.ask('checksum', { workload })).body;
    const [expected = ''] = await this.#known.ledger.expected(workload, [passes]);
    if (checksum === expected) return;
    sink.event({ kind: 'checksum-mismatch', env: resident.box, block, workload, passes, checksum, expected });
    throw new BoxFault('failed', `${workload} is wrong after ${passes} passes: ${checksum}, by replay ${expected}`);
  }

  /** A fault of this box closes it, and the block continues without it. */
  async #guarded(box: string, act: (resident: Resident) => Promise<void>): Promise<void> {
    const resident = this.#alive.get(box);
    if (resident === undefined) return;
    try {
      await act(resident);
    } catch (error) {
      this.#scope.signal.throwIfAborted();
      if (!(error instanceof BoxFault)) throw error; // The store or Boxmark itself failed: not a fault of this box.
      await this.#close(resident, error);
    }
  }

  async #close(resident: Resident, fault?: BoxFault): Promise<void> {
    const { block, sink } = this.#scope;
    const { box, position, startId } = resident;
    this.#alive.delete(box);
    const figures = await resident.close();
    const head = { block, position, env: box, startId };
    if (fault !== undefined) {
      this.#failed.add(box);
      recordFault(sink, head, fault, { figures });
      return;
    }
    this.#completed.push(box);
    sink.start({ ...head, ...figures, status: 'completed' });
  }
}

function rowsOf(
  { box: env, ...cell }: Cell & Pick<LoadRow, 'block' | 'startId'>,
  { requests, fault }: LevelResult,
): LoadRow[] {
  const { block, position, startId, workload, rate } = cell;
  const without = fault === null ? 'dropped' : 'failed';
  return requests.map((request) => ({
    ...{ block, position, env, startId, workload, rate },
    ...request,
    status: request.doneNs === null ? without : 'answered',
  }));
}
