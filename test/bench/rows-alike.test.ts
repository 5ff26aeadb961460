/** Rows that are read by comparing them with those before, against a parser for all dialects of CSV and cells read one by one. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { passingRowsOf, rowsOf } from '../../bench/session/load.ts';
import { scanTable } from '../../bench/session/scan.ts';
import { BadCell } from '../../bench/session/table.ts';
import { TableRecord } from '../../bench/session/table-record.ts';
import { SAMPLES } from '../../bench/session/tables.ts';
import type { Sample } from '../../bench/types.ts';

const dir = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
const file = join(dir, SAMPLES.file);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const HEADER = SAMPLES.columns.map(({ name }) => name);
const ROW: Readonly<Record<string, string>> = {
  ...{
    session: 's',
    block: '1',
    round: '1',
    position: '1',
    env: 'native',
    start_id: 'b1',
    phase: 'lead',
    workload: 'fft',
  },
  ...{
    size: 'small',
    work: '385',
    wall_ns: '10549251',
    cpu_ns: '10549251',
    mflops: '1842.26898',
    checksum: '',
    ok: 'true',
  },
  ...{
    started_at: '2026-11-23T17:00:00.000Z',
    host_ns: '',
    clock: 'guest',
    kernels: 'wasm',
    unit: 'MFLOPS',
    rate: '1842.5',
  },
  ...{ better: '', threads: '', spread: '', late_ns: '' },
};
const NUMBERS = [
  '',
  '0',
  '7',
  '10',
  '007',
  '1e7',
  '+5',
  '-5',
  '-0',
  ' 5',
  '5 ',
  '0x10',
  '.5',
  '5.',
  '1.50',
  '0.1',
  '1_000',
];
const LARGE = ['9007199254740991', '9007199254740993', '123456789012345.6', '1e400', 'Infinity', 'NaN', '١'];
const WORDS = [
  'fft',
  'fftx',
  'ff',
  "'=1",
  '=1',
  'é',
  '\u{1f600}',
  'true',
  'false',
  'measure',
  'lead',
  'small',
  'guest',
];
const CELLS = [...NUMBERS, ...LARGE, ...WORDS, '00ff00ff00ff00ff', '2026-11-23T17:00:00.007Z', '2026-11-23T17:00:00Z'];
const QUOTED = ['"fft"', '"a,b"', '"a\nb"', '"a""b"', '""'];

/** Of a few rows that are repeated, each with some cells replaced. `isWild`: by any text, not by one that the column takes. */
function table(header: readonly string[], isWild: boolean): fc.Arbitrary<string> {
  const typeOf = (name: string) => SAMPLES.columns.find((column) => column.name === name)?.type;
  const fitting = (name: string) => CELLS.filter((cell) => typeOf(name)?.read(cell) !== undefined);
  const change = fc.constantFrom(...header).chain((name) => {
    const cells = isWild ? [...CELLS, ...QUOTED] : [...fitting(name), ROW[name] ?? ''];
    return fc.tuple(fc.constant(name), fc.constantFrom(...cells));
  });
  const row = fc
    .array(change, { maxLength: 3 })
    .map((changes) => header.map((name) => ({ ...ROW, ...Object.fromEntries(changes) })[name] ?? '').join(','));
  const lines = fc.tuple(
    fc.array(fc.tuple(row, fc.integer({ min: 1, max: 3 })), { minLength: 1, maxLength: 10 }),
    fc.constantFrom('', '', '\ufeff'),
    fc.constantFrom('\n', '\n', '\r\n'),
  );
  return lines.map(([rows, mark, end]) => {
    const all = rows.flatMap(([text, times]) => Array.from({ length: times }, () => text));
    return `${mark}${[header.join(','), ...all].map((text) => text + end).join('')}`;
  });
}

/** What the rows are read to, cell by cell from texts, or the first thing that is wrong with them. */
function simply(text: string): { rows: Sample[]; problem: string | null } {
  const [header = [], ...records] = parse(text, { bom: true }) as string[][];
  const rows: Sample[] = [];
  const read = SAMPLES.reader(TableRecord.of(header));
  for (const cells of records) {
    try {
      rows.push(read(TableRecord.of(cells)));
    } catch (error) {
      if (!(error instanceof BadCell)) throw error;
      return { rows, problem: `row ${rows.length + 1}: ${error.message}` };
    }
  }
  return { rows, problem: null };
}

function fromBytes(readRows: typeof rowsOf): { rows: Sample[]; problem: string | null } {
  const rows: Sample[] = [];
  try {
    for (const row of readRows(dir, SAMPLES)) rows.push(readRows === rowsOf ? row : { ...row });
  } catch (error) {
    return { rows, problem: /samples\.csv: (.*)/.exec(String(error))?.[1] ?? String(error) };
  }
  return { rows, problem: null };
}

describe('rows that have most cells in common', () => {
  const orders = [HEADER, [...HEADER].reverse(), ['further', ...HEADER.slice(0, -2)]];
  it.each([
    ['that the columns take', false],
    ['of any kind', true],
  ])('are read as one by one, with cells %s', (_, isWild) => {
    const tables = fc.constantFrom(...orders).chain((header) => table(header, isWild));
    fc.assert(
      fc.property(tables, (text) => {
        writeFileSync(file, text);
        expect([...scanTable(file)]).toEqual(parse(text, { bom: true }));
        const expected = simply(text);
        expect(fromBytes(rowsOf)).toEqual(expected);
        expect(fromBytes(passingRowsOf)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('are read across the pieces of a file, also by two readers in turns', () => {
    const line = (number: number) => HEADER.map((name) => (name === 'wall_ns' ? number : ROW[name])).join(',');
    const lines = Array.from({ length: 20_000 }, (_, index) => `${line(10_000_000 + index)}\n`);
    writeFileSync(file, [`${HEADER.join(',')}\n`, ...lines].join(''));
    const [one, other] = [passingRowsOf(dir, SAMPLES), passingRowsOf(dir, SAMPLES)];
    other.next();
    for (let index = 0; index < lines.length - 1; index++) {
      expect(one.next().value?.wallNs).toBe(10_000_000 + index);
      expect(other.next().value?.wallNs).toBe(10_000_001 + index);
    }
  });
});
