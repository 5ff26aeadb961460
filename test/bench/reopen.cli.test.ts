import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BoxmarkError } from '../../bench/errors.ts';
import { reopenStore } from '../../bench/session/reopen.ts';
import { createStore } from '../../bench/session/store.ts';
import { testEvent, testSample, testStart } from './analysis/simulate.ts';
import { infoFor, tinyPlan } from './boxes.ts';

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

const info = infoFor(tinyPlan({ environments: [{ path: 'native' }] }), []);

/** A session of two whole blocks and a third that was cut, as a kill leaves it. */
function killedSession(): string {
  const store = createStore(out, info);
  store.session({ ...info, blocksCompleted: 2 });
  for (const block of [1, 2, 3]) {
    store.samples([1, 2].map((round) => testSample({ block, round, env: 'native,"x"' })));
    store.start(
      testStart({ block, env: 'native', status: 'failed', reason: `two\nlines, in block ${block}` } as never),
    );
    const states = { workload: 'fft', passes: 1, checksum: 'a', expected: 'b' };
    store.event(testEvent({ kind: 'checksum-mismatch', env: 'native', block, ...states }));
  }
  store.event(testEvent({ kind: 'harness-not-pinned', reason: 'one CPU' }));
  store.finish([], 'interrupted');
  store.close();
  return store.dir;
}

const rows = (dir: string, name: string) =>
  parse(readFileSync(join(dir, name)), { columns: true }) as Record<string, string>[];
const events = (dir: string) =>
  readFileSync(join(dir, 'events.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('a session folder that is opened again', () => {
  it('keeps the rows of whole blocks byte for byte, drops those of the cut one, and is written on behind them', () => {
    const dir = killedSession();
    const before = readFileSync(join(dir, 'samples.csv'), 'utf8').split('\n');
    const store = reopenStore(dir, info.session, 2);
    expect(readFileSync(join(dir, 'samples.csv'), 'utf8').split('\n').slice(0, 5)).toEqual(before.slice(0, 5));
    store.samples([testSample({ block: 3, round: 9 })]);
    store.start(testStart({ block: 3, env: 'native' }));
    store.close();
    expect(rows(dir, 'samples.csv').map(({ block, round }) => `${block}.${round}`)).toEqual([
      '1.1',
      '1.2',
      '2.1',
      '2.2',
      '3.9',
    ]);
    expect(rows(dir, 'starts.csv').map(({ block, status }) => `${block} ${status}`)).toEqual([
      '1 failed',
      '2 failed',
      '3 completed',
    ]);
    expect(rows(dir, 'starts.csv')[1]?.reason).toBe('two\nlines, in block 2');
  });

  it('keeps what was noticed in the cut block, but not under the number of the block that replaces it', () => {
    const dir = killedSession();
    reopenStore(dir, info.session, 2).close();
    expect(events(dir).map(({ kind, block, cutBlock }) => [kind, block, cutBlock])).toEqual([
      ['checksum-mismatch', 1, undefined],
      ['checksum-mismatch', 2, undefined],
      ['checksum-mismatch', undefined, 3],
      ['harness-not-pinned', undefined, undefined],
    ]);
  });

  it('has no contrasts and no manifest until it ends again', () => {
    const dir = killedSession();
    reopenStore(dir, info.session, 2).close();
    expect(existsSync(join(dir, 'manifest.json'))).toBe(false);
    expect(existsSync(join(dir, 'contrasts.csv'))).toBe(false);
  });

  it('survives a kill at any byte: whatever is missing from the last line, the rows are those of the whole blocks', () => {
    const dir = killedSession();
    const whole = Object.fromEntries(
      ['samples.csv', 'starts.csv', 'events.jsonl'].map((name) => [name, readFileSync(join(dir, name))]),
    );
    for (const [name, bytes] of Object.entries(whole)) {
      const third = bytes.indexOf(name === 'events.jsonl' ? '"block":3' : `${info.session},3,`);
      // From within the last row of the second block on, less would not be a kill but a loss of synced rows.
      for (let size = third + 1; size < bytes.length; size++) {
        for (const [other, content] of Object.entries(whole)) writeFileSync(join(dir, other), content);
        truncateSync(join(dir, name), size);
        reopenStore(dir, info.session, 2).close();
        expect(rows(dir, 'samples.csv'), `${name} cut at ${size}`).toHaveLength(4);
        expect(rows(dir, 'starts.csv'), `${name} cut at ${size}`).toHaveLength(2);
        expect(events(dir).filter(({ block }) => block !== undefined)).toHaveLength(2);
      }
    }
  });

  it('gets its header rows even when the kill came before they were written', () => {
    const dir = killedSession();
    for (const name of ['samples.csv', 'starts.csv', 'events.jsonl']) truncateSync(join(dir, name), 0);
    reopenStore(dir, info.session, 0).close();
    expect(readFileSync(join(dir, 'samples.csv'), 'utf8')).toMatch(/^session,block,round,.*\n$/);
    expect(readFileSync(join(dir, 'starts.csv'), 'utf8')).toMatch(/^session,block,position,.*\n$/);
  });

  it('fills up the rows of an older version that had fewer columns, and refuses other columns', () => {
    const dir = killedSession();
    const file = join(dir, 'samples.csv');
    const text = readFileSync(file, 'utf8');
    // Without the columns from `unit` on this is what an older version wrote.
    const header = text.split('\n', 1)[0]?.split(',') ?? [];
    const later = header.length - header.indexOf('unit');
    writeFileSync(file, text.replaceAll(new RegExp(`(?:,[^,\n]*){${later}}\n`, 'g'), '\n'));
    expect(readFileSync(file, 'utf8')).toMatch(/^session,.*,kernels\n/);
    reopenStore(dir, info.session, 2).close();
    expect(rows(dir, 'samples.csv')).toHaveLength(4);
    expect(rows(dir, 'samples.csv')[0]).toMatchObject({ unit: '', rate: '' });
    writeFileSync(file, text.replace('wall_ns', 'wall_ms'));
    expect(() => reopenStore(dir, info.session, 2)).toThrow(/by another version/);
    // A refusal gives the folder free again.
    writeFileSync(file, text);
    reopenStore(dir, info.session, 2).close();
  });
});

describe('a session that is still being measured', () => {
  it('is not resumed; one whose process is gone is', () => {
    const dir = killedSession();
    const mark = join(dir, '.owner.json');
    const stat = readFileSync(`/proc/${process.ppid}/stat`, 'utf8');
    const startTicks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    writeFileSync(mark, JSON.stringify({ pid: process.ppid, startTicks }));
    expect(() => reopenStore(dir, info.session, 2)).toThrow(/still being measured/);
    try {
      reopenStore(dir, info.session, 2);
    } catch (error) {
      expect((error as BoxmarkError).exitCode).toBe(2);
    }
    expect(existsSync(join(dir, 'manifest.json'))).toBe(true);
    // Another process by now has the same number.
    writeFileSync(mark, JSON.stringify({ pid: process.ppid, startTicks: '1' }));
    reopenStore(dir, info.session, 2).close();
    const { pid } = spawnSync('true');
    writeFileSync(mark, JSON.stringify({ pid, startTicks: '1' }));
    reopenStore(dir, info.session, 2).close();
    expect(existsSync(mark)).toBe(false);
  });
});
