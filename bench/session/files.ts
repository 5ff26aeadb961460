/** Files of a folder that may come from elsewhere: never read or written through a link, never larger than a bound, replaced whole or not at all. */

import { constants as bufferLimits } from 'node:buffer';
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { usageError } from '../errors.ts';

/** No text is longer than this. */
const TEXT_LIMIT_BYTES = bufferLimits.MAX_STRING_LENGTH;
/** What is read in pieces: some forty million bursts. */
const TABLE_LIMIT_BYTES = 2 ** 32;
/** Of `session.json` and `manifest.json`, which are some hundred kilobytes. */
export const INFO_LIMIT_BYTES = 2 ** 26;
const PARTIAL = /^\..+\.[0-9a-f]{16}\.partial$/;
const AS_WRITTEN = 'the session as boxmark wrote it: files only';

/** Throws a usage error when something in the folder is neither a file nor a folder. One that can't be listed passes. */
export function assertPlainFolder(dir: string): void {
  let entries: ReturnType<typeof listed>;
  try {
    entries = listed(dir);
  } catch {
    return;
  }
  const strange = entries.find((entry) => !entry.isFile() && !entry.isDirectory());
  if (strange !== undefined) throw refused(join(dir, strange.name), strange);
}

/** A plain folder with a `session.json`. Throws a usage error for everything else. */
export function assertSession(dir: string): void {
  assertPlainFolder(dir);
  if (existsSync(join(dir, 'session.json'))) return;
  const remedy = 'a folder below results/';
  if (!existsSync(dir)) throw usageError('There is no such folder.', dir, remedy);
  throw usageError('This is not a session: there is no session.json in it.', dir, remedy);
}

/** Opens a file for reading. Throws a usage error for whatever is no regular file, or is larger than `mostBytes`. */
export function openRegular(file: string, mostBytes = TABLE_LIMIT_BYTES): number {
  const handle = openPlain(file, constants.O_RDONLY);
  const { size } = fstatSync(handle);
  if (size <= mostBytes) return handle;
  closeSync(handle);
  throw usageError(`The file is too large to be part of a session: ${size} bytes.`, file, `at most ${mostBytes} bytes`);
}

/** Opens a file for appending, and makes it if it is missing. Throws like `openRegular`. */
export function openToAppend(file: string): number {
  return openPlain(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT);
}

/** The text of a file. Throws like `openRegular`. */
export function readRegular(file: string, mostBytes = TEXT_LIMIT_BYTES): string {
  return readRegularBytes(file, mostBytes).toString('utf8');
}

export function readRegularBytes(file: string, mostBytes: number): Buffer {
  const handle = openRegular(file, mostBytes);
  try {
    return readFileSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** The text of a file that the user names, which may be a pipe. Throws when there is more than `mostBytes`. */
export function readNamed(file: string, mostBytes: number): string {
  const handle = openSync(file, 'r');
  try {
    const content = Buffer.alloc(mostBytes + 1);
    let length = 0;
    for (let bytes = -1; bytes !== 0 && length < content.length; length += bytes) {
      bytes = readSync(handle, content, length, content.length - length, null);
    }
    if (length > mostBytes) throw new Error(`it is larger than ${mostBytes} bytes`);
    return content.toString('utf8', 0, length);
  } finally {
    closeSync(handle);
  }
}

/** SHA-256 of a file, 64 hex digits, read in pieces. Throws like `openRegular`. */
export function digestOf(file: string, mostBytes = TABLE_LIMIT_BYTES): string {
  const hash = createHash('sha256');
  const handle = openRegular(file, mostBytes);
  // Thousands of manifests are small.
  const piece = Buffer.allocUnsafe(Math.min(1 << 20, fstatSync(handle).size + 1));
  try {
    for (let bytes = readSync(handle, piece); bytes > 0; bytes = readSync(handle, piece)) {
      hash.update(piece.subarray(0, bytes));
    }
  } finally {
    closeSync(handle);
  }
  return hash.digest('hex');
}

/**
 * Replaces a file at once: written beside it under a name that nobody can know, synced, renamed. A link in its place is
 * replaced, not followed; the permissions of a file in its place are kept.
 */
export function replaceFile(file: string, content: string | Uint8Array): void {
  const partial = partialName(file);
  const before = statOf(file);
  try {
    createFile(partial, content, before?.isFile() ? before.mode & 0o777 : undefined);
    renameSync(partial, file);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
  syncFolder(dirname(file));
}

/** Makes a file and syncs it. Throws `EEXIST` when there is one, or a link, of that name. */
export function createFile(file: string, content: string | Uint8Array, mode?: number): void {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const handle = openSync(file, flags, 0o666);
  try {
    if (mode !== undefined) fchmodSync(handle, mode);
    writeFileSync(handle, content);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Makes the names in a folder last: a power cut may take back a rename or a new file whose folder was not synced. */
export function syncFolder(dir: string): void {
  try {
    const handle = openSync(dir, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch {
    // A file system that can't, or a folder that may be written to and not read.
  }
}

/** Is it standard output that the user names, or nothing? */
export function isPrinted(file: string | undefined): file is '-' | undefined {
  return file === undefined || file === '-';
}

/** A file that the user names. A pipe or `/dev/stdout` is written to; a regular file is replaced. */
export function writeOutput(file: string, content: string | Uint8Array): void {
  if (isStream(file)) writeFileSync(file, content);
  else replaceFile(file, content);
}

/** Where the new content of a file is written before it is renamed. */
export function partialName(file: string): string {
  return join(dirname(file), `.${basename(file)}.${randomBytes(8).toString('hex')}.partial`);
}

/** Is it the name of something that was being written when its writer was ended? */
export function isPartial(name: string): boolean {
  return PARTIAL.test(name);
}

/** Removes what a kill in the middle of `replaceFile` left in the folder. */
export function removePartials(dir: string): void {
  for (const { name } of listed(dir)) if (isPartial(name)) rmSync(join(dir, name));
}

function listed(dir: string) {
  return readdirSync(dir, { withFileTypes: true });
}

/** Checked before it is opened, because opening a device or a FIFO has effects; and after, because it may be another by then. */
function openPlain(file: string, flags: number): number {
  const before = statOf(file);
  if (before !== undefined && !before.isFile()) throw refused(file, before);
  let handle: number;
  try {
    handle = openSync(file, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, 0o666);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOOP') throw error;
    throw refused(file, { isSymbolicLink: () => true, isDirectory: () => false });
  }
  const opened = fstatSync(handle);
  if (opened.isFile()) return handle;
  closeSync(handle);
  throw refused(file, opened);
}

function statOf(file: string): Stats | undefined {
  return lstatSync(file, { throwIfNoEntry: false });
}

function refused(file: string, found: Pick<Stats, 'isSymbolicLink' | 'isDirectory'>): Error {
  const kind = found.isSymbolicLink() ? 'a link' : found.isDirectory() ? 'a folder' : 'a device, pipe or socket';
  return usageError(`A session's folder holds regular files, and this is ${kind}.`, file, AS_WRITTEN);
}

/** `/dev/shm` is a folder of files like any other. */
export function isStream(file: string): boolean {
  if (/^\/(?:dev\/(?!shm\/)|proc\/)/.test(resolve(file))) return true;
  const found = statOf(file);
  return found !== undefined && (found.isFIFO() || found.isCharacterDevice());
}
