/** Readings of a host on which idle instances are held. */

import type { Holdings } from '../types.ts';

/** Engines continue working for a moment after the payload's first line; so does the kernel after removals. */
export const SETTLE_MS = 400;

export function difference(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a - b;
}

/** Null unless every instance has the figure. */
export function sumOf(all: readonly Holdings[], key: keyof Holdings): number | null {
  const values = all.map((holdings) => holdings[key]);
  return values.reduce<number | null>((sum, value) => (sum === null || value === undefined ? null : sum + value), 0);
}
