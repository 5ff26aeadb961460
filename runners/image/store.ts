/** The folder in which images and the files made from them are kept; everything in it appears whole, by a rename. */

import { createHash } from 'node:crypto';
import { type BigIntStats, createReadStream } from 'node:fs';
import { access, constants, lstat, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { BoxmarkError, EXIT, messageOf } from '../../bench/errors.ts';
import { makeFolders } from '../../bench/folders.ts';
import type { Image } from '../../bench/types.ts';
import { removeTree } from '../kit/remove.ts';
import { END_SIGNALS, type EndSignal, SAME_REQUEST_MS } from '../kit/signals.ts';

const BUILD_PREFIX = '.build-';
/** A build takes seconds; a folder this old was left by a builder that was killed. */
const STALE_MS = 6 * 3600_000;

/** Absolute path of the image store: $BOXMARK_CACHE, else $XDG_CACHE_HOME/boxmark, else ~/.cache/boxmark. */
export function storeDir(): string {
  const { BOXMARK_CACHE, XDG_CACHE_HOME } = process.env;
  return BOXMARK_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'boxmark');
}

/** Folder of an image in the store: by the first 12 digits of its digest. */
export function imageFolder(digest: string): string {
  return join(storeDir(), digest.slice(0, 12));
}

/** Runs `build` in a private folder of the store, which is removed afterwards whatever happens. */
export async function inBuildFolder<T>(build: (folder: string) => Promise<T>): Promise<T> {
  await makeStore();
  await removeStaleBuilds();
  const release = holdSignals();
  try {
    const folder = await makeBuildFolder();
    try {
      return await build(folder);
    } finally {
      await removeTree(folder);
    }
  } finally {
    release();
  }
}

/**
 * A signal for which nobody listens would end the program at once, and leave the folder: it takes effect after the build,
 * a second one, a second later, at once.
 */
function holdSignals(): () => void {
  let held: { readonly name: EndSignal; readonly atMs: number } | undefined;
  const onSignal = (name: EndSignal): void => {
    held ??= { name, atMs: performance.now() };
    if (performance.now() - held.atMs > SAME_REQUEST_MS) process.exit(EXIT.interrupted);
  };
  const unheard = END_SIGNALS.filter((name) => process.listenerCount(name) === 0);
  for (const name of unheard) process.on(name, onSignal);
  return () => {
    for (const name of unheard) process.off(name, onSignal);
    if (held !== undefined) process.kill(process.pid, held.name);
  };
}

async function makeStore(): Promise<void> {
  try {
    makeFolders(storeDir());
    await access(storeDir(), constants.W_OK);
  } catch (error) {
    throw storeError(error);
  }
}

/** In /proc, root may write to folders in which nothing can be made. */
async function makeBuildFolder(): Promise<string> {
  return mkdtemp(join(storeDir(), BUILD_PREFIX)).catch((error: unknown) => {
    throw storeError(error);
  });
}

function storeError(error: unknown): BoxmarkError {
  return new BoxmarkError({
    what: `The image store can't be made or written to: ${messageOf(error)}`,
    value: storeDir(),
    remedy: 'set BOXMARK_CACHE to a folder that you may write to',
    cause: error,
  });
}

/** Moves a finished folder to its final place. When another builder was faster, its equal result stays. */
export async function installFolder(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}

/** Writes a small file so that readers see all of it or nothing. */
export async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  makeFolders(dirname(file));
  const temporary = `${file}.${process.pid}.${Math.random().toString(36).slice(2, 8)}.tmp`;
  try {
    await writeFile(temporary, content);
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}

/**
 * A file made from an image (archive, disk), kept beside its root and made only once. `build` writes to the path that it is
 * given. Returns the file's path; safe when several processes want the same form.
 */
export async function derive(image: Image, name: string, build: (file: string) => Promise<void>): Promise<string> {
  const file = join(dirname(image.root), name);
  if (await exists(file)) return file;
  return inBuildFolder(async (folder) => {
    const temporary = join(folder, name);
    await build(temporary);
    await rename(temporary, file);
    return file;
  });
}

/** SHA-256 of a file's bytes, 64 hex digits. */
export async function sha256File(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** SHA-256 of bytes or UTF-8 text, 64 hex digits. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function removeStaleBuilds(): Promise<void> {
  const names = await readdir(storeDir()).catch(() => []);
  for (const name of names.filter((entry) => entry.startsWith(BUILD_PREFIX))) {
    const folder = join(storeDir(), name);
    const made = await lstat(folder).catch(() => undefined);
    // The store may be shared with other users.
    const isMine = made !== undefined && made.uid === process.geteuid?.();
    if (isMine && Date.now() - made.mtimeMs > STALE_MS) await removeTree(folder);
  }
}

/** A file is taken as unchanged while these are: its size, its times and where it is. */
export function stampOf({ size, mtimeNs, ctimeNs, ino, dev }: BigIntStats): string[] {
  return [size, mtimeNs, ctimeNs, ino, dev].map(String);
}
