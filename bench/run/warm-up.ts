/** Warming boxes up that do the same work for the length of a window or a visit. */

import { commandOf, runOf } from '../plan/commands.ts';
import type { Plan } from '../types.ts';

/** Bursts of a box before its first window or visit, in which code is compiled. */
export const WARM_BURSTS = 10;

/** Those of a workload: a program of the user's is compiled already. */
export function warmBurstsOf(plan: Pick<Plan, 'commands'>, workload: string): number {
  return commandOf(plan, workload) === undefined ? WARM_BURSTS : 1;
}

/** What those of all workloads of a plan should take on the baseline, ns. */
export function warmNsOf(plan: Plan): number {
  return runOf(plan).reduce((sum, id) => sum + (commandOf(plan, id)?.runNs ?? WARM_BURSTS * plan.burstNs), 0);
}
