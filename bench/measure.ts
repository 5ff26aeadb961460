/** Times bursts of fixed work. The one import of tinybench. */

import { Bench, type FnReturnedObject } from 'tinybench';
import type { Burst } from './protocol.ts';

export interface BurstPlan {
  /** Kernel passes in a burst. */
  readonly work: number;
  /** Bursts to run; more follow until `leastNs` have gone by. */
  readonly bursts: number;
  readonly leastNs?: number;
}

/**
 * Runs `pass` in bursts, back to back, and returns them in the order in which they ran.
 *
 * tinybench drives the loop; the window is timed here and handed over as `overriddenDuration`, because tinybench
 * sorts the samples it retains, drops those of its warm-up, and would time its own bookkeeping with the work.
 * One task a Bench, no warm-up of its own, told that the task is synchronous (else it calls it once to find out).
 */
export function measureBursts(pass: () => void, plan: BurstPlan): Burst[] {
  const bursts: Burst[] = [];
  const beganNs = process.hrtime.bigint();
  const bench = new Bench({
    iterations: plan.bursts,
    time: (plan.leastNs ?? 0) / 1e6,
    warmup: false,
    retainSamples: false,
    throws: true,
  });
  bench.add(
    'burst',
    (): FnReturnedObject => {
      const cpu = process.cpuUsage();
      const startNs = process.hrtime.bigint();
      for (let i = 0; i < plan.work; i++) pass();
      const endNs = process.hrtime.bigint();
      const used = process.cpuUsage(cpu);
      const wallNs = Number(endNs - startNs);
      bursts.push([Number(startNs - beganNs), wallNs, (used.user + used.system) * 1000]);
      return { overriddenDuration: wallNs / 1e6 };
    },
    { async: false },
  );
  bench.runSync();
  const [task] = bench.tasks;
  if (task === undefined || task.result.state !== 'completed') {
    throw new Error(`the burst ended in state ${task?.result.state ?? 'none'}`);
  }
  return bursts;
}
