/** Compares ratios whose truth is known with what the session found. Pure, from samples. */

import { realisedRatio } from '../payload/known-truth.ts';
import { SUITE, suiteOf } from '../plan/suite.ts';
import type { Estimate, Interval, Sample, Start, Verdict } from '../types.ts';
import { median } from '../units.ts';
import { blockValues } from './contrast/block-values.ts';
import { groupSamples, type SampleGroups } from './contrast/group.ts';
import { type ContrastPlan, type ContrastRow, contrastTable } from './contrast/ratio.ts';
import { binomialInterval } from './stats/binomial.ts';
import { tQuantile } from './stats/distributions.ts';
import { ALPHA, holm, pValueOf } from './stats/holm.ts';
import { logInterval, UPPER } from './stats/interval.ts';
import { halfWidthLog } from './stats/precision.ts';

/** An environment whose payload does this share of extra passes. */
export interface KnownSlowdown {
  readonly env: string;
  readonly share: number;
}

/** An environment in which each copy of a workload is limited to this share of one CPU. */
export interface KnownQuota {
  readonly env: string;
  readonly quota: number;
}

export interface SelftestInput {
  readonly samples: Iterable<Sample>;
  readonly starts: Iterable<Start>;
  readonly plan: ContrastPlan & { readonly longNs: number };
  /** Passes in a burst, by workload. */
  readonly work: Readonly<Record<string, number>>;
  readonly slowdowns: readonly KnownSlowdown[];
  readonly quotas: readonly KnownQuota[];
  readonly secondsPerBlock: number;
}

/** One known truth on one workload, or on the suite. */
export interface TruthRow {
  readonly env: string;
  readonly workload: string;
  /** The applied time ratio: of passes done, not of those requested. */
  readonly truth: number;
  readonly blocks: number;
  readonly ratio: number;
  readonly interval: Interval | null;
  /** ln of ratio over truth. */
  readonly errorLog: number;
  /** Does the interval contain the truth; null without one. */
  readonly contained: boolean | null;
  readonly verdict: Verdict | null;
}

export interface QuotaRow {
  readonly env: string;
  /** The time ratio of a loop that never pauses. */
  readonly truth: number;
  /** The least that a visit of this length reads: it begins and ends with a whole period's share unused. */
  readonly leastRead: number;
  readonly sustained: Estimate | null;
  /** Does the interval reach into what a visit of this length can read; null without one. */
  readonly contained: boolean | null;
  /** Of short visits, which hardly ever use up the share: the known weakness of taking turns. */
  readonly short: Estimate | null;
  readonly verdict: Verdict | null;
}

/** The least difference whose interval excludes 1: as a share, on a workload or the suite. */
export interface SmallestDifference {
  readonly workload: string;
  readonly now: number;
  readonly later: readonly { readonly minutes: number; readonly difference: number }[];
}

/** How many of the slowdowns that were applied were distinguished from none. */
export interface SelftestPower {
  /** The whole interval lies above 1. */
  readonly found: number;
  /** Slowdowns that were applied: those of at least one pass, with an interval. */
  readonly applied: number;
  readonly byTruth: readonly { readonly env: string; readonly found: number; readonly applied: number }[];
  /** The smallest applied ratio that was found; null without one. */
  readonly smallest: number | null;
  /** At least one was found by more than chance, adjusted by Holm over all of them. */
  readonly sure: boolean;
}

/**
 * `too-few` intervals contain the truth; `too-noisy`: they do, but only because they are so wide that no known slowdown shows;
 * `unknown`: there are no intervals.
 */
export type SelftestOutcome = 'as-promised' | 'too-few' | 'too-noisy' | 'unknown';

export interface SelftestResult {
  readonly rows: readonly TruthRow[];
  readonly suite: readonly TruthRow[];
  /** Mean error in logs over workloads and truths, with its interval over blocks; null without a block. */
  readonly bias: { readonly log: number; readonly halfWidthLog: number | null } | null;
  readonly coverage: {
    readonly contained: number;
    readonly intervals: number;
    /** Of the share, exact and binomial. */
    readonly interval: Interval;
    /** Even the upper end of that interval is below 95 %. */
    readonly tooLow: boolean;
  };
  readonly power: SelftestPower;
  readonly outcome: SelftestOutcome;
  readonly quotas: readonly QuotaRow[];
  readonly minutes: number;
  readonly blocks: number;
  readonly smallest: readonly SmallestDifference[];
}

const PROMISED = 0.95;
/** Durations for which the smallest difference is computed, minutes. */
const LATER_MINUTES = [10, 30] as const;
/** Period of the kernel's CPU quota, as the layer `quota` sets it, ns. */
const QUOTA_PERIOD_NS = 1e8;

export function analyseSelftest(input: SelftestInput): SelftestResult {
  const { plan, work, slowdowns, secondsPerBlock } = input;
  const groups = groupSamples(input.samples);
  const table = contrastTable(groups, plan, { starts: input.starts });
  const find = (env: string, workload: string) =>
    table.rows.find((row) => row.env === env && row.baseline === plan.baseline && row.workload === workload);
  const rowsOf = (workloads: readonly string[]) =>
    slowdowns.flatMap(({ env, share }) =>
      workloads.flatMap((workload) => {
        const row = find(env, workload);
        return row === undefined ? [] : truthRow(row, truthOf(plan, work, workload, share));
      }),
    );
  const rows = rowsOf(plan.workloads);
  const suite = rowsOf([SUITE]);
  const intervals = rows.filter(({ contained }) => contained !== null);
  const contained = intervals.filter((row) => row.contained === true).length;
  const interval = binomialInterval(contained, intervals.length);
  const coverage = { contained, intervals: intervals.length, interval, tooLow: interval.high < PROMISED };
  const power = powerOf(rows);
  return {
    rows,
    suite,
    bias: biasOf(groups, input),
    coverage,
    power,
    outcome: outcomeOf(coverage, power),
    quotas: input.quotas.map(({ env, quota }) => quotaRow(env, quota, plan.longNs, find(env, SUITE))),
    minutes: (groups.blocks.length * secondsPerBlock) / 60,
    blocks: groups.blocks.length,
    smallest: [...plan.workloads, SUITE].flatMap((workload) =>
      smallestDifference(workload, [...rows, ...suite], secondsPerBlock),
    ),
  };
}

function outcomeOf({ intervals, tooLow }: SelftestResult['coverage'], { sure }: SelftestPower): SelftestOutcome {
  if (intervals === 0) return 'unknown';
  if (tooLow) return 'too-few';
  return sure ? 'as-promised' : 'too-noisy';
}

/** Of workloads, not of the suite, which is made of them. */
function powerOf(rows: readonly TruthRow[]): SelftestPower {
  const applied = rows.filter(({ truth, interval }) => truth > 1 && interval !== null);
  const isFound = ({ interval }: TruthRow) => interval !== null && interval.low > 1;
  const found = applied.filter(isFound);
  const pValues = applied.map((row) => pValueOf({ ...row, timeRatio: row.ratio }));
  const adjusted = holm(pValues);
  return {
    found: found.length,
    applied: applied.length,
    byTruth: [...new Set(applied.map(({ env }) => env))].map((env) => {
      const own = applied.filter((row) => row.env === env);
      return { env, found: own.filter(isFound).length, applied: own.length };
    }),
    smallest: found.length === 0 ? null : Math.min(...found.map(({ truth }) => truth)),
    sure: applied.some((row, index) => row.ratio > 1 && (adjusted[index] ?? 1) <= ALPHA),
  };
}

/** Of the suite, which is a mean of logs, the geometric mean of the workloads' truths. */
function truthOf(plan: ContrastPlan, work: SelftestInput['work'], workload: string, share: number): number {
  if (workload !== SUITE) return realisedRatio(work[workload] ?? 1, share);
  const logs = suiteOf(plan).map((id) => Math.log(truthOf(plan, work, id, share)));
  return Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
}

function truthRow({ env, workload, blocks, timeRatio, interval, verdict }: ContrastRow, truth: number): TruthRow {
  return {
    ...{ env, workload, truth, blocks, ratio: timeRatio, interval },
    errorLog: Math.log(timeRatio / truth),
    contained: interval && interval.low <= truth && truth <= interval.high,
    verdict,
  };
}

/**
 * One value a block, the mean of its errors: the truths and workloads of a block share its baseline and its conditions, so
 * that they are no independent values.
 */
function biasOf(groups: SampleGroups, { plan, work, slowdowns }: SelftestInput): SelftestResult['bias'] {
  const errors = new Map<number, number[]>();
  for (const { env, share } of slowdowns) {
    for (const workload of plan.workloads) {
      const truth = Math.log(truthOf(plan, work, workload, share));
      const { typical } = blockValues(groups, plan.baseline, { env, baseline: plan.baseline }, workload);
      for (const [block, log] of typical) errors.set(block, [...(errors.get(block) ?? []), log - truth]);
    }
  }
  if (errors.size === 0) return null;
  const means = [...errors.values()].map((logs) => logs.reduce((sum, log) => sum + log, 0) / logs.length);
  const { mean, halfWidth } = logInterval(means);
  return { log: mean, halfWidthLog: halfWidth };
}

/**
 * A visit that begins where a period's whole share is left and ends right after another is used up has waited two times
 * less than its number of periods says, (1 − q) of a period each. A visit of n periods so reads at least
 * 1/q − 2 (1/q − 1)/n.
 */
function quotaRow(env: string, quota: number, longNs: number, row: ContrastRow | undefined): QuotaRow {
  const truth = 1 / quota;
  const periods = Math.max(1, longNs / QUOTA_PERIOD_NS);
  const leastRead = Math.max(1, truth - (2 * (truth - 1)) / periods);
  const sustained = row?.sustained ?? null;
  const within = sustained?.interval ?? null;
  return {
    ...{ env, truth, leastRead, sustained },
    contained: within && within.low <= truth && leastRead <= within.high,
    short: row === undefined ? null : { ratio: row.timeRatio, interval: row.interval, blocks: row.blocks },
    verdict: row?.verdict ?? null,
  };
}

/** The half-width that is the median one over the truths, now and after other times if blocks go on spreading as they did. */
function smallestDifference(
  workload: string,
  rows: readonly TruthRow[],
  secondsPerBlock: number,
): SmallestDifference[] {
  const own = rows.filter((row) => row.workload === workload && row.interval !== null);
  if (own.length === 0) return [];
  const widthAt = (blocks: number) =>
    median(own.map((row) => (halfWidthLog(row.interval) * unitWidth(blocks)) / unitWidth(row.blocks)));
  const later = LATER_MINUTES.map((minutes) => {
    const blocks = Math.max(2, Math.floor((minutes * 60) / secondsPerBlock));
    return { minutes, difference: Math.expm1(widthAt(blocks)) };
  });
  return [{ workload, now: Math.expm1(median(own.map((row) => halfWidthLog(row.interval)))), later }];
}

/** Half-width of an interval from so many blocks, in standard deviations of a block. */
function unitWidth(blocks: number): number {
  return tQuantile(UPPER, blocks - 1) / Math.sqrt(blocks);
}
