/** One figure over sessions: where it changed, by how much, and how much it varies in between. */

import { changePoints, type DivisiveOptions } from './stats/e-divisive.ts';

/** Fewer sessions than this are not searched for changes. */
export const LEAST_HISTORY = 12;

const OPTIONS: DivisiveOptions = { least: 3, alpha: 0.001, permutations: 999, seed: 20141 };

export interface Level {
  /** First session of the level, and the one after its last, as places in the series. */
  readonly from: number;
  readonly to: number;
  /** Mean of the logs. */
  readonly meanLog: number;
}

export interface Change {
  /** Place of the first session after the change. */
  readonly at: number;
  readonly pValue: number;
  /** Mean of the logs after less before, each up to the next change. */
  readonly changeLog: number;
}

export interface Trend {
  /** One level more than there are changes; one when none was searched for. */
  readonly levels: readonly Level[];
  readonly changes: readonly Change[];
  /** There were enough sessions to search. */
  readonly searched: boolean;
  /** Standard deviation of the logs about their level; null with fewer than two to a level. */
  readonly scatterLog: number | null;
}

/**
 * Changes at p <= 0.001, segments of three sessions and more, from twelve sessions on. With few sessions no change can
 * be as rare as that: a step between two halves needs fourteen, one that is three sessions old about thirty.
 */
export function trendOf(logs: readonly number[]): Trend {
  const searched = logs.length >= LEAST_HISTORY;
  const points = searched ? changePoints(logs, OPTIONS) : [];
  const bounds = [0, ...points.map(({ at }) => at), logs.length];
  const levels = bounds.slice(1).map((to, index) => {
    const from = bounds[index] as number;
    return { from, to, meanLog: mean(logs.slice(from, to)) };
  });
  const changes = points.map(({ at, pValue }, index) => {
    const [before, after] = [levels[index], levels[index + 1]] as [Level, Level];
    return { at, pValue, changeLog: after.meanLog - before.meanLog };
  });
  return { levels, changes, searched, scatterLog: scatterOf(logs, levels) };
}

function scatterOf(logs: readonly number[], levels: readonly Level[]): number | null {
  const freedom = logs.length - levels.length;
  if (freedom < 1) return null;
  let squares = 0;
  for (const { from, to, meanLog } of levels) {
    for (let index = from; index < to; index++) squares += ((logs[index] as number) - meanLog) ** 2;
  }
  return Math.sqrt(squares / freedom);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
