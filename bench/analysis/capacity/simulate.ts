/** What a host of another size would do with so many instances: a simulation from the bursts of a single one. */

import { randomStream, type Stream } from '../../random.ts';
import { quantile } from '../stats/quantile.ts';

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
  /** CPUs of the host, and how much longer a burst takes when all of them are busy: 1 for no longer. */
  readonly cpus: number;
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
/** Bursts of each instance that are kept, after as many tenths of them in which queues fill. */
const BURSTS = 40;
const WARM_SHARE = 0.25;
/** For all instances together: enough for a 99th percentile, and soon done. */
const LEAST_BURSTS = 2000;
const MOST_BURSTS = 40_000;

/**
 * Instances take turns on the CPUs in slices from one queue, as if the kernel moved them wherever a CPU is free. Each draws
 * its bursts from those that were measured. Bursts take longer as CPUs get busy, in proportion to the share of the others
 * that are: what all of them cost was measured, on fewer CPUs. The same seed gives the same bursts.
 */
export function simulateHost(measured: MeasuredHost, host: SimulatedHost, seed = 1): Simulated {
  const { cpus, instances } = host;
  const random = randomStream(seed, instances, `simulate/${cpus}`);
  const total = Math.min(MOST_BURSTS, Math.max(LEAST_BURSTS, BURSTS * instances));
  const warm = Math.floor(total * WARM_SHARE);
  const queue = Array.from({ length: instances }, () => newTurn(measured, random, 0));
  const running: Turn[] = [];
  const ended: number[] = [];
  let nowNs = 0;
  let warmNs = 0;
  for (let bursts = 0; bursts < total; ) {
    while (running.length < cpus && queue.length > 0) running.push({ ...(queue.shift() as Turn), sliceNs: SLICE_NS });
    const pace = 1 / (1 + (contentionOf(measured) * (running.length - 1)) / Math.max(1, cpus - 1));
    // Until the first of them has used up its slice, or done its work.
    const alone = queue.length === 0;
    const step = running.reduce(
      (least, { workNs, sliceNs }) => Math.min(least, alone ? workNs : Math.min(workNs, sliceNs)),
      Infinity,
    );
    nowNs += step / pace;
    for (let at = running.length - 1; at >= 0; at--) {
      const turn = running[at] as Turn;
      turn.workNs -= step;
      turn.sliceNs -= step;
      if (turn.workNs <= EPSILON_NS) {
        bursts += 1;
        if (bursts === warm) warmNs = nowNs;
        if (bursts > warm) ended.push(nowNs - turn.sinceNs);
        Object.assign(turn, newTurn(measured, random, nowNs), { sliceNs: turn.sliceNs });
      }
      if (turn.sliceNs > EPSILON_NS || alone) continue;
      running.splice(at, 1);
      queue.push(turn);
    }
  }
  return { burstNs: Float64Array.from(ended), burstsPerSecond: (ended.length * 1e9) / (nowNs - warmNs) };
}

/** Below this, what is left of a slice is rounding. */
const EPSILON_NS = 1e-3;

interface Turn {
  /** Of its burst, at the pace of a host that does nothing else. */
  workNs: number;
  sliceNs: number;
  /** When the burst began. */
  readonly sinceNs: number;
}

function newTurn({ burstNs }: MeasuredHost, random: Stream, sinceNs: number): Turn {
  return { workNs: burstNs[random.nextInt(burstNs.length)] as number, sliceNs: 0, sinceNs };
}

function contentionOf({ busyFactor }: MeasuredHost): number {
  return Math.max(0, busyFactor - 1);
}

/** A quantile of the simulated bursts, ns. */
export function simulatedQuantile({ burstNs }: Simulated, share: number): number {
  return quantile(burstNs, share);
}
