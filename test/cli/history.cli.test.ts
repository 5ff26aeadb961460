import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { displayWidth } from '../../reports/text.ts';
import { boxmark } from './program.ts';
import { HARDWARE, STACK, type Stored, writeKindSession, writeSession } from './stored-session.ts';

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

/** One session a day, the first on 1 October; Docker takes `ratio` times as long. */
function day(number: number, ratio: number, info: Stored['info'] = {}, workloads = ['fft', 'sor']): string {
  const date = new Date(Date.UTC(2026, 9, number)).toISOString();
  const name = `${date.slice(0, 10).replaceAll('-', '')}T000000Z-day${number}`;
  return writeSession({
    out: join(out, 'results'),
    name,
    truth: { ratios: { docker: ratio }, start: 0.002 },
    info: { startedAt: date, ...info },
    plan: { workloads, rounds: 10, blocks: 6 },
  });
}

const history = (...args: string[]) => boxmark('history', join(out, 'results'), ...args);

describe('boxmark history', () => {
  it('finds the session from which on a ratio is another, its size, and what differs between the hosts', async () => {
    const newer = {
      name: 'host',
      fingerprint: 'f'.repeat(64),
      hardware: HARDWARE,
      stack: { ...STACK, kernelRelease: '6.12.0' },
    };
    for (let number = 1; number <= 10; number++) day(number, 1.01);
    for (let number = 11; number <= 20; number++) day(number, 1.08, { host: newer });
    const ended = await history();
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toMatch(/20 sessions, 2026-10-01 to 2026-10-20/);
    const flat = ended.stdout.replace(/\s+/g, ' ');
    expect(flat).toMatch(/docker against native on fft \+\d\.\d+ % step 20261011T000000Z-day11/);
    expect(flat).toMatch(/stack: kernel: 6\.1\.0 → 6\.12\.0/);
    expect(ended.stdout).toMatch(/fft +20 +1\.0\d+ +1\.0\d+ +±\d\.\d % .*╎/);
    for (const line of ended.stdout.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(80);
    const document = JSON.parse((await history('--json')).stdout);
    expect(document).toMatchObject({ schema: 2, groups: [{ fingerprint: 'f'.repeat(64), size: 'small' }] });
    const [series] = document.groups[0].series;
    expect(series).toMatchObject({
      figure: 'ratio',
      env: 'docker',
      baseline: 'native',
      workload: 'fft',
      searched: true,
    });
    expect(series.points).toHaveLength(20);
    expect(series.points[0].low).toBeLessThan(series.points[0].value);
    expect(series.changes).toMatchObject([{ at: 10, certain: true, after: '20261011T000000Z-day11' }]);
    expect(series.changes[0].change).toBeCloseTo(1.08 / 1.01, 1);
    const time = document.groups[0].series.find(
      (one: { figure: string; env: string }) => one.figure === 'time' && one.env === 'native',
    );
    expect(time.points[0].value).toBeGreaterThan(20_000);
  });

  it('reads neither samples nor starts, and says with few sessions that it did not look for changes', async () => {
    const dir = day(1, 1);
    rmSync(join(dir, 'samples.csv'));
    rmSync(join(dir, 'starts.csv'));
    day(2, 1);
    const ended = await history();
    expect(ended.code).toBe(0);
    expect(ended.stdout).toMatch(/2 sessions/);
    expect(ended.stdout).toMatch(/not searched for changes: fewer than 12 sessions/);
  });

  it('follows starts and idle boxes as well: ratios, times and sizes, each kind by itself', async () => {
    const results = join(out, 'results');
    const dayOf = (number: number) => new Date(Date.UTC(2026, 9, number)).toISOString();
    for (let number = 1; number <= 14; number++) {
      const session = { out: results, ratio: number > 8 ? 3.6 : 3, info: { startedAt: dayOf(number) } };
      const dir = writeKindSession({ ...session, name: `startup${number}`, measure: 'startup' });
      // Its table of figures is enough.
      rmSync(join(dir, 'starts.csv'));
      writeKindSession({ ...session, name: `footprint${number}`, measure: 'footprint' });
    }
    rmSync(join(writeKindSession({ out: results, ratio: 3, name: 'cut', measure: 'startup' }), 'startup.csv'));
    const ended = await history();
    expect([ended.code, ended.stderr]).toEqual([0, '']);
    for (const line of ended.stdout.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(80);
    const flat = ended.stdout.replace(/\s+/g, ' ');
    expect(flat).toMatch(/docker against native: ready, warm \+\d\d\.\d+ % step startup9/);
    expect(flat).toMatch(/docker against native: pss \+\d\d\.\d+ % step footprint9/);
    expect(flat).toMatch(/docker: pss \+\d\d\.\d+ % step footprint9/);
    expect(flat).toContain('footprint of 1, 2, 4 instances, baseline native');
    expect(flat).toMatch(/One more idle instance .* pss 14 \d+ MiB/);
    expect(flat).toContain('1 session: incomplete: no startup.csv');
    const { groups } = JSON.parse((await history('--json')).stdout) as {
      groups: { measure: string; series: object[] }[];
    };
    expect(groups.map(({ measure }) => measure).sort()).toEqual(['footprint of 1, 2, 4 instances', 'startup']);
    const series = groups.flatMap((group) => group.series);
    for (const [figure, unit] of [
      ['ratio', 'ratio'],
      ['time', 'ns'],
      ['size', 'bytes'],
    ]) {
      expect(series).toContainEqual(expect.objectContaining({ figure, unit }));
    }
    expect((await history('--format', 'html')).stdout).toContain('footprint.csv');
  });

  it('keeps suites of different workloads apart, by name', async () => {
    day(1, 1.01);
    day(2, 1.01, {}, ['fft', 'sor', 'monte-carlo', 'sparse', 'lu']);
    const { series } = JSON.parse((await history('--json')).stdout).groups[0];
    const suites = series.filter(
      ({ figure, workload }: { figure: string; workload: string }) =>
        figure === 'ratio' && workload.startsWith('suite'),
    );
    expect(
      suites.map(({ workload, points }: { workload: string; points: object[] }) => [workload, points.length]),
    ).toEqual([
      ['suite (fft, sor)', 1],
      ['suite (all kernels)', 1],
    ]);
  });

  it('stays one series when an update takes flags of the processor away', async () => {
    day(1, 1);
    const hardware = { ...HARDWARE, cpuFlags: HARDWARE.cpuFlags.filter((flag) => flag !== 'avx'), cpuFlagsSha256: 'b' };
    day(2, 1, { host: { name: 'host', fingerprint: 'e'.repeat(64), hardware, stack: STACK } });
    expect((await history()).stdout.match(/Hardware [ef]{8}: 2 sessions/g)).toHaveLength(1);
  });

  it('keeps machines apart, and leaves out cut and damaged sessions with their reason', async () => {
    day(1, 1);
    const hardware = { ...HARDWARE, cpuStepping: '2' };
    day(2, 1, { host: { name: 'other', fingerprint: 'e'.repeat(64), hardware, stack: STACK } });
    rmSync(join(day(3, 1), 'contrasts.csv'));
    writeFileSync(join(day(4, 1), 'contrasts.csv'), 'session,env\nx\n');
    writeFileSync(join(day(5, 1), 'session.json'), '{');
    mkdirSync(join(out, 'results', 'no-session'));
    const ended = await history();
    expect(ended.code).toBe(0);
    expect(ended.stdout.match(/Hardware [ef]{8}/g)).toHaveLength(2);
    const flat = ended.stdout.replace(/\s+/g, ' ');
    expect(flat).toMatch(/1 session: incomplete/);
    expect(flat).toMatch(/1 session: This session can't be read: contrasts\.csv: there is no column baseline/);
    expect(flat).toMatch(/1 session: This session can't be read: session\.json/);
  });

  it('counts a session once, wherever copies of it lie and whatever their folders are called', async () => {
    const dirs = [1, 2, 3].map((number) => day(number, 1 + number / 100));
    const alone = JSON.parse((await history('--json')).stdout);
    for (const [place, dir] of dirs.entries()) {
      for (const name of ['z-copy', 'z-other']) {
        cpSync(dir, join(out, 'results', `${name}-${place}`), { recursive: true });
      }
    }
    // The second time they are taken from the cache.
    for (const _ of ['first', 'again']) {
      const { groups, leftOut } = JSON.parse((await history('--json')).stdout);
      expect(groups).toEqual(alone.groups);
      expect(leftOut.map(({ why }: { why: string }) => why)).toEqual(dirs.map((dir) => `it is a copy of ${dir}`));
      for (const { dirs: copies } of leftOut) expect(copies).toHaveLength(2);
    }
    const flat = (await history()).stdout.replace(/\s+/g, ' ');
    expect(flat).toMatch(/3 sessions, 2026-10-01 to 2026-10-03/);
    expect(flat).toMatch(/2 sessions: it is a copy of \S+ ?\S*day1 \(\S*z-copy-0, …\)/);
  });

  it('names a dozen of the sessions that have copies, and counts the others', async () => {
    const dir = day(1, 1);
    for (let number = 1; number <= 14; number++) {
      for (const name of ['a', 'b']) {
        const copy = join(out, 'results', `${name}-${number}`);
        cpSync(dir, copy, { recursive: true });
        const file = join(copy, 'session.json');
        writeFileSync(file, readFileSync(file, 'utf8').replaceAll('-day1"', `-day${number}0"`));
      }
    }
    const flat = (await history()).stdout.replace(/\s+/g, ' ');
    expect(flat.match(/it is a copy of/g)).toHaveLength(12);
    expect(flat).toMatch(/sessions for 2 more reasons/);
  });

  it('of sessions that were written before times were kept has their ratios', async () => {
    for (let number = 1; number <= 3; number++) {
      const file = join(day(number, 1.1), 'contrasts.csv');
      const lines = readFileSync(file, 'utf8').split('\n');
      // Times and whatever was appended after them.
      const kept = lines[0]?.split(',').indexOf('ns_per_pass');
      writeFileSync(file, lines.map((line) => line.split(',').slice(0, kept).join(',')).join('\n'));
    }
    const ended = await history();
    expect(ended.stdout).toMatch(/fft +3 +1\.[01]/);
    expect(ended.stdout).toMatch(/written before times per pass were kept/);
  });

  it('of a folder without sessions, or that is not there, ends with code 2', async () => {
    mkdirSync(join(out, 'results'));
    expect(await history()).toMatchObject({ code: 2, stdout: '' });
    const gone = await boxmark('history', join(out, 'gone'));
    expect(gone).toMatchObject({ code: 2 });
    expect(gone.stderr).toMatch(/no such folder[\s\S]*try:/);
  });

  it('shows hostile names as text', async () => {
    const name = '=1+1<script>\u001b[31m\u202e';
    for (let number = 1; number <= 2; number++) {
      writeSession({
        out: join(out, 'results'),
        name: `s${number}`,
        plan: { environments: [{ path: 'native' }, { path: name }] },
      });
    }
    for (const { stdout } of [await history(), await history('--json')]) {
      expect(stdout).toContain('=1+1<script>');
      expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }
  });

  it('is one page that asks for nothing, the same bytes twice, with every change in it', async () => {
    for (let number = 1; number <= 10; number++) day(number, 1.01);
    for (let number = 11; number <= 20; number++) day(number, 1.08);
    const file = join(out, 'history.html');
    const ended = await history('--format', 'html', '-o', file);
    expect(ended).toMatchObject({ code: 0, stderr: '', stdout: '' });
    const page = readFileSync(file, 'utf8');
    expect(page.startsWith('<!doctype html>')).toBe(true);
    expect(page.includes('default-src &#39;none&#39;')).toBe(true);
    expect(/(src|href)="https?:/.test(page)).toBe(false);
    expect(page.includes('20261011T000000Z-day11')).toBe(true);
    expect(page.match(/<canvas/g)?.length).toBeGreaterThanOrEqual(1);
    expect((await history('--format', 'html')).stdout === page).toBe(true);
    const refused = await history('--format', 'pdf');
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('pdf');
  });
});
