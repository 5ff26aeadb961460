/** The table of a fleet as CSV, as lines of JSON, or as Parquet: row after row, with some thousand rows in memory. */

import type { FLEET_TABLES } from '../../bench/plan/fleet-flags.ts';
import { FLEET_ROWS, type FleetRow } from '../../bench/session/fleet-tables.ts';
import type { Sink } from '../../bench/session/sink.ts';
import type { Cell, CellForm } from '../../bench/session/table.ts';
import { cellText } from '../../reports/formats/csv.ts';
import { jsonLine } from '../../reports/formats/json-text.ts';
import { neutral } from '../../reports/text.ts';

export type RowFormat = keyof typeof FLEET_TABLES;

/** Rows of Parquet that are compressed together. */
const ROW_GROUP = 20_000;
const PIECE_CHARS = 1 << 16;

const COLUMNS = FLEET_ROWS.columns;

/** Names from outside without what a parser or a terminal would act on. */
function cellsOf(row: FleetRow): Cell[] {
  return COLUMNS.map(({ write }) => {
    const cell = write(row, row.session);
    return typeof cell === 'string' ? neutral(cell) : cell;
  });
}

/** The table as text, in pieces. */
export function* csvPieces(rows: Iterable<FleetRow>): Generator<string> {
  yield* joined(linesOf(rows));
}

function* linesOf(rows: Iterable<FleetRow>): Generator<string> {
  yield `${COLUMNS.map(({ name }) => name).join(',')}\n`;
  for (const row of rows) yield `${cellsOf(row).map(cellText).join(',')}\n`;
}

/** An object a line, whose keys are the columns. */
function* jsonLines(rows: Iterable<FleetRow>): Generator<string> {
  for (const row of rows) {
    const cells = cellsOf(row);
    yield jsonLine(Object.fromEntries(COLUMNS.map(({ name }, at) => [name, cells[at] ?? null])));
  }
}

function* joined(lines: Iterable<string>): Generator<string> {
  let piece = '';
  for (const line of lines) {
    piece += line;
    if (piece.length < PIECE_CHARS) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

/** Writes every row; the sink is neither ended nor dropped. */
export async function writeRows(format: RowFormat, rows: Iterable<FleetRow>, sink: Pick<Sink, 'write'>): Promise<void> {
  if (format === 'parquet') return writeParquet(rows, sink);
  const pieces = format === 'csv' ? csvPieces(rows) : joined(jsonLines(rows));
  for (const piece of pieces) sink.write(piece);
}

const TYPES: Readonly<Record<CellForm, 'STRING' | 'DOUBLE' | 'BOOLEAN'>> = {
  string: 'STRING',
  // Tables of strangers have whole numbers of any size.
  integer: 'DOUBLE',
  number: 'DOUBLE',
  boolean: 'BOOLEAN',
};

/** hyparquet-writer (MIT): Parquet 2 with Snappy, dictionaries for texts. */
async function writeParquet(rows: Iterable<FleetRow>, sink: Pick<Sink, 'write'>): Promise<void> {
  // Loaded here: nothing else has use for it.
  const { ByteWriter, parquetWriteRows } = await import('hyparquet-writer');
  class Pieces extends ByteWriter {
    flush(): void {
      sink.write(new Uint8Array(this.buffer, 0, this.index));
      this.index = 0;
    }
    override finish(): void {
      this.flush();
    }
  }
  await parquetWriteRows({
    writer: new Pieces(),
    rows: recordsOf(rows),
    columns: COLUMNS.map(({ name, type }) => ({ name, type: TYPES[type.form], nullable: type.read('') === null })),
    rowGroupSize: ROW_GROUP,
  });
}

function* recordsOf(rows: Iterable<FleetRow>): Generator<Record<string, Cell>> {
  for (const row of rows) {
    const cells = cellsOf(row);
    yield Object.fromEntries(COLUMNS.map(({ name }, at) => [name, cells[at] ?? null]));
  }
}
