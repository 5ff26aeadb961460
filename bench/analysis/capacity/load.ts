/** Latency under load: what requests took at each rate, with intervals over blocks, and up to which rate an environment keeps up. */

import { grouped } from '../../grouped.ts';
import { burstNsOf } from '../../plan/commands.ts';
import { controlOf } from '../../plan/schedule.ts';
import type { Estimate, Interval, LoadRow, Plan } from '../../types.ts';
import { median } from '../../units.ts';
import { estimateOf, ratioOf } from '../stats/interval.ts';

export const LATENCIES = ['p50', 'p99', 'p999'] as const;
export type Latency = (typeof LATENCIES)[number];

/** A share of the requests, and how many a block must have for it: with fewer, the value would be the largest or no value at all. */
const QUANTILES: Readonly<Record<Latency, { readonly share: number; readonly leastArrivals: number }>> = {
  p50: { share: 0.5, leastArrivals: 2 },
  p99: { share: 0.99, leastArrivals: 100 },
  p999: { share: 0.999, leastArrivals: 1000 },
};

/** A request is late when it was sent so long after its time: by this, or by this share of a burst if that is longer. */
const LATE_NS = 1e6;
const LATE_BURST_SHARE = 0.1;
/** A level in which more than this share of the requests was late is not judged. */
const LATE_SHARE = 0.01;

/** A box that answers fewer than this share of the requests that arrive does not keep up. */
const KEEPS_UP = 0.95;
/** The knee is the highest rate whose p99 is at most so many service times of the baseline. */
export const KNEE_SERVICE_TIMES = 10;

/** Of a typical block: the mean over blocks of logarithms, back. The interval is of 95 %; null from one block. */
export interface Level {
  readonly value: number;
  readonly interval: Interval | null;
  readonly blocks: number;
}

/** One environment, workload and rate. */
export interface LoadLevel {
  readonly env: string;
  readonly workload: string;
  /** Arrivals a second, on average. */
  readonly ratePerSecond: number;
  readonly blocks: number;
  /** Blocks in which the harness was late; they are in no other figure than arrivals and lateness, and not judged. */
  readonly lateBlocks: number;
  /** Of the others, those in which the box did not keep up. */
  readonly saturatedBlocks: number;
  /** In at least half of the blocks that are judged. */
  readonly isSaturated: boolean;
  /** Requests of all blocks, and those of them that have an answer. */
  readonly arrivals: number;
  readonly answered: number;
  /** Requests a second that were answered. */
  readonly achievedPerSecond: Level | null;
  /** Share of the time in which the box worked on a burst, by its own clock. */
  readonly utilisation: number | null;
  /** Median over all bursts, ns. */
  readonly serviceNs: number | null;
  /** From the intended arrival to the answer, ns. Null where no block has enough requests, or too many of one have no answer. */
  readonly latencyNs: Readonly<Record<Latency, Level | null>>;
  /** Share of all requests that were sent late, and the 99th percentile of how late they were sent, ns. */
  readonly lateShare: number;
  readonly latenessNs: number;
  /** Latency over that of the baseline at the same rate, paired by block; null where either is saturated. */
  readonly ratios: Readonly<Record<Latency, Estimate | null>>;
}

/** Up to which rate an environment keeps up with a workload. */
export interface LoadKnee {
  readonly env: string;
  readonly workload: string;
  /** The highest rate at which, and below which, p99 is within the limit; null when it is not at the lowest. */
  readonly ratePerSecond: number | null;
  /** The lowest rate at which it is not; null when it is at all of them. */
  readonly beyondPerSecond: number | null;
  readonly limitNs: number;
}

export interface LoadSummary {
  /** In the order of the plan, the control last; rates ascending. */
  readonly levels: readonly LoadLevel[];
  readonly knees: readonly LoadKnee[];
}

type LoadPlan = Pick<Plan, 'environments' | 'baseline' | 'burstNs'> & Partial<Pick<Plan, 'commands'>>;

/** Of rows that count. Empty without any. */
export function summarizeLoad(rows: readonly LoadRow[], plan: LoadPlan): LoadSummary {
  const cells = cellsOf(rows, plan);
  const envs = [...plan.environments.map(({ path }) => path), controlOf(plan.baseline)];
  const workloads = [...new Set(cells.map(({ workload }) => workload))];
  const levels = workloads.flatMap((workload) => {
    const own = cells.filter((cell) => cell.workload === workload).sort((a, b) => a.rate - b.rate);
    const atRates = grouped(own, ({ rate }) => rate);
    return envs.flatMap((env) =>
      atRates.flatMap((at) => (at.some((cell) => cell.env === env) ? [levelOf(at, env, plan.baseline)] : [])),
    );
  });
  return { levels, knees: kneesOf(levels, envs, plan.baseline) };
}

/** What one level of one block says. */
interface Cell {
  readonly block: number;
  readonly env: string;
  readonly workload: string;
  readonly rate: number;
  readonly arrivals: number;
  readonly answered: number;
  readonly achievedPerSecond: number;
  readonly utilisation: number;
  readonly serviceNs: readonly number[];
  /** Infinite where so many have no answer; null where there are too few requests. */
  readonly latencyNs: Readonly<Record<Latency, number | null>>;
  readonly latenessNs: readonly number[];
  readonly late: number;
  readonly isLate: boolean;
  readonly isSaturated: boolean;
}

function cellsOf(rows: readonly LoadRow[], plan: LoadPlan): Cell[] {
  return grouped(rows, ({ block, position }) => [block, position]).map((group) => cellOf(group, plan));
}

function cellOf(rows: readonly LoadRow[], plan: LoadPlan): Cell {
  const { block, env, workload, rate } = rows[0] as LoadRow;
  const arrivals = rows.length;
  const answered = rows.flatMap((row) => (row.doneNs === null ? [] : [{ ...row, doneNs: row.doneNs }]));
  const serviceNs = answered.flatMap((row) => row.serviceNs ?? []);
  const lastIntendedNs = rows.at(-1)?.intendedNs ?? 0;
  const lastDoneNs = answered.at(-1)?.doneNs ?? 0;
  // The last request is answered one service time after it arrived also where nobody waits.
  const typicalNs = serviceNs.length === 0 ? 0 : median(serviceNs);
  const achievedPerSecond = (answered.length * 1e9) / Math.max(lastIntendedNs, lastDoneNs - typicalNs);
  const offeredPerSecond = (arrivals * 1e9) / lastIntendedNs;
  const latenessNs = rows.map(({ sentNs, intendedNs }) => sentNs - intendedNs);
  const lateNs = lateLimitNs(plan, workload);
  const late = latenessNs.filter((ns) => ns > lateNs).length;
  return {
    ...{
      block,
      env,
      workload,
      rate,
      arrivals,
      answered: answered.length,
      achievedPerSecond,
      serviceNs,
      latenessNs,
      late,
    },
    utilisation: serviceNs.reduce((sum, ns) => sum + ns, 0) / Math.max(lastIntendedNs, lastDoneNs),
    latencyNs: latenciesOf(rows),
    isLate: isTooLate(late, arrivals),
    isSaturated: achievedPerSecond < KEEPS_UP * offeredPerSecond || rows.some(({ status }) => status === 'dropped'),
  };
}

/** Was the harness so late that the level says nothing about the box? */
export function isTooLate(late: number, arrivals: number): boolean {
  return late > LATE_SHARE * arrivals;
}

/** How late a request may be sent, ns. */
export function lateLimitNs(plan: Pick<LoadPlan, 'burstNs' | 'commands'>, workload: string): number {
  const burstNs = burstNsOf(plan, workload);
  return Math.max(LATE_NS, LATE_BURST_SHARE * burstNs);
}

/** The nearest rank. A request without an answer took longer than all that have one. */
function latenciesOf(rows: readonly LoadRow[]): Record<Latency, number | null> {
  const sorted = Float64Array.from(rows, ({ doneNs, intendedNs }) =>
    doneNs === null ? Number.POSITIVE_INFINITY : doneNs - intendedNs,
  ).sort();
  return forEach(({ share, leastArrivals }) => {
    if (sorted.length < leastArrivals) return null;
    return sorted[nearestRank(sorted.length, share)] as number;
  });
}

/** Place of a quantile among so many sorted values, from 0: the lowest that leaves at most the rest above it. */
function nearestRank(count: number, share: number): number {
  // 0.99 · 100 is a little more than 99 in binary.
  return Math.max(0, Math.ceil(count * share - 1e-9) - 1);
}

function forEach<T>(of: (quantile: (typeof QUANTILES)[Latency], name: Latency) => T): Record<Latency, T> {
  return { p50: of(QUANTILES.p50, 'p50'), p99: of(QUANTILES.p99, 'p99'), p999: of(QUANTILES.p999, 'p999') };
}

/** @param cells of one workload and rate */
function levelOf(cells: readonly Cell[], env: string, baseline: string): LoadLevel {
  const own = cells.filter((cell) => cell.env === env);
  const { workload, rate } = own[0] as Cell;
  const judged = own.filter(({ isLate }) => !isLate);
  const saturatedBlocks = judged.filter(({ isSaturated }) => isSaturated).length;
  const lateness = Float64Array.from(own.flatMap(({ latenessNs }) => latenessNs)).sort();
  const service = judged.flatMap(({ serviceNs }) => serviceNs);
  const sum = (of: (cell: Cell) => number, among = own) => among.reduce((total, cell) => total + of(cell), 0);
  return {
    ...{ env, workload, ratePerSecond: rate, blocks: own.length, saturatedBlocks },
    lateBlocks: own.length - judged.length,
    isSaturated: isMostly(saturatedBlocks, judged.length),
    arrivals: sum(({ arrivals }) => arrivals),
    answered: sum(({ answered }) => answered),
    achievedPerSecond: typical(judged.map(({ achievedPerSecond }) => achievedPerSecond)),
    utilisation: judged.length === 0 ? null : sum(({ utilisation }) => utilisation, judged) / judged.length,
    serviceNs: service.length === 0 ? null : median(service),
    latencyNs: forEach((_, name) => typical(judged.flatMap(({ latencyNs }) => latencyNs[name] ?? []))),
    lateShare: sum(({ late }) => late) / lateness.length,
    latenessNs: lateness[nearestRank(lateness.length, 0.99)] as number,
    ratios: forEach((_, name) => ratioAt(cells, { env, baseline }, name)),
  };
}

function isMostly(part: number, whole: number): boolean {
  return whole > 0 && 2 * part >= whole;
}

/** Null without values, and with one that is infinite: the others would be of the better blocks alone. */
function typical(values: readonly number[]): Level | null {
  if (values.length === 0 || !values.every((value) => value > 0 && Number.isFinite(value))) return null;
  const { ratio: value, interval } = ratioOf(values.map(Math.log));
  return { value, interval, blocks: values.length };
}

/** Against the baseline and against the control in the same block, averaged; the control only against the baseline. */
function ratioAt(
  cells: readonly Cell[],
  { env, baseline }: { readonly env: string; readonly baseline: string },
  name: Latency,
): Estimate | null {
  if (env === baseline) return null;
  const control = controlOf(baseline);
  const isSteady = (cell: Cell) => !cell.isLate && !cell.isSaturated;
  const logsOf = (path: string) =>
    new Map(
      cells.flatMap((cell): [number, number][] => {
        const ns = cell.latencyNs[name];
        return cell.env === path && isSteady(cell) && ns !== null ? [[cell.block, Math.log(ns)]] : [];
      }),
    );
  const [own, base, twin] = [logsOf(env), logsOf(baseline), logsOf(control)];
  const ratios = [...own].flatMap(([block, log]): [number, number][] => {
    const first = base.get(block);
    if (first === undefined) return [];
    const second = env === control ? undefined : twin.get(block);
    return [[block, log - (second === undefined ? first : (first + second) / 2)]];
  });
  return estimateOf(new Map(ratios));
}

function kneesOf(levels: readonly LoadLevel[], envs: readonly string[], baseline: string): LoadKnee[] {
  const workloads = [...new Set(levels.map(({ workload }) => workload))];
  return workloads.flatMap((workload) => {
    const serviceNs = levels.find(
      (level) => level.env === baseline && level.workload === workload && level.serviceNs !== null,
    )?.serviceNs;
    if (serviceNs == null) return [];
    const limitNs = KNEE_SERVICE_TIMES * serviceNs;
    return envs.flatMap((env) => {
      const own = levels.filter((level) => level.env === env && level.workload === workload);
      const found = kneeOf(own, limitNs);
      return found === null ? [] : [{ env, workload, ...found, limitNs }];
    });
  });
}

/** From the lowest rate up. Levels that were not judged are passed over; null when none was. */
function kneeOf(
  levels: readonly LoadLevel[],
  limitNs: number,
): Pick<LoadKnee, 'ratePerSecond' | 'beyondPerSecond'> | null {
  const exceeds = ({ isSaturated, saturatedBlocks, latencyNs: { p99 } }: LoadLevel) =>
    isSaturated || (p99 === null ? saturatedBlocks > 0 : p99.value > limitNs);
  const judged = levels.filter((level) => exceeds(level) || level.latencyNs.p99 !== null);
  if (judged.length === 0) return null;
  const at = judged.findIndex(exceeds);
  const within = at < 0 ? judged.at(-1) : judged[at - 1];
  return {
    ratePerSecond: within?.ratePerSecond ?? null,
    beyondPerSecond: at < 0 ? null : (judged[at]?.ratePerSecond ?? null),
  };
}
