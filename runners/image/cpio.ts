/** Writes cpio archives in the `newc` format, which the kernel unpacks as its first file system; same entries, same bytes. */

/** Paths without a leading slash; folders must come before what is in them. Modes are permission bits only. */
export type CpioEntry =
  | { readonly path: string; readonly type: 'file'; readonly mode: number; readonly data: Uint8Array }
  | { readonly path: string; readonly type: 'directory'; readonly mode: number }
  | { readonly path: string; readonly type: 'symlink'; readonly target: string }
  | {
      readonly path: string;
      readonly type: 'character-device' | 'block-device';
      readonly mode: number;
      readonly major: number;
      readonly minor: number;
    };

/** File type bits of `st_mode`. */
const TYPE_BITS = {
  file: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  'character-device': 0o020000,
  'block-device': 0o060000,
} as const;

/** The whole archive: owner 0, date 0, inode numbers in the order of the entries. Throws RangeError for a file of 4 GiB. */
export function writeCpio(entries: readonly CpioEntry[]): Buffer {
  const parts = entries.flatMap((entry, index) => member(entry, index + 1));
  parts.push(...trailer());
  return Buffer.concat(parts);
}

function member(entry: CpioEntry, inode: number): Uint8Array[] {
  const data = contentOf(entry);
  if (data.length >= 2 ** 32) throw new RangeError(`cpio: ${entry.path} is too large`);
  const device = 'major' in entry ? [entry.major, entry.minor] : [0, 0];
  const mode = TYPE_BITS[entry.type] | ('mode' in entry ? entry.mode & 0o7777 : 0o777);
  const links = entry.type === 'directory' ? 2 : 1;
  return record(entry.path, [inode, mode, 0, 0, links, 0, data.length, 0, 0, device[0]!, device[1]!], data);
}

function trailer(): Uint8Array[] {
  return record('TRAILER!!!', [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], Buffer.alloc(0));
}

/** Header of eight-digit hexadecimal fields, name and data, each filled up to four bytes. */
function record(path: string, fields: readonly number[], data: Uint8Array): Uint8Array[] {
  const name = Buffer.from(`${path}\0`);
  const numbers = [...fields, name.length, 0].map((value) => value.toString(16).toUpperCase().padStart(8, '0'));
  const head = Buffer.concat([Buffer.from(`070701${numbers.join('')}`), name]);
  return [head, padding(head.length), data, padding(data.length)];
}

function contentOf(entry: CpioEntry): Uint8Array {
  if (entry.type === 'file') return entry.data;
  return entry.type === 'symlink' ? Buffer.from(entry.target) : Buffer.alloc(0);
}

function padding(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4);
}
