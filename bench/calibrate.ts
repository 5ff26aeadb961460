/** Finds, once per session and on the warmed-up baseline, how many passes make a burst; frozen for every environment. */

import type { Resident } from './resident.ts';
import type { Plan } from './types.ts';
import { median } from './units.ts';

/** Bursts of the first guess, which also warm the kernel up, and of the figure that counts. */
const TRIAL_BURSTS = 12;
const COUNTED_BURSTS = 9;
const TRIAL_SHARE = 0.2;

/** 1, 2, 5, 10, 20, 50 …: the step nearest to `passes` in logarithms, at least 1. */
export function roundTo125(passes: number): number {
  if (!(passes > 1)) return 1;
  const decade = 10 ** Math.floor(Math.log10(passes));
  const steps = [1, 2, 5, 10].map((step) => step * decade);
  const distance = (step: number) => Math.abs(Math.log(step / passes));
  return steps.reduce((best, step) => (distance(step) < distance(best) ? step : best));
}

/** Passes per burst for every workload of the plan. */
export async function calibrate(resident: Resident, plan: Plan): Promise<Record<string, number>> {
  const work: Record<string, number> = {};
  for (const workload of plan.workloads) work[workload] = await calibrateOne(resident, workload, plan.burstNs);
  return work;
}

async function calibrateOne(resident: Resident, workload: string, burstNs: number): Promise<number> {
  let passes = 1;
  for (;;) {
    const trial = await resident.ask('warmup', { workload, work: passes, bursts: TRIAL_BURSTS });
    const passNs = median(trial.body.bursts.slice(-3).map(([, wallNs]) => wallNs / passes));
    if (passNs * passes >= burstNs * TRIAL_SHARE) break;
    passes = Math.min(passes * 10, Math.max(passes + 1, Math.ceil((burstNs * TRIAL_SHARE * 2) / passNs)));
  }
  const counted = await resident.ask('warmup', { workload, work: passes, bursts: COUNTED_BURSTS });
  const passNs = median(counted.body.bursts.map(([, wallNs]) => wallNs / passes));
  return roundTo125(burstNs / passNs);
}
