/** Names that flags, help and lists follow from the registries. */

import { WORKLOADS } from '../scimark/index.ts';

export const WORKLOAD_IDS: readonly string[] = WORKLOADS.map(({ id }) => id);
