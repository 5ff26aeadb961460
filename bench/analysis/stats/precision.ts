/** How wide an interval is, and how many blocks and minutes would make it narrow enough. */

import type { Interval } from '../../types.ts';
import { tQuantile } from './distributions.ts';
import { logInterval, UPPER } from './interval.ts';

/** Beyond this no number of blocks is named: the host is too noisy. */
export const MOST_BLOCKS = 1000;

/** What is known of the spread of blocks: their values in logs, or the half-width that so many of them gave. */
export type Spread = readonly number[] | { readonly halfWidthLog: number; readonly blocks: number };

/** Half the length of an interval of ratios, in logs; infinite without an interval. */
export function halfWidthLog(interval: Interval | null): number {
  // A difference of logs: the quotient of two absurd ends would overflow.
  return interval === null ? Number.POSITIVE_INFINITY : (Math.log(interval.high) - Math.log(interval.low)) / 2;
}

/** Standard error behind an interval of 95 % over so many blocks, in logs. */
export function standardErrorLog(interval: Interval, blocks: number): number {
  return halfWidthLog(interval) / tQuantile(UPPER, blocks - 1);
}

/** Half-width below which width alone always decides at a margin: an interval that fits into the margin on one side. */
export function decisiveHalfWidthLog(margin: number): number {
  return Math.log1p(margin) / 2;
}

/**
 * Further blocks until t(0.975, n − 1) · s / √n is at most `target`, all in logs, if blocks go on spreading as they did.
 * 0 when it is already; null when more than 1000 would be needed, or when fewer than two blocks say how they spread. The
 * quantile is taken at the future number of blocks (NIST/SEMATECH e-Handbook, 7.2.2.2: iterate, because n is on both
 * sides). An estimate: s of six blocks is itself uncertain by a third.
 */
export function blocksNeeded(spread: Spread, target: number): number | null {
  const { blocks, halfWidth } =
    'halfWidthLog' in spread ? { ...spread, halfWidth: spread.halfWidthLog } : known(spread);
  if (blocks < 2 || halfWidth === null || !(target > 0) || !Number.isFinite(halfWidth)) return null;
  if (halfWidth <= target) return 0;
  const deviation = (halfWidth * Math.sqrt(blocks)) / tQuantile(UPPER, blocks - 1);
  const isEnough = (count: number) => (tQuantile(UPPER, count - 1) * deviation) / Math.sqrt(count) <= target;
  let enough = blocks + MOST_BLOCKS;
  if (!isEnough(enough)) return null;
  // More blocks always narrow it: the least number is found by halving.
  for (let few = blocks; enough - few > 1; ) {
    const middle = (few + enough) >> 1;
    if (isEnough(middle)) enough = middle;
    else few = middle;
  }
  return enough - blocks;
}

/** Minutes that so many blocks take. */
export function minutesFor(blocks: number, secondsPerBlock: number): number {
  return (blocks * secondsPerBlock) / 60;
}

function known(values: readonly number[]): { blocks: number; halfWidth: number | null } {
  return { blocks: values.length, halfWidth: logInterval(values).halfWidth };
}
