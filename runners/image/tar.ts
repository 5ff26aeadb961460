/** Writes and reads tar archives (ustar, long names by GNU's `L` and `K` entries) as streams; same entries, same bytes. */

import { type FileHandle, open } from 'node:fs/promises';
import { BoxmarkError } from '../../bench/errors.ts';

const BLOCK = 512;
const CHUNK = 1 << 20;

/** Paths without a leading slash. The owner is always 0. */
export type TarEntry =
  | { readonly path: string; readonly type: 'file'; readonly mode: number; readonly size: number }
  | { readonly path: string; readonly type: 'directory'; readonly mode: number }
  | { readonly path: string; readonly type: 'symlink'; readonly target: string };

/** Content of a file entry: bytes, or the path of a file whose size is the entry's. */
export type TarContent = Uint8Array | { readonly file: string };

export interface TarMember {
  readonly entry: TarEntry;
  readonly content?: TarContent;
}

/**
 * The archive's bytes, piece by piece; `date` of all entries in seconds since 1970. Throws `BoxmarkError` when a file changes
 * its size meanwhile.
 */
export async function* tarBytes(members: Iterable<TarMember>, date = 0): AsyncGenerator<Uint8Array> {
  for (const { entry, content } of members) {
    yield header(entry, date);
    if (entry.type !== 'file' || content === undefined) continue;
    let written = 0;
    for await (const chunk of content instanceof Uint8Array ? [content] : fileBytes(content.file)) {
      written += chunk.length;
      yield chunk;
    }
    if (written !== entry.size) {
      throw new BoxmarkError({ what: 'A file changed while it was put into an archive.', value: entry.path });
    }
    yield Buffer.alloc(padTo(written));
  }
  yield Buffer.alloc(2 * BLOCK);
}

/** An entry met while reading; the content of a file is to be taken with `read` before the next entry is asked for. */
export interface TarRead {
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'other';
  /** The type as the archive has it, one character. */
  readonly flag: string;
  readonly mode: number;
  readonly size: number;
  readonly target: string;
  read(): AsyncGenerator<Uint8Array>;
}

/** Entries of an archive file in their order. Throws `BoxmarkError` for a damaged header or a cut end. */
export async function* readTar(file: FileHandle): AsyncGenerator<TarRead> {
  let at = 0;
  let longPath: string | undefined;
  let longTarget: string | undefined;
  for (;;) {
    const block = await bytesAt(file, at, BLOCK);
    if (block.every((byte) => byte === 0)) return;
    const head = parseHeader(block);
    const start = at + BLOCK;
    at = start + head.size + padTo(head.size);
    if (head.flag === 'L' || head.flag === 'K') {
      if (head.size > CHUNK) throw damaged('a name is too long');
      const name = textAt(await bytesAt(file, start, head.size), 0, head.size);
      if (head.flag === 'L') longPath = name;
      else longTarget = name;
      continue;
    }
    const { size } = head;
    yield {
      path: (longPath ?? head.path).replace(/\/$/, ''),
      type: ({ '0': 'file', '\0': 'file', '5': 'directory', '2': 'symlink' } as const)[head.flag] ?? 'other',
      flag: head.flag,
      mode: head.mode,
      size,
      target: longTarget ?? head.target,
      read: () => rangeBytes(file, start, size),
    };
    longPath = undefined;
    longTarget = undefined;
  }
}

async function* rangeBytes(file: FileHandle, start: number, size: number): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < size; done += CHUNK) yield await bytesAt(file, start + done, Math.min(CHUNK, size - done));
}

async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  if (bytesRead !== length) throw damaged('it ends early');
  return buffer;
}

function header(entry: TarEntry, date: number): Buffer {
  const path = entry.type === 'directory' ? `${entry.path}/` : entry.path;
  const target = entry.type === 'symlink' ? entry.target : '';
  const mode = entry.type === 'symlink' ? 0o777 : entry.mode;
  const size = entry.type === 'file' ? entry.size : 0;
  const flag = { file: '0', directory: '5', symlink: '2' }[entry.type];
  const parts: Buffer[] = [];
  if (Buffer.byteLength(target) > 100) parts.push(longName('K', target));
  if (Buffer.byteLength(path) > 100) parts.push(longName('L', path));
  parts.push(block({ path, mode, size, flag, target, date }));
  return Buffer.concat(parts);
}

function longName(flag: string, name: string): Buffer {
  const content = Buffer.from(`${name}\0`);
  return Buffer.concat([
    block({ path: '././@LongLink', mode: 0, size: content.length, flag, target: '', date: 0 }),
    content,
    Buffer.alloc(padTo(content.length)),
  ]);
}

interface Header {
  readonly path: string;
  readonly mode: number;
  readonly size: number;
  readonly flag: string;
  readonly target: string;
  readonly date: number;
}

function block({ path, mode, size, flag, target, date }: Header): Buffer {
  const head = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;
  if (size >= 8 ** 11) throw new RangeError(`tar: ${path} is too large`);
  Buffer.from(path).copy(head, 0, 0, 100);
  head.write(octal(mode, 7), 100);
  head.write(octal(0, 7), 108);
  head.write(octal(0, 7), 116);
  head.write(octal(size, 11), 124);
  head.write(octal(date, 11), 136);
  head.write(flag, 156);
  Buffer.from(target).copy(head, 157, 0, 100);
  head.write('ustar\0' + '00', 257);
  head.write(octal(checksum(head), 6), 148);
  head.write(' ', 155);
  return head;
}

function parseHeader(head: Buffer): { path: string; mode: number; size: number; flag: string; target: string } {
  const octal = (at: number, length: number): number => Number.parseInt(textAt(head, at, length).trim() || '0', 8);
  if (octal(148, 8) !== checksum(head)) throw damaged('the checksum of a header is wrong');
  const prefix = textAt(head, 345, 155);
  const name = textAt(head, 0, 100);
  const size = octal(124, 12);
  if (!Number.isSafeInteger(size) || size < 0) throw damaged('the size of a file is wrong');
  return {
    path: prefix === '' ? name : `${prefix}/${name}`,
    mode: octal(100, 8),
    size,
    flag: String.fromCharCode(head[156] ?? 0),
    target: textAt(head, 157, 100),
  };
}

/** Sum of the header's bytes, its own field counted as spaces. */
function checksum(head: Buffer): number {
  return head.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0);
}

function textAt(buffer: Buffer, at: number, length: number): string {
  const field = buffer.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? field.length : end);
}

function padTo(length: number): number {
  return (BLOCK - (length % BLOCK)) % BLOCK;
}

function damaged(why: string): BoxmarkError {
  return new BoxmarkError({ what: `The archive is damaged: ${why}.` });
}

async function* fileBytes(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r');
  try {
    for (;;) {
      const buffer = Buffer.alloc(CHUNK);
      const { bytesRead } = await file.read(buffer, 0, CHUNK, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
