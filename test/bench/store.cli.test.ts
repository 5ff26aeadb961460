import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BoxmarkError } from '../../bench/errors.ts';
import { checkSession } from '../../bench/session/check.ts';
import { SESSION_SCHEMA, type SessionInfo, sessionId } from '../../bench/session/info.ts';
import { createStore } from '../../bench/session/store.ts';
import { SAMPLES } from '../../bench/session/tables.ts';
import { testSample } from './analysis/simulate.ts';
import { tinyPlan } from './boxes.ts';

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

function info(): SessionInfo {
  return {
    schema: SESSION_SCHEMA,
    session: sessionId(new Date(Date.UTC(2026, 10, 23, 17))),
    program: '0',
    command: 'boxmark run',
    startedAt: '2026-11-23T17:00:00Z',
    finishedAt: null,
    stopReason: 'blocks',
    seed: 1,
    plan: tinyPlan({ environments: [{ path: 'native' }] }),
    work: { fft: 5 },
    warmup: null,
    host: { name: 'h', fingerprint: '', hardware: {}, stack: {} },
    image: { digest: '', node: '', payload: '' },
    environments: [],
    unavailable: [],
    blocksCompleted: 1,
    measuredMs: 0,
    resumed: [],
  };
}

const sample = testSample({
  ...{ round: 2, position: 3, size: 'tiny', work: 5, wallNs: 10_000_001, hostNs: 10_200_000 },
  ...{ mflops: 1234.56789012345, rate: 1234.56789012345, checksum: '00ff00ff00ff00ff' },
});

/** Of version 0.1.0, in order: whatever comes later stands behind them. */
const FIRST_COLUMNS =
  'session,block,round,position,env,start_id,phase,workload,size,work,wall_ns,cpu_ns,mflops,checksum,ok,started_at,host_ns,clock,kernels,unit,rate';

describe('a session folder', () => {
  it('is named after UTC time and a short id', () => {
    expect(info().session).toMatch(/^20261123T170000Z-[0-9a-f]{6}$/);
  });

  it('holds tables with the columns of the contract, and cells that no spreadsheet runs as a formula', () => {
    const store = createStore(out, info());
    store.samples([sample, { ...sample, env: '=HYPERLINK("http://x")', round: 3, position: 1 }]);
    store.close();
    const text = readFileSync(join(store.dir, 'samples.csv'), 'utf8');
    const columns = text.split('\n', 1)[0]?.split(',') ?? [];
    const first = FIRST_COLUMNS.split(',');
    expect(columns.slice(0, first.length)).toEqual(first);
    expect(columns).toEqual(SAMPLES.columns.map(({ name }) => name));
    expect(SAMPLES.columns.slice(first.length).every(({ appended }) => appended)).toBe(true);
    expect(text.endsWith('\n')).toBe(true);
    expect(text).not.toContain('\r');
    const [row, other] = parse(text, { columns: true }) as Record<string, string>[];
    expect(row).toMatchObject({ wall_ns: '10000001', cpu_ns: '', mflops: '1234.56789', ok: 'true', unit: 'MFLOPS' });
    expect(other?.env).toBe(`'=HYPERLINK("http://x")`);
    expect(row?.rate).toBe('1234.56789');
  });

  it('verifies, and a changed byte, a lost file or a foreign path are found', async () => {
    const made = info();
    const store = createStore(out, made);
    store.session(made);
    store.samples([sample]);
    store.finish([], 'blocks');
    store.close();
    expect((await checkSession(store.dir)).findings).toEqual([]);
    appendFileSync(join(store.dir, 'samples.csv'), 'x\n');
    expect((await checkSession(store.dir)).findings.map(({ file }) => file)).toContain('samples.csv');
    rmSync(join(store.dir, 'starts.csv'));
    expect((await checkSession(store.dir)).findings).toContainEqual({ file: 'starts.csv', problem: 'is missing' });
    const manifest = { schema: 1, files: { '../../etc/passwd': 'a'.repeat(64) } };
    writeFileSync(join(store.dir, 'manifest.json'), JSON.stringify(manifest));
    expect((await checkSession(store.dir)).findings.some(({ problem }) => problem.includes('path outside'))).toBe(true);
  });

  it('notices states that differ between boxes in a round', async () => {
    const made = info();
    const store = createStore(out, made);
    store.session(made);
    store.samples([sample, { ...sample, env: 'docker', checksum: '1'.repeat(16) }]);
    store.finish([], 'blocks');
    store.close();
    expect((await checkSession(store.dir)).findings[0]?.problem).toMatch(/state differs/);
  });

  it('that can not be made is a usage error that names the flag', () => {
    const file = join(out, 'file');
    writeFileSync(file, '');
    expect(() => createStore(file, info())).toThrow(/--out/);
    try {
      createStore(file, info());
    } catch (error) {
      expect((error as BoxmarkError).exitCode).toBe(2);
    }
  });

  it('is no session when session.json is missing', async () => {
    await expect(checkSession(out)).rejects.toThrow(/not a session/);
  });
});

describe('a full disk', () => {
  const canMount = process.getuid?.() === 0;
  it.skipIf(!canMount)('ends the session with a plain reason and leaves whole rows', () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', out]);
    try {
      const store = createStore(out, info());
      let failure: unknown;
      let written = 0;
      try {
        for (; written < 100_000; written += 50) store.samples(Array.from({ length: 50 }, () => sample));
      } catch (error) {
        failure = error;
      }
      store.close();
      expect(failure).toBeInstanceOf(BoxmarkError);
      expect((failure as BoxmarkError).message).toMatch(/disk is full/);
      const text = readFileSync(join(store.dir, 'samples.csv'), 'utf8');
      expect(text.endsWith('\n')).toBe(true);
      expect(parse(text, { columns: true })).toHaveLength(written);
    } finally {
      execFileSync('umount', [out]);
    }
  });
});
