/** Tables that were compressed with gzip: who reads `samples.csv` gets the bytes of `samples.csv.gz` where the first is missing. */

import { createHash } from 'node:crypto';
import { closeSync, existsSync, fstatSync, readFileSync, readSync, rmSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { messageOf, usageError } from '../errors.ts';
import { digestOf, openRegular, readRegularBytes, replaceFile } from './files.ts';
import { LargeGzip, Unpacking } from './unpacking.ts';

const SUFFIX = '.gz';
/** Some three million bursts. A gigabyte of zeros takes up a megabyte compressed, and unpacking takes time. */
const UNPACKED_LIMIT_BYTES = 2 ** 29;
/** What takes no more is unpacked in memory, because a thread takes longer to begin than most tables to unpack. */
const SMALL_BYTES = 2 ** 24;
const SMALL_PACKED_BYTES = 2 ** 22;

/** The bytes of a table, wherever they come from. */
export interface TableBytes {
  readonly size: number;
  /** Undefined of an empty one. */
  lastByte(): number | undefined;
  /** Puts the next bytes into `target`, at `offset`; returns how many, 0 at the end. */
  next(target: Buffer, offset: number, length: number): number;
  close(): void;
}

/** Is there a table of this name, compressed or not? */
export function isTableThere(file: string): boolean {
  return existsSync(file) || isCompressed(file);
}

/** Where there are both, the one that is not compressed counts. */
function isCompressed(file: string): boolean {
  return file.endsWith('.csv') && !existsSync(file) && existsSync(file + SUFFIX);
}

/** Bytes of the table when it is not compressed; 0 where there is none. Throws like `openTable`. */
export function tableSize(file: string): number {
  if (!isTableThere(file)) return 0;
  const table = openTable(file);
  table.close();
  return table.size;
}

/** Throws a usage error like `openRegular`, and for what gzip can't unpack, or is too large then. */
export function openTable(file: string): TableBytes {
  if (isCompressed(file)) return openCompressed(file);
  const handle = openRegular(file);
  const { size } = fstatSync(handle);
  let position = 0;
  return {
    size,
    lastByte() {
      const last = Buffer.alloc(1);
      return size > 0 && readSync(handle, last, 0, 1, size - 1) === 1 ? last[0] : undefined;
    },
    next(target, offset, length) {
      const bytes = readSync(handle, target, offset, length, position);
      position += bytes;
      return bytes;
    },
    close: () => closeSync(handle),
  };
}

function openCompressed(file: string): TableBytes {
  const bytes = unpackedIfSmall(file);
  if (bytes === null) {
    const { unpacking, close } = unpackingOf(file);
    return {
      size: unpacking.size,
      lastByte: () => unpacking.lastByte,
      next: (target, offset, length) => unpacking.next(target, offset, length),
      close,
    };
  }
  let position = 0;
  return {
    size: bytes.length,
    lastByte: () => bytes.at(-1),
    next(target, offset, length) {
      const copied = bytes.copy(target, offset, position, position + length);
      position += copied;
      return copied;
    },
    close: () => {},
  };
}

/** SHA-256 of a file, 64 hex digits; of a compressed table that of the table, so that a seal holds either way. Throws like `openTable`. */
export function digestOfStored(file: string): string {
  if (!isCompressed(file)) return digestOf(file);
  const hash = createHash('sha256');
  for (const piece of piecesOf(file)) hash.update(piece);
  return hash.digest('hex');
}

/** The bytes of a table piece by piece, each of them new. Throws like `openTable`. */
export function* piecesOf(file: string, mostBytes = 1 << 16): Generator<Buffer> {
  const table = openTable(file);
  try {
    for (;;) {
      const piece = Buffer.allocUnsafe(mostBytes);
      const bytes = table.next(piece, 0, piece.length);
      if (bytes === 0) return;
      yield piece.subarray(0, bytes);
    }
  } finally {
    table.close();
  }
}

/** The table as it was written. Throws like `openTable`. */
export function readTable(file: string): Buffer {
  return isCompressed(file) ? unpacked(file) : readRegularBytes(file, UNPACKED_LIMIT_BYTES);
}

/** Puts the table in the place of its compressed form, so that rows can be appended. Nothing happens where it is not compressed. */
export function unpackTable(file: string): void {
  if (!isCompressed(file)) return;
  replaceFile(file, unpacked(file));
  rmSync(file + SUFFIX);
}

function unpacked(file: string): Buffer {
  const small = unpackedIfSmall(file);
  if (small !== null) return small;
  const { unpacking, close } = unpackingOf(file);
  try {
    const bytes = Buffer.allocUnsafe(unpacking.size);
    for (let at = 0, got = -1; got !== 0; at += got) got = unpacking.next(bytes, at, bytes.length - at);
    return bytes;
  } finally {
    close();
  }
}

/** Null where it is not. */
function unpackedIfSmall(file: string): Buffer | null {
  const handle = openRegular(file + SUFFIX);
  try {
    if (fstatSync(handle).size > SMALL_PACKED_BYTES) return null;
    return gunzipSync(readFileSync(handle), { maxOutputLength: SMALL_BYTES });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return null;
    throw notUnpacked(file, error);
  } finally {
    closeSync(handle);
  }
}

function unpackingOf(file: string): { readonly unpacking: Unpacking; readonly close: () => void } {
  const handle = openRegular(file + SUFFIX, UNPACKED_LIMIT_BYTES);
  try {
    const unpacking = new Unpacking(handle, UNPACKED_LIMIT_BYTES);
    const close = () => {
      unpacking.close();
      closeSync(handle);
    };
    return { unpacking, close };
  } catch (error) {
    closeSync(handle);
    throw notUnpacked(file, error);
  }
}

function notUnpacked(file: string, error: unknown): Error {
  const isLarge = error instanceof LargeGzip;
  return usageError(
    isLarge
      ? `The compressed table is larger than ${UNPACKED_LIMIT_BYTES} bytes when it is unpacked.`
      : `The compressed table can't be unpacked: ${messageOf(error)}.`,
    file + SUFFIX,
    isLarge ? 'gunzip on it first: a table that is not compressed can be larger' : 'gzip --test on it',
  );
}
