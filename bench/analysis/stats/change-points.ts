/** Change points in mean and variance: the segmentation with the least penalised cost, found by PELT. */

export interface SegmentOptions {
  /** What each further segment costs, in units of −2 log-likelihood. */
  readonly penalty: number;
  /** Smallest number of values in a segment, at least 1. */
  readonly least: number;
  /** Every segment is assumed to vary at least this much (variance, in squared units of the values); above 0. */
  readonly varianceFloor: number;
}

/** −2 log-likelihood of values `from` … `to` − 1 as one normal sample with its own mean and variance. */
export type SegmentCost = (from: number, to: number) => number;

/**
 * Cost of every stretch by running sums. The variance is fitted, but held at the floor: a handful of all but equal
 * values has a likelihood without bound, and would be worth a separate segment wherever it occurs. Being a minimum
 * over mean and variance the cost never grows when a segment is split, which is what PELT's pruning rests on.
 */
export function normalCost(values: readonly number[], varianceFloor: number): SegmentCost {
  // About their mean, because a difference of two large sums has no digits left.
  const centre = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const sums = new Float64Array(values.length + 1);
  const squares = new Float64Array(values.length + 1);
  for (const [index, value] of values.entries()) {
    const off = value - centre;
    sums[index + 1] = (sums[index] as number) + off;
    squares[index + 1] = (squares[index] as number) + off * off;
  }
  return (from, to) => {
    const count = to - from;
    const sum = (sums[to] as number) - (sums[from] as number);
    const scatter = Math.max(0, (squares[to] as number) - (squares[from] as number) - (sum * sum) / count);
    const variance = Math.max(scatter / count, varianceFloor);
    return count * Math.log(2 * Math.PI * variance) + scatter / variance;
  };
}

/**
 * Where segments begin, the first at 0; ascending. The optimum over all segmentations, not a heuristic.
 *
 * Killick, Fearnhead, Eckley, "Optimal detection of changepoints with a linear computational cost", JASA 107(500),
 * 2012. A start s is dropped for good once F(s) + C(s, t) >= F(t): starting a segment at t is then never worse. With a least
 * length that holds only from the ends at which t itself may be the last start, so the removal waits until then.
 */
export function segmentStarts(values: readonly number[], options: SegmentOptions): number[] {
  const { penalty, least } = options;
  const count = values.length;
  if (count === 0) return [];
  if (count < 2 * least) return [0];
  const cost = normalCost(values, options.varianceFloor);
  const best = new Float64Array(count + 1).fill(Number.POSITIVE_INFINITY);
  best[0] = -penalty;
  const startOf = new Int32Array(count + 1);
  let candidates: { start: number; droppedFrom: number }[] = [];
  for (let end = least; end <= count; end++) {
    const start = end - least;
    // A start is new once the stretch before it can itself be divided into segments.
    if (best[start] !== Number.POSITIVE_INFINITY) candidates.push({ start, droppedFrom: Number.POSITIVE_INFINITY });
    candidates = candidates.filter(({ droppedFrom }) => droppedFrom > end);
    for (const candidate of candidates) {
      const total = (best[candidate.start] as number) + cost(candidate.start, end) + penalty;
      if (total >= (best[end] as number)) continue;
      best[end] = total;
      startOf[end] = candidate.start;
    }
    for (const candidate of candidates) {
      const kept = (best[candidate.start] as number) + cost(candidate.start, end);
      if (kept >= (best[end] as number)) candidate.droppedFrom = Math.min(candidate.droppedFrom, end + least);
    }
  }
  const starts: number[] = [];
  for (let end = count; end > 0; end = startOf[end] as number) starts.push(startOf[end] as number);
  return starts.reverse();
}
