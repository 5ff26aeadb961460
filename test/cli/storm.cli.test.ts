/** Storms and series of real boxes by the program: they are interrupted, and nothing is left. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processesNaming } from '../leftovers.ts';
import { boxmark, eventually, REHEARSAL, sessions, start, tracesOf, workspaceOf } from './program.ts';

const isRoot = process.getuid?.() === 0;
const LIMIT_MS = 240_000;

let out: string;
beforeEach(() => {
  out = mkdtempSync('/var/tmp/boxmark-test-out-');
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

describe.skipIf(!isRoot)('an interrupt', () => {
  it.each([
    ['in a storm of 50 starts', ['--measure', 'storm', '--max', '50'], 25],
    ['in a series of idle instances', ['--measure', 'density', '--max', '40'], 15],
  ])('%s leaves no process, mount, control group or folder', { timeout: LIMIT_MS }, async (_, args, least) => {
    const running = start(['run', ...args, '-e', 'unshare', '--baseline', 'unshare', '--blocks', '1', '-o', out, '-q']);
    const dir = await eventually(() => workspaceOf(running.child.pid));
    const id = basename(dir).replace('boxmark-', '');
    // Payloads, and the commands that hold their boxes.
    await eventually(() => (processesNaming(`--start=${id}-b1-unshare`).length >= least ? true : undefined), LIMIT_MS);
    running.child.kill('SIGINT');
    const ended = await running.ended;
    expect(ended.code).toBe(130);
    expect(ended.stderr).toContain('boxmark: stopping, boxes are being closed');
    expect(ended.stderr).not.toMatch(/left behind|Warning/);
    expect(tracesOf(id)).toEqual([]);
    const [session = ''] = sessions(out);
    expect((await boxmark('check', session)).code).toBe(0);
  });
});

describe('a session of storms', () => {
  const options = { main: REHEARSAL };
  const infoOf = (dir: string) => {
    const file = join(dir, 'session.json');
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  };

  it('that is interrupted is resumed with whole blocks, and reproduced', { timeout: LIMIT_MS }, async () => {
    const args = ['--measure', 'storm', '--max', '3', '-e', 'native,unshare', '--size', 'tiny', '-q'];
    const running = start(['run', ...args, '--blocks', '1000', '-o', out], [], options);
    const dir = await eventually(
      () => sessions(out).find((found) => (infoOf(found)?.blocksCompleted ?? 0) >= 1),
      LIMIT_MS,
    );
    running.child.kill('SIGINT');
    const ended = await running.ended;
    expect(ended.code).toBe(130);
    expect(ended.stderr).toContain(`try: boxmark resume ${dir}`);
    const blocks = infoOf(dir).blocksCompleted + 1;
    const resumed = await start(['resume', dir, '--max-blocks', String(blocks), '-q'], [], options).ended;
    expect(resumed.stderr).toBe('');
    expect(resumed.code).toBe(0);
    expect(resumed.stdout).toMatch(/^3 starts at once: native all ready after/m);
    const rows: Record<string, string>[] = parse(readFileSync(join(dir, 'storm.csv')), { columns: true });
    const keys = rows.map(({ block, env, order, share, instance }) => [block, env, order, share, instance].join(' '));
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toHaveLength(blocks * 2 * 5 * 3);
    expect((await boxmark('check', dir)).code).toBe(0);
    const again = await start(
      ['reproduce', dir, '--blocks', '1', '-o', join(out, 'again'), '-q', '--json'],
      ...([[], options] as const),
    ).ended;
    expect(again.stderr).toBe('');
    expect(again.code).toBe(0);
    const found: { env: string; workload: string; before: object | null; after: object | null }[] = JSON.parse(
      again.stdout,
    ).rows;
    const whole = found.filter(({ before, after }) => before !== null && after !== null);
    expect(whole.map(({ workload }) => workload)).toContain('ready, 3 at-once, none');
    expect(whole.every(({ env }) => env === 'unshare')).toBe(true);
  });

  it.each([
    [['-w', 'fft,lu'], 'A storm has one workload beside it'],
    [['--rounds', '3'], '--rounds has no effect with --measure storm'],
  ])('refuses %j with exit code 2', async (args, message) => {
    const ended = await start(['run', '--measure', 'storm', '-e', 'native', '-q', ...args, '-o', out], [], options)
      .ended;
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain(message);
  });

  it('says in a dry run what would be started how', async () => {
    const ended = await boxmark('run', '--measure', 'storm', '-e', 'native', '--instances', '5,10', '--dry-run');
    expect(ended.code).toBe(0);
    expect(ended.stdout).toMatch(/measures +5, 10 starts of each environment, beside a native at work on fft/);
  });
});
