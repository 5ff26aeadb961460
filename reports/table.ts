/** Plain tables that never exceed a width: the first column on the left, figures on the right. */

import { cut, displayWidth, padEnd, padStart, wrap } from './text.ts';

const GAP = '  ';
/** A first column narrower than this makes the table go on below, with the columns that did not fit. */
const LEAST_NAME = 14;

export interface TableRow {
  readonly cells: readonly string[];
  /** A row of one cell that spans the width and opens a group. */
  readonly heading?: boolean;
}

/** Lines of the table. Names that don't fit get lines of their own; columns that don't fit go into a second table below. */
export function tableLines(head: readonly string[], rows: readonly TableRow[], width: number): string[] {
  const widths = head.map((title, column) =>
    Math.max(
      displayWidth(title),
      ...rows.filter((row) => !row.heading).map((row) => displayWidth(row.cells[column] ?? '')),
    ),
  );
  const figures = widths.slice(1).reduce((sum, column) => sum + column + GAP.length, 0);
  const room = width - figures;
  if (room < LEAST_NAME && head.length > 2) {
    const half = Math.ceil((head.length - 1) / 2);
    const part = (from: number, to: number) =>
      tableLines(
        [head[0] ?? '', ...head.slice(from, to)],
        rows.map((row) => (row.heading ? row : { cells: [row.cells[0] ?? '', ...row.cells.slice(from, to)] })),
        width,
      );
    return [...part(1, 1 + half), '', ...part(1 + half, head.length)];
  }
  widths[0] = Math.max(0, Math.min(widths[0] ?? 0, room));
  return [head, ...rows].flatMap((row) => ('cells' in row ? rowLines(row, widths, width) : lineOf(row, widths, width)));
}

function rowLines(row: TableRow, widths: readonly number[], width: number): string[] {
  const [name = '', ...figures] = row.cells;
  if (row.heading) return wrap(name, width, '  ');
  if (displayWidth(name) <= (widths[0] ?? 0)) return [lineOf(row.cells, widths, width)];
  return [...wrap(name, width, '  '), lineOf(['', ...figures], widths, width)];
}

function lineOf(cells: readonly string[], widths: readonly number[], width: number): string {
  const line = widths.map((column, index) =>
    index === 0 ? padEnd(cells[0] ?? '', column) : padStart(cells[index] ?? '', column),
  );
  return cut(line.join(GAP).trimEnd(), width);
}
