/** How much better a series is explained by a step, an excursion or a drift than by noise that wanders: AR(1) likelihoods. */

/** Lag-1 correlations of the noise that are tried; the best one counts. Negative ones are taken for none. */
const CORRELATIONS = Array.from({ length: 20 }, (_, index) => index / 20);

/** Splits and excursions of longer series are searched as splits only: all pairs of places are too many. */
const MOST_PAIRS = 256;

/** Two values that differ by less, relative to the largest, are equal. */
const ROUNDING = 1e-12;

/** Where the mean differs: from `from` to before `to`. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/**
 * −2 log likelihood ratio, positive where the shape explains more: Gaussian noise with any lag-1 correlation from 0 to
 * 0.95, exact and stationary, about one mean, against the same about one mean plus a multiple of `shape`. Correlation is
 * estimated with the shape in the model and without it, so that neither a step passes for correlation nor correlation for
 * a step (Robbins, Gallagher, Lund and Aue, "Mean shift testing in correlated data", J. Time Ser. Anal. 32, 2011). The
 * closer to a constant the noise may be, the larger it can get; so its variance is at least rounding.
 * `alone`: the likelihood without the shape, for who asks about several shapes.
 */
export function evidenceOf(
  values: readonly number[],
  shape: readonly number[],
  alone = wanderingLikelihood(values),
): number {
  return bestLikelihood(values, shape) - alone;
}

/** 2 log likelihood of the values about one mean, but for a constant, at the best correlation. */
export function wanderingLikelihood(values: readonly number[]): number {
  return bestLikelihood(values, null);
}

function bestLikelihood(values: readonly number[], shape: readonly number[] | null): number {
  const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const floor = (scale * ROUNDING) ** 2 + Number.MIN_VALUE;
  let best = Number.NEGATIVE_INFINITY;
  for (const correlation of CORRELATIONS) {
    const variance = Math.max(innovations(values, shape, correlation) / values.length, floor);
    best = Math.max(best, Math.log1p(-(correlation ** 2)) - values.length * Math.log(variance));
  }
  return best;
}

/** Sum of squares left by least squares after whitening at this correlation. */
function innovations(values: readonly number[], shape: readonly number[] | null, correlation: number): number {
  const first = Math.sqrt(1 - correlation ** 2);
  const one = 1 - correlation;
  const start = first * (values[0] ?? 0);
  let oo = first * first;
  let ov = first * start;
  let vv = start * start;
  for (let index = 1; index < values.length; index++) {
    const value = (values[index] as number) - correlation * (values[index - 1] as number);
    oo += one * one;
    ov += one * value;
    vv += value * value;
  }
  const alone = vv - (ov * ov) / oo;
  return Math.max(0, shape === null ? alone : alone - explained(values, shape, correlation, { oo, ov }));
}

/** The part of the sum of squares that the shape explains, beside a mean: 0 where it is a constant itself. */
function explained(
  values: readonly number[],
  shape: readonly number[],
  correlation: number,
  { oo, ov }: { readonly oo: number; readonly ov: number },
): number {
  const first = Math.sqrt(1 - correlation ** 2);
  const one = 1 - correlation;
  const start = first * (shape[0] ?? 0);
  let os = first * start;
  let ss = start * start;
  let sv = start * (first * (values[0] ?? 0));
  for (let index = 1; index < values.length; index++) {
    const value = (values[index] as number) - correlation * (values[index - 1] as number);
    const part = (shape[index] as number) - correlation * (shape[index - 1] as number);
    os += one * part;
    ss += part * part;
    sv += part * value;
  }
  const determinant = ss - (os * os) / oo;
  return determinant > 0 ? (sv - (os * ov) / oo) ** 2 / determinant : 0;
}

/** The split with the largest difference of means in standard errors: a stretch to the end. Null when it is too short. */
export function bestStep(values: readonly number[], least: number): Stretch | null {
  return bestStretch(values, least, (_, to) => to === values.length);
}

/** The same of stretches that end before the series does; null when it is too short or too long for that. */
export function bestExcursion(values: readonly number[], least: number): Stretch | null {
  if (values.length > MOST_PAIRS) return null;
  return bestStretch(values, least, (_, to) => to <= values.length - least);
}

function bestStretch(
  values: readonly number[],
  least: number,
  isWanted: (from: number, to: number) => boolean,
): Stretch | null {
  const count = values.length;
  const centre = values.reduce((sum, value) => sum + value, 0) / Math.max(1, count);
  const sums = new Float64Array(count + 1);
  for (let index = 0; index < count; index++) {
    sums[index + 1] = (sums[index] as number) + (values[index] as number) - centre;
  }
  let best: (Stretch & { readonly square: number }) | null = null;
  const firstEnd = isWanted(0, count) ? count : 2 * least;
  for (let to = firstEnd; to <= count; to++) {
    if (!isWanted(0, to)) continue;
    for (let from = least; from <= to - least; from++) {
      const inside = to - from;
      // The values are about their mean, so the sum outside is the negative of the sum inside.
      const sum = (sums[to] as number) - (sums[from] as number);
      const square = (sum * sum * count) / (inside * (count - inside));
      if (square > (best?.square ?? 0)) best = { from, to, square };
    }
  }
  return best && { from: best.from, to: best.to };
}
