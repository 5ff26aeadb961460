/** What an archive of a stranger may hold: regular files, folders and links that stay inside, so many and no more. */

import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import type { TarRead } from './tar.ts';

/** A root that a user brings may have as many; images that Boxmark makes by itself have some dozens. */
export const MOST_ENTRIES = 200_000;
export const MOST_BYTES = 8 * 2 ** 30;
const CHUNK = 1 << 20;
const NAME_LIMIT_BYTES = 255;
const PATH_LIMIT_BYTES = 3000;
/** Of Linux (path_resolution(7)). */
const LINK_LIMIT = 40;
/** Over all links of an image: a system has ten thousand, each with some twenty names on its way. */
const MOST_STEPS = 5_000_000;
const STICKY = 0o1000;
/** Set-user-id, set-group-id, sticky; and what group and others may write. */
const SPECIAL_MODE = 0o7000;
const WRITABLE_BY_OTHERS = 0o022;

/**
 * Opens an archive that the user names. Throws an `Error` with a short reason for whatever is no regular file: it is looked
 * at before it is opened, because opening a FIFO waits and opening a device may do something.
 */
export async function openArchive(file: string): Promise<FileHandle> {
  if (!(await stat(file)).isFile()) throw new Error('it is no regular file');
  const archive = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  if ((await archive.stat()).isFile()) return archive;
  await archive.close();
  throw new Error('it is no regular file');
}

/** Is this a relative path of plain names that every file system takes? */
export function isPlainPath(path: string): boolean {
  if (Buffer.byteLength(path) > PATH_LIMIT_BYTES || path.includes('\0')) return false;
  return path
    .split('/')
    .every((name) => !['', '.', '..'].includes(name) && Buffer.byteLength(name) <= NAME_LIMIT_BYTES);
}

/**
 * No program of a stranger gets the rights of its owner, and nobody but the owner writes to it: the image is run later. A
 * folder that all may write to is sticky, as `tmp` is.
 */
export function isPlainMode(mode: number, type: 'file' | 'folder'): boolean {
  const special = mode & SPECIAL_MODE;
  if (type === 'folder' && special === STICKY) return true;
  return special === 0 && (mode & WRITABLE_BY_OTHERS) === 0;
}

/**
 * The path of a link that leads out of the root, or nowhere: absolute, empty, through other links, or in a circle; undefined
 * when there is none. Links that take too many steps to follow count as such.
 * @param links path of each link below the root → its target
 */
export function linkThatLeavesRoot(links: ReadonlyMap<string, string>): string | undefined {
  return linksThatLeaveRoot(links).next().value;
}

/** All such links, one after the other. */
export function* linksThatLeaveRoot(links: ReadonlyMap<string, string>): Generator<string, undefined> {
  const budget = { steps: MOST_STEPS };
  for (const path of links.keys()) if (!staysInside(path, links, budget)) yield path;
}

/** Does a path end below the root, each link on the way followed as the kernel follows it? */
function staysInside(path: string, links: ReadonlyMap<string, string>, budget: { steps: number }): boolean {
  const rest = path.split('/').reverse();
  let at = '.';
  let followed = 0;
  for (let name = rest.pop(); name !== undefined; name = rest.pop()) {
    budget.steps -= 1;
    if (budget.steps < 0) return false;
    if (name === '' || name === '.') continue;
    if (name === '..') {
      if (at === '.') return false;
      at = posix.dirname(at);
      continue;
    }
    at = posix.join(at, name);
    const target = links.get(at);
    if (target === undefined) continue;
    followed += 1;
    const isStrange = target === '' || target.startsWith('/') || target.includes('\0');
    if (isStrange || Buffer.byteLength(target) > PATH_LIMIT_BYTES || followed > LINK_LIMIT) return false;
    at = posix.dirname(at);
    for (const next of target.split('/').reverse()) rest.push(next);
  }
  return true;
}

/** Writes the content of an entry to a new file, piece by piece. Returns its SHA-256, 64 hex digits. */
export async function writeEntry(entry: Pick<TarRead, 'read'>, file: string): Promise<string> {
  const hash = createHash('sha256');
  const written = await open(file, 'wx', 0o600);
  try {
    for await (const piece of entry.read()) {
      hash.update(piece);
      await written.writeFile(piece);
    }
  } finally {
    await written.close();
  }
  return hash.digest('hex');
}

/** The content of an entry whose size was checked before. */
export async function contentOf(entry: TarRead): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of entry.read()) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** The bytes of an open file from its beginning, whatever was read of it before. */
export async function* bytesOf(file: FileHandle): AsyncGenerator<Buffer> {
  for (let at = 0; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(CHUNK), 0, CHUNK, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
