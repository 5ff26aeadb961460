/** The suite: the mean over the kernels of a plan. */

import type { Plan } from '../types.ts';

export const SUITE = 'suite';

/** The kernels of SciMark's composite score. */
export const COMPOSITE_WORKLOADS = ['fft', 'sor', 'monte-carlo', 'sparse', 'lu'] as const;

export type SuitePlan = Pick<Plan, 'workloads' | 'suite'>;

/** Workloads that the suite is the mean of: the kernels where a plan holds others too, else all. */
export function suiteOf({ workloads, suite }: SuitePlan): readonly string[] {
  return suite === undefined ? workloads : workloads.filter((id) => suite.includes(id));
}

/** Does the suite add information? With one workload it would only repeat it. */
export function hasSuite(plan: SuitePlan): boolean {
  return suiteOf(plan).length > 1;
}

/** The suite's name beside suites of other plans: the mean of five workloads is another figure than that of two. */
export function suiteName(plan: SuitePlan): string {
  const members = suiteOf(plan);
  const isWhole =
    members.length === COMPOSITE_WORKLOADS.length && COMPOSITE_WORKLOADS.every((id) => members.includes(id));
  return `${SUITE} (${isWhole ? 'all kernels' : [...members].sort().join(', ')})`;
}

/** Is it the name of a suite, in short or with its workloads? */
export function isSuite(workload: string): boolean {
  return workload === SUITE || workload.startsWith(`${SUITE} (`);
}

/** Does every suite among these stand for the same workloads, so that `suite` says which? */
export function isOneSuite(workloads: Iterable<string>): boolean {
  return new Set([...workloads].filter(isSuite)).size <= 1;
}
