/** Random effects: estimates of one quantity on several hosts, whose true values differ by more than their own scatter. */

import { tQuantile, tUpperTail } from './distributions.ts';
import { holm } from './holm.ts';
import { UPPER } from './interval.ts';

/** Fewer hosts than this show nothing of the spread between them. */
export const LEAST_HOSTS = 3;

/** A block that scatters by less, in logs, does not scatter: stored figures have nine digits. */
const LEAST_SCATTER = 1e-9;

/** What one host says. Values are natural logarithms of ratios. */
export interface Effect {
  readonly log: number;
  /** Squared standard error of `log`, as its own blocks show it. */
  readonly variance: number;
  /** Variance by which it is weighted. */
  readonly weightVariance: number;
  /** Degrees of freedom of `variance`. */
  readonly freedom: number;
}

export interface RandomEffects {
  readonly hosts: number;
  readonly meanLog: number;
  /** Standard error of the mean, by Hartung and Knapp. */
  readonly errorLog: number;
  /** Half the interval of 95 % of the mean. */
  readonly halfWidthLog: number;
  /** Variance between hosts, from 0 on. */
  readonly tauSquared: number;
  /** Of the variance of the estimates, the share that is between hosts: 0 to 1. */
  readonly iSquared: number;
  /** Half the interval that the true value of the next host lies in, in 95 % of cases. */
  readonly predictionLog: number;
}

type Moments = Omit<RandomEffects, 'halfWidthLog' | 'predictionLog'> & {
  /** Variance of the estimates about their mean, over what τ² and the weights' variances make of it. */
  readonly scale: number;
};

/** Sums over hosts that are weighted alike, from which one host can be taken away again. */
interface Sums {
  count: number;
  logs: number;
  squares: number;
  variances: number;
}

/** Sums by `weightVariance`. Logs are taken from `centre`, so that no digit is lost. */
class Pool {
  readonly centre: number;
  readonly #sums = new Map<number, Sums>();

  constructor(effects: readonly Effect[]) {
    this.centre = effects.reduce((sum, { log }) => sum + log, 0) / Math.max(1, effects.length);
    for (const effect of effects) this.add(effect, 1);
  }

  /** `sign` −1 takes it away. */
  add({ log, variance, weightVariance }: Effect, sign: 1 | -1): void {
    const sums = this.#sums.get(weightVariance) ?? { count: 0, logs: 0, squares: 0, variances: 0 };
    this.#sums.set(weightVariance, sums);
    const own = log - this.centre;
    sums.count += sign;
    sums.logs += sign * own;
    sums.squares += sign * own * own;
    sums.variances += sign * variance;
  }

  get hosts(): number {
    return [...this.#sums.values()].reduce((sum, { count }) => sum + count, 0);
  }

  /** Weights 1 / (τ² + v): their sum, that of their squares, the mean, and the weighted squares about it. */
  weighted(tauSquared: number) {
    // Without any variance hosts count alike.
    const isExact = tauSquared === 0 && [...this.#sums.keys()].every((variance) => variance === 0);
    let [sum, squares, logs, spread, within, withinSquares] = [0, 0, 0, 0, 0, 0];
    for (const [variance, { count, ...own }] of this.#sums) {
      const weight = isExact ? 1 : 1 / (tauSquared + variance);
      sum += weight * count;
      squares += weight * weight * count;
      logs += weight * own.logs;
      spread += weight * own.squares;
      within += weight * own.variances;
      withinSquares += weight * weight * own.variances;
    }
    const mean = logs / sum;
    return { sum, squares, mean, about: Math.max(0, spread - mean * logs), within: within - withinSquares / sum };
  }

  /** Of three hosts and more. */
  moments(): Moments {
    const { hosts } = this;
    const fixed = this.weighted(0);
    const excess = Math.max(0, fixed.about - fixed.within);
    const between = excess / (fixed.sum - fixed.squares / fixed.sum);
    const tauSquared = between > LEAST_SCATTER ** 2 ? between : 0;
    const { sum, mean, about } = this.weighted(tauSquared);
    const scale = about / (hosts - 1);
    return {
      hosts,
      meanLog: this.centre + mean,
      errorLog: Math.sqrt(scale / sum),
      tauSquared,
      iSquared: fixed.about === 0 ? 0 : excess / fixed.about,
      scale,
    };
  }
}

/**
 * Mean over hosts, spread between them, and where the next host lies; null with fewer than three hosts.
 *
 * τ²: the method of moments, (Q − E) / (Σa − Σa²/Σa) with a = 1/`weightVariance`, Q = Σa(y − ȳ)² and E its expectation
 * without a spread, by `variance` (DerSimonian and Kacker, Contemporary Clinical Trials 28, 2007, equation 6). Where both
 * variances are the same, that is DerSimonian and Laird's (Controlled Clinical Trials 7, 1986). Mean: weights
 * 1/(τ² + `weightVariance`), with the interval of Hartung and Knapp (Statistics in Medicine 20, 2001), t with k − 1 degrees.
 * I²: (Q − E)/Q (Higgins and Thompson, Statistics in Medicine 21, 2002). Prediction: t with k − 2 degrees (Higgins, Thompson
 * and Spiegelhalter, J. R. Statist. Soc. A 172, 2009; IntHout and others, BMJ Open 6, 2016).
 */
export function randomEffects(effects: readonly Effect[]): RandomEffects | null {
  if (effects.length < LEAST_HOSTS) return null;
  const { scale: _, ...moments } = new Pool(effects).moments();
  const { hosts, errorLog, tauSquared } = moments;
  return {
    ...moments,
    halfWidthLog: tQuantile(UPPER, hosts - 1) * errorLog,
    predictionLog: tQuantile(UPPER, hosts - 2) * Math.sqrt(tauSquared + errorLog ** 2),
  };
}

export interface Measured {
  readonly log: number;
  readonly variance: number;
  readonly freedom: number;
  /** Blocks that it is the mean of; of a difference the harmonic sum of both sides' blocks. */
  readonly size: number;
}

/**
 * Effects of hosts whose variances are estimated from few blocks each: weighted by their number of blocks and the scatter of
 * a block, pooled over all hosts, instead of by their own variances. A host that by chance scatters little would get most of
 * the weight: with six blocks a host, and no spread between hosts, intervals with such weights contain the truth in only
 * 91 to 94 % of cases (`test/bench/analysis/random-effects.test.ts`). Röver, Knapp and Friede (BMC Medical Research
 * Methodology 15, 2015) find the same of weights that vary; weights by size: Bakbergenuly, Hoaglin and Kulinskaya (Statistics
 * in Medicine 39, 2020).
 */
export function bySize(hosts: readonly Measured[]): Effect[] {
  const [squares, freedom] = hosts.reduce(
    (sum, host) => [sum[0] + host.freedom * host.variance * host.size, sum[1] + host.freedom],
    [0, 0] as [number, number],
  );
  const ofBlock = squares > freedom * LEAST_SCATTER ** 2 ? squares / freedom : 0;
  return hosts.map(({ log, variance, freedom: own, size }) => ({
    ...{ log, variance, freedom: own },
    weightVariance: ofBlock / size,
  }));
}

/** How far a host lies from what the others predict. */
export interface Deviation {
  /** From the mean of the other hosts, in logs. */
  readonly deviationLog: number;
  /** Two-sided, adjusted by Holm over the hosts. */
  readonly pValue: number;
}

/**
 * Each host against the others: the externally studentised residual, by mean and spread of those without it, so that an
 * outlier does not hide itself (Viechtbauer and Cheung, Research Synthesis Methods 1, 2010). It must stand out by both
 * measures of spread: that of the others' estimates, t with k − 2 degrees, because τ² is 0 by chance in small fleets; and
 * the host's own scatter with τ², with Satterthwaite's degrees, because a noisy host is none. Holm's adjustment keeps the
 * chance of any false outlier among all hosts at 5 %. Null with fewer than four hosts: the others would show no spread.
 */
export function deviations(effects: readonly Effect[]): Deviation[] | null {
  if (effects.length <= LEAST_HOSTS) return null;
  const pool = new Pool(effects);
  const found = effects.map((effect) => {
    pool.add(effect, -1);
    const others = pool.moments();
    pool.add(effect, 1);
    const deviationLog = effect.log - others.meanLog;
    const freedom = effects.length - 2;
    const ofMean = others.errorLog ** 2;
    const spread = others.scale * (others.tauSquared + effect.weightVariance) + ofMean;
    const rest = others.tauSquared + ofMean;
    const share = effect.variance / (effect.variance + rest);
    const own = 1 / (share ** 2 / effect.freedom + (1 - share) ** 2 / freedom);
    const pValue = Math.max(tail(deviationLog, spread, freedom), tail(deviationLog, effect.variance + rest, own));
    return { deviationLog, pValue };
  });
  const adjusted = holm(found.map(({ pValue }) => pValue));
  return found.map(({ deviationLog }, index) => ({ deviationLog, pValue: adjusted[index] as number }));
}

/** Two-sided. Where nothing scatters at all, as in figures made by hand, nothing can be said. */
function tail(deviation: number, variance: number, freedom: number): number {
  return variance > 0 ? Math.min(1, 2 * tUpperTail(Math.abs(deviation) / Math.sqrt(variance), freedom)) : 1;
}
