/** From a folder of sessions to the model of its history: trends of every series, and what differs at each change. */

import { trendOf } from '../bench/analysis/history.ts';
import { type HistoryGroup, type HistorySeries, readHistory } from '../bench/session/history.ts';
import { readSessionInfo } from '../bench/session/load.ts';
import type { HistoryChange, HistoryLine, HistoryModel } from '../reports/history.ts';
import { hostDifferences } from './compare/hosts.ts';

/** Changes whose hosts are looked at: each costs two more files. */
const MOST_EXPLAINED = 50;

export function historyModel(folder: string, program: string, margin: number): HistoryModel {
  const { groups, leftOut, untrusted } = readHistory(folder);
  let explained = 0;
  const lineOf = (group: HistoryGroup, series: HistorySeries): HistoryLine => {
    const { levels, changes, searched, scatterLog } = trendOf(series.logs);
    return {
      ...series,
      levels,
      searched,
      scatterLog,
      changes: changes.map((change): HistoryChange => {
        const [before, after] = [change.at - 1, change.at].map((at) => group.sessions[series.places[at] as number]);
        const isExplained = before !== undefined && after !== undefined && explained++ < MOST_EXPLAINED;
        const differences = isExplained ? hostDifferences(readSessionInfo(before.dir), readSessionInfo(after.dir)) : [];
        return { ...change, before: before?.id ?? '', after: after?.id ?? '', differences };
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
