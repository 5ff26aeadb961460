/** Can a session be trusted? The control against the baseline, and what was unequal before anything was timed. */

import { SUITE } from '../../plan/suite.ts';
import type { Contrast, ContrastResult, Inequality } from '../../types.ts';
import { ALPHA, holm, pValueOf } from '../stats/holm.ts';
import { decisiveHalfWidthLog } from '../stats/precision.ts';

/** A fact that differs between an environment's box and the baseline's. */
export type UnequalFact = Pick<Inequality, 'fact' | 'env' | 'avoidable'> & Partial<Pick<Inequality, 'label'>>;

/** By environment, what differs from the baseline. Environments without an entry are equal. */
export type Unequal = Readonly<Record<string, readonly UnequalFact[]>>;

/** A difference between two copies of the same environment that chance would seldom make. */
export interface ControlDifference {
  /** A workload, or `suite`. */
  readonly workload: string;
  readonly ratio: number;
  /** Adjusted by Holm over the workloads; the suite's own is not adjusted. */
  readonly pValue: number;
  /** Large enough to make verdicts on this workload untrusted; a smaller one is worth a note. */
  readonly disqualifies: boolean;
}

export interface Trust {
  /** The suite or two workloads fail: no verdict of the session can be trusted. */
  readonly session: boolean;
  /** Workloads (and `suite`) on which the control fails. */
  readonly workloads: readonly string[];
  /** All significant differences of the control, those that disqualify included. */
  readonly differences: readonly ControlDifference[];
}

/**
 * The control's ratios tested against 1 at 5 %, adjusted by Holm over the workloads; the suite is a separate test. A
 * workload fails when its ratio also lies beyond ±ln(1 + margin)/2 in logs: a difference that is sure but small is no
 * danger to verdicts at that margin.
 */
export function judgeControl(controlRows: readonly ContrastResult[], margin: number): Trust {
  const workloads = controlRows.filter(({ workload }) => workload !== SUITE);
  const adjusted = holm(workloads.map(pValueOf));
  const tested = [
    ...workloads.map((row, index) => ({ row, pValue: adjusted[index] ?? 1 })),
    ...controlRows.filter(({ workload }) => workload === SUITE).map((row) => ({ row, pValue: pValueOf(row) })),
  ];
  const differences = tested
    .filter(({ pValue }) => pValue <= ALPHA)
    .map(({ row, pValue }) => ({
      workload: row.workload,
      ratio: row.timeRatio,
      pValue,
      disqualifies: Math.abs(Math.log(row.timeRatio)) > decisiveHalfWidthLog(margin),
    }));
  const failing = differences.filter(({ disqualifies }) => disqualifies).map(({ workload }) => workload);
  const session = failing.includes(SUITE) || failing.length >= 2;
  return { session, workloads: failing, differences };
}

/**
 * Names of the facts that differ avoidably between the two sides of a contrast. What both sides have in the same way
 * against the baseline is equal between them.
 */
export function avoidablyUnequal(contrast: Contrast, unequal: Unequal): string[] {
  const own = unequal[contrast.env] ?? [];
  const other = unequal[contrast.baseline] ?? [];
  const isShared = (one: UnequalFact, among: readonly UnequalFact[]) =>
    among.some(({ fact, env }) => fact === one.fact && env === one.env);
  const differing = [
    ...own.filter((one) => one.avoidable && !isShared(one, other)),
    ...other.filter((one) => one.avoidable && !isShared(one, own)),
  ];
  return [...new Set(differing.map(({ fact }) => fact))];
}
