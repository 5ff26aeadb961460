/** What one environment did: medians per workload, wake-up cost, composite score, and how long its starts took. */

import { COMPOSITE_WORKLOADS } from '../plan/suite.ts';
import { type Direction, MFLOPS, type Start } from '../types.ts';
import { median } from '../units.ts';
import { joined } from './contrast/by-round.ts';
import { findSeries, medianNsPerPass, type SampleGroups, type Series, wakeupRatio } from './contrast/group.ts';

/** One environment on one workload, over all blocks. Descriptive: the paired ratios show differences, these don't. */
export interface WorkloadSummary {
  readonly workload: string;
  /** Measured bursts with a right answer. */
  readonly bursts: number;
  readonly wrongAnswers: number;
  /** Bursts without a duration, which are in no figure. */
  readonly untimedBursts: number;
  /** Medians over the measured bursts; null when there are none, the time also of a figure that a program prints. */
  readonly medianNsPerPass: number | null;
  /** What the rates count: `MFLOPS` of a kernel, else things a second; null when there are no bursts. */
  readonly unit: string | null;
  readonly medianRate: number | null;
  /** Of a figure that a program prints: which of two is better. Else null. */
  readonly better: Direction | null;
  /** The same where it is MFLOPS. */
  readonly medianMflops: number | null;
  /** Median over visits of 1 + what the lead-in loses over the measured burst's time; 1.05: waking costs 5 % of a burst. */
  readonly wakeupRatio: number | null;
  /** Of copies that run at once: median over measured bursts of the slowest one's time over the fastest one's. Null for one. */
  readonly spread: number | null;
}

export interface EnvironmentSummary {
  readonly env: string;
  readonly workloads: readonly WorkloadSummary[];
  /** SciMark's arithmetic mean of the five MFLOPS; null unless all five were measured and every answer was right. */
  readonly compositeMflops: number | null;
}

/** The starts of one environment. Times in ms, medians over its completed starts; null where none could be read. */
export interface StartupSummary {
  readonly env: string;
  readonly completed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly spawnMs: number | null;
  readonly firstInstructionMs: number | null;
  readonly readyMs: number | null;
  readonly teardownMs: number | null;
}

export function summarizeEnvironment(
  groups: SampleGroups,
  env: string,
  workloads: readonly string[],
): EnvironmentSummary {
  const summaries = workloads.map((workload) => summarizeSeries(workload, findSeries(groups, env, workload)));
  return { env, workloads: summaries, compositeMflops: compositeOf(summaries) };
}

/** One summary per environment, in the order in which they first appear. */
export function summarizeStarts(starts: Iterable<Start>): StartupSummary[] {
  const byEnv = new Map<string, Start[]>();
  for (const start of starts) {
    const known = byEnv.get(start.env);
    if (known) known.push(start);
    else byEnv.set(start.env, [start]);
  }
  return [...byEnv].map(([env, all]) => {
    const completed = all.filter((start) => start.status === 'completed');
    const medianOf = (figure: 'spawnMs' | 'firstInstructionMs' | 'readyMs' | 'teardownMs') =>
      medianOrNull(completed.map((start) => start[figure]).filter((value) => value !== null));
    const skipped = all.filter((start) => start.status === 'skipped').length;
    return {
      env,
      completed: completed.length,
      failed: all.length - completed.length - skipped,
      skipped,
      spawnMs: medianOf('spawnMs'),
      firstInstructionMs: medianOf('firstInstructionMs'),
      readyMs: medianOf('readyMs'),
      teardownMs: medianOf('teardownMs'),
    };
  });
}

function summarizeSeries(workload: string, series: Series | undefined): WorkloadSummary {
  const cells = [...(series?.blocks.values() ?? [])];
  const rates = joined(cells.map((cell) => cell.rates.values));
  const unit = series?.unit ?? null;
  const medianRate = medianOrNull(rates);
  return {
    workload,
    bursts: cells.reduce((sum, { measured }) => sum + measured.size, 0),
    wrongAnswers: series?.wrongAnswers ?? 0,
    untimedBursts: series?.untimedBursts ?? 0,
    medianNsPerPass: series === undefined ? null : medianNsPerPass(series),
    unit,
    medianRate,
    better: series?.better ?? null,
    medianMflops: unit === MFLOPS ? medianRate : null,
    wakeupRatio: series === undefined ? null : wakeupRatio(series),
    spread: medianOrNull(cells.flatMap(({ spreads }) => spreads)),
  };
}

function compositeOf(summaries: readonly WorkloadSummary[]): number | null {
  let sum = 0;
  for (const workload of COMPOSITE_WORKLOADS) {
    const summary = summaries.find((candidate) => candidate.workload === workload);
    if (!summary || summary.medianMflops === null || summary.wrongAnswers > 0) return null;
    sum += summary.medianMflops;
  }
  return sum / COMPOSITE_WORKLOADS.length;
}

function medianOrNull(values: readonly number[] | Float64Array): number | null {
  return values.length === 0 ? null : median(values);
}
