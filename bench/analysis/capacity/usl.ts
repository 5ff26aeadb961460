/** The Universal Scalability Law: throughput over the number of instances, with intervals over blocks. */

import { randomStream } from '../../random.ts';
import type { Estimate, Interval } from '../../types.ts';
import { tQuantile } from '../stats/distributions.ts';
import { logInterval, UPPER } from '../stats/interval.ts';
import {
  boundFit,
  type Cells,
  cellsOf,
  denominatorAt,
  type Fit,
  freeFit,
  isDetermined,
  poolOf,
  type ThroughputPoint,
} from './least-squares.ts';

/** A fitted figure with its interval of 95 %; no interval from one block. */
export interface Fitted {
  readonly value: number;
  readonly interval: Interval | null;
}

/** Covariances of the estimates of (ln λ, σ, κ), by row, and the degrees of freedom behind them. */
interface Spread {
  readonly covariance: readonly number[];
  readonly degrees: number;
}

/** X(N) = λN / (1 + σ(N − 1) + κN(N − 1)). */
export interface ScalingLaw {
  /** Throughput of one instance, in the unit of the points. */
  readonly lambda: Fitted;
  /** Contention: the share of the work that instances do one after the other. 0 or more. */
  readonly sigma: Fitted;
  /** Coherency: what each pair of instances costs. 0 or more; 0 is Amdahl's law. */
  readonly kappa: Fitted;
  /**
   * Instances at which throughput is highest; null unless κ's interval excludes 0. It may lie beyond the last level. Where
   * κ is seldom distinguished from 0, the few intervals that are reported miss the peak more often than one in twenty.
   */
  readonly peak: Fitted | null;
  /** Standard deviation of the residuals within blocks, in logs: 0.02 is about 2 %. Null with no value to spare. */
  readonly residual: number | null;
  /**
   * The level that lies furthest from the law, measured over fitted throughput. Its interval of 95 % is over blocks and
   * for all levels at once (Bonferroni): when it excludes 1, the law doesn't describe these data.
   */
  readonly furthest: Estimate & { readonly instances: number };
  /** Measured numbers of instances, ascending. */
  readonly levels: readonly number[];
  /** Blocks with at least two levels, the only ones used. */
  readonly blocks: number;
  /** What bands are computed from; null with one block. */
  readonly spread: Spread | null;
}

/** Enough that the standard errors vary by 2 % with the seed. */
const RESAMPLES = 1000;
const SEED = 1993;
/** Below this σ and κ are rounding: the peak would lie beyond thirty thousand instances. */
const NEGLIGIBLE = 1e-9;

/**
 * The law with three fitted coefficients (Gunther, "Guerrilla Capacity Planning", Springer 2007, 4 and 5; "A General Theory
 * of Computational Scalability Based on Rational Functions", arXiv:0808.1431). Null when blocks don't link three
 * different numbers of instances.
 *
 * Least squares on ln X, because noise multiplies, each block about its own level. Intervals are Student's: estimate
 * ± t(0.975, blocks − 1) standard errors, λ in logs. The standard errors come from a bootstrap of whole blocks, widened
 * by √(n/(n − 1)): the bootstrap's own is too narrow by that, and percentiles have no t (Hesterberg, "What Teachers Should
 * Know About the Bootstrap", The American Statistician 69(4), 2015). For inference σ and κ may take any
 * sign and the interval is cut at 0 afterwards, because a bootstrap at a bound is not consistent (Andrews, Econometrica
 * 68(2), 2000). Of 2,000 simulated sessions with 6 or 10 blocks, 8 levels and 3 % of noise, 94.5 to 95.9 % of the
 * intervals contain the truth away from the bounds, and 97 to 98 % of κ's where it is 0. The same points and seed give the
 * same law.
 */
export function fitLaw(points: readonly ThroughputPoint[], seed = SEED): ScalingLaw | null {
  const cells = cellsOf(points);
  const pools = poolOf(cells, new Uint8Array(cells.blocks.length).fill(1));
  if (!isDetermined(cells.levels, pools)) return null;
  const free = freeFit(cells.levels, pools);
  const bound = boundFit(cells.levels, pools, free);
  const [sigma, kappa] = [withoutRounding(bound.sigma), withoutRounding(bound.kappa)];
  const spread = spreadOf(cells, free, seed);
  const logLambda = fitted(bound.logLambda, free.logLambda, spread, 0);
  const law = {
    lambda: { value: Math.exp(logLambda.value), interval: logLambda.interval && expOf(logLambda.interval) },
    sigma: notNegative(fitted(sigma, free.sigma, spread, 1)),
    kappa: notNegative(fitted(kappa, free.kappa, spread, 2)),
  };
  const peak = (law.kappa.interval?.low ?? 0) > 0 ? peakOf(free, spread) : null;
  const fit = { logLambda: bound.logLambda, sigma, kappa };
  return { ...law, peak, ...goodness(cells, fit), levels: cells.levels, blocks: cells.blocks.length, spread };
}

/** Throughput of so many instances, in the unit of the points. */
export function throughputAt({ lambda, sigma, kappa }: ScalingLaw, instances: number): number {
  return (lambda.value * instances) / denominatorAt({ sigma: sigma.value, kappa: kappa.value }, instances);
}

/**
 * Interval of 95 % of the law at any number of instances, for each number by itself: by the delta method on ln X. It says
 * where the law lies if the law holds, not where a measurement would lie; beyond the levels nothing was checked. Null
 * with one block.
 */
export function bandAt(law: ScalingLaw, instances: number): Interval | null {
  if (law.spread === null) return null;
  const denominator = denominatorAt({ sigma: law.sigma.value, kappa: law.kappa.value }, instances);
  const slopes = [1, (1 - instances) / denominator, (instances * (1 - instances)) / denominator];
  const halfWidth = student(law.spread) * Math.sqrt(varianceAlong(law.spread, slopes));
  const middle = Math.log(throughputAt(law, instances));
  return expOf({ low: middle - halfWidth, high: middle + halfWidth });
}

/** Null with one block, and when too few resamples of the blocks determine the law. */
function spreadOf(cells: Cells, free: Fit, seed: number): Spread | null {
  const count = cells.blocks.length;
  if (count < 2) return null;
  const stream = randomStream(seed, 0, 'scaling law');
  const fits: number[][] = [];
  for (let resample = 0; resample < RESAMPLES; resample++) {
    const times = new Uint32Array(count);
    for (let draw = 0; draw < count; draw++) {
      const block = stream.nextInt(count);
      times[block] = (times[block] as number) + 1;
    }
    const pools = poolOf(cells, times);
    if (!isDetermined(cells.levels, pools)) continue;
    const { logLambda, sigma, kappa } = freeFit(cells.levels, pools, free);
    fits.push([logLambda, sigma, kappa]);
  }
  if (fits.length < RESAMPLES / 2) return null;
  const means = [0, 1, 2].map((one) => fits.reduce((sum, fit) => sum + (fit[one] as number), 0) / fits.length);
  const covariance = [0, 1, 2].flatMap((a) =>
    [0, 1, 2].map((b) => {
      const off = (fit: readonly number[], one: number) => (fit[one] as number) - (means[one] as number);
      const sum = fits.reduce((sofar, fit) => sofar + off(fit, a) * off(fit, b), 0);
      return ((sum / fits.length) * count) / (count - 1);
    }),
  );
  return { covariance, degrees: count - 1 };
}

/** The estimate that keeps the bound, with the interval about the one that needn't; wide enough to contain both. */
function fitted(value: number, free: number, spread: Spread | null, index: number): Fitted {
  if (spread === null) return { value, interval: null };
  const halfWidth = student(spread) * Math.sqrt(spread.covariance[4 * index] as number);
  return { value, interval: { low: Math.min(value, free - halfWidth), high: Math.max(value, free + halfWidth) } };
}

function notNegative({ value, interval }: Fitted): Fitted {
  return { value, interval: interval && { ...interval, low: withoutRounding(Math.max(0, interval.low)) } };
}

/**
 * √((1 − σ)/κ), at least 1. Its interval is Fieller's of κ/(1 − σ), because the quotient of two estimates is skewed
 * (Fieller, "Some problems in interval estimation", J. R. Stat. Soc. B 16(2), 1954). Null when 1 − σ can't be
 * distinguished from 0: the peak lies at few instances then, and the data don't bound it.
 */
function peakOf({ sigma, kappa }: Fit, spread: Spread | null): Fitted | null {
  if (spread === null) return null;
  const rest = 1 - sigma;
  const square = student(spread) ** 2;
  const [ss, sk, kk] = [4, 5, 8].map((index) => square * (spread.covariance[index] as number)) as [
    number,
    number,
    number,
  ];
  // Quotients q with (κ − q(1 − σ))² <= t² Var(κ + qσ): between the roots of a quadratic.
  const [a, b, c] = [rest ** 2 - ss, rest * kappa + sk, kappa ** 2 - kk];
  if (!(rest > 0 && a > 0 && c > 0)) return null;
  const half = Math.sqrt(Math.max(0, b * b - a * c));
  const peakAt = (quotient: number) => Math.max(1, Math.sqrt(1 / quotient));
  return { value: peakAt(kappa / rest), interval: { low: peakAt((b + half) / a), high: peakAt((b - half) / a) } };
}

function goodness({ levels, blocks }: Cells, fit: Fit): Pick<ScalingLaw, 'residual' | 'furthest'> {
  const residuals = blocks.map((logs) => {
    const off = Array.from(logs, (log, index) => {
      const level = levels[index] as number;
      return log - Math.log(level / denominatorAt(fit, level));
    });
    const known = off.filter((one) => !Number.isNaN(one));
    const own = known.reduce((sum, one) => sum + one, 0) / known.length;
    return off.map((one) => one - own);
  });
  const known = residuals.flat().filter((one) => !Number.isNaN(one));
  // Each block's own level, σ and κ.
  const degrees = known.length - blocks.length - 2;
  const squares = known.reduce((sum, one) => sum + one * one, 0);
  const atLevels = levels.map((instances, index) => {
    const own = residuals.map((row) => row[index] as number).filter((one) => !Number.isNaN(one));
    return { instances, ...levelResidual(own, levels.length) };
  });
  const distance = ({ ratio }: Estimate) => Math.abs(Math.log(ratio));
  const furthest = atLevels.reduce((far, one) => (distance(one) > distance(far) ? one : far));
  return { residual: degrees > 0 ? Math.sqrt(squares / degrees) : null, furthest };
}

/** Mean residual of one of so many levels. Spread about the fit, which follows the level somewhat: wide rather than narrow. */
function levelResidual(logs: readonly number[], levels: number): Estimate {
  const { mean, halfWidth } = logInterval(logs);
  const blocks = logs.length;
  if (halfWidth === null) return { ratio: Math.exp(mean), interval: null, blocks };
  const widened = (halfWidth * tQuantile(1 - (1 - UPPER) / levels, blocks - 1)) / tQuantile(UPPER, blocks - 1);
  return { ratio: Math.exp(mean), interval: expOf({ low: mean - widened, high: mean + widened }), blocks };
}

function student({ degrees }: Spread): number {
  return tQuantile(UPPER, degrees);
}

function varianceAlong({ covariance }: Spread, slopes: readonly number[]): number {
  const sum = slopes.reduce(
    (rows, a, row) =>
      rows + slopes.reduce((cells, b, column) => cells + a * b * (covariance[3 * row + column] ?? 0), 0),
    0,
  );
  return Math.max(0, sum);
}

function expOf({ low, high }: Interval): Interval {
  return { low: Math.exp(low), high: Math.exp(high) };
}

function withoutRounding(value: number): number {
  return Math.abs(value) < NEGLIGIBLE ? 0 : value;
}
