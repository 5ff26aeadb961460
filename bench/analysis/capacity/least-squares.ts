/** Least squares for the scaling law: contention and coherency within blocks, on the logarithm of throughput. */

/** Throughput of one block at one number of instances, in any unit above 0. */
export interface ThroughputPoint {
  readonly block: number;
  readonly instances: number;
  readonly throughput: number;
}

/** What can be fitted of a session. */
export interface Cells {
  /** Numbers of instances, ascending. */
  readonly levels: readonly number[];
  /** By block: ln throughput by level, NaN where nothing was measured. */
  readonly blocks: readonly Float64Array[];
  /** By block: blocks that miss the same cells have the same number, from 0. */
  readonly patterns: readonly number[];
}

/** σ and κ of the law. */
export interface Shape {
  readonly sigma: number;
  readonly kappa: number;
}

export interface Fit extends Shape {
  /** Mean over blocks of ln λ. */
  readonly logLambda: number;
}

/** Blocks that miss the same cells, by their mean: for least squares within blocks it contains all that they say. */
export interface Pool {
  readonly weight: number;
  readonly logs: Float64Array;
}

/** Sum of squares at a shape, its descent by σ and κ, and its curvature (Gauss–Newton): σσ, σκ, κκ. */
interface Point extends Fit {
  readonly squares: number;
  readonly descent: readonly [number, number];
  readonly curvature: readonly [number, number, number];
}

/** Beyond ±100 the search stops: two instances would have a fiftieth of the throughput of one. */
const MOST = 100;
/** The law's denominator stays above this at every level, so that it has a logarithm. */
const LEAST_DENOMINATOR = 1e-9;
/** σ and κ are distinguishable when their columns share less than all but this. */
const LEAST_OWN_SHARE = 1e-10;
/** Flat, contended and steep: from one of them the search finds even laws that fall by half from one instance to two. */
const STARTS: readonly Shape[] = [
  { sigma: 0, kappa: 0 },
  { sigma: 1, kappa: 0 },
  { sigma: 1, kappa: 1 },
];
const MOST_STEPS = 200;
const MOST_DAMPING = 1e10;
/** Steps of σ and of κ that end the search. */
const [SIGMA_STEP, KAPPA_STEP] = [1e-8, 1e-10];

/** By how much N instances stay below N times one: 1 + σ(N − 1) + κN(N − 1). */
export function denominatorAt({ sigma, kappa }: Shape, instances: number): number {
  return 1 + sigma * (instances - 1) + kappa * instances * (instances - 1);
}

/**
 * Cells by block and level. Throughput that is not above 0 counts as missing, as it has no logarithm; several values of
 * one cell count as their geometric mean. A block with a single level says nothing about scaling and is left out.
 */
export function cellsOf(points: readonly ThroughputPoint[]): Cells {
  const cells = new Map<number, Map<number, number[]>>();
  for (const { block, instances, throughput } of points) {
    if (!(instances >= 1 && throughput > 0 && throughput < Number.POSITIVE_INFINITY)) continue;
    const own = cells.get(block) ?? new Map<number, number[]>();
    cells.set(block, own.set(instances, [...(own.get(instances) ?? []), Math.log(throughput)]));
  }
  const kept = [...cells].filter(([, own]) => own.size > 1).sort(([a], [b]) => a - b);
  const levels = [...new Set(kept.flatMap(([, own]) => [...own.keys()]))].sort((a, b) => a - b);
  const blocks = kept.map(([, own]) => Float64Array.from(levels, (level) => meanOf(own.get(level) ?? [])));
  const missing = blocks.map((logs) => Array.from(logs, Number.isNaN).join());
  return { levels, blocks, patterns: missing.map((pattern) => missing.indexOf(pattern)) };
}

/** Blocks pooled, each counted so many times. */
export function poolOf({ levels, blocks, patterns }: Cells, times: ArrayLike<number>): Pool[] {
  const pools = new Map<number, { weight: number; readonly logs: Float64Array }>();
  for (const [index, logs] of blocks.entries()) {
    const weight = times[index] as number;
    if (weight === 0) continue;
    const pattern = patterns[index] as number;
    const pool = pools.get(pattern) ?? { weight: 0, logs: new Float64Array(levels.length) };
    pools.set(pattern, pool);
    pool.weight += weight;
    for (let level = 0; level < logs.length; level++) {
      pool.logs[level] = (pool.logs[level] as number) + weight * (logs[level] as number);
    }
  }
  return [...pools.values()].map(({ weight, logs }) => ({ weight, logs: logs.map((sum) => sum / weight) }));
}

/** Whether the levels that blocks have in common determine σ and κ: three linked levels do. */
export function isDetermined(levels: readonly number[], pools: readonly Pool[]): boolean {
  const point = pointAt(levels, pools, { sigma: 0, kappa: 0 });
  if (point === null) return false;
  const [ss, sk, kk] = point.curvature;
  return ss * kk - sk * sk > LEAST_OWN_SHARE * ss * kk;
}

/** The least squares with σ and κ of any sign; from a start where the law has a logarithm, or the best of several. */
export function freeFit(levels: readonly number[], pools: readonly Pool[], start?: Shape): Fit {
  return bestOf((start === undefined ? STARTS : [start]).map((one) => descend(levels, pools, one, [true, true])));
}

/** The least squares with σ >= 0 and κ >= 0, from those of any sign: their own, or the best on an edge. */
export function boundFit(levels: readonly number[], pools: readonly Pool[], free: Fit): Fit {
  if (free.sigma >= 0 && free.kappa >= 0) return free;
  const edges = STARTS.flatMap(({ sigma, kappa }) => [
    descend(levels, pools, { sigma, kappa: 0 }, [true, false]),
    descend(levels, pools, { sigma: 0, kappa }, [false, true]),
  ]);
  const corner = descend(levels, pools, { sigma: 0, kappa: 0 }, [false, false]);
  return bestOf([corner, ...edges.filter(({ sigma, kappa }) => sigma >= 0 && kappa >= 0)]);
}

/** The first of equals. */
function bestOf(points: readonly Point[]): Point {
  return points.reduce((best, one) => (one.squares < best.squares ? one : best));
}

/** Damped Gauss–Newton (Marquardt, SIAM J. Appl. Math. 11(2), 1963) in those of σ and κ that are free. */
function descend(
  levels: readonly number[],
  pools: readonly Pool[],
  start: Shape,
  [isSigmaFree, isKappaFree]: readonly [boolean, boolean],
): Point {
  let here = pointAt(levels, pools, start);
  if (here === null) throw new RangeError(`no logarithm of the law at σ ${start.sigma}, κ ${start.kappa}`);
  let damping = 1e-3;
  for (let step = 0; step < MOST_STEPS && damping < MOST_DAMPING; step++) {
    const [bySigma, byKappa] = here.descent;
    const [ss, sk, kk] = here.curvature;
    const [a, d] = [ss * (1 + damping), kk * (1 + damping)];
    const bothFree = isSigmaFree && isKappaFree;
    const determinant = bothFree ? a * d - sk * sk : a * d;
    const shared = bothFree ? sk : 0;
    const sigmaStep = isSigmaFree ? (d * bySigma - shared * byKappa) / determinant : 0;
    const kappaStep = isKappaFree ? (a * byKappa - shared * bySigma) / determinant : 0;
    const next = pointAt(levels, pools, { sigma: here.sigma + sigmaStep, kappa: here.kappa + kappaStep });
    const isEnd = !(Math.abs(sigmaStep) > SIGMA_STEP || Math.abs(kappaStep) > KAPPA_STEP);
    if (next !== null && next.squares < here.squares) {
      here = next;
      damping /= 10;
    } else damping *= 10;
    if (isEnd) break;
  }
  return here;
}

/**
 * Residuals are about each block's own mean, so that a block that was slow as a whole moves λ and nothing else, also where
 * cells are missing. Null where the law has no logarithm, and beyond ±100.
 */
function pointAt(levels: readonly number[], pools: readonly Pool[], shape: Shape): Point | null {
  if (!(Math.abs(shape.sigma) <= MOST && Math.abs(shape.kappa) <= MOST)) return null;
  const denominators = levels.map((level) => denominatorAt(shape, level));
  if (!denominators.every((denominator) => denominator > LEAST_DENOMINATOR)) return null;
  const expected = levels.map((level, index) => Math.log(level / (denominators[index] as number)));
  let [squares, logLambda, weights, bySigma, byKappa, ss, sk, kk] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (const { weight, logs } of pools) {
    // Means first: sums of squares about them lose no digits.
    let [count, residual, sigma, kappa] = [0, 0, 0, 0];
    for (let index = 0; index < levels.length; index++) {
      const off = (logs[index] as number) - (expected[index] as number);
      if (Number.isNaN(off)) continue;
      const [level, denominator] = [levels[index] as number, denominators[index] as number];
      count += 1;
      residual += off;
      sigma += (1 - level) / denominator;
      kappa += (level * (1 - level)) / denominator;
    }
    for (let index = 0; index < levels.length; index++) {
      const off = (logs[index] as number) - (expected[index] as number);
      if (Number.isNaN(off)) continue;
      const [level, denominator] = [levels[index] as number, denominators[index] as number];
      const r = off - residual / count;
      const s = (1 - level) / denominator - sigma / count;
      const k = (level * (1 - level)) / denominator - kappa / count;
      squares += weight * r * r;
      bySigma += weight * s * r;
      byKappa += weight * k * r;
      ss += weight * s * s;
      sk += weight * s * k;
      kk += weight * k * k;
    }
    logLambda += (weight * residual) / count;
    weights += weight;
  }
  const sums = { squares, descent: [bySigma, byKappa], curvature: [ss, sk, kk] } as const;
  return { ...shape, ...sums, logLambda: logLambda / weights };
}

/** NaN without values. */
function meanOf(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
