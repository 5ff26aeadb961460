/** From the values of blocks to an estimate: mean and Student's interval of 95 %, in logs and back. */

import type { Estimate, Interval } from '../../types.ts';
import { tQuantile } from './distributions.ts';

/** Two-sided 95 %. */
export const UPPER = 0.975;

export interface LogInterval {
  readonly mean: number;
  /** Half the interval's length; null with fewer than two values. */
  readonly halfWidth: number | null;
}

/**
 * Mean of values with the half-width of its interval of 95 %, t(0.975, n − 1) · s / √n (NIST/SEMATECH e-Handbook of
 * Statistical Methods, 1.3.5.2). Values are natural logarithms of ratios, one a block.
 */
export function logInterval(values: readonly number[]): LogInterval {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count < 2) return { mean, halfWidth: null };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  return { mean, halfWidth: tQuantile(UPPER, count - 1) * Math.sqrt(variance / count) };
}

/** The same, back from logarithms. No interval from one value. */
export function ratioOf(logRatios: readonly number[]): { ratio: number; interval: Interval | null } {
  const { mean, halfWidth } = logInterval(logRatios);
  const interval = halfWidth === null ? null : { low: Math.exp(mean - halfWidth), high: Math.exp(mean + halfWidth) };
  return { ratio: Math.exp(mean), interval };
}

/** The estimate of a column of block values; null when no block has one. */
export function estimateOf(logRatios: ReadonlyMap<number, number>): Estimate | null {
  if (logRatios.size === 0) return null;
  return { ...ratioOf([...logRatios.values()]), blocks: logRatios.size };
}

/** A figure over another, from the logarithms of both: in the blocks that have both. */
export function pairedEstimate(
  logs: ReadonlyMap<number, number>,
  references: ReadonlyMap<number, number>,
): Estimate | null {
  const differences = [...logs].flatMap(([block, log]): [number, number][] => {
    const difference = log - (references.get(block) ?? Number.NaN);
    return Number.isFinite(difference) ? [[block, difference]] : [];
  });
  return estimateOf(new Map(differences));
}
