/** A session whose tables gzip made smaller is the same session to every reader. */

import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkWhole } from '../../bench/kinds/whole-check.ts';
import { digestOfStored, openTable, piecesOf, readTable, tableSize } from '../../bench/session/compressed.ts';
import { loadSession } from '../../bench/session/load.ts';
import { reopenStore } from '../../bench/session/reopen.ts';
import { CutTable, scanTable, TableScan } from '../../bench/session/scan.ts';
import { writeSession } from '../cli/stored-session.ts';

const NAME = '20261123T170000Z-abcdef';
let out: string;
let plain: string;
let packed: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  plain = writeSession({ out: join(out, 'plain'), name: NAME, plan: { rounds: 4, blocks: 3 } });
  packed = join(out, 'packed', NAME);
  cpSync(plain, packed, { recursive: true });
  for (const name of readdirSync(packed).filter((one) => one.endsWith('.csv'))) {
    writeFileSync(join(packed, `${name}.gz`), gzipSync(readFileSync(join(packed, name))));
    rmSync(join(packed, name));
  }
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

describe('a session whose tables are compressed', () => {
  it('has the same rows, passes its check, and keeps its seal', async () => {
    const { dir: _, ...session } = await loadSession(packed);
    const { dir: __, ...same } = await loadSession(plain);
    expect(session).toEqual(same);
    expect(session.samples.length).toBeGreaterThan(0);
    expect(await checkWhole(packed)).toEqual(await checkWhole(plain));
    expect((await checkWhole(packed)).findings).toEqual([]);
  });

  it('is read in pieces where a table is large, also of several members, with and without what is behind its rows', () => {
    const rows = `${'x'.repeat(99)}\n`.repeat(200_000);
    const bytes = Buffer.from(`head\n${rows}`);
    const file = join(out, 'large.csv');
    writeFileSync(
      `${file}.gz`,
      Buffer.concat([gzipSync(bytes.subarray(0, 9_000_000)), gzipSync(bytes.subarray(9_000_000))]),
    );
    expect(tableSize(file)).toBe(bytes.length);
    expect(digestOfStored(file)).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(Buffer.concat([...piecesOf(file)]).equals(bytes)).toBe(true);
    expect(readTable(file).equals(bytes)).toBe(true);
    let count = 0;
    // The thread ends with who reads.
    for (const _ of scanTable(file)) if (++count === 100_000) break;
    writeFileSync(`${file}.gz`, gzipSync(bytes.subarray(0, -1)));
    const cut = new TableScan(file, { isWhole: true });
    expect(() => cut.next()).toThrow(CutTable);
    writeFileSync(`${file}.gz`, gzipSync(bytes).subarray(0, -9));
    expect(() => openTable(file)).toThrow(/can't be unpacked: unexpected end of file/);
    const members = [gzipSync(bytes), Buffer.from('no gzip')];
    writeFileSync(`${file}.gz`, Buffer.concat(members));
    expect(() => openTable(file)).toThrow(/can't be unpacked: incorrect header check/);
  });

  it('is found to be changed when a row of it is', async () => {
    const text = readFileSync(join(plain, 'samples.csv'), 'utf8').replace(/,measure,/, ',lead,');
    writeFileSync(join(packed, 'samples.csv.gz'), gzipSync(text));
    const { findings } = await checkWhole(packed);
    expect(findings.map(({ file, problem }) => `${file} ${problem}`)).toContainEqual(
      expect.stringMatching(/^samples\.csv is not what the manifest lists/),
    );
  });

  it('is found to have a row of commas alone, in little memory', async () => {
    const damaged = Buffer.concat([readFileSync(join(plain, 'samples.csv')), Buffer.alloc(2 ** 25, ',')]);
    writeFileSync(join(packed, 'samples.csv.gz'), gzipSync(damaged));
    writeFileSync(join(plain, 'samples.csv'), damaged);
    const rows = damaged.toString('latin1', 0, damaged.indexOf(',,,,,,')).split('\n').length - 1;
    for (const dir of [packed, plain]) {
      const before = process.resourceUsage().maxRSS;
      const { findings } = await checkWhole(dir);
      const problem = `row ${rows} has more than 1000 cells`;
      expect(findings.filter(({ file }) => file === 'samples.csv').map((one) => one.problem)).toContain(problem);
      // A parser that keeps the cells takes two gigabytes.
      expect(process.resourceUsage().maxRSS - before).toBeLessThan(400_000);
    }
  });

  it('is unpacked where rows are appended to it', () => {
    reopenStore(packed, NAME, 3).close();
    reopenStore(plain, NAME, 3).close();
    for (const name of ['samples.csv', 'starts.csv']) {
      expect(readFileSync(join(packed, name)), name).toEqual(readFileSync(join(plain, name)));
    }
    expect(readdirSync(packed).filter((name) => name.endsWith('.gz'))).toEqual([]);
    expect(existsSync(join(packed, 'contrasts.csv'))).toBe(false);
  });

  it('is read from the table that is not compressed where there are both', async () => {
    cpSync(join(plain, 'samples.csv'), join(packed, 'samples.csv'));
    writeFileSync(join(packed, 'samples.csv.gz'), 'no gzip');
    expect((await loadSession(packed)).samples).toEqual((await loadSession(plain)).samples);
  });

  it.each<[string, () => Buffer, RegExp]>([
    ['is no gzip', () => Buffer.from('session,block\n'), /can't be unpacked: incorrect header check/],
    [
      'is cut',
      () => readFileSync(join(packed, 'samples.csv.gz')).subarray(0, 200),
      /can't be unpacked: unexpected end/,
    ],
    [
      'is a bomb',
      // Members of a gzip file are one after another, each of 64 MiB of nothing here.
      () => Buffer.concat(new Array(10).fill(gzipSync(Buffer.alloc(2 ** 26)))),
      /larger than 536870912 bytes when it is unpacked/,
    ],
  ])('is refused where a table %s', async (_, content, message) => {
    writeFileSync(join(packed, 'samples.csv.gz'), content());
    await expect(loadSession(packed)).rejects.toThrow(message);
    const { findings } = await checkWhole(packed);
    expect(findings.map(({ file, problem }) => `${file}: ${problem}`).join('\n')).toMatch(message);
  });
});
