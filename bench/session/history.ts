/** Figures of many sessions over time, of workloads from session.json and contrasts.csv alone: thousands are read in seconds. */

import { join } from 'node:path';
import { machineOf } from '../box/machine.ts';
import { BoxmarkError } from '../errors.ts';
import { ownCopies } from '../plan/copies.ts';
import { hasSuite, inShort, isOneSuite, nameAmongOthers, SUITE } from '../plan/suite.ts';
import { isTableThere } from './compressed.ts';
import { Copies } from './copies.ts';
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

export interface SeriesHead {
  /** `ratio`: to `baseline`. `time`: ns per pass, or of a start; `size`: bytes; `baseline` is null. */
  readonly figure: 'ratio' | 'time' | 'size';
  readonly env: string;
  readonly baseline: string | null;
  /** Or a figure of another kind of measurement: `ready, warm`. */
  readonly workload: string;
}

/** One figure over the sessions of a group. Places are those of `sessions`; logs are natural. */
export interface HistorySeries extends SeriesHead {
  readonly places: number[];
  readonly logs: number[];
  /** Ends of the 95 % interval of a ratio; NaN where there is none. */
  readonly lows: number[];
  readonly highs: number[];
}

/** A figure of one session. */
export interface StoredFigure extends SeriesHead {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly isUntrusted: boolean;
}

/** Of a session that measured something other than workloads. Throws `LeftOut` where it has none. */
export type FiguresOf = (dir: string, info: SessionInfo) => readonly StoredFigure[];

/** What sessions have in common that form a series. */
export interface GroupHead {
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
}

/** Sessions that form a series: of one machine, which measured the same, with the same size, kernels, threads and baseline. */
export interface HistoryGroup extends GroupHead {
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

/** What a history takes from one session. */
export interface SessionEntry {
  readonly id: string;
  readonly startedAtMs: number;
  /** That sessions of one machine have in common. */
  readonly machine: string;
  readonly head: GroupHead;
  /** Figures that are trusted: what each is called, its value and the ends of its interval. */
  readonly figures: readonly SeriesHead[];
  readonly values: readonly number[];
  readonly lows: readonly (number | null)[];
  readonly highs: readonly (number | null)[];
  /** How many are not. */
  readonly untrusted: number;
}

/** Entries of sessions that are as they were. */
export interface KnownEntries {
  read(dir: string): SessionEntry | null;
  /** Of a session that `read` did not know. */
  keep(dir: string, entry: SessionEntry): void;
}

interface Growing extends GroupHead {
  readonly sessions: HistorySession[];
  readonly series: HistorySeries[];
  /** The same by figure, workload, environment and baseline. */
  readonly known: Tree;
  /** Those of the last session's figures: nearly always those of the next one's. */
  readonly last: HistorySeries[];
}

interface Tree extends Map<string | null, Tree | HistorySeries> {}

interface Reading {
  readonly figuresOf: FiguresOf;
  readonly known?: KnownEntries | undefined;
}

/**
 * Reads the sessions of a folder one after the other and keeps their figures only. A session that is cut, damaged or
 * empty is left out and named; of copies the first counts. Throws a usage error when there is no session at all.
 */
export function readHistory(folder: string, { figuresOf, known }: Reading): History {
  const groups = new Map<string, Growing>();
  const leftOut = new Map<string, string[]>();
  const copies = new Copies();
  let untrusted = 0;
  // Names start with the time, unless a folder was renamed; groups are sorted below.
  for (const dir of sessionFolders(folder, { below: true })) {
    try {
      const entry = entryOf(dir, { figuresOf, known });
      // By name alone: a digest of the rows would mean to read them.
      const why = copies.whyLeftOut(dir, [entry.id]);
      if (why !== null) throw new LeftOut(why);
      untrusted += entry.untrusted;
      addSession(groups, dir, entry);
    } catch (error) {
      const why = reasonOf(error);
      const others = leftOut.get(why);
      if (others === undefined) leftOut.set(why, [dir]);
      else others.push(dir);
    }
  }
  return { groups: [...groups.values()].map(inOrder), leftOut, untrusted };
}

function entryOf(dir: string, { figuresOf, known }: Reading): SessionEntry {
  const before = known?.read(dir) ?? null;
  if (before !== null) return before;
  const entry = readEntry(dir, figuresOf);
  known?.keep(dir, entry);
  return entry;
}

function readEntry(dir: string, figuresOf: FiguresOf): SessionEntry {
  const info = readSessionInfo(dir);
  const { session, startedAt, host, plan } = info;
  const startedAtMs = Date.parse(startedAt);
  const all = plan.measure === undefined ? contrastFigures(dir, plan) : figuresOf(dir, info);
  if (!Number.isFinite(startedAtMs)) throw new LeftOut('its time is invalid');
  const { cpuModel = '' } = host.hardware as { cpuModel?: string };
  const { size, kernels, baseline, threads = 1 } = plan;
  const ownThreads = ownCopies(plan);
  const measure = measureText(info);
  const trusted = all.filter(({ isUntrusted }) => !isUntrusted);
  return {
    ...{ id: session, startedAtMs, machine: machineOf(host) },
    head: {
      ...{ fingerprint: host.fingerprint, cpuModel: String(cpuModel), size, kernels, threads, baseline },
      ...(ownThreads.length === 0 ? {} : { ownThreads }),
      ...(measure === '' ? {} : { measure }),
    },
    figures: trusted.map(({ figure, env, baseline: other, workload }) => ({ figure, env, baseline: other, workload })),
    values: trusted.map(({ value }) => value),
    lows: trusted.map(({ low }) => low),
    highs: trusted.map(({ high }) => high),
    untrusted: all.length - trusted.length,
  };
}

function addSession(groups: Map<string, Growing>, dir: string, entry: SessionEntry): void {
  const { id, startedAtMs, machine, head } = entry;
  const { size, kernels, threads, baseline, ownThreads = [], measure = '' } = head;
  const key = JSON.stringify([machine, size, kernels, threads, baseline, ownThreads, measure]);
  const group: Growing = groups.get(key) ?? { ...head, sessions: [], series: [], known: new Map(), last: [] };
  groups.set(key, group);
  const place = group.sessions.push({ id, dir, startedAtMs }) - 1;
  for (const [index, figure] of entry.figures.entries()) {
    const log = Math.log(entry.values[index] as number);
    if (!Number.isFinite(log)) continue;
    const series = seriesOf(group, figure, index);
    series.places.push(place);
    series.logs.push(log);
    series.lows.push(logOf(entry.lows[index] ?? null));
    series.highs.push(logOf(entry.highs[index] ?? null));
  }
}

/** Ratios of workloads, and the times behind them, each once. */
function contrastFigures(dir: string, plan: SessionInfo['plan']): StoredFigure[] {
  if (!isTableThere(join(dir, CONTRASTS.file))) throw new LeftOut(`incomplete: no ${CONTRASTS.file}`);
  const rows = [...rowsOf(dir, CONTRASTS)];
  if (rows.length === 0) throw new LeftOut('no whole block');
  const timed = new Map<string, Set<string>>();
  const figures: StoredFigure[] = [];
  // Spelled out: thousands of sessions have dozens of figures each, and objects that are spread take several times as long.
  const addTime = (env: string, workload: string, value: number | null) => {
    const known = timed.get(env) ?? new Set();
    if (known.has(workload)) return;
    timed.set(env, known.add(workload));
    if (value === null) return;
    figures.push({ figure: 'time', env, baseline: null, workload, value, low: null, high: null, isUntrusted: false });
  };
  for (const row of rows) {
    if (row.workload === SUITE && !hasSuite(plan)) continue;
    const { env, baseline, time_ratio: value, ratio_low: low, ratio_high: high } = row;
    const workload = nameAmongOthers(row.workload, plan);
    const isUntrusted = row.verdict === 'untrusted';
    figures.push({ figure: 'ratio', env, baseline, workload, value, low, high, isUntrusted });
    addTime(env, workload, row.ns_per_pass);
    addTime(baseline, workload, row.baseline_ns_per_pass);
  }
  return figures;
}

function seriesOf(group: Growing, head: SeriesHead, index: number): HistorySeries {
  const { figure, env, baseline, workload } = head;
  const last = group.last[index];
  const isLast =
    last?.figure === figure && last.env === env && last.baseline === baseline && last.workload === workload;
  if (isLast) return last;
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
  group.last[index] = series;
  return series;
}

function logOf(figure: number | null): number {
  return figure === null ? Number.NaN : Math.log(figure);
}

/** Sessions by time, and the points of every series with them. */
function inOrder({ sessions, series, known: _, last: _last, ...head }: Growing): HistoryGroup {
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
