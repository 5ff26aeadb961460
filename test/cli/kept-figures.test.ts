import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { figuresOf } from '../../bench/analysis/figures.ts';
import { loadSession } from '../../bench/session/load.ts';
import { keptFigures } from '../../cli/compare/kept-figures.ts';
import { writeSession } from './stored-session.ts';

let out: string;
let place: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  place = join(out, 'cache', 'figures');
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

const open = (most = 100) => keptFigures(place, { most, settledMs: -1000 });
const session = (name: string) => writeSession({ out: join(out, 'results'), name, plan: { rounds: 4, blocks: 3 } });
const figuresIn = async (dir: string) => {
  const { info: _, ...figures } = figuresOf(await loadSession(dir));
  return figures;
};
const entries = () => readdirSync(place);

async function keptSession(name: string, kept = open()) {
  const dir = session(name);
  expect(kept.read(dir)).toBeNull();
  const figures = await figuresIn(dir);
  kept.keep(dir, figures);
  return { dir, figures };
}

describe('figures of a session that was compared before', () => {
  it('are to the last bit those that were computed', async () => {
    const { dir, figures } = await keptSession('a');
    expect(figures.ratios.length).toBeGreaterThan(0);
    expect(open().read(dir)).toEqual(figures);
  });

  it.each(['samples.csv', 'events.jsonl', 'session.json', 'manifest.json'])(
    'are not known once %s has changed',
    async (name) => {
      const { dir } = await keptSession('a');
      appendFileSync(join(dir, name), '\n');
      expect(open().read(dir)).toBeNull();
    },
  );

  it('are not kept of a session that changes while it is read, has no manifest, or may change unseen', async () => {
    const kept = open();
    const dir = session('a');
    kept.read(dir);
    appendFileSync(join(dir, 'events.jsonl'), '\n');
    kept.keep(dir, await figuresIn(dir).catch(() => ({ ratios: [], times: [], untrusted: [] })));
    const cut = session('b');
    rmSync(join(cut, 'manifest.json'));
    expect(kept.read(cut)).toBeNull();
    kept.keep(cut, await figuresIn(cut));
    const fresh = session('c');
    const careful = keptFigures(place, { settledMs: 60_000 });
    careful.read(fresh);
    careful.keep(fresh, await figuresIn(fresh));
    expect(entries()).toEqual([]);
  });

  it('are not kept where JSON would change them', async () => {
    const kept = open();
    const dir = session('a');
    kept.read(dir);
    const { ratios, ...others } = await figuresIn(dir);
    kept.keep(dir, { ...others, ratios: ratios.map((one) => ({ ...one, log: Number.NaN })) });
    expect(entries()).toEqual([]);
  });

  it.each<[string, (text: string) => string]>([
    ['a digit of it is another', (text) => text.replace(/"log":(-?\d\.\d*)\d/, '"log":$10')],
    ['it is cut', (text) => text.slice(0, 200)],
    ['it is empty', () => ''],
    ['it is no JSON', (text) => text.replace('{', '[')],
  ])('are not taken from an entry when %s', async (_, change) => {
    const { dir, figures } = await keptSession('a');
    const file = join(place, entries()[0] ?? '');
    const changed = change(readFileSync(file, 'utf8'));
    expect(changed).not.toBe(readFileSync(file, 'utf8'));
    writeFileSync(file, changed);
    expect(open().read(dir)).toBeNull();
    // The next comparison mends it.
    const kept = open();
    kept.read(dir);
    kept.keep(dir, figures);
    expect(open().read(dir)).toEqual(figures);
  });

  it('are neither read from nor written to a folder that others can write to, or a link', async () => {
    const { dir, figures } = await keptSession('a');
    chmodSync(place, 0o777);
    expect(open().read(dir)).toBeNull();
    const elsewhere = join(out, 'elsewhere');
    mkdirSync(elsewhere);
    rmSync(place, { recursive: true });
    symlinkSync(elsewhere, place);
    const kept = open();
    kept.read(dir);
    kept.keep(dir, figures);
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  it('take up a bounded place: of too many the older half goes', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await keptSession(name, open(4));
    expect(entries().length).toBeLessThanOrEqual(4);
    const kept = open(2);
    for (const name of ['f', 'g', 'h']) await keptSession(name, kept);
    expect(entries().length).toBeLessThanOrEqual(4);
  });
});
