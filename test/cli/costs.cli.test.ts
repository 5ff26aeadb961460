import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { boxmark, eventually, MAIN, REHEARSAL, rehearse, sessions, start } from './program.ts';

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

const infoOf = (dir: string) => {
  const file = join(dir, 'session.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
};
const planOf = (dir: string) => infoOf(dir).plan;

/** Of one environment; of starts it is in the plan. */
const ROWS_OF_A_BLOCK: Readonly<Record<string, number>> = { footprint: 2, scale: 3, density: 2, load: 2, neighbour: 4 };

describe('boxmark run --measure', () => {
  it('startup measures starts of real boxes, and the session verifies, gets more blocks and is reproduced', {
    timeout: LIMIT_MS,
  }, async (ctx) => {
    if (!isRoot) ctx.skip('namespaces need root here');
    const args = ['--measure', 'startup', '--no-cold', '-e', 'native,unshare', '--blocks', '1', '--rounds', '1'];
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
    const narrow = await boxmark('resume', dir, '--target', '1%');
    expect(narrow.code).toBe(2);
    expect(narrow.stderr).toContain('--target is about workloads');
    const resumed = await boxmark('resume', dir, '--max-blocks', '2', '-q');
    expect(resumed.stderr).toBe('');
    expect(resumed.code).toBe(0);
    expect(rows('startup.csv').map(({ starts }) => starts)).toEqual(unshare.concat(unshare, unshare).map(() => '12'));
    expect((await boxmark('check', dir)).code).toBe(0);
    expect((await boxmark('report', dir, '--format', 'csv', '-o', '-')).code).toBe(0);
    const again = await rehearse('reproduce', dir, '-o', join(out, 'again'), '-q');
    expect(again.stderr).toBe('');
    expect(again.code).toBe(0);
    expect(again.stdout).toMatch(/^unshare against native$/m);
    // A wide interval moves the figures to a line of their own.
    expect(again.stdout).toMatch(/^ *first-instruction, warm\s+\d+\.\d/m);
    expect(again.stdout).not.toContain('erdict');
    const [copy = ''] = sessions(join(out, 'again'));
    expect(planOf(copy)).toEqual(planOf(dir));
    expect((await boxmark('check', copy)).code).toBe(0);
  });

  it('footprint finds more memory for more instances, and no disk for boxes that copy nothing', {
    timeout: LIMIT_MS,
  }, async () => {
    const args = ['--measure', 'footprint', '-e', 'native', '--blocks', '1', '--instances', '1,3'];
    const ended = await boxmark('run', ...args, '-o', out, '-q');
    expect(ended.stderr).toBe('');
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain('Memory of one more idle instance');
    const native = rows('footprint.csv').filter(({ env }) => env === 'native');
    const [one, three] = ['1', '3'].map((instances) => native.find((row) => row.instances === instances));
    expect(Number(three?.pss_bytes)).toBeGreaterThan(Number(one?.pss_bytes));
    expect(Number(three?.image_bytes)).toBeGreaterThan(50 * 2 ** 20);
    expect(Math.abs(Number(three?.disk_bytes))).toBeLessThan(2 ** 20);
  });

  it.skipIf(!isRoot).each([
    ['startup', ['--no-cold', '--rounds', '1'], 'starts.csv', REHEARSAL],
    // A rehearsed box holds no memory.
    ['footprint', ['--instances', '1,2'], 'footprint.csv', MAIN],
    ['scale', ['--instances', '1,2', '--size', 'tiny', '--burst', '1ms', '--window', '50ms'], 'scale.csv', REHEARSAL],
    ['density', ['--max', '2'], 'density.csv', MAIN],
    // A rehearsed burst only claims to take so long; requests may be late by a tenth of it.
    ['load', ['--rates', '40,80', '--level', '200ms', '--burst', '5s'], 'load.csv', REHEARSAL],
    [
      'neighbour',
      ['--aggressors', 'cpu,forks', '--rounds', '1', '--size', 'tiny', '--burst', '1ms', '--window', '20ms'],
      'neighbour.csv',
      REHEARSAL,
    ],
  ])(
    '%s that is interrupted says how to resume, is whole once it is resumed, and can be reproduced',
    {
      timeout: LIMIT_MS,
    },
    async (measure, more, table, main) => {
      const args = ['--measure', measure, ...more, '-e', 'native,unshare', '-q'];
      const running = start(['run', ...args, '--blocks', '1000', '-o', out], [], { main });
      const dir = await eventually(() => sessions(out).find((found) => (infoOf(found)?.blocksCompleted ?? 0) >= 1));
      running.child.kill('SIGINT');
      const ended = await running.ended;
      expect(ended.code).toBe(130);
      expect(ended.stderr).toContain(`try: boxmark resume ${dir}`);
      const blocks = infoOf(dir).blocksCompleted + 1;
      const resumed = await start(['resume', dir, '--max-blocks', String(blocks), '-q'], [], { main }).ended;
      expect(resumed.stderr).toBe('');
      expect(resumed.code).toBe(0);
      expect(infoOf(dir)).toMatchObject({ stopReason: 'blocks', blocksCompleted: blocks });
      const own = rows(table).filter(({ env }) => env === 'unshare');
      const keyOf = ({ block, round, position, instances, instance, arrival, turn }: Record<string, string>) =>
        `${block} ${round ?? position} ${instances ?? arrival} ${instance} ${turn}`;
      expect(new Set(own.map(keyOf)).size).toBe(own.length);
      // Of load, the levels.
      const parts = own.filter(({ arrival = '1' }) => arrival === '1');
      expect(parts).toHaveLength(blocks * (ROWS_OF_A_BLOCK[measure] ?? planOf(dir).rounds));
      expect(new Set(own.map(({ block }) => Number(block)))).toEqual(
        new Set(Array.from({ length: blocks }, (_, index) => index + 1)),
      );
      expect((await boxmark('check', dir)).code).toBe(0);
      const again = await start(['reproduce', dir, '--blocks', '1', '-o', join(out, 'again'), '-q', '--json'], [], {
        main,
      }).ended;
      expect(again.stderr).toBe('');
      expect(again.code).toBe(0);
      const found: { env: string; before: object | null; after: object | null }[] = JSON.parse(again.stdout).rows;
      expect(found.some(({ env, before, after }) => env === 'unshare' && before !== null && after !== null)).toBe(true);
      expect(found.every(({ env }) => env === 'unshare')).toBe(true);
    },
  );

  it.each([
    [['--measure', 'startup', '-w', 'fft'], '--workload has no effect with --measure startup'],
    [['--measure', 'footprint', '--instances', '4'], '--instances takes two numbers or more'],
    [['--measure', 'startup', '--instances', '1,2'], '--instances has no effect with --measure startup'],
    [['--measure', 'footprint', '--rounds', '3'], '--rounds has no effect with --measure footprint'],
    [['--instances', '1,2'], '--instances has no effect with --measure workloads'],
    [['--measure', 'density', '--max', '5', '--instances', '1,2'], '--max'],
    [['--measure', 'load', '--rates', '0'], '--rates takes numbers above 0'],
    [['--rates', '10'], '--rates has no effect with --measure workloads'],
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
