/** Has a candidate become slower? The rules of the regression gate, over stored sessions and over a paired run. */

import type { ContrastResult, Estimate } from '../types.ts';
import type { Addition, Reason } from './contrast/verdict.ts';
import { tQuantile, tUpperTail } from './stats/distributions.ts';
import { ALPHA, holm } from './stats/holm.ts';
import { UPPER } from './stats/interval.ts';

export type GateVerdict = 'regressed' | 'improved' | 'unchanged' | 'no verdict';

/** Why there is no verdict. */
export type GateReason =
  | Reason
  /** Sessions that have the figure, fewer than needed. */
  | { readonly kind: 'few-sessions'; readonly sessions: number }
  /** The candidate has no figure where the baseline has them. */
  | { readonly kind: 'no-figure' }
  /** Beyond the margin, but sessions differ that much by chance. */
  | { readonly kind: 'within-spread' }
  /** The difference is significant, but not shown to exceed the margin. */
  | { readonly kind: 'not-past-margin' }
  /** Fresh blocks did not confirm it. */
  | { readonly kind: 'not-confirmed'; readonly verdict: GateVerdict }
  | { readonly kind: 'unavailable'; readonly why: string };

export interface Gated {
  readonly verdict: GateVerdict;
  /** Empty unless there is no verdict. */
  readonly reasons: readonly GateReason[];
}

/** Baseline sessions below which nothing is decided: fewer don't show how much sessions vary. */
export const LEAST_SESSIONS = 5;

/** No quotient of two doubles has such a logarithm: such a figure is damaged and does not count. */
const ABSURD_LOG = 1500;

/** A figure of one session: natural log of a time ratio, or of a time in ns. */
export interface Figure {
  readonly env: string;
  /** A workload, or `suite`. */
  readonly workload: string;
  readonly log: number;
}

export interface StoredRow extends Gated {
  readonly env: string;
  readonly workload: string;
  /** Sessions that have the figure. */
  readonly baselineSessions: number;
  readonly candidateSessions: number;
  /** Means over sessions, in logs; null without one. */
  readonly baselineLog: number | null;
  readonly candidateLog: number | null;
  /** Candidate less baseline. */
  readonly changeLog: number | null;
  /** Prediction limit of 95 % for the change, not adjusted for the number of rows; null with too few sessions. */
  readonly limitLog: number | null;
  /** Adjusted by Holm over the rows that could be tested; null for the others. */
  readonly pValue: number | null;
}

/**
 * A candidate against stored sessions; the session is the unit. A row is flagged when the candidate lies outside the
 * prediction limit mean ± t(0.975, K − 1) · s · √(1/M + 1/K) of the K baseline sessions (M candidate sessions, mostly
 * one), at 5 % for all rows together by Holm, *and* the change is beyond ln(1 + margin). Prediction limit: Hahn and
 * Meeker, "Statistical Intervals", 1991, 4.7. A change beyond the margin that is not outside the limit is no pass: it
 * has no verdict. Rows that the candidate does not have count where at least five baseline sessions have them; those that only
 * the candidate has are left out.
 */
export function compareStored(
  baseline: readonly (readonly Figure[])[],
  candidate: readonly (readonly Figure[])[],
  margin: number,
): StoredRow[] {
  const [known, found] = [byCell(baseline), byCell(candidate)];
  const cells = new Map([...known, ...found].map(([key, { env, workload }]) => [key, { env, workload }]));
  const rows = [...cells].flatMap(([key, cell]) => {
    const [before = [], after = []] = [known.get(key)?.logs, found.get(key)?.logs];
    const isExpected = after.length === 0 ? before.length >= LEAST_SESSIONS : before.length > 0;
    return isExpected ? [{ ...cell, before, after, test: testChange(before, after) }] : [];
  });
  const tested = rows.flatMap(({ test }) => (test === null ? [] : [test]));
  const adjusted = new Map(holm(tested.map(({ p }) => p)).map((p, index) => [tested[index], p]));
  return rows.map(({ env, workload, before, after, test }) => {
    const [baselineLog, candidateLog] = [meanOrNull(before), meanOrNull(after)];
    const changeLog = baselineLog === null || candidateLog === null ? null : candidateLog - baselineLog;
    const pValue = test === null ? null : (adjusted.get(test) ?? 1);
    return {
      env,
      workload,
      baselineSessions: before.length,
      candidateSessions: after.length,
      baselineLog,
      candidateLog,
      changeLog,
      limitLog: test?.limit ?? null,
      pValue,
      ...storedVerdict(before.length, changeLog, pValue, Math.log1p(margin)),
    };
  });
}

function storedVerdict(sessions: number, change: number | null, pValue: number | null, edge: number): Gated {
  if (change === null) return open({ kind: 'no-figure' });
  if (pValue === null) return open({ kind: 'few-sessions', sessions });
  if (Math.abs(change) <= edge) return { verdict: 'unchanged', reasons: [] };
  if (pValue > ALPHA) return open({ kind: 'within-spread' });
  return { verdict: change > 0 ? 'regressed' : 'improved', reasons: [] };
}

/** Null with fewer baseline sessions than needed, or none of the candidate. */
function testChange(before: readonly number[], after: readonly number[]): { limit: number; p: number } | null {
  const count = before.length;
  if (count < LEAST_SESSIONS || after.length === 0) return null;
  const centre = mean(before);
  const variance = before.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (count - 1);
  const error = Math.sqrt(variance * (1 / after.length + 1 / count));
  const change = Math.abs(mean(after) - centre);
  const p = change === 0 ? 1 : error === 0 ? 0 : 2 * tUpperTail(change / error, count - 1);
  return { limit: tQuantile(UPPER, count - 1) * error, p };
}

export interface PairedRow extends Gated {
  readonly env: string;
  readonly workload: string;
  /** Time of the candidate over that of the baseline; null when nothing could be compared. */
  readonly change: Estimate | null;
  /** The same in fresh blocks, of rows that were flagged. */
  readonly confirmation: Estimate | null;
}

/**
 * A row of a paired run, candidate against baseline in the same environment. Regressed: `slower`, the whole interval
 * past the margin, which a true change of exactly the margin gives in 2.5 % of cases.
 */
export function gatePaired(
  verdict: ContrastResult['verdict'],
  additions: readonly Addition[],
  why: readonly Reason[],
): Gated {
  if (verdict === 'equivalent') return { verdict: 'unchanged', reasons: [] };
  if (verdict !== 'slower' && verdict !== 'faster') return { verdict: 'no verdict', reasons: why };
  if (!additions.includes('past-margin')) return open({ kind: 'not-past-margin' });
  return { verdict: verdict === 'slower' ? 'regressed' : 'improved', reasons: [] };
}

/** A regression counts only when fresh blocks confirm it. */
export function confirm(first: Gated, again: Gated | undefined): Gated {
  if (first.verdict !== 'regressed' || again?.verdict === 'regressed') return first;
  return open({ kind: 'not-confirmed', verdict: again?.verdict ?? 'no verdict' });
}

/** The outcome of all rows together: one regression is enough, and a row without a verdict is not a pass. No rows: no verdict. */
export function gateOf(rows: readonly Gated[]): 'regressed' | 'passed' | 'no verdict' {
  if (rows.some(({ verdict }) => verdict === 'regressed')) return 'regressed';
  return rows.length === 0 || rows.some(({ verdict }) => verdict === 'no verdict') ? 'no verdict' : 'passed';
}

function open(reason: GateReason): Gated {
  return { verdict: 'no verdict', reasons: [reason] };
}

/** Values of all sessions by cell, in the order in which cells first appear. */
function byCell(sessions: readonly (readonly Figure[])[]) {
  const cells = new Map<string, { env: string; workload: string; logs: number[] }>();
  for (const { env, workload, log } of sessions.flat()) {
    if (!(Math.abs(log) < ABSURD_LOG)) continue;
    const key = JSON.stringify([env, workload]);
    const cell = cells.get(key) ?? { env, workload, logs: [] };
    cells.set(key, cell);
    cell.logs.push(log);
  }
  return cells;
}

function meanOrNull(values: readonly number[]): number | null {
  return values.length === 0 ? null : mean(values);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
