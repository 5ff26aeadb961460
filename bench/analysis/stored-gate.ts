/** The gate over stored sessions: is what changed more than sessions vary, and is it shown to stay within the margin? */

import { type Gated, LEAST_SESSIONS, open } from './regression.ts';
import { tQuantile, tUpperTail } from './stats/distributions.ts';
import { ALPHA, holm } from './stats/holm.ts';
import { UPPER } from './stats/interval.ts';

/** No quotient of two doubles has such a logarithm: such a figure is damaged and does not count. */
const ABSURD_LOG = 1500;

/** Sessions that differ by less, in logs, are equal: stored figures have nine digits. */
const LEAST_SPREAD = 1e-9;

/** A figure of one session: natural log of a time ratio, or of a time in ns. */
export interface Figure {
  readonly env: string;
  /** A workload, or `suite`. */
  readonly workload: string;
  readonly log: number;
  readonly blocks: number;
  /** Standard error of the log by the session's own blocks; null where it has none. */
  readonly errorLog: number | null;
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
  /** Standard deviation of the baseline sessions, in logs; null with too few of them. */
  readonly scatterLog: number | null;
  /** Candidate less baseline. */
  readonly changeLog: number | null;
  /** Prediction limit of 95 % for the change, not adjusted for the number of rows; null where nothing could be tested. */
  readonly limitLog: number | null;
  /** Adjusted by Holm over the rows that could be tested; null for the others. */
  readonly pValue: number | null;
}

/**
 * A candidate against stored sessions; the session is the unit. A row is flagged when the candidate lies outside the
 * prediction limit mean ± t(0.975, K − 1) · s · √(1/M + 1/K) of the K baseline sessions (M candidate sessions, mostly
 * one), at 5 % for all rows together by Holm, *and* the change is beyond ln(1 + margin). Prediction limit: Hahn and
 * Meeker, "Statistical Intervals", 1991, 4.7. It is unchanged only if the whole prediction interval, change ± limit, lies
 * within the margin: two one-sided tests at 2.5 % (Schuirmann 1987). Everything between has no verdict. Where the candidate
 * scatters more than the baseline, its own scatter counts. Rows that the candidate does not have count where at least
 * five baseline sessions have them; those that only the candidate has are left out.
 */
export function compareStored(
  baseline: readonly (readonly Figure[])[],
  candidate: readonly (readonly Figure[])[],
  margin: number,
): StoredRow[] {
  const [known, found] = [byCell(baseline), byCell(candidate)];
  const cells = new Map([...known, ...found].map(([key, { env, workload }]) => [key, { env, workload }]));
  const rows = [...cells].flatMap(([key, cell]) => {
    const [before = [], after = []] = [known.get(key)?.figures, found.get(key)?.figures];
    const isExpected = after.length === 0 ? before.length >= LEAST_SESSIONS : before.length > 0;
    return isExpected ? [{ ...cell, before, after, test: testChange(before, after) }] : [];
  });
  const tested = rows.flatMap(({ test }) => ('p' in test ? [test] : []));
  const adjusted = new Map(holm(tested.map(({ p }) => p)).map((p, index) => [tested[index], p]));
  return rows.map(({ env, workload, before, after, test }) => {
    const [baselineLog, candidateLog] = [meanOrNull(before), meanOrNull(after)];
    const pValue = 'p' in test ? (adjusted.get(test) ?? 1) : null;
    return {
      env,
      workload,
      baselineSessions: before.length,
      candidateSessions: after.length,
      baselineLog,
      candidateLog,
      scatterLog: before.length < LEAST_SESSIONS ? null : Math.sqrt(varianceOf(before)),
      changeLog: baselineLog === null || candidateLog === null ? null : candidateLog - baselineLog,
      limitLog: 'p' in test ? test.limit : null,
      pValue,
      ...('p' in test ? storedVerdict(test, pValue ?? 1, Math.log1p(margin)) : test),
    };
  });
}

interface Tested {
  /** Candidate less baseline. */
  readonly change: number;
  readonly limit: number;
  readonly p: number;
}

function storedVerdict({ change, limit }: Tested, pValue: number, edge: number): Gated {
  if (Math.abs(change) + limit <= edge) return { verdict: 'unchanged', reasons: [] };
  if (Math.abs(change) <= edge) return open({ kind: 'not-shown-unchanged' });
  if (pValue > ALPHA) return open({ kind: 'within-spread' });
  return { verdict: change > 0 ? 'regressed' : 'improved', reasons: [] };
}

/** The test, or why there is none. */
function testChange(before: readonly Figure[], after: readonly Figure[]): Tested | Gated {
  if (after.length === 0) return open({ kind: 'no-figure' });
  if (before.length < LEAST_SESSIONS) return open({ kind: 'few-sessions', sessions: before.length });
  if (after.some(({ blocks }) => blocks < 2)) return open({ kind: 'one-block' });
  const [count, variance] = [before.length, varianceOf(before)];
  if (Math.sqrt(variance) < LEAST_SPREAD) return open({ kind: 'no-spread' });
  const change = mean(after) - mean(before);
  const predicted = outcome(change, variance * (1 / after.length + 1 / count), count - 1);
  const own = ownVariance(after);
  if (own === null || own.variance <= variance / after.length) return predicted;
  // Welch 1947, with Satterthwaite's degrees: both sides by their own scatter.
  const known = variance / count;
  const freedom = (known + own.variance) ** 2 / (known ** 2 / (count - 1) + own.variance ** 2 / own.freedom);
  const welch = outcome(change, known + own.variance, freedom);
  return { change, limit: Math.max(predicted.limit, welch.limit), p: Math.max(predicted.p, welch.p) };
}

function outcome(change: number, variance: number, freedom: number): Tested {
  const error = Math.sqrt(variance);
  return { change, limit: tQuantile(UPPER, freedom) * error, p: 2 * tUpperTail(Math.abs(change) / error, freedom) };
}

/** Squared standard error of the candidate's mean, by its own scatter: over sessions, or over the blocks of a single one. */
function ownVariance(after: readonly Figure[]): { readonly variance: number; readonly freedom: number } | null {
  if (after.length > 1) return { variance: varianceOf(after) / after.length, freedom: after.length - 1 };
  const [single] = after;
  if (single === undefined || single.errorLog === null) return null;
  return { variance: single.errorLog ** 2, freedom: single.blocks - 1 };
}

/** Figures of all sessions by cell, in the order in which cells first appear. */
function byCell(sessions: readonly (readonly Figure[])[]) {
  const cells = new Map<string, { env: string; workload: string; figures: Figure[] }>();
  for (const figure of sessions.flat()) {
    const { env, workload, log } = figure;
    if (!(Math.abs(log) < ABSURD_LOG)) continue;
    const key = JSON.stringify([env, workload]);
    const cell = cells.get(key) ?? { env, workload, figures: [] };
    cells.set(key, cell);
    cell.figures.push(figure);
  }
  return cells;
}

function meanOrNull(figures: readonly Figure[]): number | null {
  return figures.length === 0 ? null : mean(figures);
}

function mean(figures: readonly Figure[]): number {
  return figures.reduce((sum, { log }) => sum + log, 0) / figures.length;
}

function varianceOf(figures: readonly Figure[]): number {
  const centre = mean(figures);
  return figures.reduce((sum, { log }) => sum + (log - centre) ** 2, 0) / (figures.length - 1);
}
