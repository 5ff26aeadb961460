/** What a victim loses beside a neighbour that works, and whether it loses more or less than on the baseline. */

import { grouped } from '../../grouped.ts';
import { controlOf } from '../../plan/schedule.ts';
import type { Estimate, NeighbourRow, Plan, Verdict } from '../../types.ts';
import { median } from '../../units.ts';
import { judgeRatio } from '../contrast/verdict.ts';
import { type RatioRow, ratioRows } from '../reproduction.ts';
import { largest } from '../stats/extremes.ts';
import { estimateOf, pairedEstimate } from '../stats/interval.ts';

/** One workload of a victim in an environment, beside one kind of neighbour. */
export interface NeighbourCell {
  readonly env: string;
  readonly workload: string;
  readonly aggressor: string;
  /** Boxes of the neighbour that worked; 0 where none did. */
  readonly copies: number;
  /** Blocks with a pair that counts, and such pairs in them. */
  readonly blocks: number;
  readonly pairs: number;
  /** Visits beside a neighbour that was not shown to work throughout, over all blocks: their pairs don't count. */
  readonly uncovered: number;
  /** Blocks in which the neighbour failed, and which have no figure for it. */
  readonly lost: number;
  /** Why the environment has no such neighbour; null where it has. */
  readonly refused: string | null;
  /**
   * Time of the same work beside the neighbour over the time without it, then of the visit's median burst alone, and of
   * its longest. Bursts that are shorter than the scheduler's turns leave the waiting to a few of them: the median hides it.
   */
  readonly slowdown: Estimate | null;
  readonly median: Estimate | null;
  readonly longest: Estimate | null;
  /** The slowdown over that of the baseline beside its own neighbour, paired by block; null for the baseline. */
  readonly ratio: Estimate | null;
  /** `slower`: loses more than the baseline does. Null for the control, about which nothing is decided, and the baseline. */
  readonly verdict: Verdict | null;
}

/** By block: logarithms. */
type Logs = ReadonlyMap<number, number>;

interface Series {
  readonly head: Pick<NeighbourCell, 'env' | 'workload' | 'aggressor'>;
  readonly rows: readonly NeighbourRow[];
  readonly pairs: ReadonlyMap<number, readonly Pair[]>;
  readonly slowdown: Logs;
}

/** The two visits of a pair that counts. */
interface Pair {
  readonly alone: NeighbourRow;
  readonly beside: NeighbourRow;
}

type NeighbourPlan = Pick<Plan, 'environments' | 'baseline' | 'margin' | 'aggressors' | 'workloads'>;

/** Rows in the plan's order, the control last, by workload and neighbour. */
export function summarizeNeighbour(rows: readonly NeighbourRow[], plan: NeighbourPlan): NeighbourCell[] {
  const all = seriesOf(rows, plan);
  const keyed = (env: string, { head: { workload, aggressor } }: Series) => JSON.stringify([env, workload, aggressor]);
  const known = new Map(all.map((one) => [keyed(one.head.env, one), one]));
  const find = (env: string, series: Series) => known.get(keyed(env, series));
  const control = controlOf(plan.baseline);
  return all.map((series): NeighbourCell => {
    const { env } = series.head;
    const baseline = find(plan.baseline, series);
    const ratio =
      env === plan.baseline || baseline === undefined ? null : pairedEstimate(series.slowdown, baseline.slowdown);
    const controlLogs = find(control, series)?.slowdown;
    const twins =
      baseline === undefined || controlLogs === undefined ? null : pairedEstimate(controlLogs, baseline.slowdown);
    const isJudged = env !== control && ratio !== null;
    return {
      ...series.head,
      ...countsOf(series),
      slowdown: estimateOf(series.slowdown),
      median: estimateOf(medianLogs(series.pairs, ({ medianPassNs }) => medianPassNs)),
      longest: estimateOf(medianLogs(series.pairs, ({ longestPassNs }) => longestPassNs)),
      ratio,
      verdict: isJudged ? judgeRatio(ratio, twins, plan.margin) : null,
    };
  });
}

/** Ratios by which a session and its reproduction are compared: of slowdowns. */
export function neighbourRatios(rows: readonly NeighbourRow[], plan: NeighbourPlan): RatioRow[] {
  const control = controlOf(plan.baseline);
  return summarizeNeighbour(rows, plan).flatMap(({ env, workload, aggressor, ratio, verdict }) => {
    const figure = `${workload} beside ${aggressor}`;
    return env === control ? [] : ratioRows({ env, baseline: plan.baseline, workload: figure }, ratio, verdict);
  });
}

function seriesOf(rows: readonly NeighbourRow[], plan: NeighbourPlan): Series[] {
  // A victim that failed costs its environment the block: what came before was of a box that was about to fail.
  const broken = new Set(rows.filter(isOfVictim).map(placeOf));
  const groups = grouped(rows, ({ env, workload, aggressor }) => [env, workload, aggressor]);
  const series = groups.map((group): Series => {
    const { env, workload, aggressor } = group[0] as NeighbourRow;
    const pairs = pairsOf(group.filter((row) => !broken.has(placeOf(row))));
    const slowdown = medianLogs(pairs, ({ meanPassNs }) => meanPassNs);
    return { head: { env, workload, aggressor }, rows: group, pairs, slowdown };
  });
  const order = {
    env: [...plan.environments.map(({ path }) => path), controlOf(plan.baseline)],
    workload: plan.workloads,
    aggressor: (plan.aggressors ?? []) as readonly string[],
  };
  const place = (key: keyof typeof order, { head }: Series) => order[key].indexOf(head[key]);
  return series.sort(
    (a, b) =>
      place('env', a) - place('env', b) ||
      place('workload', a) - place('workload', b) ||
      place('aggressor', a) - place('aggressor', b),
  );
}

/** By block; a block in which the neighbour failed has none. */
function pairsOf(rows: readonly NeighbourRow[]): Map<number, readonly Pair[]> {
  const pairs = new Map<number, readonly Pair[]>();
  for (const own of grouped(rows, ({ block }) => block)) {
    const { block } = own[0] as NeighbourRow;
    if (own.some(({ status }) => status === 'neighbour-failed')) continue;
    const whole = own.filter(({ status }) => status === 'completed');
    const quiet = new Map(whole.flatMap((row) => (row.beside ? [] : [[row.round, row] as const])));
    const found = whole.flatMap((row): Pair[] => {
      const alone = row.beside ? quiet.get(row.round) : undefined;
      return alone === undefined ? [] : [{ alone, beside: row }];
    });
    if (found.length > 0) pairs.set(block, found);
  }
  return pairs;
}

/** Of each block the median over its pairs of the logarithm of a figure beside the neighbour over that without it. */
function medianLogs(pairs: Series['pairs'], figure: (row: NeighbourRow) => number | null): Logs {
  const logs = new Map<number, number>();
  for (const [block, own] of pairs) {
    const found = own.flatMap(({ alone, beside }) => {
      const log = Math.log((figure(beside) ?? Number.NaN) / (figure(alone) ?? Number.NaN));
      return Number.isFinite(log) ? [log] : [];
    });
    if (found.length > 0) logs.set(block, median(found));
  }
  return logs;
}

function countsOf({ rows, pairs }: Series) {
  const lost = new Set(rows.filter(({ status }) => status === 'neighbour-failed').map(({ block }) => block));
  return {
    copies: largest([0, ...rows.map(({ copies }) => copies)]),
    blocks: pairs.size,
    pairs: [...pairs.values()].reduce((sum, own) => sum + own.length, 0),
    uncovered: rows.filter(({ status }) => status === 'uncovered').length,
    lost: lost.size,
    refused: rows.find(({ status }) => status === 'refused')?.reason ?? null,
  };
}

function isOfVictim({ status }: NeighbourRow): boolean {
  return status === 'failed' || status === 'timed-out';
}

function placeOf({ block, env }: NeighbourRow): string {
  return `${block} ${env}`;
}
