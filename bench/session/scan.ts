/** Reads a table of a session row by row without keeping any: a million bursts must not take up a gigabyte. */

import { closeSync, fstatSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { openRegular } from './files.ts';

const CHUNK_BYTES = 1 << 20;
/** A row is some hundred characters; without an end of line a file must not become one. */
export const RECORD_LIMIT = 1 << 22;

/** A table that is not RFC 4180; the message says where. */
export class BadTable extends Error {}

/**
 * The records of a CSV file, its header first: RFC 4180, UTF-8 with or without a byte order mark, lines that end
 * in LF or CRLF, no empty lines but at the end. Throws a BadTable for anything else, and for a file without a header.
 * A few times as fast as a parser for all dialects, which is what a session of a million rows needs; that one is the
 * oracle in its tests.
 */
export function* scanTable(file: string): Generator<readonly string[]> {
  let header: readonly string[] | null = null;
  let number = 0;
  for (const line of records(file)) {
    const cells = line.includes('"') ? quotedCells(line, number) : line.split(',');
    if (header === null) {
      header = cells;
      yield cells;
      continue;
    }
    number += 1;
    if (cells.length !== header.length) {
      throw new BadTable(`row ${number} has ${cells.length} cells, the header ${header.length}`);
    }
    yield cells;
  }
  if (header === null) throw new BadTable('it has no header row');
}

/** Records without their line end; a quoted cell may contain line ends. */
function* records(file: string): Generator<string> {
  let begun = '';
  let isFirst = true;
  for (const text of chunks(file)) {
    const whole = begun + (isFirst ? text.replace(/^\ufeff/, '') : text);
    isFirst = false;
    let start = 0;
    let from = 0;
    let quote = quoteFrom(whole, 0);
    let isOpen = false;
    for (let end = whole.indexOf('\n'); end >= 0; end = whole.indexOf('\n', from)) {
      from = end + 1;
      // Quotes within a cell come in pairs, so each of them opens or closes.
      for (; quote < end; quote = quoteFrom(whole, quote + 1)) isOpen = !isOpen;
      if (isOpen) continue;
      const line = whole.slice(start, end > start && whole.charCodeAt(end - 1) === 13 ? end - 1 : end);
      start = from;
      yield line;
    }
    begun = whole.slice(start);
    if (begun.length > RECORD_LIMIT) throw new BadTable(`a row is longer than ${RECORD_LIMIT} characters`);
  }
  if (begun !== '') yield begun.endsWith('\r') ? begun.slice(0, -1) : begun;
}

function quoteFrom(text: string, start: number): number {
  const at = text.indexOf('"', start);
  return at < 0 ? Number.POSITIVE_INFINITY : at;
}

function* chunks(file: string): Generator<string> {
  const decoder = new StringDecoder('utf8');
  const handle = openRegular(file);
  try {
    // Most tables but samples.csv are small, and a history reads thousands of them.
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(1, fstatSync(handle).size)));
    for (;;) {
      const bytes = readSync(handle, buffer, 0, buffer.length, null);
      if (bytes === 0) break;
      yield decoder.write(buffer.subarray(0, bytes));
    }
    yield decoder.end();
  } finally {
    closeSync(handle);
  }
}

function quotedCells(line: string, number: number): string[] {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    if (line[at] === '"') {
      let cell = '';
      let from = at + 1;
      for (;;) {
        const quote = line.indexOf('"', from);
        if (quote < 0) throw new BadTable(`row ${number + 1}: a quoted cell is never closed`);
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
      if (cell.includes('"')) throw new BadTable(`row ${number + 1}: a quote inside an unquoted cell`);
      cells.push(cell);
      at = end;
    }
    if (at >= line.length) return cells;
    if (line[at] !== ',') throw new BadTable(`row ${number + 1}: text follows a quoted cell`);
    at += 1;
    if (at === line.length) return [...cells, ''];
  }
}
