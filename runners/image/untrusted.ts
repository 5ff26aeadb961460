/** What an archive of a stranger may hold: regular files, folders and links that stay inside, so many and no more. */

import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import type { TarRead } from './tar.ts';

export const MOST_ENTRIES = 20_000;
export const MOST_BYTES = 8 * 2 ** 30;
const NAME_LIMIT_BYTES = 255;
const PATH_LIMIT_BYTES = 3000;
/** Of Linux (path_resolution(7)). */
const LINK_LIMIT = 40;
/** Set-user-id, set-group-id and, but for folders, sticky. */
const SPECIAL_MODE = 0o7000;

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

/** No program of a stranger gets the rights of its owner; `tmp` may be sticky, as only a folder needs to be. */
export function isPlainMode(mode: number, type: 'file' | 'folder'): boolean {
  const special = mode & SPECIAL_MODE;
  return special === 0 || (type === 'folder' && special === 0o1000);
}

/**
 * The paths of links that lead out of the root, or nowhere: absolute, empty, through other links, or in a circle.
 * @param links path of each link below the root → its target
 */
export function linksThatLeaveRoot(links: ReadonlyMap<string, string>): string[] {
  return [...links.keys()].filter((path) => endOf(path, links) === undefined);
}

/** Where a path ends below the root, each link on the way followed as the kernel follows it; undefined when it leaves. */
function endOf(path: string, links: ReadonlyMap<string, string>): string | undefined {
  const rest = path.split('/');
  let at = '.';
  for (let followed = 0; rest.length > 0; ) {
    const name = rest.shift()!;
    if (name === '' || name === '.') continue;
    if (name === '..') {
      if (at === '.') return undefined;
      at = posix.dirname(at);
      continue;
    }
    const next = posix.join(at, name);
    const target = links.get(next);
    if (target === undefined) {
      at = next;
      continue;
    }
    followed += 1;
    const isStrange = target === '' || target.startsWith('/') || target.includes('\0');
    if (isStrange || Buffer.byteLength(target) > PATH_LIMIT_BYTES || followed > LINK_LIMIT) return undefined;
    rest.unshift(...target.split('/'));
  }
  return at;
}

/** Writes the content of an entry to a new file, piece by piece. Returns its SHA-256, 64 hex digits. */
export async function writeEntry(entry: TarRead, file: string): Promise<string> {
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
