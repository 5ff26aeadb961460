/** A series as one line of blocks, with a mark where it changes. */

import { largest, smallest } from '../../bench/analysis/stats/extremes.ts';
import { median } from '../../bench/units.ts';

const BLOCKS = '▁▂▃▄▅▆▇█';
const CHANGE = '╎';

/**
 * At most `width` columns: the values, or medians of as many neighbours as must share a column, from the smallest to the
 * largest of them. A mark for a change is between two columns. A constant series is a line at the bottom, a single value nothing.
 */
export function sparkline(values: readonly number[], changes: readonly number[], width: number): string {
  if (values.length < 2) return '';
  const shown = changes.slice(-Math.floor(width / 3));
  const room = Math.max(1, width - shown.length);
  const columns = Math.min(room, values.length);
  const startOf = (column: number) => Math.floor((column * values.length) / columns);
  const medians = Array.from({ length: columns }, (_, column) =>
    median(values.slice(startOf(column), startOf(column + 1))),
  );
  const [low, high] = [smallest(medians), largest(medians)];
  const block = (value: number) => BLOCKS[high > low ? Math.round(((value - low) / (high - low)) * 7) : 0] ?? '';
  return medians
    .map((value, column) => {
      const marks = shown.filter((at) => at > startOf(column - 1) && at <= startOf(column) && column > 0).length;
      return CHANGE.repeat(marks) + block(value);
    })
    .join('');
}
