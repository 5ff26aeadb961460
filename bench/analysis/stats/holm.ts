/** Tests of many ratios against 1 at once: p-values by Student's t, adjusted by Holm. */

import type { ContrastResult } from '../../types.ts';
import { tQuantile, tUpperTail } from './distributions.ts';
import { UPPER } from './interval.ts';
import { halfWidthLog } from './precision.ts';

/** A family-wise rate of false differences. */
export const ALPHA = 0.05;

/**
 * Holm's adjusted p-values, in the order of the input: the smallest p of m times m, the next times m − 1, …, never
 * falling, at most 1. Valid whatever the dependence, a shared baseline included (Holm, "A simple sequentially rejective
 * multiple test procedure", Scandinavian Journal of Statistics 6, 1979).
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, index) => index).sort((a, b) => (pValues[a] as number) - (pValues[b] as number));
  const adjusted = new Array<number>(pValues.length).fill(1);
  let reached = 0;
  for (const [rank, index] of order.entries()) {
    reached = Math.max(reached, Math.min(1, (pValues.length - rank) * (pValues[index] as number)));
    adjusted[index] = reached;
  }
  return adjusted;
}

/** Two-sided p-value of "the ratio is 1", from a row's ratio and interval of 95 %; 1 without an interval. */
export function pValueOf(row: Pick<ContrastResult, 'timeRatio' | 'interval' | 'blocks'>): number {
  if (row.interval === null || row.blocks < 2) return 1;
  const distance = Math.abs(Math.log(row.timeRatio));
  const standardError = halfWidthLog(row.interval) / tQuantile(UPPER, row.blocks - 1);
  if (!(distance > 0) || !Number.isFinite(standardError)) return 1;
  if (standardError === 0) return 0;
  return Math.min(1, 2 * tUpperTail(distance / standardError, row.blocks - 1));
}
