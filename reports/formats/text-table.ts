/** Tables as plain text that never exceed a width. */

import { type Column, inlines, plain, type RichCell, richCell, type Table, type Text } from '../sections/section.ts';
import { cut, displayWidth, neutral, padEnd, padStart, printable, wrap } from '../text.ts';

const GAP = '  ';
/** Cells wider than this are cut in tables that don't fit. */
const MOST_CELL = 26;
/** A first column narrower than this makes the table continue below, with the columns that did not fit. */
const LEAST_NAME = 14;

interface TableRow {
  readonly cells: readonly string[];
  /** A row of one cell that spans the width: opens a group, or belongs below the previous row. */
  readonly heading?: boolean;
}

/** Lines of a table, its groups as headings; details that need room are left out. */
export function textTable(table: Table, width: number): string[] {
  if (table.form === 'facts') {
    return table.rows.flatMap(({ cells: [term = '', text = ''] }) =>
      wrap(`${cellText(richCell(term))}: ${cellText(richCell(text))}`, width, '  '),
    );
  }
  if (table.form === 'lines') {
    return table.rows.map(({ cells: [line = ''] }) => cut(printable(plain(richCell(line).show)), width));
  }
  const shown = table.columns.map((_, index) => index).filter((index) => !table.columns[index]?.detail);
  const columns = shown.map((index) => table.columns[index] as Column);
  let group = '';
  const rows = table.rows.flatMap((row): TableRow[] => {
    const cells = shown.map((index) => cellText(richCell(row.cells[index] ?? '')));
    const below = (row.below ?? []).map((text) => ({ cells: [`    ${lineText(text)}`], heading: true }));
    if (row.group === undefined) return [{ cells }, ...below];
    const title = headingText(richCell(row.group));
    const isNew = title !== group;
    group = title;
    const [first = '', ...others] = cells;
    return [...(isNew ? [{ cells: [title], heading: true }] : []), { cells: [`  ${first}`, ...others] }, ...below];
  });
  const left = columns.map(({ align }, index) => index === 0 || align === 'left');
  const isGrouped = table.rows.some((row) => row.group !== undefined);
  const head = columns.map(({ title }, index) => (index === 0 && isGrouped ? '' : title));
  const fitting = naturalWidth(head, rows) <= width ? rows : rows.map(shortened);
  return tableLines(head, fitting, width, left);
}

function naturalWidth(head: readonly string[], rows: readonly TableRow[]): number {
  return widthsOf(head, rows).reduce((sum, column) => sum + column + GAP.length, -GAP.length);
}

function shortened({ cells: [first = '', ...others], heading }: TableRow): TableRow {
  return heading ? { cells: [first], heading } : { cells: [first, ...others.map((text) => cut(text, MOST_CELL))] };
}

function widthsOf(head: readonly string[], rows: readonly TableRow[]): number[] {
  const figures = rows.filter(({ heading }) => !heading);
  return head.map((title, column) =>
    Math.max(displayWidth(title), ...figures.map(({ cells }) => displayWidth(cells[column] ?? ''))),
  );
}

/** On one line, without what a terminal acts on. */
export function lineText(text: Text): string {
  return neutral(inlines(text).length === 1 && typeof text === 'string' ? text : plain(text));
}

function cellText({ show, sign }: RichCell): string {
  return sign === undefined ? lineText(show) : `${lineText(show)} ${sign}`;
}

function headingText({ show, note }: RichCell): string {
  return note === undefined ? lineText(show) : `${lineText(show)} · ${lineText(note)}`;
}

/** Lines of the table. Names that don't fit get lines of their own; columns that don't fit go into a second table below. */
function tableLines(
  head: readonly string[],
  rows: readonly TableRow[],
  width: number,
  left: readonly boolean[] = [true],
): string[] {
  const widths = widthsOf(head, rows);
  const figures = widths.slice(1).reduce((sum, column) => sum + column + GAP.length, 0);
  const room = width - figures;
  if (room < LEAST_NAME && head.length > 2) {
    const half = Math.ceil((head.length - 1) / 2);
    const pick = <T>(all: readonly T[], from: number, to: number) => [...all.slice(0, 1), ...all.slice(from, to)];
    const part = (from: number, to: number) =>
      tableLines(
        pick(head, from, to),
        rows.map((row) => (row.heading ? row : { cells: pick(row.cells, from, to) })),
        width,
        pick(left, from, to),
      );
    return [...part(1, 1 + half), '', ...part(1 + half, head.length)];
  }
  widths[0] = Math.max(0, Math.min(widths[0] ?? 0, room));
  const lineOf = (cells: readonly string[]) => {
    const padded = widths.map((column, index) => (left[index] ? padEnd : padStart)(cells[index] ?? '', column));
    return cut(padded.join(GAP).trimEnd(), width);
  };
  return [head, ...rows.flatMap((row) => splitName(row, widths[0] ?? 0))].flatMap((row) =>
    'cells' in row ? spanning(row.cells[0] ?? '', width) : lineOf(row as readonly string[]),
  );
}

/** Wrapped, with the indentation that it came with. */
function spanning(text: string, width: number): string[] {
  const indent = ' '.repeat(text.length - text.trimStart().length);
  return wrap(text.trimStart(), width - indent.length, '  ').map((line) => indent + line);
}

/** A heading, or a name that is wider than its column, on a separate line. */
function splitName(row: TableRow, room: number): (TableRow | readonly string[])[] {
  const [first = '', ...others] = row.cells;
  if (row.heading) return [row];
  return displayWidth(first) <= room ? [row.cells] : [{ cells: [first] }, ['', ...others]];
}
