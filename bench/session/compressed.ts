/** Tables that were compressed with gzip: who reads `samples.csv` gets the bytes of `samples.csv.gz` where the first is missing. */

import { closeSync, existsSync, fstatSync, readSync, rmSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { messageOf, usageError } from '../errors.ts';
import { digestOf, digestOfBytes, openRegular, readRegularBytes, replaceFile } from './files.ts';

const SUFFIX = '.gz';
/** Unpacked, it is in memory as a whole: some three million bursts. A gigabyte of zeros takes up a megabyte compressed. */
const UNPACKED_LIMIT_BYTES = 2 ** 29;

/** The bytes of a table, wherever they come from. */
export interface TableBytes {
  readonly size: number;
  /** Returns how many bytes from `position` on it put into `target`, at `offset`; 0 at the end. */
  read(target: Buffer, offset: number, length: number, position: number): number;
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
  if (isCompressed(file)) {
    const bytes = unpacked(file);
    return {
      size: bytes.length,
      read: (target, offset, length, position) => bytes.copy(target, offset, position, position + length),
      close: () => {},
    };
  }
  const handle = openRegular(file);
  return {
    size: fstatSync(handle).size,
    read: (target, offset, length, position) => readSync(handle, target, offset, length, position),
    close: () => closeSync(handle),
  };
}

/** SHA-256 of a file, 64 hex digits; of a compressed table that of the table, so that a seal holds either way. Throws like `openTable`. */
export function digestOfStored(file: string): string {
  return isCompressed(file) ? digestOfBytes(unpacked(file)) : digestOf(file);
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
  const packed = readRegularBytes(file + SUFFIX, UNPACKED_LIMIT_BYTES);
  try {
    return gunzipSync(packed, { maxOutputLength: UNPACKED_LIMIT_BYTES });
  } catch (error) {
    const isLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw usageError(
      isLarge
        ? `The compressed table is larger than ${UNPACKED_LIMIT_BYTES} bytes when it is unpacked.`
        : `The compressed table can't be unpacked: ${messageOf(error)}.`,
      file + SUFFIX,
      isLarge ? 'gunzip on it first: a table that is not compressed can be larger' : 'gzip --test on it',
    );
  }
}
