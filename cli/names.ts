/** Names that flags, help and lists follow from the registries. */

import { WORKLOADS } from '../scimark/index.ts';
import { SYSTEM_WORKLOADS } from '../system/index.ts';

/** The kernels, which are measured where nothing else is said. */
export const KERNEL_IDS: readonly string[] = WORKLOADS.map(({ id }) => id);

/** Workloads that are measured only when named. */
export const SYSTEM_IDS: readonly string[] = SYSTEM_WORKLOADS.map(({ id }) => id);

export const WORKLOAD_IDS: readonly string[] = [...KERNEL_IDS, ...SYSTEM_IDS];
