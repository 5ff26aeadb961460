/** One storm: its boxes are started in one way, each costs only its own row, and a missed heartbeat of the host ends it. */

import { setTimeout as timer } from 'node:timers/promises';
import type { StormCell } from '../analysis/capacity/storm.ts';
import { faultOf } from '../run/client.ts';
import { fewAtOnce, Instances } from '../run/instances.ts';
import type { BlockScope } from '../run/kind.ts';
import { type Resident, recordFault, startName } from '../run/resident.ts';
import type { HostBeat } from '../run/watch/host-beat.ts';
import { HostAtLimit } from '../run/watch/host-gauges.ts';
import { settle } from '../run/watch/steady-memory.ts';
import type { CpuShare, Environment, StormRow, StormShare } from '../types.ts';
import { type BoxAtWork, NO_SUFFERING, type Suffering } from './box-at-work.ts';
import { SETTLE_MS } from './idle.ts';

/** Starts in flight at a time for each CPU: one that waits for its engine leaves the CPU to another. */
const STAGGERED_PER_CPU = 2;
/** In the scale of cgroup v1, on which every box has 1024: a hundred boxes that start have the weight of one at work. */
const SMALL_WEIGHT = 10;
/** Of all CPUs, for all boxes of a storm together: the rest stays free whatever they do. */
const QUOTA_OF_ALL = 0.5;
/** The kernel takes no quota below 1 ms in a period of 100 ms (sched-bwc). */
const LEAST_QUOTA = 0.01;

const LOOK_MS = 50;
/** The load is what is measured, and memory that boxes of the storm hold does not come back by waiting. */
const GUARD = { patienceMs: 0, load: 'ignored' } as const;

export interface TempestTarget {
  readonly box: string;
  readonly instances: number;
  readonly cell: StormCell;
  readonly position: number;
  readonly environment: Environment;
}

type Outcome = Pick<StormRow, 'startId' | 'status' | 'reason' | 'startMs' | 'readyMs'>;

export class Tempest {
  readonly #scope: BlockScope;
  readonly #target: TempestTarget;
  readonly #beat: HostBeat;
  readonly #atWork: BoxAtWork | undefined;
  readonly #instances: Instances;
  readonly #outcomes: Outcome[] = [];
  /** Why no further box is started. */
  #stopped: string | undefined;

  constructor(
    scope: BlockScope,
    target: TempestTarget,
    { beat, atWork }: { readonly beat: HostBeat; readonly atWork: BoxAtWork | undefined },
  ) {
    this.#scope = scope;
    this.#target = target;
    this.#beat = beat;
    this.#atWork = atWork;
    this.#instances = new Instances(scope);
  }

  /** Gives the number of boxes that became ready. Rejects when the run is stopped. */
  async run(): Promise<number> {
    const { gauges, signal } = this.#scope;
    // The load of the storm before must not count as that of this one.
    await gauges.admit?.(signal);
    await settle(gauges, SETTLE_MS);
    try {
      const victimBeforeNs = (await this.#atWork?.before()) ?? null;
      this.#beat.restart();
      const over = this.#blow(process.hrtime.bigint());
      const during = this.#atWork?.during(over);
      // Nothing may still be starting when the boxes are closed.
      await Promise.allSettled([over, during]);
      await over;
      this.#write({ ...NO_SUFFERING, ...(await during), victimBeforeNs });
    } finally {
      await this.#instances.close(this.#instances.ended);
    }
    return this.#outcomes.filter(({ status }) => status === 'completed').length;
  }

  /** Until every box is ready, has failed, or was not started any more. */
  async #blow(begunNs: bigint): Promise<void> {
    const { plan } = this.#scope;
    const { instances, cell } = this.#target;
    const atOnce = cell.order === 'at-once' ? instances : STAGGERED_PER_CPU * plan.limits.cpus.length;
    const numbers = Array.from({ length: instances }, (_, index) => index + 1);
    const calm = new AbortController();
    const watched = this.#watch(calm.signal);
    try {
      await fewAtOnce(numbers, atOnce, (number) => this.#start(number, begunNs));
    } finally {
      calm.abort();
      await watched;
    }
  }

  async #start(number: number, begunNs: bigint): Promise<void> {
    const { block, signal, sink } = this.#scope;
    const { box, environment, position } = this.#target;
    const startId = this.#nameOf(number);
    signal.throwIfAborted();
    if (this.#stopped !== undefined) {
      this.#note(number, { startId, status: 'stopped', reason: this.#stopped, startMs: null, readyMs: null });
      return;
    }
    const share = this.#share();
    const request = { box, startId, position, environment, digests: false, depth: 'ready', admit: GUARD } as const;
    try {
      await this.#instances.start([{ ...request, ...(share === undefined ? {} : { share }) }], 1);
      const resident = this.#instances.held.find((one) => one.startId === startId) as Resident;
      const readyMs = Number(resident.readyAtNs - begunNs) / 1e6;
      this.#note(number, { startId, status: 'completed', reason: '', startMs: resident.readyMs, readyMs });
    } catch (error) {
      signal.throwIfAborted();
      const none = { startMs: null, readyMs: null };
      if (error instanceof HostAtLimit) {
        this.#stopped = error.what;
        this.#note(number, { startId, status: 'stopped', reason: error.what, ...none });
        return;
      }
      const fault = faultOf(error);
      recordFault(sink, { block, position, env: box, startId }, fault);
      this.#note(number, { startId, status: fault.status, reason: fault.message, ...none });
    }
  }

  /** A host that misses a beat gets no further boxes. */
  async #watch(calm: AbortSignal): Promise<void> {
    const { block, sink } = this.#scope;
    const { box: env, instances, cell } = this.#target;
    while (!calm.aborted) {
      await timer(LOOK_MS, undefined, { signal: calm }).catch(() => {});
      const { missed, longestGapMs } = this.#beat.read();
      if (missed === 0 || longestGapMs === null) continue;
      this.#stopped ??= `a thread that only sleeps got no CPU for ${Math.round(longestGapMs)} ms`;
      const detail = { instances, cell: `${cell.order}, ${cell.share}`, longestGapMs, missed };
      sink.event({ kind: 'missed-beat', env, block, ...detail });
      return;
    }
  }

  #note(number: number, outcome: Outcome): void {
    this.#outcomes[number - 1] = outcome;
  }

  #write(suffering: Suffering): void {
    const { block, sink } = this.#scope;
    const { box: env, instances, cell, position } = this.#target;
    const { longestGapMs, missed: missedBeats } = this.#beat.read();
    const figures = { ...suffering, longestGapMs, missedBeats };
    const head = { block, position, env, instances, order: cell.order, share: cell.share };
    sink.rows(
      'storm',
      this.#outcomes.map((outcome, index) => ({ ...head, instance: index + 1, ...outcome, ...figures })),
    );
  }

  #share(): CpuShare | undefined {
    const { cell, instances } = this.#target;
    const { cpus } = this.#scope.plan.limits;
    const shares: Readonly<Record<StormShare, CpuShare | undefined>> = {
      none: undefined,
      weight: { weight: SMALL_WEIGHT },
      quota: { quota: Math.max(LEAST_QUOTA, (QUOTA_OF_ALL * cpus.length) / instances) },
    };
    return shares[cell.share];
  }

  /** `b1-docker-p3-7`: an environment has a storm for each way of starting. */
  #nameOf(number: number): string {
    const { box, position } = this.#target;
    return `${startName(this.#scope.block, box, 48)}-p${position}-${number}`;
  }
}
