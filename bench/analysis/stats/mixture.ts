/** Is there one kind of start? Compares the mean over starts with the typical start, and finds starts that lie apart. */

import { median, medianDistance } from '../../numbers/select.ts';
import type { ContrastResult } from '../../types.ts';
import { halfWidthLog } from './precision.ts';

/** As for rounds: ten standard deviations of normal values from the median. */
const OUTLYING_MADS = 14.8;
/** With fewer values it is unclear which one lies apart. */
const LEAST_BLOCKS = 6;

/**
 * True when the mean over starts and the typical start (Hodges–Lehmann) lie further apart than a half-width of either
 * interval: some starts are of another kind. The narrower one counts, because a bad start widens Student's interval
 * about as much as it moves the mean, so that this one alone would never be passed. False without the typical start.
 */
export function isMixture(row: Pick<ContrastResult, 'timeRatio' | 'interval' | 'hodgesLehmann'>): boolean {
  if (row.hodgesLehmann === null) return false;
  const halfWidth = Math.min(halfWidthLog(row.interval), halfWidthLog(row.hodgesLehmann.interval));
  const apart = Math.abs(Math.log(row.timeRatio) - Math.log(row.hodgesLehmann.ratio));
  // Equal values have intervals of no width and differ by rounding.
  return apart > halfWidth + 1e-12;
}

/** Blocks whose value lies more than 14.8 median absolute deviations from the median; ascending. */
export function outlyingBlocks(logRatios: ReadonlyMap<number, number>): number[] {
  if (logRatios.size < LEAST_BLOCKS) return [];
  const values = [...logRatios.values()];
  const centre = median(values);
  const limit = OUTLYING_MADS * medianDistance(values, centre);
  const apart = [...logRatios].filter(([, value]) => limit > 0 && Math.abs(value - centre) > limit);
  return apart.map(([block]) => block).sort((a, b) => a - b);
}
