/** Starts that did not complete, gathered by how they ended. */

import type { Start } from '../../bench/types.ts';

/** Starts of one environment that ended the same way. */
export interface StartFailure {
  readonly env: string;
  readonly status: 'failed' | 'timed-out' | 'skipped';
  readonly reason: string;
  readonly blocks: readonly number[];
}

/** One entry for each way in which starts of an environment ended. */
export function failuresOf(starts: readonly Start[]): StartFailure[] {
  const groups = new Map<string, { env: string; status: StartFailure['status']; reason: string; blocks: number[] }>();
  for (const start of starts) {
    if (start.status === 'completed') continue;
    const { env, status, reason, block } = start;
    const key = JSON.stringify([env, status, reason]);
    const known = groups.get(key);
    if (known) known.blocks.push(block);
    else groups.set(key, { env, status, reason, blocks: [block] });
  }
  return [...groups.values()];
}
