import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rowsOf } from '../../bench/session/load.ts';
import { SAMPLES } from '../../bench/session/tables.ts';
import { allowedCpus } from '../../runners/host/cpus.ts';
import { boxmark, rehearse, sessions } from './program.ts';

let out: string;
beforeEach(() => {
  out = mkdtempSync('/var/tmp/boxmark-test-out-');
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

const TINY = ['--size', 'tiny', '--burst', '1ms', '--rounds', '4', '-w', 'fft,sor', '-q'];

describe('boxmark selftest', () => {
  it('writes a session like any other and prints what was found as one JSON document', async () => {
    const ended = await boxmark('selftest', '--blocks', '2', ...TINY, '-o', out, '--json');
    expect(ended.stderr).toBe('');
    expect(ended.code).toBe(0);
    const result = JSON.parse(ended.stdout);
    const [dir = ''] = sessions(out);
    expect(result).toMatchObject({ schema: 1, dir, blocks: 2 });
    const truths = ['slow:1%', 'slow:2%', 'slow:5%', 'slow:10%'];
    const cells = truths.flatMap((env) => ['fft', 'sor'].map((workload) => `${env} ${workload}`));
    expect(result.rows.map((row: { env: string; workload: string }) => `${row.env} ${row.workload}`)).toEqual(cells);
    expect(result.suite).toHaveLength(4);
    const info = JSON.parse(readFileSync(join(dir, 'session.json'), 'utf8'));
    for (const { env, workload, truth, ratio, interval } of result.rows) {
      const share = Number(env.slice('slow:'.length, -1)) / 100;
      const work = info.work[workload];
      expect(truth, `${env} ${workload}`).toBeCloseTo((work + Math.round(work * share)) / work, 12);
      expect(interval.low).toBeLessThanOrEqual(ratio);
    }
    expect(result.coverage).toMatchObject({ intervals: 8, contained: expect.any(Number), tooLow: expect.any(Boolean) });
    expect(result.bias).toMatchObject({ log: expect.any(Number), halfWidthLog: expect.any(Number) });
    expect(result.smallest.map(({ workload }: { workload: string }) => workload)).toEqual(['fft', 'sor', 'suite']);
    const labels = info.environments.map(({ path, labels: own }: { path: string; labels: string[] }) => [path, own]);
    expect(labels).toContainEqual(['slow:2%', ['known truth: +2 %']]);
    const slow = info.environments.find(({ path }: { path: string }) => path === 'slow:5%');
    expect(slow.facts).toMatchObject({ known_slowdown: 0.05, payload_sha256: info.image.payload });
    // Extra passes leave no trace in the states.
    const events = readFileSync(join(dir, 'events.jsonl'), 'utf8');
    expect(events).not.toContain('checksum-mismatch');
    const starts = parse(readFileSync(join(dir, 'starts.csv')), { columns: true }) as Record<string, string>[];
    expect(starts.filter(({ env, status }) => env?.startsWith('slow') && status === 'completed')).toHaveLength(8);
    expect((await boxmark('check', dir)).code).toBe(0);
  });

  it.skipIf(allowedCpus().length < 2)('checks the ruler of copies, which share a quota', async () => {
    const ended = await boxmark(
      'selftest',
      '--threads',
      '2',
      '--slow',
      '50%',
      '--blocks',
      '2',
      ...TINY,
      '-o',
      out,
      '--json',
    );
    expect(ended.stderr).toBe('');
    const { rows, quotas } = JSON.parse(ended.stdout);
    expect(quotas).toMatchObject([{ env: 'quota:50%', truth: 4 }]);
    // Half as much work again in both copies; how long that takes is the host's affair.
    expect(rows.map(({ workload }: { workload: string }) => workload)).toEqual(['fft', 'sor']);
    for (const { workload, truth } of rows) expect(truth, workload).toBeCloseTo(1.5, 1);
    const [dir = ''] = sessions(out);
    const samples = [...rowsOf(dir, SAMPLES)];
    expect(samples.length).toBeGreaterThan(0);
    expect(new Set(samples.map(({ threads }) => threads))).toEqual(new Set([2]));
  });

  it('measures the slowdowns in its arguments, and refuses invalid ones', async () => {
    const ended = await rehearse('selftest', '--slow', '20%', '--blocks', '1', ...TINY, '-o', out, '--json');
    expect(ended.code).toBe(0);
    const { rows } = JSON.parse(ended.stdout) as { rows: { env: string }[] };
    expect(rows.map(({ env }) => env)).toEqual(['slow:20%', 'slow:20%']);
    const refused = await rehearse('selftest', '--slow', '2%,much', '-o', out);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('much');
  });

  it('prints a table of at most 80 columns, with all that it must be read with', async () => {
    const ended = await rehearse('selftest', '--blocks', '1', ...TINY, '-o', out);
    expect(ended.code).toBe(0);
    for (const line of ended.stdout.split('\n')) {
      if (!/^(Files|Report): /.test(line)) expect(line.length, line).toBeLessThanOrEqual(80);
    }
    expect(ended.stdout).toMatch(/Coverage: no intervals/);
    expect(ended.stdout).toMatch(/come in groups/);
    expect(ended.stdout).toMatch(/fewer than 10/);
  });

  it('with --strict ends with code 4 when nothing is known of its intervals', async () => {
    const args = ['selftest', '--blocks', '1', ...TINY, '-o', out, '--json'];
    const ended = await rehearse(...args, '--strict');
    expect(JSON.parse(ended.stdout)).toMatchObject({ outcome: 'unknown', power: { found: 0, applied: 0 } });
    expect(ended.code).toBe(4);
    expect((await rehearse(...args)).code).toBe(0);
  });

  it.each([
    [['--blocks', '0'], /--blocks takes a whole number/],
    [['-w', 'ftt'], /did you mean "fft"/],
  ])('%j ends with code 2', async (flags, message) => {
    const ended = await rehearse('selftest', ...flags, '-o', out);
    expect(ended.stderr).toMatch(message);
    expect(ended.code).toBe(2);
  });
});

describe('a box held to a fifth of a CPU', () => {
  it('loses in long visits what it does not show in short ones, and is not called equivalent', async (context) => {
    const args = ['--blocks', '2', '--rounds', '6', '-w', 'sor', '--size', 'tiny', '--burst', '2ms', '--keep-going'];
    const ended = await boxmark('run', '-e', 'native,quota:20%', ...args, '-o', out, '-q', '--json');
    expect(ended.code).toBe(0);
    const [dir = ''] = sessions(out);
    const { unavailable } = JSON.parse(readFileSync(join(dir, 'session.json'), 'utf8'));
    if (unavailable.length > 0) return context.skip(unavailable[0].reason);
    const rows = (file: string) => parse(readFileSync(join(dir, file)), { columns: true }) as Record<string, string>[];
    // Wall over CPU time, because a busy host slows both boxes and a quota only one.
    const share = (env: string) => {
      const visits = rows('samples.csv').filter((row) => row.env === env && row.phase === 'long');
      const sum = (column: string) => visits.reduce((total, row) => total + Number(row[column]), 0);
      return sum('wall_ns') / sum('cpu_ns');
    };
    if (share('native') > 1.5) return context.skip('others take so much of the CPU that a quota takes nothing more');
    expect(share('quota:20%')).toBeGreaterThan(2.5);
    const throttled = (env: string) =>
      rows('starts.csv')
        .filter((row) => row.env === env)
        .map((row) => Number(row.throttled_ms));
    for (const ms of throttled('quota:20%')) expect(ms).toBeGreaterThan(200);
    for (const ms of throttled('native')) expect(ms).toBe(0);
    const suite = rows('contrasts.csv').find(({ workload }) => workload === 'suite');
    expect(Number(suite?.sustained_ratio)).toBeGreaterThan(Number(suite?.time_ratio));
    expect(suite?.verdict).not.toBe('equivalent');
    expect(suite?.intermittent).toBe('true');
  });
});
