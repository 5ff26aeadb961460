/** What a ratio is taken of: the time of a pass, or the figure that a program prints. */

import type { Sample } from '../../types.ts';

/** A rate of one thing a second in ns: what the inverse of a printed rate is multiplied by, to be of the size of a time. */
const SECOND_NS = 1e9;

/**
 * Nanoseconds a pass. Of a printed figure the figure itself where lower is better, and its inverse where higher is, so
 * that in every case twice as much is twice as bad. Not a number where there is none.
 */
export function costOf({ wallNs, work, rate, better }: Pick<Sample, 'wallNs' | 'work' | 'rate' | 'better'>): number {
  if (better === null || better === undefined) return wallNs / work;
  if (rate === null) return Number.NaN;
  return better === 'lower' ? rate : SECOND_NS / rate;
}
