/** What becomes of throughput and of each instance when more and more of them work at once. */

import { grouped } from '../../grouped.ts';
import { controlOf } from '../../plan/schedule.ts';
import type { Estimate, Interval, Plan, Sample, ScaleRow, Verdict } from '../../types.ts';
import { median } from '../../units.ts';
import { judgeRatio } from '../contrast/verdict.ts';
import { type RatioRow, ratioRows } from '../reproduction.ts';
import { largest, smallest } from '../stats/extremes.ts';
import { estimateOf, pairedEstimate } from '../stats/interval.ts';
import { quantile } from '../stats/quantile.ts';
import { jainIndex } from './fairness.ts';
import type { ThroughputPoint } from './least-squares.ts';
import type { MeasuredHost } from './simulate.ts';
import { fitLaw, type ScalingLaw } from './usl.ts';

/** One number of instances of an environment, on one workload. */
export interface ScaleLevel {
  readonly env: string;
  readonly workload: string;
  readonly instances: number;
  /** Blocks that have the level with every instance completed; only they count in figures. */
  readonly blocks: number;
  /** Instances that failed at this level, over all blocks. */
  readonly failed: number;
  /** What the rate counts: `MFLOPS`, else things a second; null without a burst. */
  readonly unit: string | null;
  /** Of all instances together while all of them work; geometric mean over blocks. Null where no block has it. */
  readonly throughput: { readonly value: number; readonly interval: Interval | null } | null;
  /** Throughput over that of one instance in the same block. */
  readonly speedup: Estimate | null;
  /** Time of a burst over the median of a single instance's bursts in the same block: of the median burst, and of 1 in 100. */
  readonly slowdown: Estimate | null;
  readonly slowdownP99: Estimate | null;
  /** Jain's index of the instances' throughputs: mean over blocks, and the least. 1: all get the same. */
  readonly fairness: { readonly mean: number; readonly least: number } | null;
  /** Time stolen by a hypervisor over CPU time of the window; mean over blocks. */
  readonly stealShare: number | null;
  /** Memory that the host lost to each instance; median over blocks. */
  readonly instanceBytes: number | null;
  /** Time ratio to the baseline at the same number of instances, paired by block; null for the baseline. */
  readonly ratio: Estimate | null;
  /** Null for the control, about which nothing is decided, and the baseline. */
  readonly verdict: Verdict | null;
}

/** The bursts of the windows, collected while the rows of a session pass by. */
export class WindowBursts {
  readonly #byStart = new Map<string, Bursts>();

  add({ phase, block, startId, workload, wallNs, work, rate, unit, better }: Sample): void {
    // A figure that a program prints is no burst.
    if (phase !== 'long' || better !== null) return;
    const key = keyOf(block, startId, workload);
    const bursts = this.#byStart.get(key) ?? { wallNs: [], nsPerPass: [], rate: [], unit };
    this.#byStart.set(key, bursts);
    bursts.wallNs.push(wallNs);
    bursts.nsPerPass.push(wallNs / work);
    bursts.rate.push(rate);
  }

  of({ block, startId, workload }: Pick<ScaleRow, 'block' | 'startId' | 'workload'>): Bursts | undefined {
    return this.#byStart.get(keyOf(block, startId, workload));
  }
}

/** Of one instance in one window, in the order in which they ran, back to back. */
interface Bursts {
  readonly wallNs: number[];
  readonly nsPerPass: number[];
  readonly rate: (number | null)[];
  readonly unit: string;
}

/** One window: all instances of a level in one block. */
interface Cell {
  readonly block: number;
  readonly unit: string;
  /** Of each instance, while all of them worked. */
  readonly throughputs: readonly number[];
  /** Of the bursts that began in the window. */
  readonly nsPerPass: readonly number[];
  readonly burstNs: readonly number[];
  readonly stealShare: number | null;
  readonly instanceBytes: number | null;
}

type Cells = ReadonlyMap<number, Cell>;

/** What is known of one environment, workload and level. */
interface Series {
  readonly env: string;
  readonly workload: string;
  readonly instances: number;
  readonly cells: Cells;
  readonly failed: number;
}

type ScalePlan = Pick<Plan, 'environments' | 'baseline' | 'margin' | 'limits'>;

/** Rows in the plan's order, the control last, by workload and level. */
export function summarizeScale(rows: readonly ScaleRow[], bursts: WindowBursts, plan: ScalePlan): ScaleLevel[] {
  const all = seriesOf(rows, bursts, plan);
  const find = finderOf(all);
  const control = controlOf(plan.baseline);
  return all.map((series): ScaleLevel => {
    const { env, cells } = series;
    const single = find(env, { ...series, instances: 1 });
    const baseline = env === plan.baseline ? undefined : find(plan.baseline, series);
    const ratio = baseline === undefined ? null : totalOver(baseline, cells);
    const controlCells = find(control, series);
    const base = find(plan.baseline, series);
    const known = base === undefined || controlCells === undefined ? null : totalOver(base, controlCells);
    const isJudged = env !== plan.baseline && env !== control && ratio !== null;
    return {
      ...headOf(series),
      throughput: levelOf(cells),
      speedup: single === undefined ? null : totalOver(cells, single),
      slowdown: single === undefined ? null : slowdownOf(cells, single, 0.5),
      slowdownP99: single === undefined ? null : slowdownOf(cells, single, 0.99),
      ...sharesOf([...cells.values()]),
      ratio,
      verdict: isJudged ? judgeRatio(ratio, known, plan.margin) : null,
    };
  });
}

/** The scaling law of one environment on one workload. */
export interface ScaleLaw {
  readonly env: string;
  readonly workload: string;
  /** What its throughput counts. */
  readonly unit: string;
  readonly law: ScalingLaw;
}

/** A law for every environment and workload with enough levels, in the order of the levels. */
export function scalingLaws(rows: readonly ScaleRow[], bursts: WindowBursts, plan: ScalePlan): ScaleLaw[] {
  return pairsOf(rows, bursts, plan).flatMap((own) => {
    const [{ env, workload }] = own;
    const law = fitLaw(own.flatMap(pointsOf));
    const unit = own.flatMap(({ cells }) => [...cells.values()])[0]?.unit;
    return law === null || unit === undefined ? [] : [{ env, workload, unit, law }];
  });
}

function pointsOf({ instances, cells }: Series): ThroughputPoint[] {
  return [...cells.values()].map((cell) => ({ block: cell.block, instances, throughput: total(cell) }));
}

/** A quantile of the bursts of one environment and workload, by the number of instances. */
export interface QuantileLevels {
  readonly env: string;
  readonly workload: string;
  readonly levels: readonly {
    readonly instances: number;
    readonly value: number;
    readonly interval: Interval | null;
  }[];
}

/**
 * A quantile of the bursts at every level: as times of a single instance's median burst, or in ns. Geometric means over
 * blocks.
 */
export function quantileLevels(
  rows: readonly ScaleRow[],
  bursts: WindowBursts,
  plan: ScalePlan,
  { figure, quantile: share }: { readonly figure: 'slowdown' | 'latency'; readonly quantile: number },
): QuantileLevels[] {
  return pairsOf(rows, bursts, plan).map((own) => {
    const [{ env, workload }] = own;
    const single = own.find(({ instances }) => instances === 1)?.cells ?? new Map<number, Cell>();
    const levels = own.flatMap(({ instances, cells }) => {
      const estimate = figure === 'slowdown' ? slowdownOf(cells, single, share) : latencyOf(cells, share);
      return estimate === null ? [] : [{ instances, value: estimate.ratio, interval: estimate.interval }];
    });
    return { env, workload, levels };
  });
}

/** What a simulation of an environment starts from, block by block; blocks without a single instance are left out. */
export interface SingleBursts {
  readonly env: string;
  readonly workload: string;
  readonly blocks: readonly (MeasuredHost & { readonly block: number })[];
}

export function singleBursts(rows: readonly ScaleRow[], bursts: WindowBursts, plan: ScalePlan): SingleBursts[] {
  const all = seriesOf(rows, bursts, plan);
  const find = finderOf(all);
  const cpus = plan.limits.cpus.length;
  return all
    .filter(({ instances }) => instances === 1)
    .map(({ env, workload, cells }) => {
      const full = find(env, { workload, instances: cpus });
      const blocks = [...cells.values()].map(({ block, burstNs, nsPerPass }) => {
        const busy = full?.get(block)?.nsPerPass;
        const busyFactor = busy === undefined ? 1 : median(busy) / median(nsPerPass);
        return { block, burstNs, busyFactor };
      });
      return { env, workload, blocks };
    });
}

/** Ratios by which a session and its reproduction are compared: at each level. */
export function scaleRatios(
  { scale, samples }: { readonly scale: readonly ScaleRow[]; readonly samples: Iterable<Sample> },
  plan: ScalePlan,
): RatioRow[] {
  const bursts = new WindowBursts();
  for (const sample of samples) bursts.add(sample);
  const control = controlOf(plan.baseline);
  return summarizeScale(scale, bursts, plan).flatMap(({ env, workload, instances, ratio, verdict }) => {
    const figure = `${workload}, ${instances} at once`;
    return env === control ? [] : ratioRows({ env, baseline: plan.baseline, workload: figure }, ratio, verdict);
  });
}

function seriesOf(rows: readonly ScaleRow[], bursts: WindowBursts, plan: ScalePlan): Series[] {
  const order = [...plan.environments.map(({ path }) => path), controlOf(plan.baseline)];
  const groups = grouped(rows, ({ env, workload, instances }) => [env, workload, instances]);
  const series = groups.map((group): Series => {
    const { env, workload, instances } = group[0] as ScaleRow;
    return { env, workload, instances, ...cellsOf(group, bursts, plan) };
  });
  const place = ({ env }: Series) => order.indexOf(env);
  const byName = (a: string, b: string) => Number(a > b) - Number(a < b);
  return series.sort((a, b) => place(a) - place(b) || byName(a.workload, b.workload) || a.instances - b.instances);
}

/** The cells of another environment, or of another number of instances. */
function finderOf(all: readonly Series[]) {
  const keyed = ({ workload, instances }: Pick<Series, 'workload' | 'instances'>, env: string) =>
    JSON.stringify([env, workload, instances]);
  const known = new Map(all.map((one) => [keyed(one, one.env), one.cells]));
  return (env: string, level: Pick<Series, 'workload' | 'instances'>) => known.get(keyed(level, env));
}

/** All levels of an environment and workload together. */
function pairsOf(rows: readonly ScaleRow[], bursts: WindowBursts, plan: ScalePlan): [Series, ...Series[]][] {
  return grouped(seriesOf(rows, bursts, plan), ({ env, workload }) => [env, workload]) as [Series, ...Series[]][];
}

/** A window with an instance that failed is no cell: what is left of it is another level. */
function cellsOf(rows: readonly ScaleRow[], bursts: WindowBursts, plan: ScalePlan): { cells: Cells; failed: number } {
  const cells = new Map<number, Cell>();
  for (const own of grouped(rows, ({ block }) => block)) {
    if (own.some(({ status }) => status !== 'completed') || own.length !== own[0]?.instances) continue;
    const cell = cellOf(own, bursts, plan);
    if (cell !== null) cells.set(cell.block, cell);
  }
  return { cells, failed: rows.filter(({ status }) => status !== 'completed').length };
}

function cellOf(rows: readonly ScaleRow[], bursts: WindowBursts, { limits }: ScalePlan): Cell | null {
  const beginNs = largest(rows.map((row) => row.beginNs ?? Number.NaN));
  const endNs = smallest(rows.map((row) => row.endNs ?? Number.NaN));
  const windowNs = endNs - beginNs;
  const found = rows.map((row) => bursts.of(row));
  const [first] = found;
  if (!(windowNs > 0) || first === undefined || found.some((one) => one === undefined)) return null;
  const shares = rows.map((row, index) => shareOf(found[index] as Bursts, row.beginNs ?? 0, { beginNs, endNs }));
  const [{ stealMs, hostDeltaBytes, block, instances }] = rows as [ScaleRow];
  return {
    block,
    unit: first.unit,
    throughputs: shares.map(({ amount }) => amount / windowNs),
    nsPerPass: shares.flatMap((share) => share.nsPerPass),
    burstNs: shares.flatMap((share) => share.burstNs),
    stealShare: stealMs === null ? null : (stealMs * 1e6) / (windowNs * limits.cpus.length),
    instanceBytes: hostDeltaBytes === null ? null : hostDeltaBytes / instances,
  };
}

/** What an instance did between two times: a burst at an edge counts by its share; its time counts if it began inside. */
function shareOf(
  { wallNs, nsPerPass, rate }: Bursts,
  fromNs: number,
  { beginNs, endNs }: { beginNs: number; endNs: number },
) {
  let atNs = fromNs;
  let amount = 0;
  const begun: number[] = [];
  const lasted: number[] = [];
  for (const [index, burstNs] of wallNs.entries()) {
    const overlapNs = Math.min(atNs + burstNs, endNs) - Math.max(atNs, beginNs);
    if (overlapNs > 0) amount += (rate[index] ?? 0) * overlapNs;
    if (atNs >= beginNs && atNs < endNs) {
      begun.push(nsPerPass[index] as number);
      lasted.push(burstNs);
    }
    atNs += burstNs;
  }
  return { amount, nsPerPass: begun, burstNs: lasted };
}

function total({ throughputs }: Cell): number {
  return throughputs.reduce((sum, one) => sum + one, 0);
}

function logsOf(cells: Cells, figure: (cell: Cell) => number): Map<number, number> {
  return new Map([...cells].map(([block, cell]) => [block, Math.log(figure(cell))]));
}

function totalOver(cells: Cells, others: Cells): Estimate | null {
  return pairedEstimate(logsOf(cells, total), logsOf(others, total));
}

function slowdownOf(cells: Cells, single: Cells, share: number): Estimate | null {
  const alone = logsOf(single, ({ nsPerPass }) => median(nsPerPass));
  return pairedEstimate(
    logsOf(cells, ({ nsPerPass }) => quantile(nsPerPass, share)),
    alone,
  );
}

/** ns */
function latencyOf(cells: Cells, share: number): Estimate | null {
  return finiteEstimate(logsOf(cells, ({ burstNs }) => quantile(burstNs, share)));
}

function finiteEstimate(logs: ReadonlyMap<number, number>): Estimate | null {
  return estimateOf(new Map([...logs].filter(([, log]) => Number.isFinite(log))));
}

function headOf({ env, workload, instances, cells, failed }: Series) {
  const unit = [...cells.values()][0]?.unit ?? null;
  return { env, workload, instances, blocks: cells.size, failed, unit };
}

function levelOf(cells: Cells): ScaleLevel['throughput'] {
  const estimate = finiteEstimate(logsOf(cells, total));
  return estimate && { value: estimate.ratio, interval: estimate.interval };
}

function sharesOf(cells: readonly Cell[]): Pick<ScaleLevel, 'fairness' | 'stealShare' | 'instanceBytes'> {
  const indices = cells.flatMap(({ throughputs }) => jainIndex(throughputs) ?? []);
  const steals = cells.flatMap(({ stealShare }) => stealShare ?? []);
  const bytes = cells.flatMap(({ instanceBytes }) => instanceBytes ?? []);
  return {
    fairness: indices.length === 0 ? null : { mean: mean(indices), least: smallest(indices) },
    stealShare: steals.length === 0 ? null : mean(steals),
    instanceBytes: bytes.length === 0 ? null : median(bytes),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function keyOf(block: number, startId: string, workload: string): string {
  return `${block} ${startId} ${workload}`;
}
