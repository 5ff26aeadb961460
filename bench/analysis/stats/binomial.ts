/** A share counted out: the exact interval of a binomial proportion. */

import type { Interval } from '../../types.ts';

/** Each tail of a two-sided interval of 95 %. */
const TAIL = 0.025;

/**
 * The exact interval of 95 % for a share of which `hits` of `count` independent trials were seen (Clopper and Pearson,
 * "The use of confidence or fiducial limits illustrated in the case of the binomial", Biometrika 26(4), 1934). Accurate
 * to 1e-12; [0, 1] without trials. Throws a RangeError unless 0 <= hits <= count, both whole.
 */
export function binomialInterval(hits: number, count: number): Interval {
  if (!(Number.isInteger(hits) && Number.isInteger(count) && hits >= 0 && hits <= count)) {
    throw new RangeError(`${hits} of ${count} is no share`);
  }
  return {
    low: hits === 0 ? 0 : root((share) => 1 - atMost(hits - 1, count, share) - TAIL),
    high: hits === count ? 1 : root((share) => TAIL - atMost(hits, count, share)),
  };
}

/** P(X >= hits) of `count` trials that each succeed with probability `share`. */
export function binomialTail(hits: number, count: number, share: number): number {
  return hits === 0 ? 1 : Math.max(0, 1 - atMost(hits - 1, count, share));
}

/** P(X <= hits) of `count` trials that each succeed with probability `share`. Summed in logs: no power underflows. */
function atMost(hits: number, count: number, share: number): number {
  const [yes, no] = [Math.log(share), Math.log1p(-share)];
  let logChoose = 0;
  let sum = 0;
  for (let k = 0; k <= hits; k++) {
    sum += Math.exp(logChoose + k * yes + (count - k) * no);
    logChoose += Math.log((count - k) / (k + 1));
  }
  return Math.min(1, sum);
}

/** Where a rising function of a share crosses 0. */
function root(rising: (share: number) => number): number {
  let low = 0;
  let high = 1;
  while (high - low > 1e-13) {
    const middle = (low + high) / 2;
    if (rising(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
