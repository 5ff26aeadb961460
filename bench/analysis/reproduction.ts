/** Two sessions of the same plan side by side: how much their ratios differ, and whether each verdict is confirmed. */

import type { Contrast, Estimate, Interval, Plan, Verdict } from '../types.ts';
import { tQuantile } from './stats/distributions.ts';
import { UPPER } from './stats/interval.ts';
import { halfWidthLog } from './stats/precision.ts';

/** One ratio in one of the two sessions. */
export interface Finding {
  readonly timeRatio: number;
  readonly interval: Interval | null;
  readonly blocks: number;
  /** Null where none is given: of starts, and of idle instances. */
  readonly verdict: Verdict | null;
}

/** A ratio as a session has it. */
export interface RatioRow extends Finding {
  readonly env: string;
  readonly baseline: string;
  /** A workload, or `suite`; without workloads, the figure. */
  readonly workload: string;
}

/** A ratio as a row; none where there is none. */
export function ratioRows(
  head: Pick<RatioRow, 'env' | 'baseline' | 'workload'>,
  estimate: Estimate | null,
  verdict: Verdict | null = null,
): RatioRow[] {
  if (estimate === null) return [];
  const { ratio, interval, blocks } = estimate;
  return [{ ...head, timeRatio: ratio, interval, blocks, verdict }];
}

/** Figures of every environment over those of the baseline. */
export function figureRatios<F extends string>(
  { environments, baseline }: Pick<Plan, 'environments' | 'baseline'>,
  figures: readonly F[],
  ratioOf: (contrast: Contrast, figure: F) => Estimate | null,
): RatioRow[] {
  const others = environments.map(({ path }) => path).filter((path) => path !== baseline);
  return others.flatMap((env) =>
    figures.flatMap((figure) => ratioRows({ env, baseline, workload: figure }, ratioOf({ env, baseline }, figure))),
  );
}

/** `stands`: confirmed. `open`: at least one of the two decided nothing. */
export type Standing = 'stands' | 'changed' | 'open';

export interface ReproductionRow {
  readonly env: string;
  readonly baseline: string;
  readonly workload: string;
  readonly before: Finding | null;
  readonly after: Finding | null;
  /** The later ratio over the earlier one, with its interval of 95 %. */
  readonly difference: { readonly ratio: number; readonly interval: Interval | null } | null;
  readonly standing: Standing;
}

/** Rows of either session, those of the first one in its order. */
export function compareSessions(earlier: readonly RatioRow[], later: readonly RatioRow[]): ReproductionRow[] {
  const keyOf = ({ env, baseline, workload }: RatioRow) => JSON.stringify([env, baseline, workload]);
  const [known, found] = [earlier, later].map((rows) => new Map(rows.map((row) => [keyOf(row), row])));
  const all = new Map([...earlier, ...later].map((row) => [keyOf(row), row]));
  return [...all].map(([key, { env, baseline, workload }]) => {
    const [before, after] = [findingOf(known?.get(key)), findingOf(found?.get(key))];
    return {
      env,
      baseline,
      workload,
      before,
      after,
      difference: before === null || after === null ? null : differenceOf(before, after),
      standing: standingOf(before?.verdict ?? null, after?.verdict ?? null),
    };
  });
}

/**
 * Difference of two logs with the standard errors of both: d ± t(0.975, ν) · √(v₁ + v₂), where v = (half-width ÷
 * t(0.975, n − 1))² and ν = (v₁ + v₂)² ÷ (v₁²/(n₁ − 1) + v₂²/(n₂ − 1)) (Welch, Biometrika 34, 1947; Satterthwaite,
 * Biometrics Bulletin 2, 1946). Back from logs: a ratio of ratios. No interval when one of the two has none.
 */
export function differenceOf(before: Finding, after: Finding): NonNullable<ReproductionRow['difference']> {
  const change = Math.log(after.timeRatio) - Math.log(before.timeRatio);
  const ratio = Math.exp(change);
  const [v1, v2] = [varianceOf(before), varianceOf(after)];
  if (v1 === null || v2 === null) return { ratio, interval: null };
  const sum = v1 + v2;
  if (sum === 0) return { ratio, interval: { low: ratio, high: ratio } };
  // As shares of the sum: squares of tiny variances would vanish.
  const degrees = 1 / ((v1 / sum) ** 2 / (before.blocks - 1) + (v2 / sum) ** 2 / (after.blocks - 1));
  const halfWidth = tQuantile(UPPER, degrees) * Math.sqrt(sum);
  return { ratio, interval: { low: Math.exp(change - halfWidth), high: Math.exp(change + halfWidth) } };
}

/** Squared standard error of a log ratio. */
function varianceOf({ interval, blocks }: Finding): number | null {
  if (interval === null || blocks < 2) return null;
  const error = halfWidthLog(interval) / tQuantile(UPPER, blocks - 1);
  return Number.isFinite(error) ? error ** 2 : null;
}

function standingOf(before: Verdict | null, after: Verdict | null): Standing {
  const decided = (verdict: Verdict | null) =>
    verdict !== null && verdict !== 'inconclusive' && verdict !== 'untrusted';
  if (!decided(before) || !decided(after)) return 'open';
  return before === after ? 'stands' : 'changed';
}

function findingOf(row: RatioRow | undefined): Finding | null {
  if (row === undefined) return null;
  const { timeRatio, interval, blocks, verdict } = row;
  return { timeRatio, interval, blocks, verdict };
}
