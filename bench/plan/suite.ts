/** The suite: the mean over the kernels of a plan. */

import type { Plan } from '../types.ts';

export const SUITE = 'suite';

/** Workloads that the suite is the mean of: the kernels where a plan holds others too, else all. */
export function suiteOf({ workloads, suite }: Pick<Plan, 'workloads' | 'suite'>): readonly string[] {
  return suite === undefined ? workloads : workloads.filter((id) => suite.includes(id));
}

/** Does the suite add information? With one workload it would only repeat it. */
export function hasSuite(plan: Pick<Plan, 'workloads' | 'suite'>): boolean {
  return suiteOf(plan).length > 1;
}
