/**
 * How many trials a simulation has: a tenth in the gate, all of them in `npm run bench -- simulated`; and how many hits so
 * many trials allow. Simulations of which a tenth would show nothing any more (coverage of intervals) always run whole.
 */

/** One-sided tails of the normal distribution, beyond so many standard deviations. */
export const BEYOND = { two: 0.02275, three: 0.00135, four: 3.17e-5 } as const;

const SHARE_IN_GATE = 0.1;

export function trialsOf(whole: number): number {
  return process.env.BOXMARK_TRIALS === 'all' ? whole : Math.ceil(whole * SHARE_IN_GATE);
}

/** The most hits of independent trials that a true share of hits allows: more come with a chance of `tail` or less. */
export function mostHits(share: number, trials: number, tail: number): number {
  // In logarithms: the chance of no hit among many trials is too small for a double.
  let chance = trials * Math.log1p(-share);
  let sum = Math.exp(chance);
  let hits = 0;
  // All trials at most, as rounding may leave the sum short of one.
  while (hits < trials && 1 - sum > tail) {
    chance += Math.log(((trials - hits) / (hits + 1)) * (share / (1 - share)));
    hits += 1;
    sum += Math.exp(chance);
  }
  return hits;
}

/** The fewest that it allows. */
export function leastHits(share: number, trials: number, tail: number): number {
  return trials - mostHits(1 - share, trials, tail);
}
