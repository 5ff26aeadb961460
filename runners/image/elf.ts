/** Reads ELF files: machine, interpreter, needed libraries and search paths; no program is run for it, unlike with ldd. */

import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';

export interface ElfFile {
  /** Word size in bits, and the `e_machine` number (62 is x86-64, 183 AArch64). */
  readonly bits: 32 | 64;
  readonly machine: number;
  /** Absolute path of the program interpreter (the loader); absent in libraries and static programs. */
  readonly interpreter?: string;
  /** DT_NEEDED, in order. Empty for static programs. */
  readonly needed: readonly string[];
  /** DT_RPATH and DT_RUNPATH, split at colons, `$ORIGIN` not yet replaced. */
  readonly rpath: readonly string[];
  readonly runpath: readonly string[];
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

const LOAD = 1;
const DYNAMIC = 2;
const INTERPRETER = 3;
const DT = { needed: 1, strtab: 5, strsz: 10, rpath: 15, runpath: 29 } as const;

/**
 * Reads a little-endian ELF file, or gives undefined when it is no such file: the names of libraries may come from a
 * stranger's program, and name a folder, a FIFO or a device. Throws only when it can't be opened.
 */
export function readElf(file: string): ElfFile | undefined {
  if (!statSync(file).isFile()) return undefined;
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { size: fileSize } = fstatSync(fd);
    return parse((offset, size) => {
      // What a damaged file says of its size must not decide how much memory is taken.
      const buffer = Buffer.alloc(Math.min(size, Math.max(0, fileSize - offset)));
      return buffer.subarray(0, readSync(fd, buffer, 0, buffer.length, offset));
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined; // Cut off or damaged: the loader would refuse it as well.
    throw error;
  } finally {
    closeSync(fd);
  }
}

type Reader = (offset: number, size: number) => Buffer;

function parse(read: Reader): ElfFile | undefined {
  const head = read(0, 64);
  if (head.length < 52 || head.readUInt32BE(0) !== 0x7f454c46 || head[5] !== 1) return undefined;
  const bits = head[4] === 2 ? 64 : 32;
  const machine = head.readUInt16LE(18);
  const segments = readSegments(read, head, bits);
  const interpreter = segments.find((segment) => segment.type === INTERPRETER);
  const dynamic = segments.find((segment) => segment.type === DYNAMIC);
  const tags = dynamic === undefined ? [] : readDynamic(read(dynamic.offset, dynamic.size), bits);
  const strings = readStrings(read, tags, segments);
  const all = (tag: number): string[] => tags.filter(([name]) => name === tag).map(([, at]) => stringAt(strings, at));
  const paths = (tag: number): string[] => all(tag).flatMap((list) => list.split(':').filter(Boolean));
  return {
    bits,
    machine,
    ...(interpreter === undefined ? {} : { interpreter: stringAt(read(interpreter.offset, interpreter.size), 0) }),
    needed: all(DT.needed),
    rpath: paths(DT.rpath),
    runpath: paths(DT.runpath),
  };
}

function readSegments(read: Reader, head: Buffer, bits: 32 | 64): Segment[] {
  const wide = bits === 64;
  const offset = wide ? Number(head.readBigUInt64LE(32)) : head.readUInt32LE(28);
  const entrySize = head.readUInt16LE(wide ? 54 : 42);
  const count = head.readUInt16LE(wide ? 56 : 44);
  const table = read(offset, entrySize * count);
  return Array.from({ length: count }, (_, index) => {
    const entry = table.subarray(index * entrySize, (index + 1) * entrySize);
    const word = (at64: number, at32: number): number =>
      wide ? Number(entry.readBigUInt64LE(at64)) : entry.readUInt32LE(at32);
    return { type: entry.readUInt32LE(0), offset: word(8, 4), address: word(16, 8), size: word(32, 16) };
  });
}

/** Tag and value of each entry of the dynamic section. */
function readDynamic(section: Buffer, bits: 32 | 64): [number, number][] {
  const step = bits === 64 ? 16 : 8;
  const tags: [number, number][] = [];
  for (let at = 0; at + step <= section.length; at += step) {
    const word = (from: number): number =>
      bits === 64 ? Number(section.readBigUInt64LE(from)) : section.readUInt32LE(from);
    const tag = word(at);
    if (tag === 0) break;
    tags.push([tag, word(at + step / 2)]);
  }
  return tags;
}

/** The dynamic string table. Its place is given as an address in memory, so the load segments say where it is in the file. */
function readStrings(read: Reader, tags: readonly [number, number][], segments: readonly Segment[]): Buffer {
  const address = tags.find(([tag]) => tag === DT.strtab)?.[1];
  const size = tags.find(([tag]) => tag === DT.strsz)?.[1];
  if (address === undefined || size === undefined) return Buffer.alloc(0);
  const holder = segments.find(
    (segment) => segment.type === LOAD && address >= segment.address && address < segment.address + segment.size,
  );
  return holder === undefined ? Buffer.alloc(0) : read(address - holder.address + holder.offset, size);
}

function stringAt(table: Buffer, at: number): string {
  const end = table.indexOf(0, at);
  return table.toString('utf8', at, end < 0 ? table.length : end);
}
