/** Names that flags, help and lists follow from the registries. */

import type { PlanDefaults } from '../bench/plan/plan.ts';
import type { BoxSpec } from '../bench/types.ts';
import { WORKLOADS } from '../scimark/index.ts';
import { SYSTEM_GROUPS, SYSTEM_METRICS, SYSTEM_WORKLOADS } from '../system/index.ts';

/** The kernels, which are measured where nothing else is said. */
export const KERNEL_IDS: readonly string[] = WORKLOADS.map(({ id }) => id);

const { system = [], ...groups } = SYSTEM_GROUPS;

/** Workloads that are measured only when named: those of the group `system`, which `all` includes, and the others by their groups. */
export const NAMED_WORKLOADS = { system, groups, metrics: SYSTEM_METRICS } satisfies Partial<PlanDefaults>;

export const WORKLOAD_IDS: readonly string[] = [...KERNEL_IDS, ...SYSTEM_WORKLOADS.map(({ id }) => id)];

/** What the boxes of these workloads must offer; undefined when nothing. */
export function boxSpecFor(workloads: readonly string[]): BoxSpec | undefined {
  const isNeeded = SYSTEM_WORKLOADS.some(({ id, needsScratch }) => needsScratch === true && workloads.includes(id));
  return isNeeded ? { scratch: true } : undefined;
}
