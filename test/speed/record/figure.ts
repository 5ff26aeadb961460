/** What a bench finds: a figure with its spread, the goal beside it, and whether it is met. */

import { binomialTail } from '../../../bench/analysis/stats/binomial.ts';
import { median } from '../../../bench/units.ts';
import { type Goal, goalOf } from './goals.ts';

/** `ratio` and `share` have no unit: a quotient of two sides that took turns, and a part of a whole from 0 to 1. */
export const UNITS = ['ratio', 'share', 's', 'ms', 'MB', 'GB'] as const;
export type Unit = (typeof UNITS)[number];

export interface Figure {
  /** `bench.what`, in lower case; words are joined by `-`, parts by `.`. Goals and comparisons go by it. */
  readonly id: string;
  readonly unit: Unit;
  /** The median of the values. */
  readonly value: number;
  /** Where the median lies by chance (`spreadOf`); null for both when the value was measured once. */
  readonly low: number | null;
  readonly high: number | null;
  /** How many pairs, turns or processes. */
  readonly count: number;
}

/** What benches call with a figure's values, one of each pair, turn or process. */
export type Recorder = (id: string, unit: Unit, values: readonly number[]) => void;

export type GoalState = 'met' | 'not met' | 'no goal';

/** @throws Error for an id that is not one, or a value that is no number: a bench that computes one is wrong */
export function figureOf(id: string, unit: Unit, values: readonly number[]): Figure {
  if (!/^[a-z0-9]+([.-][a-z0-9]+)*$/.test(id)) throw new Error(`no id of a figure: ${id}`);
  if (values.length === 0 || !values.every(Number.isFinite)) throw new Error(`${id}: no numbers: ${values.join(', ')}`);
  return { id, unit, value: median([...values]), ...spreadOf(values), count: values.length };
}

/** Text as part of an id: `docker/docker` → `docker-docker`. */
export function idPart(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

/**
 * The interval of the median between two order statistics, at least 95 % whatever the distribution (Hahn and Meeker,
 * "Statistical Intervals", 5.2). With two to five values none is so wide: then all of them, which hold it in 50 to 94 %.
 */
function spreadOf(values: readonly number[]): { low: number | null; high: number | null } {
  const count = values.length;
  if (count < 2) return { low: null, high: null };
  const sorted = [...values].sort((a, b) => a - b);
  let left = 0;
  // The median lies below value k + 1, counted from 0, when at most k + 1 values lie below it.
  while (left + 1 < count / 2 && 1 - binomialTail(left + 2, count, 0.5) <= 0.025) left++;
  return { low: sorted[left] ?? null, high: sorted[count - 1 - left] ?? null };
}

export function stateOf({ id, value }: Pick<Figure, 'id' | 'value'>): GoalState {
  const goal = goalOf(id);
  if (goal === undefined) return 'no goal';
  return isMet(goal, value) ? 'met' : 'not met';
}

/** As it is printed: 1.104 is not 1.10 at most, but 1.1004 is. */
function isMet({ is, value: goal }: Goal, value: number): boolean {
  const shown = Number(value.toPrecision(3));
  return is === '≤' ? shown <= goal : shown >= goal;
}
