/** A block of load: all boxes are started, levels follow in random order, states are verified at the end. */

import { arrivalTimes } from '../../analysis/capacity/arrivals.ts';
import { isTooLate, lateLimitNs } from '../../analysis/capacity/load.ts';
import { LEAST_WARMUP } from '../../analysis/warmup.ts';
import { burstNsOf } from '../../plan/commands.ts';
import { boxesOf } from '../../plan/schedule.ts';
import { randomStream } from '../../random.ts';
import type { SessionInfo } from '../../session/info.ts';
import { INTERRUPTED, type LoadRow } from '../../types.ts';
import { BoxFault, faultOf } from '../client.ts';
import type { BlockResult, BlockScope } from '../kind.ts';
import { Resident, recordFault, startName } from '../resident.ts';
import { watchHost } from '../watch/host-gauges.ts';
import type { Ledger } from '../watch/ledger.ts';
import { type LevelResult, runLevel } from './level.ts';

/** Bursts of a box that has just answered others. */
const BURSTS_AGAIN = LEAST_WARMUP;

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
export class LoadBlock {
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
    await this.#warm(resident, workload, Math.min(plan.pilotBursts, BURSTS_AGAIN));
    // The same arrivals for every environment: what they have in common is no difference between them.
    const times = arrivalTimes(randomStream(plan.seed, block, `load/${workload}/${rate}`), {
      ratePerSecond: rate,
      lengthNs: plan.levelNs ?? 0,
      leastArrivals: plan.levelArrivals ?? 1,
    });
    const burstNs = burstNsOf(plan, workload);
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
