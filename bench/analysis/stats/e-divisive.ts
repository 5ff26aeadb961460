/** Change points of any kind in a series, by energy distances and permutations: E-divisive. */

import { randomStream, type Stream } from '../../random.ts';

export interface DivisiveOptions {
  /** Smallest number of values in a segment, at least 2. */
  readonly least: number;
  /** A change is accepted when at most this share of permutations reaches its statistic. */
  readonly alpha: number;
  /** Permutations for each test; (1 + exceeding) ÷ (1 + permutations) is the p-value. */
  readonly permutations: number;
  /** Seed of the permutations: the same series gives the same answer. */
  readonly seed: number;
}

export interface Split {
  /** Index of the first value after the change. */
  readonly at: number;
  /** The energy statistic Q, in units of the values. */
  readonly q: number;
}

export interface ChangePoint extends Split {
  readonly pValue: number;
}

/** Segments up to this long are searched for the end of the second sample as well; longer ones reach to their end. */
export const WHOLE_SEARCH = 256;

/** Permuted values are the same numbers in another order of summing. */
const ROUNDING = 1e-9;

/**
 * Matteson and James, "A nonparametric approach for multiple change point analysis of multivariate data", JASA 109(505),
 * 2014, with α = 1 in one dimension. The two samples with the largest
 *   Q = m n ÷ (m + n) · (2 · mean |x − y| − mean |x − x′| − mean |y − y′|)
 * in any segment are its split; it is tested against the largest Q after the values of every segment are shuffled within
 * it; the first split that is not significant ends the search. A test ends early once it can't succeed any more. Beyond
 * 256 values in a segment the second sample always ends with the segment, which takes n log n steps instead of n²: a
 * short excursion in a long series is then found later, or not. Ascending.
 */
export function changePoints(values: readonly number[], options: DivisiveOptions): ChangePoint[] {
  const stream = randomStream(options.seed, values.length, 'e-divisive');
  const found: ChangePoint[] = [];
  for (;;) {
    const bounds = [0, ...found.map(({ at }) => at).sort((a, b) => a - b), values.length];
    const segments = bounds.slice(1).map((to, index) => values.slice(bounds[index], to));
    let best: Split | null = null;
    for (const [index, segment] of segments.entries()) {
      const split = bestSplit(segment, options.least);
      if (split !== null && split.q > (best?.q ?? 0)) best = { at: split.at + (bounds[index] as number), q: split.q };
    }
    const pValue = best === null ? null : permutationTest(segments, best.q, options, stream);
    if (best === null || pValue === null) return found.sort((a, b) => a.at - b.at);
    found.push({ ...best, pValue });
  }
}

/** The p-value, or null as soon as it is sure to be above alpha. */
function permutationTest(
  segments: readonly (readonly number[])[],
  q: number,
  { least, alpha, permutations }: DivisiveOptions,
  stream: Stream,
): number | null {
  const most = Math.floor(alpha * (permutations + 1)) - 1;
  const searches = segments.map((segment) => shuffledSearch(segment, least));
  let exceeding = 0;
  for (let permutation = 0; permutation < permutations; permutation++) {
    const isExceeded = searches.some((search) => search(stream) >= q * (1 - ROUNDING));
    if (isExceeded && ++exceeding > most) return null;
  }
  return (1 + exceeding) / (1 + permutations);
}

/** The largest Q of a segment in another order each time; whatever does not depend on the order is computed once. */
function shuffledSearch(segment: readonly number[], least: number): (stream: Stream) => number {
  if (segment.length < 2 * least) return () => 0;
  if (segment.length <= WHOLE_SEARCH) return (stream) => searchAllEnds(stream.shuffle(segment), least).q;
  const { ranks, ...known } = ranked(segment);
  const inOrder = [...ranks];
  return (stream) => searchToEnd(known, stream.shuffle(inOrder), least).q;
}

/** The split with the largest Q; null when the segment is too short for two samples. */
export function bestSplit(values: readonly number[], least: number): Split | null {
  if (values.length < 2 * least) return null;
  if (values.length <= WHOLE_SEARCH) return searchAllEnds(values, least);
  const { ranks, ...known } = ranked(values);
  return searchToEnd(known, ranks, least);
}

/** Every split and every end of the second sample: n² ÷ 2 steps, by sums that grow with the end. */
function searchAllEnds(values: readonly number[], least: number): Split {
  const count = values.length;
  // Of each split: distances between the samples, within the second, within the first.
  const between = new Float64Array(count + 1);
  const second = new Float64Array(count + 1);
  const first = new Float64Array(count + 1);
  const fromNew = new Float64Array(count + 1);
  let best = { at: least, q: Number.NEGATIVE_INFINITY };
  for (let end = 1; end <= count; end++) {
    const value = values[end - 1] as number;
    let sum = 0;
    for (let index = 0; index < end; index++) {
      fromNew[index] = sum;
      sum += Math.abs((values[index] as number) - value);
    }
    first[end] = (first[end - 1] as number) + sum;
    for (let split = 1; split < end; split++) {
      between[split] = (between[split] as number) + (fromNew[split] as number);
      second[split] = (second[split] as number) + sum - (fromNew[split] as number);
    }
    // The new value itself is the whole second sample of the split right before it.
    if (end >= 1) {
      between[end - 1] = sum;
      second[end - 1] = 0;
    }
    for (let split = least; split <= end - least; split++) {
      const q = energy(split, end - split, between[split] as number, first[split] as number, second[split] as number);
      if (q > best.q) best = { at: split, q };
    }
  }
  return best;
}

/** The values of a long segment by rank, which shuffling does not change. */
interface Ranked {
  /** Of each value in the order of the segment, from 0; equal values have different ranks. */
  readonly ranks: Int32Array;
  /** By rank, ascending. */
  readonly sorted: Float64Array;
  /** By rank: sum of the distances to all others. */
  readonly toAll: Float64Array;
  /** Sum of the distances over all pairs. */
  readonly all: number;
}

function ranked(values: readonly number[]): Ranked {
  const count = values.length;
  const order = [...values.keys()].sort((a, b) => (values[a] as number) - (values[b] as number));
  const ranks = new Int32Array(count);
  for (const [rank, index] of order.entries()) ranks[index] = rank;
  const sorted = Float64Array.from(order, (index) => values[index] as number);
  const total = sorted.reduce((sum, value) => sum + value, 0);
  const toAll = new Float64Array(count);
  let below = 0;
  let all = 0;
  for (const [rank, value] of sorted.entries()) {
    const distance = value * rank - below + (total - below - value) - value * (count - rank - 1);
    toAll[rank] = distance;
    all += distance / 2;
    below += value;
  }
  return { ranks, sorted, toAll, all };
}

/** Every split, the second sample up to the end: distances to the values before are sums over ranks, in n log n steps. */
function searchToEnd({ sorted, toAll, all }: Omit<Ranked, 'ranks'>, ranks: ArrayLike<number>, least: number): Split {
  const count = ranks.length;
  // A Fenwick tree over ranks: how many values there were, and their sum.
  const counts = new Int32Array(count + 1);
  const sums = new Float64Array(count + 1);
  let best = { at: least, q: Number.NEGATIVE_INFINITY };
  let first = 0;
  let second = all;
  let seenSum = 0;
  for (let split = 1; split <= count - least; split++) {
    const rank = ranks[split - 1] as number;
    const value = sorted[rank] as number;
    let lower = 0;
    let lowerSum = 0;
    for (let node = rank; node > 0; node &= node - 1) {
      lower += counts[node] as number;
      lowerSum += sums[node] as number;
    }
    const toFirst = value * (2 * lower - split + 1) - 2 * lowerSum + seenSum;
    first += toFirst;
    second -= (toAll[rank] as number) - toFirst;
    seenSum += value;
    for (let node = rank + 1; node <= count; node += node & -node) {
      counts[node] = (counts[node] as number) + 1;
      sums[node] = (sums[node] as number) + value;
    }
    if (split < least) continue;
    const q = energy(split, count - split, all - first - second, first, second);
    if (q > best.q) best = { at: split, q };
  }
  return best;
}

/** Q from sums of distances over pairs: between the samples, within the first, within the second. */
function energy(m: number, n: number, between: number, first: number, second: number): number {
  const means = (2 * between) / (m * n) - (2 * first) / (m * (m - 1)) - (2 * second) / (n * (n - 1));
  return ((m * n) / (m + n)) * means;
}
