/** Other local users: what is kept of sessions is neither theirs to lead elsewhere nor taken from files that they can exchange. */

import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { historyFigures } from '../../bench/kinds/stored-figures.ts';
import { type KnownEntries, readHistory, type SessionEntry } from '../../bench/session/history.ts';
import { keptEntries } from '../../cli/kept/entries.ts';
import { writeSession } from './stored-session.ts';

const STRANGER = 12345;
const isRoot = process.getuid?.() === 0;

let out: string;
let cache: string;
let dir: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  cache = join(out, 'cache');
  dir = writeSession({ out: join(out, 'results'), name: 'a', plan: { rounds: 4, blocks: 3 } });
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

const open = (place = join(cache, 'figures'), mostFiles = 1000) => keptEntries({ place, settledMs: -1000, mostFiles });

function entryIn(session: string): SessionEntry {
  const found: SessionEntry[] = [];
  const known: KnownEntries = { read: () => null, keep: (_, entry) => found.push(entry) };
  readHistory(session, { figuresOf: historyFigures, known });
  return found[0] as SessionEntry;
}

/** Was anything kept, and is it known again? */
function isKept({ session = dir, place = join(cache, 'figures'), mostFiles = 1000 } = {}): boolean {
  const kept = open(place, mostFiles);
  kept.read(session);
  kept.keep(session, entryIn(session));
  kept.close();
  return open(place).read(session) !== null;
}

describe('of a session', () => {
  it('in whose place another one lay while it was read, nothing is kept', () => {
    const other = writeSession({ out: join(out, 'elsewhere'), name: 'a', plan: { rounds: 4, blocks: 4 } });
    const kept = open();
    kept.read(dir);
    renameSync(dir, `${dir}.before`);
    renameSync(other, dir);
    const entry = entryIn(dir);
    renameSync(dir, other);
    renameSync(`${dir}.before`, dir);
    kept.keep(dir, entry);
    kept.close();
    expect(open().read(dir)).toBeNull();
    expect(isKept()).toBe(true);
  });

  it.each<[string, () => void]>([
    ['that takes files of others', () => chmodSync(dir, 0o777)],
    ['with a file that others can write to', () => chmodSync(join(dir, 'events.jsonl'), 0o666)],
    ['that others can exchange', () => chmodSync(dirname(dir), 0o777)],
    ['below a folder that others can exchange', () => chmodSync(out, 0o777)],
  ])('%s, nothing is kept', (_, open) => {
    const place = join(mkdtempSync(join(tmpdir(), 'boxmark-test-')), 'figures');
    expect(isKept({ place })).toBe(true);
    open();
    expect(isKept({ place })).toBe(false);
    rmSync(dirname(place), { recursive: true });
  });

  it('behind a link of the user, something is kept, but not of a link to one session', () => {
    symlinkSync('results', join(out, 'link'));
    expect(isKept({ session: join(out, 'link', 'a') })).toBe(true);
    symlinkSync('a', join(out, 'results', 'b'));
    expect(isKept({ session: join(out, 'results', 'b') })).toBe(false);
  });

  it.skipIf(!isRoot)('in a folder of another user, or behind a link of theirs, nothing is kept (needs root)', () => {
    symlinkSync('results', join(out, 'link'));
    lchownSync(join(out, 'link'), STRANGER, STRANGER);
    expect(isKept({ session: join(out, 'link', 'a') })).toBe(false);
    expect(isKept()).toBe(true);
    for (const theirs of [join(dir, 'session.json'), dir, dirname(dir)]) {
      chownSync(theirs, STRANGER, STRANGER);
      expect(isKept(), theirs).toBe(false);
      chownSync(theirs, 0, 0);
    }
  });
});

describe('a cache', () => {
  it('below a folder that others can write to is none, unless that is like /tmp', () => {
    mkdirSync(join(out, 'open'));
    chmodSync(join(out, 'open'), 0o777);
    for (const place of ['open/figures', 'open/boxmark/figures'])
      expect(isKept({ place: join(out, place) })).toBe(false);
    expect(readdirSync(join(out, 'open'))).toEqual([]);
    if (!isRoot) return;
    chmodSync(join(out, 'open'), 0o1777);
    for (const place of ['open/figures', 'open/boxmark/figures'])
      expect(isKept({ place: join(out, place) })).toBe(true);
  });

  it.skipIf(!isRoot)('in a folder of another user, who leads it elsewhere, changes nothing there (needs root)', () => {
    const victim = join(out, 'victim');
    mkdirSync(victim, { mode: 0o700 });
    const names = ['a', 'b'].map((digit) => `history-${digit.repeat(64)}`);
    for (const name of [...names, 'precious']) writeFileSync(join(victim, name), 'x');
    mkdirSync(cache);
    chownSync(cache, STRANGER, STRANGER);
    symlinkSync(victim, join(cache, 'figures'));
    expect(isKept({ mostFiles: 1 })).toBe(false);
    rmSync(join(cache, 'figures'));
    // Before it is there: where the folder would be made is theirs to say, too.
    expect(isKept({ mostFiles: 1 })).toBe(false);
    expect(existsSync(join(cache, 'figures'))).toBe(false);
    symlinkSync(victim, join(cache, 'store'));
    expect(isKept({ place: join(cache, 'store', 'figures'), mostFiles: 1 })).toBe(false);
    lchownSync(join(cache, 'store'), STRANGER, STRANGER);
    expect(readdirSync(victim).sort()).toEqual([...names, 'precious']);
  });

  it('that is full loses files of its own names only', () => {
    const place = join(cache, 'figures');
    mkdirSync(place, { recursive: true, mode: 0o700 });
    const theirs = ['notes', 'history-1', `history-${'a'.repeat(64)}.bak`, `compare-${'b'.repeat(64)}`];
    for (const name of theirs.slice(0, 3)) {
      writeFileSync(join(place, name), 'x');
      utimesSync(join(place, name), new Date(0), new Date(0));
    }
    mkdirSync(join(place, theirs[3] ?? ''));
    for (const name of ['c', 'd', 'e']) writeFileSync(join(place, `compare-${name.repeat(64)}`), 'x');
    expect(isKept({ mostFiles: 2 })).toBe(true);
    const left = readdirSync(place);
    expect(left).toEqual(expect.arrayContaining(theirs));
    expect(left).toHaveLength(theirs.length + 2);
  });
});
