import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ended, start } from './program.ts';
import { writeKindSession, writeSession } from './stored-session.ts';

/** What was written lately is not kept. */
const SETTLED_MS = 2500;

let out: string;
let candidate: string;
const dayOf = (number: number) => new Date(Date.UTC(2026, 9, number)).toISOString();

beforeAll(async () => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  const write = (number: number, folder: string) =>
    writeSession({
      out: join(out, folder),
      name: `day${number}`,
      truth: { ratios: { docker: number > 8 ? 1.08 : 1.01 }, start: 0.002 },
      info: { startedAt: dayOf(number) },
      plan: { workloads: ['fft', 'sor'], rounds: 6, blocks: 4 },
    });
  for (let number = 1; number <= 14; number++) write(number, 'results');
  candidate = write(15, 'candidate');
  for (let number = 1; number <= 3; number++) {
    const info = { startedAt: dayOf(number) };
    for (const measure of ['startup', 'footprint'] as const) {
      writeKindSession({ out: join(out, 'results'), name: `${measure}${number}`, measure, ratio: 3, info });
    }
  }
  rmSync(join(write(16, 'results'), 'contrasts.csv'));
  writeFileSync(join(write(17, 'results'), 'session.json'), '{');
  await new Promise((done) => setTimeout(done, SETTLED_MS));
});
afterAll(() => rmSync(out, { recursive: true, force: true }));

const COMMANDS: Readonly<Record<string, () => string[]>> = {
  'history as text': () => ['history', join(out, 'results')],
  'history as JSON': () => ['history', join(out, 'results'), '--json'],
  'history as a page': () => ['history', join(out, 'results'), '--format', 'html'],
  'compare as text': () => ['compare', '--stored', join(out, 'results'), candidate],
  'compare as JSON': () => ['compare', '--stored', join(out, 'results'), candidate, '--json'],
};

/** The cache in a folder of its own, and what is run in. */
async function ended(name: string, cache: string, wrap: readonly string[] = []): Promise<Omit<Ended, 'signal'>> {
  const words = COMMANDS[name]?.() ?? [];
  const { code, stdout, stderr } = await start(words, ['env', `BOXMARK_CACHE=${cache}`, ...wrap]).ended;
  return { code, stdout, stderr };
}

const kept = (cache: string) => readdirSync(join(cache, 'figures')).map((file) => join(cache, 'figures', file));

describe.each(Object.keys(COMMANDS))('%s', (name) => {
  it('is the same with what was kept, without it, and where that is damaged, stale, full or out of reach', async () => {
    const cache = join(out, 'caches', name);
    const first = await ended(name, cache);
    expect(first.stdout.length).toBeGreaterThan(500);
    expect([0, 3, 4]).toContain(first.code);
    const [file = '', ...others] = kept(cache);
    const written = readFileSync(file);
    expect(await ended(name, cache)).toEqual(first);
    expect(readFileSync(file).equals(written)).toBe(true);

    // Every second line is damaged; they are mended.
    const lines = written.toString('utf8').split('\n');
    writeFileSync(file, lines.map((line, index) => (index % 2 === 0 ? line.slice(0, -5) : line)).join('\n'));
    expect(await ended(name, cache)).toEqual(first);
    expect(readFileSync(file, 'utf8').split('\n').sort()).toEqual(lines.sort());
    for (const bad of [written.subarray(0, written.length / 2), Buffer.alloc(5000, 0xff), Buffer.alloc(0)]) {
      writeFileSync(file, bad);
      expect(await ended(name, cache)).toEqual(first);
    }

    // Lines of another state of the sessions.
    writeFileSync(file, written.toString('utf8').replace(/\t[0-9a-f]{8}/g, '\t00000000'));
    expect(await ended(name, cache)).toEqual(first);

    // A folder in the file's place.
    for (const one of [file, ...others]) rmSync(one);
    mkdirSync(join(file, 'in'), { recursive: true });
    expect(await ended(name, cache)).toEqual(first);

    writeFileSync(join(out, 'no-folder'), '');
    const away = [join(out, 'no-folder'), '/proc/boxmark', '/dev/null', '/dev/null/boxmark'];
    for (const place of away) expect(await ended(name, place)).toEqual(first);

    // No file may be longer than 512 bytes, as on a disk that is full.
    const full = join(out, 'caches', `${name}, full`);
    expect(await ended(name, full, ['sh', '-c', 'ulimit -f 1; exec "$@"', 'sh'])).toEqual(first);
    expect(kept(full)).toEqual([]);
  });
});

describe('history', () => {
  it('reads a session again that has changed, and no longer shows one that is gone', async () => {
    const cache = join(out, 'caches', 'changes');
    const name = 'history as JSON';
    await ended(name, cache);
    rmSync(join(out, 'results', 'day14'), { recursive: true });
    writeSession({
      out: join(out, 'results'),
      name: 'day14',
      truth: { ratios: { docker: 2 }, start: 0.002 },
      info: { startedAt: dayOf(14) },
      plan: { workloads: ['fft', 'sor'], rounds: 6, blocks: 4 },
    });
    rmSync(join(out, 'results', 'day13'), { recursive: true });
    const changed = await ended(name, cache);
    expect(changed).toEqual(await ended(name, join(out, 'caches', 'changed')));
    expect(changed.stdout).not.toContain('day13');
    const { groups } = JSON.parse(changed.stdout) as { groups: { series: { points: { value: number }[] }[] }[] };
    const last = groups.flatMap(({ series }) => series).map(({ points }) => points.at(-1)?.value ?? 0);
    expect(last.some((value) => value > 1.9 && value < 2.1)).toBe(true);
  });
});
