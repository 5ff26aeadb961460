/** Time ratios: paired by round within a block, one value a block, an interval over blocks. Rounds are never pooled. */

import { controlOf } from '../schedule.ts';
import type { Contrast, ContrastResult, Interval, Plan, Sample } from '../types.ts';
import { median } from '../units.ts';
import { tQuantile } from './distributions.ts';
import { type Cell, findSeries, flaggedRounds, groupSamples, type SampleGroups } from './group.ts';
import { hodgesLehmann } from './signed-rank.ts';

/** A block with fewer paired rounds has no value: a median of two is a mean, and one cut round would carry it. */
const LEAST_PAIRED_ROUNDS = 3;

export const SUITE = 'suite';

export type ContrastPlan = Pick<Plan, 'environments' | 'baseline' | 'workloads' | 'contrasts'>;

/** What lies behind a ratio. Flagged rounds stay in it; `ratioWithoutFlagged` says what it would be without. */
export interface ContrastRow extends ContrastResult {
  /** Rounds in which both sides have a burst, and those of them in which either burst lies beyond 14.8 MAD. */
  readonly pairedRounds: number;
  readonly flaggedRounds: number;
  /** Null when no round is flagged, or too few are left without them. */
  readonly ratioWithoutFlagged: number | null;
}

export interface ContrastTable {
  /** Name of the control. */
  readonly control: string;
  /** Contrasts in the order of `sessionContrasts`, each with its workloads in the plan's order and the suite last. */
  readonly rows: readonly ContrastRow[];
  /** The control against the baseline, per workload and for the suite. */
  readonly controlRows: readonly ContrastRow[];
}

/** ln of the time ratio per block, with the rounds behind it. */
interface BlockValues {
  readonly logRatios: Map<number, number>;
  readonly withoutFlagged: Map<number, number>;
  readonly pairedRounds: number;
  readonly flaggedRounds: number;
}

/** The rows of `contrasts.csv`, straight from samples. */
export function contrastResults(samples: Iterable<Sample>, plan: ContrastPlan): ContrastRow[] {
  return [...contrastTable(groupSamples(samples), plan).rows];
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
export function contrastTable(groups: SampleGroups, plan: ContrastPlan): ContrastTable {
  const control = controlOf(plan.baseline);
  const controlRows = contrastRows(groups, plan, { env: control, baseline: plan.baseline }, []);
  return {
    control,
    controlRows,
    rows: sessionContrasts(plan).flatMap((contrast) => contrastRows(groups, plan, contrast, controlRows)),
  };
}

/** Mean of the values with its interval of 95 %, back from logarithms. No interval from one value. */
export function ratioOf(logRatios: readonly number[]): { ratio: number; interval: Interval | null } {
  const count = logRatios.length;
  const mean = logRatios.reduce((sum, value) => sum + value, 0) / count;
  if (count < 2) return { ratio: Math.exp(mean), interval: null };
  const variance = logRatios.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  const halfWidth = tQuantile(0.975, count - 1) * Math.sqrt(variance / count);
  return { ratio: Math.exp(mean), interval: { low: Math.exp(mean - halfWidth), high: Math.exp(mean + halfWidth) } };
}

function contrastRows(
  groups: SampleGroups,
  plan: ContrastPlan,
  contrast: Contrast,
  controlRows: readonly ContrastRow[],
): ContrastRow[] {
  const perWorkload = plan.workloads.map((workload) => blockValues(groups, plan.baseline, contrast, workload));
  const cells = plan.workloads.map((workload, index) => [workload, perWorkload[index] as BlockValues] as const);
  return [...cells, [SUITE, suiteValues(perWorkload)] as const]
    .filter(([, values]) => values.logRatios.size > 0)
    .map(([workload, values]) => contrastRow(contrast, workload, values, controlRows));
}

function contrastRow(
  contrast: Contrast,
  workload: string,
  values: BlockValues,
  controlRows: readonly ContrastRow[],
): ContrastRow {
  const logRatios = [...values.logRatios.values()];
  const { ratio, interval } = ratioOf(logRatios);
  const typicalStart = hodgesLehmann(logRatios);
  const control = controlRows.find((row) => row.workload === workload);
  const unflagged = [...values.withoutFlagged.values()];
  return {
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
    pairedRounds: values.pairedRounds,
    flaggedRounds: values.flaggedRounds,
    ratioWithoutFlagged: values.flaggedRounds > 0 && unflagged.length > 0 ? ratioOf(unflagged).ratio : null,
  };
}

function blockValues(groups: SampleGroups, mainBaseline: string, contrast: Contrast, workload: string): BlockValues {
  const sideA = findSeries(groups, contrast.env, workload)?.blocks ?? new Map<number, Cell>();
  const sideB = findSeries(groups, contrast.baseline, workload)?.blocks;
  const copies = findSeries(groups, controlOf(mainBaseline), workload)?.blocks;
  const logRatios = new Map<number, number>();
  const withoutFlagged = new Map<number, number>();
  let pairedRounds = 0;
  let flagged = 0;
  for (const [block, a] of sideA) {
    const b = sideB?.get(block);
    if (!b) continue;
    const pairs: [Cell, Cell][] = [[a, b]];
    const copy = copies?.get(block);
    // The baseline is there twice. Each copy gives a median of its own and the two are averaged: averaging the
    // copies within a round would be biased under skewed noise.
    if (copy && copy !== a && contrast.baseline === mainBaseline) pairs.push([a, copy]);
    if (copy && copy !== b && contrast.env === mainBaseline) pairs.push([copy, b]);
    const logs = pairs.map(([one, other]) => logRatiosByRound(one, other));
    setValue(logRatios, block, logs);
    const suspects = pairs.map(([one, other]) => new Set([...flaggedRounds(one), ...flaggedRounds(other)]));
    setValue(
      withoutFlagged,
      block,
      logs.map((rounds, index) => without(rounds, suspects[index] ?? new Set())),
    );
    pairedRounds += logs[0]?.size ?? 0;
    flagged += (logs[0]?.size ?? 0) - without(logs[0] ?? new Map(), suspects[0] ?? new Set()).size;
  }
  return { logRatios, withoutFlagged, pairedRounds, flaggedRounds: flagged };
}

/** The block's value: mean over pairs of the median over rounds. None without the first pair; a cut second one is left out. */
function setValue(values: Map<number, number>, block: number, pairs: readonly ReadonlyMap<number, number>[]): void {
  if ((pairs[0]?.size ?? 0) < LEAST_PAIRED_ROUNDS) return;
  const medians = pairs
    .filter((rounds) => rounds.size >= LEAST_PAIRED_ROUNDS)
    .map((rounds) => median([...rounds.values()]));
  values.set(block, medians.reduce((sum, value) => sum + value, 0) / medians.length);
}

function without(rounds: ReadonlyMap<number, number>, skip: ReadonlySet<number>): ReadonlyMap<number, number> {
  return skip.size === 0 ? rounds : new Map([...rounds].filter(([round]) => !skip.has(round)));
}

function logRatiosByRound(a: Cell, b: Cell): Map<number, number> {
  const logs = new Map<number, number>();
  for (const [round, time] of a.measured) {
    const other = b.measured.get(round);
    if (other !== undefined) logs.set(round, Math.log(time / other));
  }
  return logs;
}

/** Per block the mean over workloads, from the blocks that have a value for every workload. */
function suiteValues(perWorkload: readonly BlockValues[]): BlockValues {
  return {
    logRatios: meanByBlock(perWorkload.map((values) => values.logRatios)),
    withoutFlagged: meanByBlock(perWorkload.map((values) => values.withoutFlagged)),
    pairedRounds: perWorkload.reduce((sum, values) => sum + values.pairedRounds, 0),
    flaggedRounds: perWorkload.reduce((sum, values) => sum + values.flaggedRounds, 0),
  };
}

function meanByBlock(columns: readonly ReadonlyMap<number, number>[]): Map<number, number> {
  const means = new Map<number, number>();
  for (const block of columns[0]?.keys() ?? []) {
    const values = columns.map((column) => column.get(block));
    if (values.every((value) => value !== undefined)) {
      means.set(block, values.reduce((sum, value) => sum + value, 0) / values.length);
    }
  }
  return means;
}
