/** Figures of many sessions over time, of workloads from session.json and contrasts.csv alone: thousands are read in seconds. */

import { join } from 'node:path';
import { machineOf } from '../box/machine.ts';
import { BoxmarkError } from '../errors.ts';
import { ownCopies } from '../plan/copies.ts';
import { hasSuite, inShort, isOneSuite, nameAmongOthers, SUITE } from '../plan/suite.ts';
import { isTableThere } from './compressed.ts';
import { measureText } from './design.ts';
import { CONTRASTS } from './figure-tables.ts';
import { sessionFolders } from './find.ts';
import type { SessionInfo } from './info.ts';
import { readSessionInfo, rowsOf } from './load.ts';

export interface HistorySession {
  readonly id: string;
  readonly dir: string;
  readonly startedAtMs: number;
}

/** One figure over the sessions of a group. Places are those of `sessions`; logs are natural. */
export interface HistorySeries {
  /** `ratio`: to `baseline`. `time`: ns per pass, or of a start; `size`: bytes; `baseline` is null. */
  readonly figure: 'ratio' | 'time' | 'size';
  readonly env: string;
  readonly baseline: string | null;
  /** Or a figure of another kind of measurement: `ready, warm`. */
  readonly workload: string;
  readonly places: number[];
  readonly logs: number[];
  /** Ends of the 95 % interval of a ratio; NaN where there is none. */
  readonly lows: number[];
  readonly highs: number[];
}

/** A figure of a session that measured something other than workloads. */
export interface StoredFigure extends Pick<HistorySeries, 'figure' | 'env' | 'baseline' | 'workload'> {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly isUntrusted: boolean;
}

/** Throws `LeftOut` where a session has none. */
export type FiguresOf = (dir: string, info: SessionInfo) => readonly StoredFigure[];

/** Sessions that form a series: of one machine, which measured the same, with the same size, kernels, threads and baseline. */
export interface HistoryGroup {
  /** What was measured, where that is not workloads: `footprint of 1, 2, 4, 8 instances`. */
  readonly measure?: string;
  /** That its first session has on record. */
  readonly fingerprint: string;
  /** Of the processor, as the system names it. */
  readonly cpuModel: string;
  readonly size: string;
  readonly kernels: string;
  /** Copies of a workload that ran at once. */
  readonly threads: number;
  /** Programs that ran as another number of copies; left out where there are none. */
  readonly ownThreads?: ReturnType<typeof ownCopies>;
  readonly baseline: string;
  /** In the order of time. */
  readonly sessions: readonly HistorySession[];
  /** Ratios first. */
  readonly series: readonly HistorySeries[];
}

export interface History {
  readonly groups: readonly HistoryGroup[];
  /** Sessions that are not in it, by reason. */
  readonly leftOut: ReadonlyMap<string, readonly string[]>;
  /** Rows of untrusted contrasts, which are in no series. */
  readonly untrusted: number;
}

interface Growing extends Omit<HistoryGroup, 'sessions' | 'series'> {
  readonly sessions: HistorySession[];
  readonly series: HistorySeries[];
  /** The same by figure, workload, environment and baseline. */
  readonly known: Tree;
}

interface Tree extends Map<string | null, Tree | HistorySeries> {}

/**
 * Reads the sessions of a folder one after the other and keeps their figures only. A session that is cut, damaged or
 * empty is left out and named. Throws a usage error when there is no session at all.
 */
export function readHistory(folder: string, figuresOf: FiguresOf): History {
  const groups = new Map<string, Growing>();
  const leftOut = new Map<string, string[]>();
  let untrusted = 0;
  // Names start with the time, unless a folder was renamed; groups are sorted below.
  for (const dir of sessionFolders(folder, { below: true })) {
    try {
      untrusted += readOne(dir, { groups, figuresOf });
    } catch (error) {
      const why = reasonOf(error);
      const known = leftOut.get(why);
      if (known === undefined) leftOut.set(why, [dir]);
      else known.push(dir);
    }
  }
  return { groups: [...groups.values()].map(inOrder), leftOut, untrusted };
}

interface Reading {
  readonly groups: Map<string, Growing>;
  readonly figuresOf: FiguresOf;
}

/** Returns the number of its untrusted figures. */
function readOne(dir: string, { groups, figuresOf }: Reading): number {
  const info = readSessionInfo(dir);
  const { session, startedAt, host, plan } = info;
  const startedAtMs = Date.parse(startedAt);
  const figures = plan.measure === undefined ? contrastFigures(dir, plan) : figuresOf(dir, info);
  if (!Number.isFinite(startedAtMs)) throw new LeftOut('its time is invalid');
  const { cpuModel = '' } = host.hardware as { cpuModel?: string };
  const { size, kernels, baseline, threads = 1 } = plan;
  const ownThreads = ownCopies(plan);
  const measure = measureText(info);
  const key = JSON.stringify([machineOf(host), size, kernels, threads, baseline, ownThreads, measure]);
  const group: Growing = groups.get(key) ?? {
    ...{ fingerprint: host.fingerprint, cpuModel: String(cpuModel), size, kernels, threads, baseline },
    ...(ownThreads.length === 0 ? {} : { ownThreads }),
    ...(measure === '' ? {} : { measure }),
    sessions: [],
    series: [],
    known: new Map(),
  };
  groups.set(key, group);
  const place = group.sessions.push({ id: session, dir, startedAtMs }) - 1;
  let untrusted = 0;
  for (const figure of figures) {
    if (figure.isUntrusted) untrusted += 1;
    else add(group, place, figure);
  }
  return untrusted;
}

/** Ratios of workloads, and the times behind them, each once. */
function contrastFigures(dir: string, plan: SessionInfo['plan']): StoredFigure[] {
  if (!isTableThere(join(dir, CONTRASTS.file))) throw new LeftOut(`incomplete: no ${CONTRASTS.file}`);
  const rows = [...rowsOf(dir, CONTRASTS)];
  if (rows.length === 0) throw new LeftOut('no whole block');
  const timed = new Map<string, Set<string>>();
  return rows.flatMap((row): StoredFigure[] => {
    if (row.workload === SUITE && !hasSuite(plan)) return [];
    const { env, baseline } = row;
    const workload = nameAmongOthers(row.workload, plan);
    const times = [
      [env, row.ns_per_pass],
      [baseline, row.baseline_ns_per_pass],
    ] as const;
    return [
      {
        ...{ figure: 'ratio', env, baseline, workload, value: row.time_ratio },
        ...{ low: row.ratio_low, high: row.ratio_high, isUntrusted: row.verdict === 'untrusted' },
      },
      ...times.flatMap(([box, value]): StoredFigure[] => {
        const known = timed.get(box) ?? new Set();
        if (known.has(workload)) return [];
        timed.set(box, known.add(workload));
        const about = { figure: 'time' as const, env: box, baseline: null, workload };
        return value === null ? [] : [{ ...about, value, low: null, high: null, isUntrusted: false }];
      }),
    ];
  });
}

function add(group: Growing, place: number, { figure, env, baseline, workload, value, low, high }: StoredFigure): void {
  const log = logOf(value);
  if (!Number.isFinite(log)) return;
  let tree = group.known;
  for (const name of [figure, workload, env]) {
    const next = (tree.get(name) as Tree | undefined) ?? new Map();
    tree.set(name, next);
    tree = next;
  }
  let series = tree.get(baseline) as HistorySeries | undefined;
  if (series === undefined) {
    series = { figure, env, baseline, workload, places: [], logs: [], lows: [], highs: [] };
    group.series.push(series);
    tree.set(baseline, series);
  }
  series.places.push(place);
  series.logs.push(log);
  series.lows.push(logOf(low));
  series.highs.push(logOf(high));
}

function logOf(figure: number | null): number {
  return figure === null ? Number.NaN : Math.log(figure);
}

/** Sessions by time, and the points of every series with them. */
function inOrder({ sessions, series, known: _, ...head }: Growing): HistoryGroup {
  const order = sessions
    .map((_, place) => place)
    .sort((a, b) => {
      const [first, second] = [sessions[a] as HistorySession, sessions[b] as HistorySession];
      return first.startedAtMs - second.startedAtMs || (first.id < second.id ? -1 : 1);
    });
  const placeOf = new Map(order.map((before, after) => [before, after]));
  const sorted = series.map((one) => {
    const points = one.places
      .map((place, index) => ({ place: placeOf.get(place) as number, index }))
      .sort((a, b) => a.place - b.place);
    const column = (values: readonly number[]) => points.map(({ index }) => values[index] as number);
    const places = points.map(({ place }) => place);
    return { ...one, places, logs: column(one.logs), lows: column(one.lows), highs: column(one.highs) };
  });
  const named = isOneSuite(sorted) ? inShort(sorted) : sorted;
  const rank = ({ figure }: HistorySeries) => (figure === 'ratio' ? 0 : 1);
  return {
    ...head,
    sessions: order.map((place) => sessions[place] as HistorySession),
    series: named.sort((a, b) => rank(a) - rank(b)),
  };
}

/** Why a session is not in a history, without its name. */
export class LeftOut extends Error {}

function reasonOf(error: unknown): string {
  if (error instanceof LeftOut) return error.message;
  if (error instanceof BoxmarkError) return error.what.replace(/\.$/, '');
  throw error;
}
