/** What commands took from stored sessions, in the user's cache: thousands of sessions are then not read again. */

import { type BigIntStats, lstatSync, mkdirSync, readdirSync, realpathSync, rmSync, type Stats } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type * as z from 'zod';
import { sealOf } from '../../bench/session/seal.ts';
import { isOwnFolder } from '../../runners/host/ownership.ts';
import { sha256, stampOf, storeDir } from '../../runners/image/store.ts';
import { isClosed, isClosedFolder, isFixedFolder, makeFixedFolder } from '../../runners/kit/closed-folders.ts';
import { programVersion } from '../paths.ts';
import { PARTIAL_NAME, SHELF_NAME, Shelf } from './shelf.ts';

const FORMAT = 3;
/** A file is written within a second; one this old was left by a writer that was killed. */
const STALE_MS = 3600_000;
const LIMITS = {
  /** Of one session: what is longer is not kept. */
  mostText: 256 << 10,
  /** Of the sessions of one folder: a history needs some 4 KB of each. */
  mostShelfBytes: 64 << 20,
  mostBytes: 256 << 20,
  mostFiles: 1000,
  /** A file that was changed so lately may change again without another time of change. */
  settledMs: 2000,
  /** A command that is ended after an hour of reading must not have read in vain. */
  writeEveryMs: 10_000,
};

/** For tests. */
export type KeptOptions = Partial<typeof LIMITS> & { readonly place?: string };

/** What a command keeps. */
export interface Kind<Value> {
  readonly command: string;
  readonly schema: z.ZodType<Value>;
  /** Is the session's seal part of what it must still be? Then nothing is kept of a session without a manifest. */
  readonly isSealed: boolean;
}

export interface Kept<Value> {
  /** Of the session as it lies there; null where it is not known, or the session is not what it was. */
  read(dir: string): Value | null;
  /** What was found since `read` was asked for it. */
  keep(dir: string, value: Value): void;
  /** Writes what is new. */
  close(): void;
}

/**
 * By the program that found it, and the identity, size and times of the session's folder and of each of its files. Nothing is
 * kept of a session that others can change. A cache that is not this user's alone, that somebody else can lead elsewhere, or
 * that can't be used, is none: what commands print is the same with and without it.
 */
export function openKept<Value>(kind: Kind<Value>, options: KeptOptions = {}): Kept<Value> {
  const { place = join(storeDir(), 'figures'), ...others } = options;
  const limits = { ...LIMITS, ...others };
  const { settledMs } = limits;
  const program = programOf();
  if (program === null || !isUsable(place)) return { read: () => null, keep: () => {}, close: () => {} };
  const shelves = new Map<string, Shelf | null>();
  const keys = new Map<string, string | null>();
  const keyOf = (dir: string) => keyOfSession(dir, { kind, program, settledMs });
  let writtenAt = performance.now();
  let isPruned = false;
  const shelfOf = (dir: string): Shelf | null => {
    const folder = dirname(resolve(dir));
    const known = shelves.get(folder);
    if (known !== undefined) return known;
    const shelf = openShelf(folder, { place, command: kind.command, most: limits.mostShelfBytes });
    shelves.set(folder, shelf);
    return shelf;
  };
  const write = () => {
    const changed = [...shelves.values()].filter((shelf) => shelf?.isChanged === true);
    if (changed.length > 0 && !isPruned) prune(place, limits);
    isPruned ||= changed.length > 0;
    for (const shelf of changed) shelf?.write();
    writtenAt = performance.now();
  };
  return {
    read(dir) {
      const key = keyOf(dir);
      keys.set(dir, key);
      const text = key === null ? null : (shelfOf(dir)?.textOf(nameOf(dir), key) ?? null);
      return text === null ? null : valueIn(text, kind.schema);
    },
    keep(dir, value) {
      const key = keys.get(dir) ?? null;
      // Changed while it was read.
      if (key === null || key !== keyOf(dir)) return;
      const text = JSON.stringify(value);
      if (text.length > limits.mostText || !isExact(value)) return;
      shelfOf(dir)?.put(nameOf(dir), key, text);
      if (performance.now() - writtenAt > limits.writeEveryMs) write();
    },
    close: write,
  };
}

interface Asking {
  readonly kind: Pick<Kind<unknown>, 'command' | 'isSealed'>;
  readonly program: string;
  readonly settledMs: number;
}

/** Null where the session has no manifest though it needs one, may still change, or holds what no session does. */
function keyOfSession(dir: string, { kind, program, settledMs }: Asking): string | null {
  try {
    const seal = kind.isSealed ? sealOf(dir) : '';
    if (seal === null) return null;
    const settled = BigInt(Date.now() - settledMs) * 1_000_000n;
    // Not through a link, which may lead elsewhere while the session is read.
    const own = lstatSync(resolve(dir), { bigint: true });
    if (!own.isDirectory() || mayChange(own, settled)) return null;
    // One that was exchanged for another one, and back, has another time of change.
    const stamps = stampOf(own);
    for (const name of readdirSync(dir).sort()) {
      const stats = lstatSync(`${dir}/${name}`, { bigint: true });
      if (stats.isDirectory()) continue;
      if (!stats.isFile() || mayChange(stats, settled)) return null;
      stamps.push(name, ...stampOf(stats));
    }
    return sha256(JSON.stringify([FORMAT, kind.command, program, seal, stamps]));
  } catch {
    return null;
  }
}

/** Unseen: by somebody else, or within the time that a clock of files does not tell apart. */
function mayChange(stats: BigIntStats, settled: bigint): boolean {
  return stats.ctimeNs > settled || !isClosed(stats);
}

/** The build, and the Node.js whose logarithms figures are made of. Null where it is not known. */
function programOf(): string | null {
  try {
    const main = lstatSync(realpathSync(process.argv[1] ?? ''), { bigint: true });
    return [programVersion(), process.version, process.arch, ...stampOf(main)].join(' ');
  } catch {
    return null;
  }
}

function isUsable(place: string): boolean {
  if (!makeFixedFolder(dirname(place))) return false;
  try {
    mkdirSync(place, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
  }
  return isOwnFolder(place) && isClosedFolder(place);
}

function nameOf(dir: string): string {
  return basename(resolve(dir));
}

/** Null where the folder is not there any more, or somebody else could exchange what lies in it while it is read. */
function openShelf(
  folder: string,
  { place, command, most }: { readonly place: string; readonly command: string; readonly most: number },
): Shelf | null {
  try {
    if (!isFixedFolder(folder)) return null;
    const real = realpathSync(folder);
    return new Shelf(join(place, `${command}-${sha256(real)}`), new Set(readdirSync(real)), most);
  } catch {
    return null;
  }
}

function valueIn<Value>(text: string, schema: z.ZodType<Value>): Value | null {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Is every number in it the same after JSON, which has no NaN and no −0? */
function isExact(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  if (Array.isArray(value)) return value.every(isExact);
  return typeof value !== 'object' || value === null || Object.values(value).every(isExact);
}

/**
 * Of too many files, or too large ones, the older ones go until half of the room is free; and whatever a writer left that
 * was killed.
 */
function prune(place: string, { mostBytes, mostFiles }: Pick<typeof LIMITS, 'mostBytes' | 'mostFiles'>): void {
  try {
    const isOld = ({ stats }: Found) => Date.now() - stats.mtimeMs > STALE_MS;
    const gone = filesOf(place, PARTIAL_NAME).filter(isOld);
    const files = filesOf(place, SHELF_NAME);
    let bytes = files.reduce((sum, { stats }) => sum + stats.size, 0);
    if (bytes > mostBytes || files.length > mostFiles) {
      bytes = 0;
      gone.push(
        ...files.filter(({ stats }, index) => {
          bytes += stats.size;
          return bytes > mostBytes / 2 || index >= mostFiles / 2;
        }),
      );
    }
    for (const { file } of gone) rmSync(file, { force: true });
  } catch {
    // Another one is at it; the next one prunes again.
  }
}

interface Found {
  readonly file: string;
  readonly stats: Stats;
}

/** The newest first. Whatever else lies there is not the cache's to remove. */
function filesOf(place: string, pattern: RegExp): Found[] {
  return readdirSync(place)
    .filter((name) => pattern.test(name))
    .map((name) => ({ file: join(place, name), stats: lstatSync(join(place, name)) }))
    .filter(({ stats }) => stats.isFile())
    .sort((a, b) => b.stats.mtimeMs - a.stats.mtimeMs || (a.file < b.file ? -1 : 1));
}
