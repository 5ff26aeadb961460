/** What in places that others can write is this user's own. In doubt it is not: nothing is read from it, removed or ended. */

import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from 'node:fs';

/** A record of ours is a few hundred bytes. */
const MOST_BYTES = 64 << 10;
const WRITABLE_BY_OTHERS = 0o022;

function isMine({ uid, mode }: Pick<Stats, 'uid' | 'mode'>): boolean {
  return uid === process.geteuid?.() && (mode & WRITABLE_BY_OTHERS) === 0;
}

/** Is this a folder (not a link to one) that belongs to this user, and that nobody else can write to? False when it can't be seen. */
export function isOwnFolder(path: string): boolean {
  try {
    const stats = lstatSync(path);
    return stats.isDirectory() && isMine(stats);
  } catch {
    return false;
  }
}

/** Does the entry itself (a link's target doesn't count) belong to this user? False when it can't be seen. */
export function isOwnEntry(path: string): boolean {
  try {
    return lstatSync(path).uid === process.geteuid?.();
  } catch {
    return false;
  }
}

/**
 * Text of a small regular file of this user's; null for anything else. Follows no link and waits for no writer: a FIFO, a
 * device or a large file in a folder of a stranger's must not hold up or fill this process.
 */
export function readOwnFile(path: string): string | null {
  let handle: number;
  try {
    handle = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return null;
  }
  try {
    const stats = fstatSync(handle);
    if (!stats.isFile() || !isMine(stats) || stats.size > MOST_BYTES) return null;
    const bytes = Buffer.alloc(MOST_BYTES);
    return bytes.toString('utf8', 0, readSync(handle, bytes, 0, MOST_BYTES, 0));
  } catch {
    return null;
  } finally {
    closeSync(handle);
  }
}
