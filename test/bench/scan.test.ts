/** The scanner of tables against a parser for all dialects of CSV. */

import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { withinWidth } from '../../bench/session/row-width.ts';
import { BadTable, scanTable } from '../../bench/session/scan.ts';

const dir = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
const file = join(dir, 'table.csv');
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function scanned(text: string): unknown[] {
  writeFileSync(file, text);
  return [...scanTable(file)];
}

const oracle = (text: string) => parse(text, { bom: true });

describe('scanning a table', () => {
  it('ends at a row that is longer than any can be, however long the file is', () => {
    writeFileSync(file, 'a,b\n1,2\n');
    truncateSync(file, 2 ** 30);
    expect(() => Array.from(scanTable(file))).toThrow(/a row is longer than/);
  });

  it('reads what csv-parse reads: quotes, commas, line ends within cells, any character', () => {
    const cell = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('', '"', ',', '\n', '\r\n', 'a"b', '=1'),
    );
    const table = fc
      .integer({ min: 2, max: 5 })
      .chain((columns) =>
        fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), { minLength: 1, maxLength: 8 }),
      );
    fc.assert(
      fc.property(table, (rows) => {
        const names = (rows[0] ?? []).map((_, index) => `c${index}`);
        const text = stringify([names, ...rows], { quoted_match: /[\r\n]/ });
        expect(scanned(text)).toEqual(oracle(text));
      }),
      { numRuns: 300 },
    );
  });

  it('reads a row that lies across the pieces in which a file is read', () => {
    const long = `${'x'.repeat(1_000_003)},"${'é\n'.repeat(400_000)}",1`;
    const text = `a,b,c\n${long}\n${long}\n`;
    expect(scanned(text)).toEqual(oracle(text));
  });

  it('takes a byte order mark, CRLF, and a last line without an end', () => {
    expect(scanned('\ufeffa,b\r\n1,2\r\n3,"4\r\n5"')).toEqual([
      ['a', 'b'],
      ['1', '2'],
      ['3', '4\r\n5'],
    ]);
  });

  it.each([
    ['', /no header row/],
    ['a,b\n1\n', /row 1 has 1 cells, the header 2/],
    ['a,b\n1,2\n1,2,3\n', /row 2 has 3 cells/],
    ['a,b\n1,"2\n', /never closed/],
    ['a,b\n1,2"3"\n', /row 1: a quote inside an unquoted cell/],
    ['a,b\n1,"2"3\n', /row 1: text follows/],
  ])('refuses %j', (text, message) => {
    expect(() => scanned(text)).toThrow(message);
  });
});

describe('a row that is too wide', () => {
  /** In pieces as small as can be, which lie across every pair of bytes. */
  const passed = (text: string) => {
    const bytes = Buffer.from(text);
    return Buffer.concat([...withinWidth(Array.from(bytes, (byte) => Buffer.of(byte)))]).equals(bytes);
  };
  const full = ','.repeat(999);

  it('is refused as a header', () => {
    expect(scanned(full)).toHaveLength(1);
    expect(() => scanned(`${full},`)).toThrow('the header has more than 1000 cells');
  });

  it.each(['\n', '\r\n', '\r'])('is found by its number, with lines that end in %j', (end) => {
    expect(passed([full, full, full, ''].join(end))).toBe(true);
    expect(() => passed([full, full, `${full},`, full].join(end))).toThrow('row 2 has more than 1000 cells');
    expect(() => passed(`${full},${end}`)).toThrow('the header has more than 1000 cells');
  });

  it('ends where the rows of its table do: other line ends, and what is in quotes, are part of a cell', () => {
    for (const text of [`a\n${full}\r,`, `a\r\n${full}\n,`, `a\r\n${full}\r,`, `a\r${full}\r1\r2${full}\n,`]) {
      expect(() => passed(text), JSON.stringify(text)).toThrow(BadTable);
      expect(oracle(text.replaceAll(',', '')).length).toBeGreaterThan(1);
    }
    expect(passed(`a,"${full}""${full}\n${full}",b\n"\r",${','.repeat(998)}\n`)).toBe(true);
    expect(() => passed(`a\n"\n",${full}`)).toThrow('row 1 has');
  });
});
