/** Tables of a session: columns that define once how a cell is written, read, checked and explained. */

import { MOST_INSTANCES } from '../plan/what-flags.ts';
import type { CostMeasure } from '../types.ts';
import { decimalOf, newWords, UNDECIDED, wholeOf } from './cell-bytes.ts';
import { type TableRecord, textOf } from './table-record.ts';

/** As the CSV writer takes it; null and undefined become an empty cell. */
export type Cell = string | number | null | undefined;

/** A cell that is invalid for its column; the message names the column and the cell. */
export class BadCell extends Error {}

/** As other programs name it. */
export type CellForm = 'string' | 'integer' | 'number' | 'boolean';

/** What the cells of a column can be. */
export interface CellType<V> {
  /** As the end of `… is "x", not …`. */
  readonly expected: string;
  /** For programs that read the table. */
  readonly form: CellForm;
  /** Undefined for a cell that can't be one. */
  read(cell: string): V | undefined;
  /** The same from bytes, where that is faster: what is `UNDECIDED` goes to `read`. Others are remembered as words. */
  readonly fromBytes?: (bytes: Buffer, from: number, to: number) => V | typeof UNDECIDED;
  /** Every value that there is, where they are few. */
  readonly values?: readonly string[];
}

/** What a reader sees about a column. */
export interface Words {
  /** Absent: the cells are names or words. */
  readonly unit?: string;
  /** A plain sentence, without its full stop. */
  readonly meaning: string;
  /** Sentences in Markdown for the data dictionary alone. */
  readonly detail?: string;
  /** Appended after sessions had been written without it, which stay valid. */
  readonly appended?: boolean;
}

export interface Column<Row> extends Words {
  readonly name: string;
  readonly type: CellType<unknown>;
  write(row: Row, session: string): Cell;
  /** The property that a cell is read to; null where the reader knows it already. */
  readonly key: string | null;
}

/** One CSV file of a session. `Read` is what its rows are read to. */
export class Table<Row, Read> {
  readonly file: string;
  readonly columns: readonly Column<Row>[];
  /** The kinds of measurement whose sessions alone have it; all have it when left out. */
  readonly measures: readonly CostMeasure[] | undefined;
  readonly #complete: (row: Record<string, unknown>) => Read;
  /** The last one, and for which header: of thousands of sessions nearly all have the same. */
  #known: { readonly header: string; readonly layout: Layout } | null = null;

  constructor(
    file: string,
    columns: readonly Column<Row>[],
    complete: (row: Record<string, unknown>) => Read,
    measures?: readonly CostMeasure[],
  ) {
    this.file = file;
    this.columns = columns;
    this.measures = measures;
    this.#complete = complete;
  }

  /** A row of empty cells, as far as they can be empty. */
  empty(): Readonly<Record<string, unknown>> {
    const cells = this.columns.map(({ key, type }) => [key, type.read('')] as const);
    return Object.fromEntries(cells.filter(([key]) => key !== null));
  }

  /**
   * How rows under this header are read. Columns that are not known are let through, appended ones may be missing. Both
   * throw a BadCell: this for a missing column, the reader for a cell.
   */
  reader(header: TableRecord): (record: TableRecord) => Read {
    const read = cellsReader(this.#layoutOf(header.all()));
    // A copy of an object that has every key already is made several times as fast as one key by key.
    return (record) => this.#complete({ ...read(record) });
  }

  /** The same for a row at a time: all rows may be one object, which holds the last one that was read. */
  passingReader(header: TableRecord): (record: TableRecord) => Read {
    const read = cellsReader(this.#layoutOf(header.all()));
    return (record) => this.#complete(read(record));
  }

  #layoutOf(names: readonly string[]): Layout {
    const header = JSON.stringify(names);
    if (this.#known?.header === header) return this.#known.layout;
    const layout = this.#newLayout(names);
    this.#known = { header, layout };
    return layout;
  }

  #newLayout(names: readonly string[]): Layout {
    const cells: PlacedColumn[] = [];
    for (const column of this.columns) {
      const { key, name, type, appended } = column;
      if (key === null) continue;
      const place = names.indexOf(name);
      if (place >= 0) cells.push({ key, place, column, fromBytes: byteReader(type) });
      else if (appended !== true) throw new BadCell(`there is no column ${name}`);
    }
    const byPlace = names.map((_, place) => cells.find((cell) => cell.place === place) ?? null);
    return { empty: this.empty(), cells, byPlace };
  }
}

/** Where the cells of a table are under a header, and how they are read. */
interface Layout {
  readonly empty: Readonly<Record<string, unknown>>;
  /** In the order of the table's columns. */
  readonly cells: readonly PlacedColumn[];
  /** In the order of the header; null for columns that are not read. */
  readonly byPlace: readonly (PlacedColumn | null)[];
}

interface PlacedColumn {
  readonly key: string;
  readonly place: number;
  readonly column: Pick<Column<never>, 'name' | 'type'>;
  readonly fromBytes: ByteReader;
}

/** Reads rows into one object: of a row that was compared with the one that was read before, only what differs. */
function cellsReader({ empty, cells, byPlace }: Layout): (record: TableRecord) => Readonly<Record<string, unknown>> {
  const row: Record<string, unknown> = { ...empty };
  let before: TableRecord | null = null;
  let number = 0;
  const readAll = (record: TableRecord) => {
    for (const { key, place, column, fromBytes } of cells) {
      const value =
        record.texts === null
          ? fromBytes(record.bytes, record.beginOf(place), record.ends[place] as number)
          : column.type.read(record.text(place));
      if (value === undefined) throw badCell(column, record.text(place));
      row[key] = value;
    }
  };
  return (record) => {
    const isNext = record.isCompared && record === before && record.number === number + 1;
    before = record;
    number = record.number;
    if (!isNext) {
      readAll(record);
      return row;
    }
    const { bytes, ends, changed, changes } = record;
    for (let at = 0; at < changes; at++) {
      const place = changed[at] as number;
      const cell = byPlace[place];
      if (cell === null || cell === undefined) continue;
      const value = cell.fromBytes(bytes, record.beginOf(place), ends[place] as number);
      // Of several such cells, the first in the order of the table's columns is named.
      if (value === undefined) readAll(record);
      row[cell.key] = value;
    }
    return row;
  };
}

type ByteReader = (bytes: Buffer, from: number, to: number) => unknown;

function byteReader({ read, fromBytes }: CellType<unknown>): ByteReader {
  if (fromBytes === undefined) return newWords(read);
  return (bytes, from, to) => {
    const value = fromBytes(bytes, from, to);
    return value === UNDECIDED ? read(textOf(bytes, from, to)) : value;
  };
}

function badCell(column: Pick<Column<never>, 'name' | 'type'>, cell: string): BadCell {
  return new BadCell(problemOf(column, cell) ?? '');
}

/** What is wrong with a cell; null when nothing is. */
export function problemOf({ name, type }: Pick<Column<never>, 'name' | 'type'>, cell: string): string | null {
  if (type.read(cell) !== undefined) return null;
  return `${name} is ${JSON.stringify(cell.slice(0, 40))}, not ${type.expected}`;
}

// ---------------------------------------------------------------- types of cells

/** The sign that keeps a spreadsheet from running a cell as a formula. */
const FORMULA_SIGN = /^'(?=[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20])/;
const APOSTROPHE = 39;

export const text: CellType<string> = {
  expected: 'a text',
  form: 'string',
  read: (cell) => (cell.charCodeAt(0) === APOSTROPHE ? cell.replace(FORMULA_SIGN, '') : cell),
};

export const whole = wholeFrom(0);
/** A number of things, or a place, of which the first is 1. */
export const ordinal = wholeFrom(1);
/** As many instances as a plan can have. */
const instances = wholeFrom(1, MOST_INSTANCES);

function wholeFrom(least: number, most?: number): CellType<number> {
  const from = least === 0 ? 'a whole number' : `a whole number from ${least}`;
  const to = most === undefined ? ' on' : ` to ${most}`;
  const greatest = most ?? Number.MAX_SAFE_INTEGER;
  return {
    expected: least === 0 ? from : `${from}${to}`,
    form: 'integer',
    read(cell) {
      const value = Number(cell);
      const isInRange = value >= least && value <= greatest;
      return isInRange && Number.isInteger(value) && isDigits(cell) ? value : undefined;
    },
    fromBytes(bytes, from, to) {
      const value = wholeOf(bytes, from, to);
      return typeof value === 'number' && value >= least && value <= greatest ? value : UNDECIDED;
    },
  };
}

function isDigits(cell: string): boolean {
  for (let at = 0; at < cell.length; at++) {
    const code = cell.charCodeAt(at);
    if (code < 48 || code > 57) return false;
  }
  return cell !== '';
}

export const real = number('a number', () => true);
const natural = number('a number from 0 on', (value) => value >= 0);
export const positive = number('a number above 0', (value) => value > 0);

function number(expected: string, accepts: (value: number) => boolean): CellType<number> {
  return {
    expected,
    form: 'number',
    read(cell) {
      const value = Number(cell);
      return Number.isFinite(value) && cell !== '' && accepts(value) ? value : undefined;
    },
    fromBytes(bytes, from, to) {
      const value = decimalOf(bytes, from, to);
      return typeof value === 'number' && accepts(value) ? value : UNDECIDED;
    },
  };
}

/** Null, written as an empty cell: it could not be read, or does not apply. */
export function maybe<V>(type: CellType<V>): CellType<V | null> {
  const { fromBytes } = type;
  return {
    ...type,
    expected: `${type.expected}, or empty`,
    read: (cell) => (cell === '' ? null : type.read(cell)),
    ...(fromBytes && { fromBytes: (bytes, from, to) => (from === to ? null : fromBytes(bytes, from, to)) }),
  };
}

/** A figure that may be missing. */
export const figure = maybe(natural);
/** The same where the value can be negative. */
export const signedFigure = maybe(real);

export function oneOf<V extends string>(values: readonly V[]): CellType<V> {
  return {
    expected: values.join(', '),
    form: 'string',
    values,
    read(cell) {
      const at = values.indexOf(cell as V);
      return at < 0 ? undefined : values[at];
    },
  };
}

export const flag: CellType<boolean> = {
  expected: 'true, false',
  form: 'boolean',
  values: ['true', 'false'],
  read: (cell) => (cell === 'true' ? true : cell === 'false' ? false : undefined),
};

/** `isCertain`: bytes that match for sure, all of them ASCII; the pattern decides of others. */
export function matching(
  pattern: RegExp,
  expected: string,
  isCertain: (bytes: Buffer, from: number, to: number) => boolean = () => false,
): CellType<string> {
  return {
    expected,
    form: 'string',
    read: (cell) => (pattern.test(cell) ? cell : undefined),
    fromBytes: (bytes, from, to) => (isCertain(bytes, from, to) ? textOf(bytes, from, to, true) : UNDECIDED),
  };
}

// ---------------------------------------------------------------- columns

/** In every table the first one. */
export const SESSION: Column<unknown> = {
  name: 'session',
  type: text,
  meaning: 'name of the session',
  write: (_, session) => session,
  key: null,
};

/** What the column `env` means in every table. */
export const ENV = 'path of the environment, or the control';

export const FROM_1 = 'count from 1';

/** The column `block` of every table of rows. */
export const BLOCK = column('block', ordinal, {
  unit: FROM_1,
  meaning: 'every environment is started afresh, measured and closed: the unit of inference',
});

/** The column `position` of tables whose rows come in a random order. */
export function positionOf(what = 'place'): FieldColumn<number> {
  return column('position', ordinal, { unit: FROM_1, meaning: `${what} in the block's random order` });
}

/** The column `instances`: how many boxes of an environment there were at the same time. */
export function instancesOf(meaning: string): FieldColumn<number> {
  return column('instances', instances, { unit: 'count', meaning });
}

/** The column `reason`, beside the one of a status. */
export const REASON = column('reason', text, { meaning: 'why it was not completed' });

/** A column of numbers, of which one that could not be read is an empty cell. */
export function figureOf(name: string, unit: string | undefined, meaning: string, detail?: string, type = figure) {
  return column(name, type, {
    ...(unit === undefined ? {} : { unit }),
    meaning,
    ...(detail === undefined ? {} : { detail }),
  });
}

/** A column for one property of the rows. */
export interface FieldColumn<V> extends Words {
  readonly name: string;
  readonly type: CellType<V>;
}

export function column<V>(name: string, type: CellType<V>, words: Words): FieldColumn<V> {
  return { name, type, ...words };
}

/** Columns of a table whose rows are flat: one for each property, in this order. */
export function fields<Row extends object>(
  columns: { readonly [K in keyof Row]-?: FieldColumn<Row[K]> },
): Column<Partial<Row>>[] {
  return Object.entries<FieldColumn<unknown>>(columns as Readonly<Record<string, FieldColumn<unknown>>>).map(
    ([key, one]) => ({ ...one, key, write: (row) => cellOf(row[key as keyof Row]) }),
  );
}

/** A column that is computed from a row, and read back as a separate cell. */
export interface ComputedColumn<Row, V> extends Words {
  readonly type: CellType<V>;
  readonly write: (row: Row) => unknown;
}

/** Cells by the names of their columns. */
export type CellsOf<Columns> = {
  readonly [K in keyof Columns]: Columns[K] extends ComputedColumn<never, infer V> ? V : never;
};

export function computed<Row>(columns: Readonly<Record<string, ComputedColumn<Row, unknown>>>): Column<Row>[] {
  return Object.entries(columns).map(([name, one]) => ({
    ...one,
    name,
    key: name,
    write: (row) => cellOf(one.write(row)),
  }));
}

function cellOf(value: unknown): Cell {
  return typeof value === 'boolean' ? String(value) : (value as Cell);
}
