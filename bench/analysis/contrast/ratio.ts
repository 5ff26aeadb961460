/** All contrasts of a session: ratios paired by round within a block, intervals over blocks, verdicts. */

import { controlOf } from '../../plan/schedule.ts';
import { SUITE, suiteOf } from '../../plan/suite.ts';
import type { Contrast, ContrastResult, Plan, Sample, Start } from '../../types.ts';
import { estimateOf, ratioOf } from '../stats/interval.ts';
import { isMixture, outlyingBlocks } from '../stats/mixture.ts';
import { hodgesLehmann } from '../stats/signed-rank.ts';
import { type LevelSpread, spreadByLevel } from '../stats/variance.ts';
import { type BlockValues, blockValues, suiteValues } from './block-values.ts';
import { joined } from './by-round.ts';
import { blocksOf, type Conditions, readConditions } from './conditions.ts';
import { findSeries, groupSamples, medianNsPerPass, type SampleGroups, wakeupRatio } from './group.ts';
import { stallsDiffer } from './stalls.ts';
import type { Trust } from './trust.ts';
import { type Judged, sessionVerdicts, type VerdictOptions } from './verdict.ts';

export type ContrastPlan = Pick<Plan, 'environments' | 'baseline' | 'workloads' | 'contrasts'> &
  Partial<Pick<Plan, 'suite' | 'margin'>>;

/** What else is known of a session. The margin is the plan's. */
export interface ContrastContext extends Omit<VerdictOptions, 'margin'> {
  /** For throttling and steal; without them nothing is known of either. */
  readonly starts?: Iterable<Start>;
}

/** Five places of a distribution of time ratios, and how many there are. */
export interface Quantiles {
  readonly count: number;
  readonly low: number;
  readonly lowerQuartile: number;
  readonly median: number;
  readonly upperQuartile: number;
  readonly high: number;
}

/** The details of a ratio. Nothing flagged is dropped; `ratioWithout…` is the ratio without it. */
export interface ContrastRow extends ContrastResult {
  /** Rounds in which both sides have a burst, and those of them in which either burst lies beyond 14.8 MAD. */
  readonly pairedRounds: number;
  readonly flaggedRounds: number;
  /** Null when no round is flagged, or too few are left without them. */
  readonly ratioWithoutFlagged: number | null;
  /** Blocks in which a quota throttled either side, or time was stolen from the host. */
  readonly throttledBlocks: readonly number[];
  readonly stolenBlocks: readonly number[];
  /** Null when there are no such blocks, or no others. */
  readonly ratioWithoutThoseBlocks: number | null;
  /** The mean over starts and the typical start disagree: there is more than one kind of start. */
  readonly mixture: boolean;
  /** Blocks whose value lies apart from the others'. */
  readonly outlyingBlocks: readonly number[];
  /** The values that the ratio is the mean of (in logarithms), in the order of the blocks. */
  readonly blockRatios: readonly { readonly block: number; readonly ratio: number }[];
  /** Of the time ratios of all its rounds, which describe and from which nothing is inferred; null for the suite. */
  readonly rounds: Quantiles | null;
  /** Null for the suite, and with fewer than two blocks. */
  readonly spread: LevelSpread | null;
  /** Null for the control. */
  readonly judgement: Omit<Judged, 'verdict'> | null;
}

export interface ContrastTable {
  /** Name of the control. */
  readonly control: string;
  /** Contrasts in the order of `sessionContrasts`, each with its workloads in the plan's order and the suite last. */
  readonly rows: readonly ContrastRow[];
  /** The control against the baseline, per workload and for the suite; without verdicts. */
  readonly controlRows: readonly ContrastRow[];
  readonly trust: Trust;
}

/** The rows of `contrasts.csv`, straight from samples. */
export function contrastResults(
  samples: Iterable<Sample>,
  plan: ContrastPlan,
  context: ContrastContext = {},
): ContrastRow[] {
  return [...contrastTable(groupSamples(samples), plan, context).rows];
}

/** Every environment against the baseline, then the plan's other pairs; none twice. */
export function sessionContrasts(plan: ContrastPlan): Contrast[] {
  const wanted = [
    ...plan.environments.map(({ path }) => ({ env: path, baseline: plan.baseline })),
    ...plan.contrasts.map(({ env, baseline }) => ({ env, baseline })),
  ].filter(({ env, baseline }) => env !== baseline);
  return [...new Map(wanted.map((contrast) => [JSON.stringify([contrast.env, contrast.baseline]), contrast])).values()];
}

/** All contrasts of a session. A pair and workload that no block has a value for gives no row. */
export function contrastTable(groups: SampleGroups, plan: ContrastPlan, context: ContrastContext = {}): ContrastTable {
  const control = controlOf(plan.baseline);
  const conditions = readConditions(context.starts ?? []);
  const rowsOf = (contrast: Contrast, controls: readonly ContrastRow[]) =>
    contrastRows({ groups, plan, conditions, controls }, contrast);
  const controlRows = rowsOf({ env: control, baseline: plan.baseline }, []);
  const rows = sessionContrasts(plan).flatMap((contrast) => rowsOf(contrast, controlRows));
  const { judged, trust } = sessionVerdicts({ rows, controlRows }, { ...context, margin: plan.margin });
  return {
    control,
    controlRows,
    rows: rows.map((row, index) => {
      const { verdict, ...judgement } = judged[index] as Judged;
      return { ...row, verdict, judgement };
    }),
    trust,
  };
}

interface Given {
  readonly groups: SampleGroups;
  readonly plan: ContrastPlan;
  readonly conditions: Conditions;
  readonly controls: readonly ContrastRow[];
}

function contrastRows(given: Given, contrast: Contrast): ContrastRow[] {
  const { groups, plan } = given;
  const perWorkload = plan.workloads.map((workload) => blockValues(groups, plan.baseline, contrast, workload));
  const cells = plan.workloads.map((workload, index) => [workload, perWorkload[index] as BlockValues] as const);
  const ofSuite = suiteOf(plan);
  const suite = suiteValues(cells.filter(([workload]) => ofSuite.includes(workload)).map(([, values]) => values));
  return [...cells, [SUITE, suite] as const]
    .filter(([, values]) => values.typical.size > 0)
    .map(([workload, values]) => contrastRow(given, contrast, workload, values));
}

/** The row without its verdict, which needs all rows of the control. */
function contrastRow(given: Given, contrast: Contrast, workload: string, values: BlockValues): ContrastRow {
  const logRatios = [...values.typical.values()];
  const { ratio, interval } = ratioOf(logRatios);
  const typicalStart = hodgesLehmann(logRatios);
  const control = given.controls.find((row) => row.workload === workload);
  const sides = [contrast.env, contrast.baseline];
  const isUsed = (block: number) => values.typical.has(block);
  const throttledBlocks = blocksOf(given.conditions.throttled, sides).filter(isUsed);
  const stolenBlocks = blocksOf(given.conditions.stolen, sides).filter(isUsed);
  const row = {
    env: contrast.env,
    baseline: contrast.baseline,
    workload,
    blocks: logRatios.length,
    timeRatio: ratio,
    interval,
    throughputChangePercent: (1 / ratio - 1) * 100,
    hodgesLehmann: typicalStart && {
      ratio: Math.exp(typicalStart.estimate),
      interval: { low: Math.exp(typicalStart.interval.low), high: Math.exp(typicalStart.interval.high) },
    },
    controlRatio: control?.timeRatio ?? null,
    controlInterval: control?.interval ?? null,
    verdict: null,
    total: estimateOf(values.total),
    sustained: estimateOf(values.sustained),
    wakeupRatio: wakeupOf(given, contrast.env, workload),
    intermittent: stallsDiffer(...values.stalls) || throttledBlocks.length > 0,
    stalledBursts: values.stalls[0].stalled,
    baselineStalledBursts: values.stalls[1].stalled,
    nsPerPass: levelOf(given, contrast.env, workload),
    baselineNsPerPass: levelOf(given, contrast.baseline, workload),
  };
  return {
    ...row,
    pairedRounds: values.pairedRounds,
    flaggedRounds: values.flaggedRounds,
    ratioWithoutFlagged: values.flaggedRounds > 0 ? (estimateOf(values.withoutFlagged)?.ratio ?? null) : null,
    throttledBlocks,
    stolenBlocks,
    ratioWithoutThoseBlocks: withoutBlocks(values.typical, new Set([...throttledBlocks, ...stolenBlocks])),
    mixture: isMixture(row),
    outlyingBlocks: outlyingBlocks(values.typical),
    blockRatios: [...values.typical].map(([block, log]) => ({ block, ratio: Math.exp(log) })),
    rounds: quantilesOf(values.rounds),
    spread: spreadByLevel(values.rounds),
    judgement: null,
  };
}

function levelOf({ groups }: Given, env: string, workload: string): number | null {
  const series = workload === SUITE ? undefined : findSeries(groups, env, workload);
  return series === undefined ? null : medianNsPerPass(series);
}

/** Of the suite: the geometric mean over the workloads, when all have one. */
function wakeupOf({ groups, plan }: Given, env: string, workload: string): number | null {
  const workloads = workload === SUITE ? suiteOf(plan) : [workload];
  const ratios = workloads.map((id) => {
    const series = findSeries(groups, env, id);
    return series === undefined ? null : wakeupRatio(series);
  });
  if (ratios.some((ratio) => ratio === null)) return null;
  return Math.exp(ratios.reduce<number>((sum, ratio) => sum + Math.log(ratio ?? 1), 0) / ratios.length);
}

/** Of all rounds together: the 5th, 25th, 50th, 75th and 95th percentile, as ratios. */
function quantilesOf(rounds: readonly Float64Array[]): Quantiles | null {
  const sorted = joined(rounds).sort();
  if (sorted.length === 0) return null;
  const at = (share: number) => {
    const place = share * (sorted.length - 1);
    const below = sorted[Math.floor(place)] as number;
    return Math.exp(below + (place % 1) * ((sorted[Math.ceil(place)] as number) - below));
  };
  return {
    count: sorted.length,
    low: at(0.05),
    lowerQuartile: at(0.25),
    median: at(0.5),
    upperQuartile: at(0.75),
    high: at(0.95),
  };
}

function withoutBlocks(values: ReadonlyMap<number, number>, skip: ReadonlySet<number>): number | null {
  const kept = new Map([...values].filter(([block]) => !skip.has(block)));
  return kept.size === values.size ? null : (estimateOf(kept)?.ratio ?? null);
}
