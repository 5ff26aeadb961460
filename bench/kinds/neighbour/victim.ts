/** The box whose bursts are timed, with and without a neighbour beside it. */

import { largest } from '../../analysis/stats/extremes.ts';
import { runOf } from '../../plan/commands.ts';
import type { InstanceScope } from '../../run/instances.ts';
import type { Resident } from '../../run/resident.ts';
import { toSamples } from '../../run/samples.ts';
import { warmBurstsOf } from '../../run/warm-up.ts';
import type { Aggressor, NeighbourRow } from '../../types.ts';
import { median } from '../../units.ts';

/** The last bursts of its warm-up say how long a burst takes. */
const LAST_BURSTS = 3;
/** Beside a neighbour it is thought to take so many times as long, until one was seen. */
const FIRST_GUESS = 3;

export interface Visit {
  readonly figures: Pick<NeighbourRow, 'turn' | 'work' | 'meanPassNs' | 'medianPassNs' | 'longestPassNs' | 'stealMs'>;
  /** Of its request and its answer, on the host's clock. */
  readonly sentNs: bigint;
  readonly receivedNs: bigint;
}

export class Victim {
  readonly #scope: InstanceScope;
  readonly #work: Readonly<Record<string, number>>;
  readonly #resident: Resident;
  readonly #burstNs = new Map<string, number>();
  readonly #lengths = new Map<string, number>();
  readonly #states = new Map<string, { readonly passes: number; readonly checksum: string }>();
  #turn = 0;

  /** @param work passes of a burst, by workload */
  constructor(scope: InstanceScope, work: Readonly<Record<string, number>>, resident: Resident) {
    this.#scope = scope;
    this.#work = work;
    this.#resident = resident;
  }

  get box(): string {
    return this.#resident.box;
  }

  get position(): number {
    return this.#resident.position;
  }

  get startId(): string {
    return this.#resident.startId;
  }

  /** Those of the plan that it can run. */
  get workloads(): readonly string[] {
    const { refused } = this.#resident;
    return runOf(this.#scope.plan).filter((id) => !refused.has(id) && this.#work[id] !== undefined);
  }

  /** Where each workload stands after its last answer. */
  get states() {
    return [...this.#states].map(([workload, state]) => ({ env: this.box, workload, ...state }));
  }

  async warmUp(): Promise<void> {
    const { plan, block, sink } = this.#scope;
    for (const [workload, reason] of this.#resident.refused) {
      sink.event({ kind: 'workload-refused', env: this.box, block, workload, reason });
    }
    for (const workload of this.workloads) {
      const bursts = warmBurstsOf(plan, workload);
      const { body } = await this.#resident.ask('warmup', { workload, work: this.#workOf(workload), bursts });
      this.#states.set(workload, body);
      this.#burstNs.set(workload, median(body.bursts.slice(-LAST_BURSTS).map(([, wallNs]) => wallNs)));
    }
  }

  /** Bursts back to back for the length of a visit; they go to the samples. Rejects with the box's fault. */
  async visit(workload: string): Promise<Visit> {
    const { plan, block, gauges, sink } = this.#scope;
    const { position, box } = this;
    const work = this.#workOf(workload);
    const stealBefore = gauges.stealMs();
    const askedAtMs = Date.now();
    const reply = await this.#resident.ask('long', { workload, work, leastNs: plan.windowNs ?? 1e9 });
    const stealAfter = gauges.stealMs();
    this.#states.set(workload, reply.body);
    this.#turn += 1;
    const turn = this.#turn;
    const step = { kind: 'long', box, workload, visit: turn, position } as const;
    sink.samples(toSamples({ plan, block, step, resident: this.#resident, work, reply, askedAtMs }));
    const passNs = reply.body.bursts.map(([, wallNs]) => wallNs / work);
    const figures = {
      ...{ turn, work, meanPassNs: mean(passNs), medianPassNs: median(passNs), longestPassNs: largest(passNs) },
      stealMs: stealBefore === null || stealAfter === null ? null : stealAfter - stealBefore,
    };
    return { figures, sentNs: reply.sentNs, receivedNs: reply.receivedNs };
  }

  /** How long a visit beside the neighbour should take, ns. */
  expectedNs(workload: string, aggressor: Aggressor): number {
    const { windowNs = 0 } = this.#scope.plan;
    const guessNs = windowNs + FIRST_GUESS * (this.#burstNs.get(workload) ?? 0);
    return Math.max(guessNs, this.#lengths.get(keyOf(workload, aggressor)) ?? 0);
  }

  /** A visit that took longer than was thought makes the neighbour go on for longer in later ones. */
  learn(workload: string, aggressor: Aggressor, { sentNs, receivedNs }: Visit): void {
    this.#lengths.set(keyOf(workload, aggressor), Number(receivedNs - sentNs));
  }

  #workOf(workload: string): number {
    return this.#work[workload] ?? 1;
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function keyOf(workload: string, aggressor: Aggressor): string {
  return `${aggressor} ${workload}`;
}
