import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { figuresOf } from '../../bench/analysis/figures.ts';
import { historyFigures } from '../../bench/kinds/stored-figures.ts';
import { type KnownEntries, readHistory, type SessionEntry } from '../../bench/session/history.ts';
import { loadSession } from '../../bench/session/load.ts';
import { keptEntries } from '../../cli/kept/entries.ts';
import { keptFigures } from '../../cli/kept/figures.ts';
import type { Kept, KeptOptions } from '../../cli/kept/store.ts';
import { writeSession } from './stored-session.ts';

let out: string;
let place: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  place = join(out, 'cache', 'figures');
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

const SETTLED = { settledMs: -1000 };
const session = (name: string, folder = 'results') =>
  writeSession({ out: join(out, folder), name, plan: { rounds: 4, blocks: 3 } });
const files = () => readdirSync(place).map((name) => join(place, name));

async function figuresIn(dir: string) {
  const { info: _, ...figures } = figuresOf(await loadSession(dir));
  return figures;
}

/** As a history takes it from the session's files. */
async function entryIn(dir: string): Promise<SessionEntry> {
  const found: SessionEntry[] = [];
  const known: KnownEntries = { read: () => null, keep: (_, entry) => found.push(entry) };
  readHistory(dir, { figuresOf: historyFigures, known });
  return found[0] as SessionEntry;
}

interface Subject {
  readonly command: string;
  readonly open: (options?: KeptOptions) => Kept<unknown>;
  readonly valueIn: (dir: string) => Promise<unknown>;
  /** The same with a number that JSON does not have. */
  readonly spoilt: (value: never) => unknown;
}

const SUBJECTS: readonly Subject[] = [
  {
    command: 'compare',
    open: (options) => keptFigures({ place, ...SETTLED, ...options }) as Kept<unknown>,
    valueIn: figuresIn,
    spoilt: ({ ratios, ...others }: Awaited<ReturnType<typeof figuresIn>>) => ({
      ...{ ...others, ratios: ratios.map((one) => ({ ...one, log: Number.NaN })) },
    }),
  },
  {
    command: 'history',
    open: (options) => keptEntries({ place, ...SETTLED, ...options }) as Kept<unknown>,
    valueIn: entryIn,
    spoilt: ({ values, ...others }: SessionEntry) => ({ ...others, values: values.map(() => -0) }),
  },
];

describe.each(SUBJECTS)('what $command keeps of a session', ({ open, valueIn, spoilt }) => {
  async function keepOf(dir: string, options?: KeptOptions): Promise<unknown> {
    const kept = open(options);
    expect(kept.read(dir)).toBeNull();
    const value = await valueIn(dir);
    kept.keep(dir, value);
    kept.close();
    return value;
  }
  const sizeOf = () => files().reduce((sum, file) => sum + readFileSync(file).length, 0);

  it('is to the last bit what was found', async () => {
    const dir = session('a');
    const value = await keepOf(dir);
    expect(JSON.stringify(value).length).toBeGreaterThan(300);
    expect(open().read(dir)).toEqual(value);
  });

  it('is one file for the sessions of a folder, without those that are gone', async () => {
    const dirs = ['a', 'b'].map((name) => session(name));
    for (const dir of dirs) await keepOf(dir);
    expect(files()).toHaveLength(1);
    rmSync(dirs[0] as string, { recursive: true });
    await keepOf(session('c'));
    expect(readFileSync(files()[0] ?? '', 'utf8').match(/^"."\t/gm)).toEqual(['"b"\t', '"c"\t']);
    await keepOf(session('a', 'elsewhere'));
    expect(files()).toHaveLength(2);
  });

  it.each(['session.json', 'contrasts.csv', 'manifest.json'])('is not known once %s has changed', async (name) => {
    const dir = session('a');
    await keepOf(dir);
    appendFileSync(join(dir, name), '\n');
    expect(open().read(dir)).toBeNull();
  });

  it('is not known once a file has another content of the same size and time, or another file is there', async () => {
    const dir = session('a');
    await keepOf(dir);
    const file = join(dir, 'session.json');
    const time = new Date(Date.now() - 3600_000);
    const text = readFileSync(file, 'utf8');
    utimesSync(file, time, time);
    const value = await keepOf(dir);
    expect(open().read(dir)).toEqual(value);
    writeFileSync(file, text.replace('"seed": 1', '"seed": 2'));
    utimesSync(file, time, time);
    expect(open().read(dir)).toBeNull();
    await keepOf(dir);
    writeFileSync(join(dir, 'more.csv'), '');
    expect(open().read(dir)).toBeNull();
  });

  it('is not known of a folder that holds a link, or is another one of this name', async () => {
    const dir = session('a');
    await keepOf(dir);
    const other = session('a', 'elsewhere');
    renameSync(dir, `${dir}.before`);
    renameSync(other, dir);
    await keepOf(dir);
    expect(open().read(dir)).not.toBeNull();
    symlinkSync('/etc/passwd', join(dir, 'more.csv'));
    expect(open().read(dir)).toBeNull();
  });

  it('is nothing of a session that changes while it is read, or may change unseen', async () => {
    const changing = session('a');
    const fresh = session('c');
    const value = await valueIn(changing);
    const kept = open();
    kept.read(changing);
    appendFileSync(join(changing, 'events.jsonl'), '\n');
    kept.keep(changing, value);
    kept.close();
    await keepOf(fresh, { settledMs: 60_000 });
    expect(files()).toEqual([]);
  });

  it('is nothing where JSON would change it, or it is long', async () => {
    const kept = open();
    const dir = session('a');
    kept.read(dir);
    kept.keep(dir, spoilt((await valueIn(dir)) as never));
    kept.close();
    await keepOf(dir, { mostText: 100 });
    expect(files()).toEqual([]);
  });

  it.each<[string, (text: string) => string]>([
    ['a digit of it is another', (text) => text.replace(/(\d\.\d{3,})\d/, '$1x')],
    ['its key is another', (text) => text.replace(/\t[0-9a-f]{8}/, '\t00000000')],
    ['it is cut', (text) => text.slice(0, 200)],
    ['its end is missing', (text) => text.slice(0, -1)],
    ['it is empty', () => ''],
    ['it is nothing but tabs and line ends', () => '\t\n\n\t\t\t\n"a"\n"a"\t\n'],
    ['it is of another form', (text) => text.replaceAll('"env"', '"ENV"').replaceAll('"head"', '"HEAD"')],
  ])('is not taken from a file when %s', async (_, change) => {
    const dir = session('a');
    const value = await keepOf(dir);
    const [file = ''] = files();
    const changed = change(readFileSync(file, 'utf8'));
    expect(changed).not.toBe(readFileSync(file, 'utf8'));
    writeFileSync(file, changed);
    expect(open().read(dir)).toBeNull();
    // The next one mends it.
    await keepOf(dir);
    expect(open().read(dir)).toEqual(value);
  });

  it('of the other sessions is known when the line of one is damaged', async () => {
    const dirs = ['a', 'b', 'c'].map((name) => session(name));
    for (const dir of dirs) await keepOf(dir);
    const [file = ''] = files();
    const lines = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, lines.map((line) => (line.startsWith('"b"') ? line.slice(0, -9) : line)).join('\n'));
    expect(dirs.map((dir) => open().read(dir) !== null)).toEqual([true, false, true]);
  });

  it('is neither read from nor written to a folder that others can write to, or a link', async () => {
    const dir = session('a');
    await keepOf(dir);
    chmodSync(place, 0o777);
    expect(open().read(dir)).toBeNull();
    const elsewhere = join(out, 'elsewhere');
    mkdirSync(elsewhere);
    rmSync(place, { recursive: true });
    symlinkSync(elsewhere, place);
    await keepOf(dir);
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  it('is not read through a link', async () => {
    const dir = session('a');
    await keepOf(dir);
    const [file = ''] = files();
    renameSync(file, join(out, 'elsewhere'));
    symlinkSync(join(out, 'elsewhere'), file);
    expect(open().read(dir)).toBeNull();
  });

  it('is written from time to time, not only at the end', async () => {
    const dir = session('a');
    const kept = open({ writeEveryMs: 0 });
    kept.read(dir);
    const value = await valueIn(dir);
    kept.keep(dir, value);
    expect(open().read(dir)).toEqual(value);
  });

  it('takes up a bounded place: no more sessions in a file, and of too many files the older ones go', async () => {
    await keepOf(session('a'));
    const one = sizeOf();
    for (const name of ['b', 'c', 'd']) await keepOf(session(name), { mostShelfBytes: 2.5 * one });
    expect(readFileSync(files()[0] ?? '', 'utf8').match(/^"."\t/gm)).toEqual(['"a"\t', '"b"\t']);
    for (const folder of ['f', 'g', 'h', 'i', 'j', 'k']) await keepOf(session('a', folder), { mostFiles: 4 });
    expect(files().length).toBeLessThanOrEqual(5);
    for (const folder of ['l', 'm', 'n', 'o', 'p', 'q']) {
      await keepOf(session('a', folder), { mostBytes: 3 * one });
    }
    expect(sizeOf()).toBeLessThanOrEqual(4 * one);
  });
});

describe('a writer that was killed', () => {
  it('leaves a file that goes after an hour, and one that writes now keeps its own', async () => {
    mkdirSync(place, { recursive: true, mode: 0o700 });
    for (const [name, ageMs] of [
      [`.compare-${'a'.repeat(64)}.1.partial`, 2 * 3600_000],
      [`.compare-${'b'.repeat(64)}.2.partial`, 0],
      ['.mine.1.partial', 2 * 3600_000],
    ] as const) {
      writeFileSync(join(place, name), 'x');
      const time = new Date(Date.now() - ageMs);
      utimesSync(join(place, name), time, time);
    }
    const dir = session('a');
    const kept = keptEntries({ place, ...SETTLED });
    kept.read(dir);
    kept.keep(dir, await entryIn(dir));
    kept.close();
    expect(readdirSync(place).map((name) => name.slice(0, 10))).toEqual([
      '.compare-b',
      '.mine.1.pa',
      expect.stringMatching(/^history-/),
    ]);
  });
});

describe('figures of compare', () => {
  it('are not kept of a session without a manifest', async () => {
    const dir = session('a');
    rmSync(join(dir, 'manifest.json'));
    const kept = keptFigures({ place, ...SETTLED });
    kept.read(dir);
    kept.keep(dir, await figuresIn(dir));
    kept.close();
    expect(files()).toEqual([]);
  });
});

describe('entries of a history', () => {
  /** With a digest that fits, as a program would write it. */
  async function readBack(change: (entry: Record<string, unknown>) => object): Promise<SessionEntry | null> {
    const { openKept } = await import('../../cli/kept/store.ts');
    const z = await import('zod');
    const dir = session('a');
    const kept = keptEntries({ place, ...SETTLED });
    kept.read(dir);
    kept.keep(dir, await entryIn(dir));
    kept.close();
    const schema = z.record(z.string(), z.unknown());
    const forged = openKept({ command: 'history', schema, isSealed: false }, { place, ...SETTLED });
    forged.keep(dir, change(forged.read(dir) ?? {}) as Record<string, unknown>);
    forged.close();
    return keptEntries({ place, ...SETTLED }).read(dir);
  }

  it('are kept of a session without a manifest', async () => {
    const dir = session('a');
    rmSync(join(dir, 'manifest.json'));
    const kept = keptEntries({ place, ...SETTLED });
    kept.read(dir);
    kept.keep(dir, await entryIn(dir));
    kept.close();
    expect(keptEntries({ place, ...SETTLED }).read(dir)).toEqual(await entryIn(dir));
  });

  it.each<[string, (entry: Record<string, unknown>) => object]>([
    ['a value is missing', (entry) => ({ ...entry, values: (entry.values as number[]).slice(1) })],
    ['an end is missing', (entry) => ({ ...entry, lows: [] })],
    ['a value is a text', (entry) => ({ ...entry, values: (entry.values as number[]).map(String) })],
    ['what figures are of is no JSON', (entry) => ({ ...entry, figures: '[' })],
    ['a figure is of another kind', (entry) => ({ ...entry, figures: '[["speed","a",null,"b"]]' })],
    ['its time is no date', (entry) => ({ ...entry, startedAtMs: 9e15 })],
    ['there is more in it', (entry) => ({ ...entry, more: 1 })],
  ])('are not taken where %s', async (_, change) => {
    expect(await readBack((entry) => entry)).not.toBeNull();
    rmSync(join(out, 'results'), { recursive: true });
    expect(await readBack(change)).toBeNull();
  });
});
