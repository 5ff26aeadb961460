/** Figures of sessions that were compared before, in the user's cache: thousands of sessions are then not read from their bursts again. */

import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import type { SessionFigures } from '../../bench/analysis/figures.ts';
import { makeFolders } from '../../bench/folders.ts';
import { sealOf } from '../../bench/session/seal.ts';
import { isOwnFolder, readOwnFile } from '../../runners/host/ownership.ts';
import { stampOf, storeDir } from '../../runners/image/store.ts';
import { programVersion } from '../paths.ts';

const FORMAT = 1;
/** Some 5 KB each. */
const MOST_ENTRIES = 20_000;
/** What is larger is not read back. */
const MOST_BYTES = 64 << 10;
/** A file that was changed so lately may change again without another time of change. */
const SETTLED_MS = 2000;
const ENTRY = /^[0-9a-f]{64}\.json$/;

const figure = z.strictObject({
  env: z.string(),
  workload: z.string(),
  log: z.number(),
  blocks: z.number(),
  errorLog: z.number().nullable(),
});
const figuresSchema = z.strictObject({
  ratios: z.array(figure),
  times: z.array(figure),
  untrusted: z.array(z.strictObject({ env: z.string(), workload: z.string() })),
});
type Figures = Omit<SessionFigures, 'info'>;

export interface KeptFigures {
  /** Of the session as it lies there; null where they are not known, or the session is not what it was. */
  read(dir: string): Figures | null;
  /** Only of a session in whose check nothing was found: then the seal stands for every byte of its files. */
  keep(dir: string, figures: Figures): void;
}

/**
 * Entries by the session's seal, the program that computed them, and the identity, size and times of each of the session's
 * files. A cache that is not this user's alone, or can't be used, is none: figures are the same with and without it.
 */
export function keptFigures(
  place = join(storeDir(), 'figures'),
  { most = MOST_ENTRIES, settledMs = SETTLED_MS } = {},
): KeptFigures {
  const program = programOf();
  const isOurs = program !== null && isUsable(place);
  let room: number | null = null;
  const keys = new Map<string, string | null>();
  return {
    read(dir) {
      if (!isOurs) return null;
      const key = keyOf(dir, program, settledMs);
      keys.set(dir, key);
      return key === null ? null : readEntry(join(place, `${key}.json`));
    },
    keep(dir, figures) {
      const key = keys.get(dir) ?? null;
      // Changed while it was read.
      if (!isOurs || key === null || key !== keyOf(dir, program, settledMs)) return;
      room ??= most - prune(place, most);
      if (room <= 0) return;
      room -= 1;
      writeEntry(place, key, figures);
    },
  };
}

/** Null where the session has no manifest, or may still change. */
function keyOf(dir: string, program: string, settledMs: number): string | null {
  try {
    const seal = sealOf(dir);
    if (seal === null) return null;
    const settled = BigInt(Date.now() - settledMs) * 1_000_000n;
    const stamps: string[] = [];
    for (const name of readdirSync(dir).sort()) {
      const stats = lstatSync(join(dir, name), { bigint: true });
      if (!stats.isFile()) continue;
      if (stats.ctimeNs > settled) return null;
      stamps.push(name, ...stampOf(stats));
    }
    return sha256(JSON.stringify([FORMAT, program, seal, stamps]));
  } catch {
    return null;
  }
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
  try {
    makeFolders(join(place, '..'));
    mkdirSync(place, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
  }
  return isOwnFolder(place);
}

function readEntry(file: string): Figures | null {
  try {
    const [digest = '', text = ''] = (readOwnFile(file) ?? '').split('\n');
    return sha256(text) === digest ? figuresSchema.parse(JSON.parse(text)) : null;
  } catch {
    return null;
  }
}

function writeEntry(place: string, key: string, { ratios, times, untrusted }: Figures): void {
  const text = JSON.stringify({ ratios, times, untrusted });
  // JSON has no NaN, and no −0.
  if (text.length > MOST_BYTES / 2 || !isDeepStrictEqual(JSON.parse(text), { ratios, times, untrusted })) return;
  const partial = join(place, `.${key}.${process.pid}.partial`);
  try {
    writeFileSync(partial, `${sha256(text)}\n${text}\n`, { mode: 0o600, flag: 'wx' });
    renameSync(partial, join(place, `${key}.json`));
  } catch {
    rmSync(partial, { force: true });
  }
}

/** Returns how many entries there are; of too many the older half goes. */
function prune(place: string, most: number): number {
  try {
    const names = readdirSync(place).filter((name) => ENTRY.test(name));
    if (names.length < most) return names.length;
    const byAge = names
      .map((name) => ({ name, at: lstatSync(join(place, name)).mtimeMs }))
      .sort((a, b) => a.at - b.at || (a.name < b.name ? -1 : 1));
    const old = byAge.slice(0, Math.ceil(names.length / 2));
    for (const { name } of old) rmSync(join(place, name));
    return names.length - old.length;
  } catch {
    return most;
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
