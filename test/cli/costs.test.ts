import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { boxmark, sessions } from './program.ts';

const isRoot = process.getuid?.() === 0;
const LIMIT_MS = 240_000;

let out: string;
beforeEach(() => {
  out = mkdtempSync('/var/tmp/boxmark-test-out-');
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

function rows(file: string): Record<string, string>[] {
  const [dir = ''] = sessions(out);
  return parse(readFileSync(join(dir, file)), { columns: true }) as Record<string, string>[];
}

describe('boxmark run --measure', () => {
  it('startup measures starts of real boxes, and the session proves itself but is not gone on with', {
    timeout: LIMIT_MS,
  }, async (ctx) => {
    if (!isRoot) ctx.skip('namespaces need root here');
    const args = ['--measure', 'startup', '--no-cold', '-e', 'native,unshare', '--blocks', '2', '--rounds', '1'];
    const ended = await boxmark('run', ...args, '-o', out, '-q', '--json');
    expect(ended.stderr).toBe('');
    expect(ended.code).toBe(0);
    const document = JSON.parse(ended.stdout);
    expect(document.answer).toMatch(/^First instruction, warm, against native: unshare /);
    const shared = document.posture.rows.find(({ id }: { id: string }) => id === 'namespace_pid');
    expect(shared.cells.map(({ holds }: { holds: boolean }) => holds)).toEqual([false, true]);
    const unshare = rows('startup.csv').filter(({ env }) => env === 'unshare');
    expect(unshare.map(({ figure }) => figure)).toEqual(['spawned', 'first-instruction', 'ready', 'removal']);
    for (const row of unshare) expect(Number(row.median_ms)).toBeGreaterThan(0);
    const [dir = ''] = sessions(out);
    expect((await boxmark('check', dir)).code).toBe(0);
    const resumed = await boxmark('resume', dir);
    expect(resumed.code).toBe(2);
    expect(resumed.stderr).toContain('boxmark run --measure startup');
    expect((await boxmark('reproduce', dir)).code).toBe(2);
    expect((await boxmark('report', dir, '--format', 'csv', '-o', '-')).code).toBe(0);
  });

  it('footprint finds more memory for more instances, and no disk for boxes that copy nothing', {
    timeout: LIMIT_MS,
  }, async () => {
    const args = ['--measure', 'footprint', '-e', 'native', '--blocks', '1', '--instances', '1,3'];
    const ended = await boxmark('run', ...args, '-o', out, '-q');
    expect(ended.stderr).toBe('');
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain('One more idle instance');
    const native = rows('footprint.csv').filter(({ env }) => env === 'native');
    const [one, three] = ['1', '3'].map((instances) => native.find((row) => row.instances === instances));
    expect(Number(three?.pss_bytes)).toBeGreaterThan(Number(one?.pss_bytes));
    expect(Number(three?.image_bytes)).toBeGreaterThan(50 * 2 ** 20);
    expect(Math.abs(Number(three?.disk_bytes))).toBeLessThan(2 ** 20);
  });

  it.each([
    [['--measure', 'startup', '-w', 'fft'], '--workload has no effect with --measure startup'],
    [['--measure', 'footprint', '--instances', '4'], '--instances takes two numbers or more'],
    [['--measure', 'startup', '--instances', '1,2'], '--instances has no effect with --measure startup'],
    [['--measure', 'footprint', '--rounds', '3'], '--rounds has no effect with --measure footprint'],
    [['--instances', '1,2'], '--instances has no effect with --measure workloads'],
    [['--measure', 'start-up'], '(did you mean "startup"?)'],
  ])('refuses %j with exit code 2, and measures nothing', async (args, message) => {
    const ended = await boxmark('run', ...args, '-o', out);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain(message);
    expect(sessions(out)).toEqual([]);
  });

  it('says in a dry run what would be started how often', async () => {
    const ended = await boxmark('run', '--measure', 'startup', '-e', 'native', '--dry-run', '--blocks', '3');
    expect(ended.code).toBe(0);
    expect(ended.stdout).toMatch(/design +3 blocks × 4 warm starts and a cold one of each/);
  });
});
