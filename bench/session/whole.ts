/** Which rows of a session count: those of whole blocks, from boxes whose states were right. */

import type { Sample } from '../types.ts';
import type { SessionEvent } from './events.ts';

/**
 * Does a row count? Those of whole blocks do, without those of a box in a block in which a replay proved one of its
 * states wrong. Rows of a cut block and of a refuted box stay in the files, and in no figure.
 */
export function isCounted(events: readonly SessionEvent[], blocksCompleted: number): (sample: Sample) => boolean {
  const refuted = new Set(
    events.filter(({ kind }) => kind === 'checksum-mismatch').map(({ block, env }) => `${block} ${env}`),
  );
  if (refuted.size === 0) return ({ block }) => block <= blocksCompleted;
  return ({ block, env }) => block <= blocksCompleted && !refuted.has(`${block} ${env}`);
}

export function countedSamples(
  samples: readonly Sample[],
  events: readonly SessionEvent[],
  blocksCompleted: number,
): Sample[] {
  return samples.filter(isCounted(events, blocksCompleted));
}
