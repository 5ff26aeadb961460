/** `boxmark fleet report`, `compare` and `export` as programs: exit codes, files, tables that others read, and the page in a browser. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse } from 'csv-parse/sync';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FLEET_ROWS } from '../../bench/session/fleet-tables.ts';
import { TableRecord } from '../../bench/session/table-record.ts';
import { boxmark } from '../cli/program.ts';
import { missingBrowser, openBrowser, openPage } from '../reports/browser.ts';
import { writeFleet, writeSessions } from './synthetic.ts';

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

/** Run in the page. */
const SIDEWAYS = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

const at = (...names: string[]) => join(out, ...names);

describe('boxmark fleet report', () => {
  it('prints text, or writes the files that are asked for', async () => {
    writeFleet(at('fleet'), { hosts: 4 });
    const printed = await boxmark('fleet', 'report', at('fleet'));
    expect(printed).toMatchObject({ code: 0, stderr: '' });
    expect(printed.stdout).toMatch(/docker is equivalent to native/);
    const written = await boxmark('fleet', 'report', at('fleet'), '--format', 'html,md,csv,json,svg');
    expect(written).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(at('fleet', 'report')).sort()).toEqual([
      ...['fleet.csv', 'fleet.html', 'fleet.json', 'fleet.md', 'map-1.svg', 'map-2.svg', 'map-3.svg', 'map-4.svg'],
      ...['spread-1.svg', 'spread-2.svg', 'spread-3.svg'],
    ]);
    const page = readFileSync(at('fleet', 'report', 'fleet.html'), 'utf8');
    expect(/(src|href)="https?:/.test(page)).toBe(false);
    const json = await boxmark('fleet', 'report', at('fleet'), '--json');
    expect(json.stdout).toBe(readFileSync(at('fleet', 'report', 'fleet.json'), 'utf8'));
  });

  it('refuses a fleet that is none, a folder that is not there, and an unknown label', async () => {
    writeFleet(at('fleet'), { hosts: 3 });
    for (const [args, words] of [
      [[at('gone')], /no such folder/],
      [[at('fleet'), '--by', 'rock'], /No host has a label[\s\S]*try: cpu, kernel, architecture, rack, tier/],
      [[at('fleet'), '--format', 'html,md', '-o', '-'], /Standard output takes one text/],
    ] as const) {
      const ended = await boxmark('fleet', 'report', ...args);
      expect(ended).toMatchObject({ code: 2, stdout: '' });
      expect(ended.stderr).toMatch(words);
    }
    writeFileSync(at('fleet', 'fleet.json'), '{"schema":2}');
    expect(await boxmark('fleet', 'report', at('fleet'))).toMatchObject({ code: 2, stdout: '' });
  });

  it('leaves out a host with a FIFO in place of its table, without waiting for it', async () => {
    const [first] = writeSessions(at('sessions'), { hosts: 4 });
    const file = at('sessions', first?.path ?? '', 'contrasts.csv');
    rmSync(file);
    execFileSync('mkfifo', [file]);
    const ended = await boxmark('fleet', 'report', at('sessions'));
    expect(ended.code).toBe(0);
    expect(ended.stdout.replace(/\s+/g, ' ')).toMatch(/3 hosts.*1 session: A session's folder holds regular files/);
  });
});

describe('boxmark fleet compare', () => {
  it('ends with 3 for a regression, 0 without one, and 4 without a verdict', async () => {
    const change = (info: { session: string }) => ({ ...info, session: `${info.session}x` }) as never;
    writeFleet(at('before'), { hosts: 5 });
    writeFleet(at('slower'), { hosts: 5, seed: 2, shift: 0.06, change });
    writeFleet(at('same'), { hosts: 5, seed: 3, change });
    const compare = (...args: string[]) => boxmark('fleet', 'compare', at('before'), ...args);
    expect(await compare(at('slower'))).toMatchObject({ code: 3, stderr: '' });
    expect(await compare(at('same'), '--margin', '5%')).toMatchObject({ code: 0 });
    expect(await compare(at('before'))).toMatchObject({ code: 4 });
    const { stdout } = await compare(at('slower'), '--json');
    expect(JSON.parse(stdout)).toMatchObject({ schema: 1, gate: 'regressed' });
  });
});

describe('boxmark fleet export', () => {
  it('writes the same rows as CSV, as lines of JSON and as Parquet', async () => {
    writeFleet(at('fleet'), { hosts: 5 });
    for (const as of ['csv', 'json', 'parquet']) {
      const ended = await boxmark('fleet', 'export', at('fleet'), '--as', as, '-o', at(`t.${as}`));
      expect(ended).toMatchObject({ code: 0, stderr: '', stdout: '' });
    }
    const names = FLEET_ROWS.columns.map(({ name }) => name);
    const csv = parse(readFileSync(at('t.csv')), { columns: true }) as Record<string, string>[];
    const json = readFileSync(at('t.json'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const parquet = await parquetReadObjects({ file: await asyncBufferFromFile(at('t.parquet')) });
    expect(csv).toHaveLength(5 * 18);
    expect(json).toEqual(parquet);
    expect(Object.keys(csv[0] ?? {})).toEqual(names);
    for (const [index, row] of json.entries()) {
      const cells = Object.values(row).map((value) => (value === null ? '' : String(value)));
      expect(cells).toEqual(Object.values(csv[index] ?? {}));
    }
    expect(JSON.parse(json[0].labels)).toEqual({ rack: 'r1', tier: 'web' });
    // What `export` writes is what the table's own reader takes.
    const read = FLEET_ROWS.reader(TableRecord.of(names));
    for (const row of csv) expect(() => read(TableRecord.of(Object.values(row)))).not.toThrow();
    expect((await boxmark('fleet', 'export', at('fleet'), '--as', 'csv')).stdout).toBe(
      readFileSync(at('t.csv'), 'utf8'),
    );
  });

  it('names what it leaves out, and leaves no file behind when it can write none', async () => {
    const [first] = writeSessions(at('sessions'), { hosts: 3 });
    writeFileSync(at('sessions', first?.path ?? '', 'contrasts.csv'), 'session,env\n');
    const ended = await boxmark('fleet', 'export', at('sessions'), '--as', 'csv', '-o', at('t.csv'));
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stderr).toMatch(/left out: host-0001, .*no column/);
    const refused = await boxmark('fleet', 'export', at('sessions'), '--as', 'csv', '-o', at('gone', 't.csv'));
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toMatch(/--output: the file can't be written/);
    expect(readdirSync(out).sort()).toEqual(['sessions', 't.csv']);
    expect(statSync(at('t.csv')).size).toBeGreaterThan(1000);
    expect(await boxmark('fleet', 'export', at('sessions'), '--as', 'parquet')).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('the page of a fleet', () => {
  const unavailable = missingBrowser();
  beforeEach((ctx) => {
    if (unavailable !== null) ctx.skip(unavailable);
  });

  it.each([3, 100])('of %i hosts has no error, no request and no sideways scroll at any width', async (hosts) => {
    writeFleet(at('fleet'), { hosts, odd: { 1: 0.09 } }, [{ name: 'lost-1', state: 'lost', reason: 'gone' }]);
    await boxmark('fleet', 'report', at('fleet'), '--format', 'html', '-o', at('page'), '--by', 'cpu');
    const browser = await openBrowser();
    try {
      for (const width of [360, 1440]) {
        const { page, errors, requests } = await openPage(browser, pathToFileURL(at('page', 'fleet.html')).href, {
          width,
        });
        expect({ errors, requests }).toEqual({ errors: [], requests: [] });
        expect(await page.evaluate(SIDEWAYS)).toBe(0);
        expect(await page.locator('canvas').count()).toBe(7);
        await page.context().close();
      }
    } finally {
      await browser.close();
    }
  });
});
