/** What a bench finds: a figure with its spread, the goal beside it, and whether it is met. */

import { binomialTail } from '../../../bench/analysis/stats/binomial.ts';
import { median } from '../../../bench/units.ts';
import { type Goal, goalOf, type Unit } from './goals.ts';

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

/** What benches call with a figure's values, one of each pair, turn or process; called again, it adds to them. */
export type Recorder = (id: string, unit: Unit, values: readonly number[]) => void;

export type GoalState = 'met' | 'not met' | 'no goal';

/** @throws Error for an id that is not one, another unit than the goal's, or a value that is no number: the bench is wrong */
export function figureOf(id: string, unit: Unit, values: readonly number[]): Figure {
  if (!/^[a-z0-9]+([.-][a-z0-9]+)*$/.test(id)) throw new Error(`no id of a figure: ${id}`);
  const goal = goalOf(id);
  if (goal !== undefined && goal.unit !== unit) throw new Error(`${id} is in ${unit}, and its goal in ${goal.unit}`);
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

/** Chance may have decided: some of the spread is on the other side of the goal. */
export function isClose({ id, value, low, high }: Figure): boolean {
  const goal = goalOf(id);
  if (goal === undefined || low === null || high === null) return false;
  return isMet(goal, low) !== isMet(goal, value) || isMet(goal, high) !== isMet(goal, value);
}

/** As it is printed: 1.106 is not 1.10 at most, but 1.104 is. */
function isMet({ is, value: goal }: Goal, value: number): boolean {
  const shown = Number(value.toPrecision(3));
  return is === '≤' ? shown <= goal : shown >= goal;
}

/** Values of a run, by figure, in the order in which they came first. */
export function newRecord(): { readonly record: Recorder; figures(): Figure[] } {
  const kept = new Map<string, { unit: Unit; values: number[] }>();
  return {
    record: (id, unit, values) => {
      figureOf(id, unit, values);
      const own = kept.get(id) ?? { unit, values: [] };
      if (own.unit !== unit) throw new Error(`${id} is in ${own.unit} and in ${unit}`);
      own.values.push(...values);
      kept.set(id, own);
    },
    figures: () => [...kept].map(([id, { unit, values }]) => figureOf(id, unit, values)),
  };
}
