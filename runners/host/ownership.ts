/** What in places that others can write is this user's own. In doubt it is not: nothing is read from it, removed or ended. */

import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from 'node:fs';
import { userInfo } from 'node:os';

/** An owner record is a few hundred bytes. */
const MOST_BYTES = 64 << 10;
const WRITABLE_BY_OTHERS = 0o022;

function isMine({ uid }: Pick<Stats, 'uid'>): boolean {
  return uid === process.geteuid?.();
}

/** Is this a folder (not a link to one) that belongs to this user, and that nobody else can write to? False when it can't be seen. */
export function isOwnFolder(path: string): boolean {
  try {
    const stats = lstatSync(path);
    return stats.isDirectory() && isMine(stats) && (stats.mode & WRITABLE_BY_OTHERS) === 0;
  } catch {
    return false;
  }
}

/** Does the entry itself (a link's target doesn't count) belong to this user? False when it can't be seen. */
export function isOwnEntry(path: string): boolean {
  try {
    return isMine(lstatSync(path));
  } catch {
    return false;
  }
}

/**
 * Text of a small regular file of this user's; null when there is none, or something else. Follows no link and waits for no
 * writer: a FIFO, a device or a large file must not block this process or fill its memory. The file's mode does not count,
 * because it depends on the umask of the run: its folder (`isOwnFolder`) keeps others out.
 * @throws when it can't be read for another reason, such as a missing permission: what it says is then unknown.
 */
export function readOwnFile(path: string): string | null {
  return readOwnBytes(path, MOST_BYTES)?.toString('utf8') ?? null;
}

/** The same of a file of up to `mostBytes`, as bytes. Throws like `readOwnFile`. */
export function readOwnBytes(path: string, mostBytes: number): Buffer | null {
  let handle: number;
  try {
    handle = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    // ELOOP: a link. ENXIO: a socket.
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
  try {
    const stats = fstatSync(handle);
    if (!stats.isFile() || !isMine(stats) || stats.size > mostBytes) return null;
    const bytes = Buffer.allocUnsafe(stats.size);
    let length = 0;
    for (let got = -1; got !== 0 && length < bytes.length; length += got) {
      got = readSync(handle, bytes, length, bytes.length - length, length);
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(handle);
  }
}

/** A user without an entry in the list of users has no name. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? ''}`.trim();
  }
}
