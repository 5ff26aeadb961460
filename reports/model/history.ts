/** From a folder of sessions to the model of its history: trends of every series, and what differs at each change. */

import { trendOf } from '../../bench/analysis/history.ts';
import {
  type FiguresOf,
  type HistoryGroup,
  type HistorySeries,
  type KnownEntries,
  readHistory,
} from '../../bench/session/history.ts';
import type { SessionInfo } from '../../bench/session/info.ts';
import { readSessionInfo } from '../../bench/session/load.ts';
import { formatNs, threeDigits } from '../../bench/units.ts';
import { clean } from '../text.ts';
import type { HostDifference } from './record.ts';

export interface HistoryChange {
  /** Place in the line of the first session after the change. */
  readonly at: number;
  /** False where noise that wanders from session to session may look the same. */
  readonly certain: boolean;
  readonly changeLog: number;
  /** Names of the last session before and the first one after. */
  readonly before: string;
  readonly after: string;
  /** What differs between these two hosts. */
  readonly differences: readonly HostDifference[];
}

/** One figure over the sessions of a machine. Places are those of the group's sessions; logs are natural. */
export interface HistoryLine {
  readonly figure: HistorySeries['figure'];
  /** What was measured, where that is not workloads. */
  readonly measure?: string;
  readonly env: string;
  readonly baseline: string | null;
  readonly workload: string;
  readonly places: readonly number[];
  readonly logs: readonly number[];
  readonly lows: readonly number[];
  readonly highs: readonly number[];
  readonly levels: readonly { readonly from: number; readonly to: number; readonly meanLog: number }[];
  readonly changes: readonly HistoryChange[];
  /** A slow, steady change from the first session to the last; null without one. */
  readonly driftLog: number | null;
  /** False when there are too few sessions to look for changes. */
  readonly searched: boolean;
  readonly scatterLog: number | null;
}

/** `docker against native`, or the environment alone: what the times and ratios of a line are of. */
export function pairOf({ env, baseline }: HistoryLine): string {
  return baseline === null ? clean(env) : `${clean(env)} against ${clean(baseline)}`;
}

/** `docker against native on fft`, `docker on fft, time per pass`; of other kinds of measurement `docker against native: ready, warm`. */
export function lineName(line: HistoryLine): string {
  if (line.measure !== undefined) return `${pairOf(line)}: ${clean(line.workload, 60)}`;
  return `${pairOf(line)} on ${clean(line.workload, 40)}${line.figure === 'time' ? ', time per pass' : ''}`;
}

/** A value of the line: a time, a size, or a ratio. */
export function lineValue({ figure }: HistoryLine, log: number): string {
  if (figure === 'size') return `${threeDigits(Math.exp(log) / 2 ** 20)} MiB`;
  return figure === 'time' ? formatNs(Math.exp(log)) : Math.exp(log).toFixed(log > Math.log(10) ? 2 : 4);
}

export interface HistoryMachine {
  readonly fingerprint: string;
  readonly cpuModel: string;
  readonly measure?: string;
  readonly size: string;
  readonly kernels: string;
  readonly threads: number;
  readonly ownThreads?: HistoryGroup['ownThreads'];
  readonly baseline: string;
  readonly sessions: readonly { readonly id: string; readonly startedAtMs: number }[];
  readonly lines: readonly HistoryLine[];
}

export interface HistoryModel {
  readonly program: string;
  readonly folder: string;
  readonly margin: number;
  readonly groups: readonly HistoryMachine[];
  readonly leftOut: readonly { readonly why: string; readonly dirs: readonly string[] }[];
  /** Rows of untrusted contrasts, which are in no line. */
  readonly untrusted: number;
}

/** Changes whose hosts are looked at: each costs two more files. */
const MOST_EXPLAINED = 50;

export interface HistoryOptions {
  readonly program: string;
  readonly margin: number;
  /** Figures of a session that measured something other than workloads. */
  readonly figuresOf: FiguresOf;
  /** Sessions that need not be read again. */
  readonly known?: KnownEntries;
  /** What differs between the hosts of two sessions. */
  readonly differences: (before: SessionInfo, after: SessionInfo) => readonly HostDifference[];
}

export function readHistoryModel(
  folder: string,
  { program, margin, figuresOf, known, differences }: HistoryOptions,
): HistoryModel {
  const { groups, leftOut, untrusted } = readHistory(folder, { figuresOf, known });
  let explained = 0;
  const lineOf = (group: HistoryGroup, series: HistorySeries): HistoryLine => {
    const { levels, changes, driftLog, searched, scatterLog } = trendOf(series.logs, margin);
    return {
      ...series,
      ...(group.measure === undefined ? {} : { measure: group.measure }),
      levels,
      driftLog,
      searched,
      scatterLog,
      changes: changes.map((change): HistoryChange => {
        const [before, after] = [change.at - 1, change.at].map((at) => group.sessions[series.places[at] as number]);
        const isExplained = before !== undefined && after !== undefined && explained++ < MOST_EXPLAINED;
        const found = isExplained ? differences(readSessionInfo(before.dir), readSessionInfo(after.dir)) : [];
        return { ...change, before: before?.id ?? '', after: after?.id ?? '', differences: found };
      }),
    };
  };
  return {
    program,
    folder,
    margin,
    untrusted,
    leftOut: [...leftOut].map(([why, dirs]) => ({ why, dirs })),
    groups: groups
      .map(({ series, sessions, ...head }) => ({
        ...head,
        sessions: sessions.map(({ id, startedAtMs }) => ({ id, startedAtMs })),
        lines: series.map((one) => lineOf({ ...head, series, sessions }, one)),
      }))
      // The machine that was measured last comes first.
      .sort((a, b) => (b.sessions.at(-1)?.startedAtMs ?? 0) - (a.sessions.at(-1)?.startedAtMs ?? 0)),
  };
}
