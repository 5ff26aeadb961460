/** Figures, goals and moves as lines of text. */

import type { Move } from './compare.ts';
import { type Figure, isClose, stateOf } from './figure.ts';
import type { BenchRun } from './file.ts';
import { type Goal, goalOf, type Unit } from './goals.ts';

/** A value as tables show it: three digits, and the unit. */
export function valueText(value: number, unit: Unit): string {
  if (unit === 'share') return `${(100 * value).toPrecision(3)} %`;
  const digits = Math.abs(value) >= 1000 ? value.toFixed(0) : value.toPrecision(3);
  return unit === 'ratio' ? digits : `${digits} ${unit}`;
}

export function spreadText({ low, high, unit }: Figure): string {
  if (low === null || high === null) return 'once';
  const bare = (value: number) => valueText(value, unit).replace(/ \S+$/, '');
  return `${bare(low)} to ${bare(high)}`;
}

export function goalText({ is, value, unit }: Goal): string {
  if (unit === 'share') return `${is} ${100 * value} %`;
  return `${is} ${value}${unit === 'ratio' ? '' : ` ${unit}`}`;
}

/** Whether the goal is met, and whether the spread leaves that open; empty without a goal. */
export function stateText(figure: Figure): string {
  const state = stateOf(figure);
  if (state === 'no goal') return '';
  return isClose(figure) ? `${state}, by less than the spread` : state;
}

/** Every figure beside its goal. */
export function figureLines(figures: readonly Figure[]): string[] {
  const rows = figures.map((figure) => {
    const { id, value, unit, count } = figure;
    const goal = goalOf(id);
    const cells = [valueText(value, unit), spreadText(figure), String(count), goal ? goalText(goal) : '–'];
    return [id, ...cells, stateText(figure)];
  });
  return aligned([['figure', 'median', 'spread', 'of', 'goal', ''], ...rows]);
}

/** How long each bench took, and why one did not come to its end. */
export function runLines(runs: readonly BenchRun[]): string[] {
  const rows = runs.map(({ name, seconds, failure }) => [name, `${seconds.toFixed(0)} s`, failure ?? '']);
  return aligned([['bench', 'took', ''], ...rows]);
}

/** What moved, first; how much did not, last. */
export function moveLines(moves: readonly Move[]): string[] {
  const order = ['worse', 'better', 'moved', 'measured once', 'new', 'gone'];
  const shown = moves
    .filter(({ verdict }) => order.includes(verdict))
    .sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
  const within = moves.length - shown.length;
  const number = (value: number | null) => value?.toPrecision(3) ?? '–';
  const rows = shown.map(({ id, verdict, ratio, low, high }) => [
    ...[id, number(ratio), low === null || high === null ? '–' : `${number(low)} to ${number(high)}`, verdict],
  ]);
  const table = rows.length === 0 ? [] : aligned([['figure', 'new ÷ old', 'spread of both', ''], ...rows]);
  return [...table, `${within} of ${moves.length} figures differ by no more than their spread, or by less than 2 %`];
}

/** The first column to the left, the last one as it is, the others to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, at) =>
        at === 0 || at === row.length - 1 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}
