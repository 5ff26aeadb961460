/** How evenly instances share what they get: Jain's index. */

/**
 * (Σx)² / (n Σx²): 1 when all get the same, 1/n when one gets everything, k/n when k of n share equally and the others get
 * nothing. Independent of the unit (Jain, Chiu and Hawe, "A Quantitative Measure of Fairness and Discrimination for Resource
 * Allocation in Shared Computer Systems", DEC Technical Report 301, 1984). Null without values and when all are 0. Throws
 * a RangeError for one that is negative or not a number: shares are neither.
 */
export function jainIndex(shares: readonly number[]): number | null {
  const wrong = shares.find((share) => !(share >= 0 && share < Number.POSITIVE_INFINITY));
  if (wrong !== undefined) throw new RangeError(`${wrong} is no share`);
  const most = shares.reduce((largest, share) => Math.max(largest, share), 0);
  if (most === 0) return null;
  // Of the largest, so that no square overflows or vanishes.
  const relative = shares.map((share) => share / most);
  const sum = relative.reduce((total, share) => total + share, 0);
  const squares = relative.reduce((total, share) => total + share * share, 0);
  return (sum * sum) / (shares.length * squares);
}
