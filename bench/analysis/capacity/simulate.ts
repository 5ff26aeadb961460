/** What a host of another size would do with so many instances: a simulation from the bursts of a single one. */

import { randomStream } from '../../random.ts';

/** A host that nobody has measured. */
export interface SimulatedHost {
  readonly cpus: number;
  /** Instances that always have another burst to do. */
  readonly instances: number;
}

/** What a simulation starts from: one block of a session. */
export interface MeasuredHost {
  /** Bursts of a single instance on a host that does nothing else, ns. */
  readonly burstNs: readonly number[];
  /** How much longer a burst takes when all CPUs are busy: 1 for no longer. */
  readonly busyFactor: number;
}

export interface Simulated {
  /** Times of the bursts that ended after the warm-up, ns. */
  readonly burstNs: Float64Array;
  /** Bursts a second, of all instances together. */
  readonly burstsPerSecond: number;
}

/** How long an instance keeps a CPU while others wait: that of Linux' fair scheduler, before it is scaled by CPUs. */
const SLICE_NS = 3e6;
/** Bursts of each instance. */
const BURSTS = 40;
/** Of all bursts together: enough for a 99th percentile, and soon done. */
const LEAST_BURSTS = 2000;
const MOST_BURSTS = 40_000;
/** The first of them, in which queues fill, are left out. */
const WARM_SHARE = 0.25;

/**
 * Instances take turns on the CPUs in slices from one queue, as if the kernel moved them wherever a CPU is free. Each draws
 * its bursts from those that were measured. Bursts take longer as CPUs get busy, in proportion to the share of the others
 * that are: what all of them cost was measured, on fewer CPUs. The same seed gives the same bursts.
 */
export function simulateHost(measured: MeasuredHost, { cpus, instances }: SimulatedHost, seed = 1): Simulated {
  const random = randomStream(seed, instances, `simulate/${cpus}`);
  const total = Math.min(MOST_BURSTS, Math.max(LEAST_BURSTS, BURSTS * instances));
  const warm = Math.floor(total * WARM_SHARE);
  // Nobody ever rests, so that always the same number of CPUs are busy: all bursts take longer by the same factor.
  const busy = Math.min(cpus, instances);
  const slower = 1 + (Math.max(0, measured.busyFactor - 1) * (busy - 1)) / Math.max(1, cpus - 1);
  const sliceNs = instances > cpus ? SLICE_NS : Number.POSITIVE_INFINITY;
  const burst = () => slower * (measured.burstNs[random.nextInt(measured.burstNs.length)] as number);
  const waiting = Array.from({ length: instances }, (): Instance => ({ leftNs: burst(), sinceNs: 0 }));
  const running = new Turns();
  const ended: number[] = [];
  let nowNs = 0;
  let warmNs = 0;
  for (let bursts = 0; bursts < total; ) {
    while (running.size < busy) running.begin(waiting.shift() as Instance, nowNs, sliceNs);
    const { instance, endNs, sliceEndNs } = running.next();
    nowNs = endNs;
    if (instance.leftNs > 0) {
      waiting.push(instance);
      continue;
    }
    bursts += 1;
    if (bursts === warm) warmNs = nowNs;
    if (bursts > warm) ended.push(nowNs - instance.sinceNs);
    // Whoever has done a burst starts the next one for the rest of its slice.
    running.begin({ leftNs: burst(), sinceNs: nowNs }, nowNs, sliceEndNs - nowNs);
  }
  return { burstNs: Float64Array.from(ended), burstsPerSecond: (ended.length * 1e9) / (nowNs - warmNs) };
}

interface Instance {
  /** Of its burst. */
  leftNs: number;
  /** When the burst began. */
  readonly sinceNs: number;
}

/** An instance on a CPU, until its burst or its slice ends. */
interface Turn {
  readonly instance: Instance;
  readonly endNs: number;
  readonly sliceEndNs: number;
}

/** Those that are running, the next one to end last. */
class Turns {
  readonly #turns: Turn[] = [];

  get size(): number {
    return this.#turns.length;
  }

  begin(instance: Instance, nowNs: number, sliceNs: number): void {
    const lasts = Math.min(instance.leftNs, sliceNs);
    instance.leftNs -= lasts;
    const turn = { instance, endNs: nowNs + lasts, sliceEndNs: nowNs + sliceNs };
    let [low, high] = [0, this.#turns.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#turns[middle] as Turn).endNs > turn.endNs) low = middle + 1;
      else high = middle;
    }
    this.#turns.splice(low, 0, turn);
  }

  next(): Turn {
    return this.#turns.pop() as Turn;
  }
}
