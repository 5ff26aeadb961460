/** A box of the baseline that runs bursts of a workload before and during a storm, the storm's victim: what others lose by it. */

import type { BoxFault } from '../run/client.ts';
import { faultOf } from '../run/client.ts';
import type { BlockScope } from '../run/kind.ts';
import { Resident, recordFault, startName } from '../run/resident.ts';
import { median } from '../units.ts';

const FIRST_BURSTS = 30;
const BEFORE_NS = 1e9;
/** Of a request while a storm is on: a short one ends soon after the storm. */
const SLICE_NS = 1e8;

export interface Suffering {
  readonly victimBeforeNs: number | null;
  readonly victimDuringNs: number | null;
  readonly victimP99Ns: number | null;
  readonly victimBursts: number | null;
}

export const NO_SUFFERING: Suffering = {
  ...{ victimBeforeNs: null, victimDuringNs: null, victimP99Ns: null, victimBursts: null },
};

interface Task {
  readonly workload: string;
  /** Passes in a burst. */
  readonly work: number;
}

/** Without it, after a fault, storms have no figures of it. */
export class BoxAtWork {
  readonly #scope: BlockScope;
  readonly #task: Task;
  readonly #resident: Resident;
  #fault: BoxFault | undefined;

  private constructor(scope: BlockScope, task: Task, resident: Resident) {
    this.#scope = scope;
    this.#task = task;
    this.#resident = resident;
  }

  /** With the usual weight and no quota. Undefined where the baseline does not start, which is recorded. */
  static async start(scope: BlockScope, task: Task): Promise<BoxAtWork | undefined> {
    const { plan, block, environments, signal, sink } = scope;
    const box = plan.baseline;
    const environment = environments.get(box);
    if (environment === undefined) return undefined;
    const startId = `${startName(block, box, 48)}-victim`;
    try {
      const resident = await Resident.start(scope, { box, startId, position: 0, environment, digests: false });
      const atWork = new BoxAtWork(scope, task, resident);
      await atWork.#guarded(() => resident.ask('warmup', { ...task, bursts: FIRST_BURSTS }));
      return atWork;
    } catch (error) {
      signal.throwIfAborted();
      recordFault(sink, { block, position: 0, env: box, startId }, faultOf(error));
      return undefined;
    }
  }

  /** Median time of a pass while nothing else is started, ns. */
  async before(): Promise<number | null> {
    const reply = await this.#guarded(() => this.#resident.ask('long', { ...this.#task, leastNs: BEFORE_NS }));
    const times = reply?.body.bursts.map(([, wallNs]) => wallNs / this.#task.work) ?? [];
    return times.length === 0 ? null : rounded(median(times));
  }

  /** Runs bursts until `over` resolves, which it awaits. Bursts that began later don't count. */
  async during(over: Promise<unknown>): Promise<Omit<Suffering, 'victimBeforeNs'>> {
    let endNs: bigint | undefined;
    const ended = over.then(
      () => {
        endNs = process.hrtime.bigint();
      },
      () => {
        endNs = process.hrtime.bigint();
      },
    );
    const times: { readonly beginNs: bigint; readonly passNs: number }[] = [];
    while (endNs === undefined) {
      const reply = await this.#guarded(() => this.#resident.ask('long', { ...this.#task, leastNs: SLICE_NS }));
      if (reply === undefined) break;
      for (const [offsetNs, wallNs] of reply.body.bursts) {
        times.push({ beginNs: reply.sentNs + BigInt(Math.round(offsetNs)), passNs: wallNs / this.#task.work });
      }
    }
    await ended;
    const own = times.filter(({ beginNs }) => endNs === undefined || beginNs < endNs).map(({ passNs }) => passNs);
    if (this.#fault !== undefined || own.length === 0) {
      return { victimDuringNs: null, victimP99Ns: null, victimBursts: null };
    }
    const sorted = own.toSorted((a, b) => a - b);
    // The nearest rank (Hyndman and Fan, 1996, type 1): of fewer than 100 the largest.
    const p99 = sorted[Math.ceil(0.99 * sorted.length) - 1] ?? null;
    const victimP99Ns = p99 === null ? null : rounded(p99);
    return { victimDuringNs: rounded(median(own)), victimP99Ns, victimBursts: own.length };
  }

  async close(): Promise<void> {
    const { block, sink } = this.#scope;
    const { box: env, position, startId } = this.#resident;
    const head = { block, position, env, startId };
    const fault = this.#fault;
    const figures = await this.#resident.close();
    if (fault === undefined) sink.start({ ...head, ...figures, status: 'completed' });
    else recordFault(sink, head, fault, { figures });
  }

  async #guarded<T>(ask: () => Promise<T>): Promise<T | undefined> {
    if (this.#fault !== undefined) return undefined;
    try {
      return await ask();
    } catch (error) {
      this.#scope.signal.throwIfAborted();
      this.#fault = faultOf(error);
      return undefined;
    }
  }
}

/** To picoseconds: a quotient has more digits than a clock. */
function rounded(ns: number): number {
  return Math.round(ns * 1000) / 1000;
}
