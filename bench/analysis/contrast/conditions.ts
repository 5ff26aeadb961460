/** What the kernel reports about a block's conditions: boxes throttled by a quota, time stolen from the host. */

import type { Start } from '../../types.ts';

/** Share of a start's run time from which throttling by a CPU quota counts. */
const THROTTLED_SHARE = 0.001;
/** Share of a start's run time stolen from the host's CPUs, all together, from which its block is flagged. */
const STOLEN_SHARE = 0.01;

/** By environment, the blocks in question. Blocks whose kernel reports nothing are in neither. */
export interface Conditions {
  readonly throttled: ReadonlyMap<string, ReadonlySet<number>>;
  readonly stolen: ReadonlyMap<string, ReadonlySet<number>>;
}

/** Reads the starts once; skipped and failed ones don't affect the others' figures. */
export function readConditions(starts: Iterable<Start>): Conditions {
  const throttled = new Map<string, Set<number>>();
  const stolen = new Map<string, Set<number>>();
  for (const start of starts) {
    if (start.status !== 'completed') continue;
    const exceeds = (ms: number | null, share: number) => ms !== null && ms > share * (start.runMs ?? 0);
    if (exceeds(start.throttledMs, THROTTLED_SHARE)) add(throttled, start.env, start.block);
    if (exceeds(start.stealMs, STOLEN_SHARE)) add(stolen, start.env, start.block);
  }
  return { throttled, stolen };
}

/** Blocks in which one of these environments was, ascending. */
export function blocksOf(blocks: ReadonlyMap<string, ReadonlySet<number>>, envs: readonly string[]): number[] {
  const all = new Set(envs.flatMap((env) => [...(blocks.get(env) ?? [])]));
  return [...all].sort((a, b) => a - b);
}

function add(blocks: Map<string, Set<number>>, env: string, block: number): void {
  const known = blocks.get(env);
  if (known) known.add(block);
  else blocks.set(env, new Set([block]));
}
