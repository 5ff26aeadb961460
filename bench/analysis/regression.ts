/** Has a candidate become slower? The answers of the regression gate, and the rules of a paired run. */

import type { ContrastResult, Estimate } from '../types.ts';
import type { Addition, Reason } from './contrast/verdict.ts';

export type GateVerdict = 'regressed' | 'improved' | 'unchanged' | 'no verdict';

/** Why there is no verdict. */
export type GateReason =
  | Reason
  /** Sessions that have the figure, fewer than needed. */
  | { readonly kind: 'few-sessions'; readonly sessions: number }
  /** The candidate has no figure where the baseline has them. */
  | { readonly kind: 'no-figure' }
  /** Sessions that don't differ at all don't show how much sessions vary. */
  | { readonly kind: 'no-spread' }
  /** A session of the candidate has one block, which shows nothing of its own scatter. */
  | { readonly kind: 'one-block' }
  /** Beyond the margin, but sessions differ that much by chance. */
  | { readonly kind: 'within-spread' }
  /** Within the margin, but sessions vary too much to show that a change beyond it would have been seen. */
  | { readonly kind: 'not-shown-unchanged' }
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
export function gateOf(rows: readonly Pick<Gated, 'verdict'>[]): 'regressed' | 'passed' | 'no verdict' {
  if (rows.some(({ verdict }) => verdict === 'regressed')) return 'regressed';
  return rows.length === 0 || rows.some(({ verdict }) => verdict === 'no verdict') ? 'no verdict' : 'passed';
}

export function open(reason: GateReason): Gated {
  return { verdict: 'no verdict', reasons: [reason] };
}
