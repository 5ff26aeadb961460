/** Reads a table of a session row by row without keeping any: a million bursts must not take up a gigabyte. */

import { openTable, type TableBytes } from './compressed.ts';
import { TableRecord, textOf } from './table-record.ts';

const CHUNK_BYTES = 1 << 20;
/** A row is some hundred characters; without an end of line a file must not become one. */
export const RECORD_LIMIT = 1 << 22;
/** Tables have some dozens of columns. Cells with nothing in them have no characters that a limit could count. */
const MOST_CELLS = 1000;
const [LF, CR, QUOTE, COMMA] = [10, 13, 34, 44] as const;
const BYTE_ORDER_MARK = Buffer.from('\ufeff');

/** A table that is not RFC 4180; the message says where. */
export class BadTable extends Error {}

/** A table whose last line has no end. */
export class CutTable extends Error {}

/** `row`: rows before it, the header counted. Throws a BadTable. */
export function assertWidth(cells: number, row: number): void {
  if (cells <= MOST_CELLS) return;
  throw new BadTable(`${row === 0 ? 'the header' : `row ${row}`} has more than ${MOST_CELLS} cells`);
}

/** Sees the bytes of a table as they are read, and whether its form leaves nothing to judge. */
export interface Watch {
  /** Each piece once, in order; it is overwritten afterwards. */
  piece(bytes: Uint8Array): void;
  /** Each record, the header first. False where quotes, CR or a byte order mark leave it to a reader of all dialects. */
  row(record: TableRecord, isPlain: boolean): void;
}

/** The records of a CSV file as texts, its header first. Throws like `TableScan`. */
export function* scanTable(file: string): Generator<readonly string[]> {
  const scan = new TableScan(file);
  try {
    while (scan.next()) yield scan.record.all();
  } finally {
    scan.close();
  }
}

/**
 * The records of a CSV file, its header first: RFC 4180, UTF-8 with or without a byte order mark, lines that end
 * in LF or CRLF, no empty lines but at the end. `next` throws a BadTable for anything else, and for a file without a header.
 * `isWhole`: it throws a CutTable before the first record where the last line has no end. Several times as fast as a
 * parser for all dialects, which is what a session of a million rows needs; that one is the oracle in its tests. No
 * generator, because a row takes as long as a few steps of one.
 */
export class TableScan {
  /** The one that `next` has read. */
  readonly record = new TableRecord();
  readonly #pieces: Generator<Piece>;
  readonly #watch: Watch | undefined;
  #piece: Piece | null = null;
  #start = 0;
  #columns = -1;

  constructor(
    file: string,
    { isWhole = false, watch }: { readonly isWhole?: boolean; readonly watch?: Watch | undefined } = {},
  ) {
    this.#pieces = pieces(file, isWhole, watch);
    this.#watch = watch;
  }

  /** False at the end. */
  next(): boolean {
    const { record } = this;
    for (;;) {
      const piece = this.#piece ?? this.#nextPiece();
      if (piece === null) break;
      const { bytes, filled, isLast } = piece;
      const compared = record.isRemembered ? readLike(record, piece, this.#start) : -1;
      const next = compared < 0 ? readRecord(record, bytes, this.#start, filled, isLast) : compared;
      if (next < 0) {
        piece.take(this.#start);
        this.#piece = null;
        continue;
      }
      const hasMark = this.#columns < 0 && this.#start > 0;
      this.#start = next;
      this.#found(!hasMark && record.texts === null && !record.hasReturn);
      return true;
    }
    if (this.#columns < 0) throw new BadTable('it has no header row');
    return false;
  }

  /** Also in the middle. */
  close(): void {
    this.#pieces.return(undefined);
  }

  #found(isPlain: boolean): void {
    const { record } = this;
    record.number += 1;
    if (this.#columns < 0) {
      assertWidth(record.count, record.number);
      this.#columns = record.count;
    } else if (record.count !== this.#columns) {
      throw new BadTable(`row ${record.number} has ${record.count} cells, the header ${this.#columns}`);
    }
    record.isRemembered = isPlain && record.number > 0;
    this.#watch?.row(record, isPlain);
  }

  #nextPiece(): Piece | null {
    const { done, value } = this.#pieces.next();
    if (done) return null;
    const { bytes } = value;
    const hasMark = this.#columns < 0 && bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
    this.#start = hasMark ? BYTE_ORDER_MARK.length : 0;
    // The bytes of the row before have been overwritten.
    this.record.isRemembered = false;
    this.#piece = value;
    return value;
  }
}

interface Piece {
  /** What is left of the piece before, and a further piece of the file behind it, up to `filled`. */
  readonly bytes: Buffer;
  /** Of the same bytes. */
  readonly view: DataView;
  readonly filled: number;
  /** Nothing is behind it. */
  readonly isLast: boolean;
  /** Says where the first row begins that is not whole yet. */
  readonly take: (start: number) => void;
}

function* pieces(file: string, isWhole: boolean, watch: Watch | undefined): Generator<Piece> {
  const table = openTable(file);
  try {
    const { size } = table;
    if (isWhole) assertWholeEnd(table);
    // Most tables but samples.csv are small, and a history reads thousands of them.
    const room = Math.min(CHUNK_BYTES, Math.max(1, size));
    let bytes = Buffer.allocUnsafe(room);
    let view = viewOf(bytes);
    let filled = 0;
    const take = (start: number) => {
      bytes.copyWithin(0, start, filled);
      filled -= start;
    };
    for (let isLast = false; !isLast; ) {
      if (bytes.length - filled < room) {
        bytes = Buffer.concat([bytes.subarray(0, filled)], filled + room);
        view = viewOf(bytes);
      }
      const got = table.next(bytes, filled, room);
      if (got > 0) watch?.piece(bytes.subarray(filled, filled + got));
      isLast = got === 0;
      filled += got;
      yield { bytes, view, filled, isLast, take };
      if (filled > RECORD_LIMIT && textOf(bytes, 0, filled).length > RECORD_LIMIT) {
        throw new BadTable(`a row is longer than ${RECORD_LIMIT} characters`);
      }
    }
  } finally {
    table.close();
  }
}

function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}

/** A truncated last cell could look like a shorter number. */
function assertWholeEnd(table: TableBytes): void {
  if (table.size === 0) return;
  if (table.lastByte() !== LF) throw new CutTable();
}

/**
 * Reads a row by comparing it with the one before, whose places the record still has: rows of a session have most cells in
 * common with it. Returns where the next record begins; -1 where that does not work out, and anything may be the reason.
 */
function readLike(record: TableRecord, { bytes, view, filled }: Piece, start: number): number {
  const { ends, changed, count } = record;
  let from = record.begin;
  let at = start;
  let changes = 0;
  let seen = 0;
  for (let cell = 0; cell < count; cell++) {
    const end = ends[cell] as number;
    if (at + end - from >= filled) return -1;
    while (from + 4 <= end && view.getInt32(at) === view.getInt32(from)) {
      at += 4;
      from += 4;
    }
    while (from < end && bytes[at] === bytes[from]) {
      at += 1;
      from += 1;
    }
    const terminator = cell === count - 1 ? LF : COMMA;
    if (from < end || bytes[at] !== terminator) {
      for (; at < filled; at++) {
        const byte = bytes[at] as number;
        if (byte > COMMA) seen |= byte;
        else if (byte === terminator) break;
        else if (byte === COMMA || byte === LF || byte === QUOTE || byte === CR) return -1;
      }
      if (at === filled) return -1;
      changed[changes++] = cell;
    }
    ends[cell] = at;
    at += 1;
    from = end + 1;
  }
  record.begin = start;
  record.isAscii &&= seen < 128;
  record.changes = changes;
  record.isCompared = true;
  return at;
}

/** Returns where the next record begins; -1 where this one is not whole, and may be with the next piece. */
function readRecord(record: TableRecord, bytes: Buffer, start: number, filled: number, isLast: boolean): number {
  record.isCompared = false;
  if (start >= filled) return -1;
  let { ends } = record;
  let count = 0;
  let seen = 0;
  let hasReturn = false;
  let at = start;
  for (; at < filled; at++) {
    const byte = bytes[at] as number;
    if (byte > COMMA) seen |= byte;
    else if (byte === COMMA) {
      if (count + 1 >= ends.length) ends = record.grow();
      ends[count++] = at;
    } else if (byte === LF) break;
    else if (byte === QUOTE) return readQuoted(record, bytes, start, filled, isLast);
    else if (byte === CR) hasReturn = true;
  }
  if (at === filled && !isLast) return -1;
  ends[count] = at > start && bytes[at - 1] === CR ? at - 1 : at;
  record.bytes = bytes;
  record.begin = start;
  record.count = count + 1;
  record.isAscii = seen < 128;
  record.hasReturn = hasReturn;
  record.texts = null;
  return Math.min(at + 1, filled);
}

/** The same of a record with quotes: a line end between them is part of a cell. */
function readQuoted(record: TableRecord, bytes: Buffer, start: number, filled: number, isLast: boolean): number {
  let isOpen = false;
  let at = start;
  for (; at < filled; at++) {
    const byte = bytes[at];
    // Quotes within a cell come in pairs, so each of them opens or closes.
    if (byte === QUOTE) isOpen = !isOpen;
    else if (byte === LF && !isOpen) break;
  }
  if (at === filled && !isLast) return -1;
  const end = at > start && bytes[at - 1] === CR ? at - 1 : at;
  record.texts = quotedCells(textOf(bytes, start, end), Math.max(1, record.number + 1));
  record.count = record.texts.length;
  return Math.min(at + 1, filled);
}

function quotedCells(line: string, row: number): string[] {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    if (line[at] === '"') {
      let cell = '';
      let from = at + 1;
      for (;;) {
        const quote = line.indexOf('"', from);
        if (quote < 0) throw new BadTable(`row ${row}: a quoted cell is never closed`);
        cell += line.slice(from, quote);
        at = quote + 1;
        if (line[at] !== '"') break;
        cell += '"';
        from = at + 1;
      }
      cells.push(cell);
    } else {
      const comma = line.indexOf(',', at);
      const end = comma < 0 ? line.length : comma;
      const cell = line.slice(at, end);
      if (cell.includes('"')) throw new BadTable(`row ${row}: a quote inside an unquoted cell`);
      cells.push(cell);
      at = end;
    }
    if (at >= line.length) return cells;
    if (line[at] !== ',') throw new BadTable(`row ${row}: text follows a quoted cell`);
    at += 1;
    if (at === line.length) return [...cells, ''];
  }
}
