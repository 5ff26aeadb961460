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
function suiteName(plan: SuitePlan): string {
  const members = suiteOf(plan);
  const isWhole =
    members.length === COMPOSITE_WORKLOADS.length && COMPOSITE_WORKLOADS.every((id) => members.includes(id));
  return `${SUITE} (${isWhole ? 'all kernels' : [...members].sort().join(', ')})`;
}

interface Named {
  readonly workload: string;
}

/** Is it the name of a suite, in short or with its workloads? */
export function isSuite(workload: string): boolean {
  return workload === SUITE || workload.startsWith(`${SUITE} (`);
}

/** What a session calls a workload or its suite, among those of other sessions. */
export function nameAmongOthers(workload: string, plan: SuitePlan): string {
  return workload === SUITE ? suiteName(plan) : workload;
}

/** Does every suite among these names stand for the same workloads? */
export function isOneSuite(rows: readonly Named[]): boolean {
  return new Set(rows.map(({ workload }) => workload).filter(isSuite)).size <= 1;
}

/** The same rows with the suite in short, which says enough where there is one only. */
export function inShort<T extends Named>(rows: readonly T[]): T[] {
  return rows.map((row) => (isSuite(row.workload) ? { ...row, workload: SUITE } : row));
}
