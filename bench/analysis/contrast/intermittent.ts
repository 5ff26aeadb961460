/** Time lost intermittently: what sums contain and a median does not, and what a CPU quota takes away. */

import { logInterval } from '../stats/interval.ts';

/** Differences of logs below this are rounding, not time: a billionth of a burst. */
const ROUNDING = 1e-9;

/**
 * True when ln(total) − ln(typical), one value a block, has an interval of 95 % above 0: the environment loses time in
 * few rounds, which the median does not show. False with fewer than two blocks. A session of few rounds misses much of
 * it: 3 ms lost in every 100 ms are found in a third of sessions of 10 rounds, in nearly all of 40 (simulated).
 */
export function losesTimeAtTimes(excessLogs: readonly number[]): boolean {
  if (excessLogs.length < 2) return false;
  const { mean, halfWidth } = logInterval(excessLogs);
  return halfWidth !== null && mean - halfWidth > ROUNDING;
}
