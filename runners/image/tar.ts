/** Writes and reads tar archives as streams; same entries, same bytes. Reads long names of GNU and what PAX headers add. */

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
  /** Does it belong to root and its group? */
  readonly isRoots: boolean;
  readonly size: number;
  readonly target: string;
  read(): AsyncGenerator<Uint8Array>;
}

/** Entries of an archive file in their order. Throws `BoxmarkError` for a damaged header or a cut end. */
export async function* readTar(file: FileHandle): AsyncGenerator<TarRead> {
  let at = 0;
  let more: Further = {};
  for (;;) {
    const block = await bytesAt(file, at, BLOCK);
    if (block.every((byte) => byte === 0)) return;
    const head = parseHeader(block);
    const start = at + BLOCK;
    if ('LKxg'.includes(head.flag)) {
      at = start + head.size + padTo(head.size);
      if (head.size > CHUNK) throw damaged('a name is too long');
      more = { ...more, ...furtherOf(head.flag, await bytesAt(file, start, head.size)) };
      continue;
    }
    const { path = head.path, target = head.target, size = head.size, ids = {} } = more;
    more = {};
    at = start + size + padTo(size);
    yield {
      path: path.replace(/\/$/, ''),
      type: ({ '0': 'file', '\0': 'file', '5': 'directory', '2': 'symlink' } as const)[head.flag] ?? 'other',
      flag: head.flag,
      mode: head.mode,
      isRoots: (ids.uid ?? head.uid) === 0 && (ids.gid ?? head.gid) === 0,
      size,
      target,
      read: () => rangeBytes(file, start, size),
    };
  }
}

/** What the entries before an entry say of it. */
interface Further {
  readonly path?: string;
  readonly target?: string;
  readonly size?: number;
  readonly ids?: { readonly uid?: number; readonly gid?: number };
}

function furtherOf(flag: string, content: Buffer): Further {
  if (flag === 'L') return { path: textAt(content, 0, content.length) };
  if (flag === 'K') return { target: textAt(content, 0, content.length) };
  // A global header has comments and dates only.
  if (flag === 'g') return {};
  const records = paxRecords(content);
  if ([...records.keys()].some((key) => key.startsWith('GNU.sparse.'))) throw damaged('a sparse file is in it');
  const [path, target] = [records.get('path'), records.get('linkpath')];
  const number = (key: string): number | undefined => {
    const value = records.get(key);
    if (value === undefined) return undefined;
    if (!/^\d{1,15}$/.test(value)) throw damaged(`the ${key} of a file is wrong`);
    return Number(value);
  };
  const [size, uid, gid] = [number('size'), number('uid'), number('gid')];
  return {
    ...(path === undefined ? {} : { path }),
    ...(target === undefined ? {} : { target }),
    ...(size === undefined ? {} : { size }),
    ids: { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) },
  };
}

/** Records of the form `LENGTH KEY=VALUE` and a line end, the length that of the whole record (pax, POSIX.1-2001). */
function paxRecords(content: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < content.length && content[at] !== 0; ) {
    const blank = content.indexOf(0x20, at);
    const digits = content.toString('latin1', at, blank < 0 ? at : Math.min(blank, at + 10));
    const length = /^\d+$/.test(digits) ? Number(digits) : 0;
    const record = content.subarray(blank + 1, at + length);
    const equals = record.indexOf(0x3d);
    if (blank < 0 || at + length > content.length || equals < 1 || record.at(-1) !== 0x0a) {
      throw damaged('a PAX header is wrong');
    }
    records.set(record.toString('utf8', 0, equals), record.toString('utf8', equals + 1, record.length - 1));
    at += length;
  }
  return records;
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

interface ReadHeader extends Omit<Header, 'date'> {
  readonly uid: number;
  readonly gid: number;
}

function parseHeader(head: Buffer): ReadHeader {
  const octal = (at: number, length: number): number => Number.parseInt(textAt(head, at, length).trim() || '0', 8);
  // GNU writes what has too many digits as bytes, after a first one of 0x80.
  const number = (at: number, length: number): number =>
    head[at] === 0x80 ? Number(BigInt(`0x${head.toString('hex', at + 1, at + length)}`)) : octal(at, length);
  if (octal(148, 8) !== checksum(head)) throw damaged('the checksum of a header is wrong');
  // Only POSIX has a prefix there; GNU has dates.
  const prefix = head.toString('latin1', 257, 263) === 'ustar\0' ? textAt(head, 345, 155) : '';
  const name = textAt(head, 0, 100);
  const size = number(124, 12);
  if (!Number.isSafeInteger(size) || size < 0) throw damaged('the size of a file is wrong');
  const flag = String.fromCharCode(head[156] ?? 0);
  return {
    path: prefix === '' ? name : `${prefix}/${name}`,
    mode: octal(100, 8),
    uid: number(108, 8),
    gid: number(116, 8),
    // A link has no content, whatever the header says.
    size: '12'.includes(flag) ? 0 : size,
    flag,
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
