/** Tail probabilities of Student's t and of the normal distribution, and the quantile of t. */

const TINY = 1e-300;

/** Chebyshev's fit of ln(erfc(x) / t) + x² in powers of t = 1 / (1 + x/2). */
const ERFC = [
  -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
  0.17087277,
];

/**
 * Quantile of Student's t: the value below which a share `p` lies. `p` in (0, 1), `degrees` > 0, not necessarily
 * whole. Accurate to 1e-11, relative, up to a million degrees; throws a RangeError outside its domain.
 */
export function tQuantile(p: number, degrees: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`a quantile needs 0 < p < 1, not ${p}`);
  if (!(degrees > 0 && degrees < Number.POSITIVE_INFINITY)) throw new RangeError(`degrees of freedom: ${degrees}`);
  if (p === 0.5) return 0;
  return p > 0.5 ? upperQuantile(1 - p, degrees) : -upperQuantile(p, degrees);
}

/** P(T > t) for t >= 0: half the regularised incomplete beta function I_x(df/2, 1/2) at x = df/(df + t²). */
export function tUpperTail(t: number, degrees: number): number {
  const square = t * t;
  if (square === Number.POSITIVE_INFINITY) return 0;
  const a = degrees / 2;
  const x = degrees / (degrees + square);
  const y = square / (degrees + square);
  if (y === 0) return 0.5;
  // x^a y^b / B(a, b) with b = 1/2 and B(a, 1/2) = Γ(a) √π / Γ(a + 1/2).
  const front = Math.exp(-a * Math.log1p(square / degrees)) * Math.sqrt(y / Math.PI) * gammaHalfStep(a);
  // The fraction converges fast only below (a+1)/(a+b+2); beyond, the mirrored one does.
  return x < (a + 1) / (a + 2.5)
    ? (front * betaFraction(a, 0.5, x)) / a / 2
    : 0.5 - (front * betaFraction(0.5, a, y)) / 0.5 / 2;
}

/** P(Z > z) of the standard normal distribution, to 1e-7 of its value (Press and others, Numerical Recipes, 6.2: erfc). */
export function normalUpperTail(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + x / 2);
  const powers = ERFC.reduceRight((sum, factor) => sum * t + factor, 0);
  const tail = (t * Math.exp(-x * x + powers)) / 2;
  return z >= 0 ? tail : 1 - tail;
}

/** Bisection brackets the root, Newton's steps end it: a step that leaves the bracket is replaced by its middle. */
function upperQuantile(tail: number, degrees: number): number {
  let low = 0;
  let high = 1;
  while (tUpperTail(high, degrees) > tail && high < 1e300) {
    low = high;
    high *= 2;
  }
  let t = (low + high) / 2;
  for (let step = 0; step < 200; step++) {
    const excess = tUpperTail(t, degrees) - tail;
    if (excess > 0) low = t;
    else high = t;
    const newton = t + excess / density(t, degrees);
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (Math.abs(next - t) <= 1e-15 * t) return next;
    t = next;
  }
  return t;
}

function density(t: number, degrees: number): number {
  const spread = Math.exp((-(degrees + 1) / 2) * Math.log1p((t * t) / degrees));
  return (gammaHalfStep(degrees / 2) * spread) / Math.sqrt(degrees * Math.PI);
}

/**
 * Γ(a + 1/2) / Γ(a). Its asymptotic series (DLMF 5.11.13) from a = 30 on, reached by recurrence: unlike a
 * difference of two log-gammas it keeps all its digits for thousands of degrees of freedom.
 */
function gammaHalfStep(a: number): number {
  let factor = 1;
  let z = a;
  while (z < 30) {
    factor *= z / (z + 0.5);
    z += 1;
  }
  const u = 1 / z;
  const series =
    1 + u * (-1 / 8 + u * (1 / 128 + u * (5 / 1024 + u * (-21 / 32768 + u * (-399 / 262144 + (u * 869) / 4194304)))));
  return factor * Math.sqrt(z) * series;
}

/** Continued fraction of the incomplete beta function (DLMF 8.17.22), evaluated by Lentz's method. */
function betaFraction(a: number, b: number, x: number): number {
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; m <= 100_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    value *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    value *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return value;
}

function away(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}
