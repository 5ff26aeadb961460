/** Files on the storage of a box: where they may be, what is in them, and whether it is there again when it is read. */

import { closeSync, ftruncateSync, openSync, readSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { nextOf } from '../../bench/payload/image-files.ts';
import type { Size } from '../../bench/types.ts';
import { fold, foldContent, type Place, type SystemSize } from '../system.ts';

/** What a page cache and a file system deal in. */
export const BLOCK_BYTES = 4096;
const BLOCK_WORDS = BLOCK_BYTES / 4;
/** As much as one call writes or reads. */
export const CHUNK_BYTES = 256 << 10;
export const BLOCKS_A_CHUNK = CHUNK_BYTES / BLOCK_BYTES;
const MIB = 1 << 20;
/** Of a file that is written or read whole. */
export const WHOLE_BYTES: Readonly<Record<Size, number>> = { tiny: MIB, small: 16 * MIB, large: 64 * MIB };

/** A pass is a whole file, counted in megabytes. */
export const WHOLE_SIZES = {
  tiny: wholeSize('tiny'),
  small: wholeSize('small'),
  large: wholeSize('large'),
} satisfies Readonly<Record<Size, SystemSize>>;

function wholeSize(size: Size): SystemSize {
  return { parameters: { bytes: WHOLE_BYTES[size] }, perPass: WHOLE_BYTES[size] / 1e6 };
}

/** A file in the box's scratch folder. It keeps its name: a file system may save itself the trouble of syncing one without. */
export class ScratchFile {
  readonly path: string;
  readonly file: number;
  readonly #id: string;
  readonly #bytes: number;

  /** Throws with the reason where the box has no place for so many bytes. */
  constructor(id: string, { scratch, name }: Place, bytes: number) {
    if (scratch === undefined) throw new Error(`${id}: this environment gives its payload no folder on a disk`);
    const { bavail, bsize } = statfsSync(scratch.path);
    const free = bavail * bsize;
    if (free < bytes) {
      throw new Error(
        `${id}: ${amount(bytes)} are needed in ${scratch.path}, and ${Math.floor(free / MIB)} MiB are free`,
      );
    }
    this.#id = id;
    this.#bytes = bytes;
    this.path = join(scratch.path, `boxmark-${name}.${id}`);
    this.file = openSync(this.path, 'wx+', 0o600);
  }

  write(bytes: Uint8Array, at: number): void {
    for (let done = 0; done < bytes.length; ) done += this.#writeSome(bytes, done, at);
  }

  empty(): void {
    ftruncateSync(this.file, 0);
  }

  remove(): void {
    closeSync(this.file);
    rmSync(this.path, { force: true });
  }

  /** A disk may become full by what others write, and a quota shows nowhere before. */
  #writeSome(bytes: Uint8Array, done: number, at: number): number {
    try {
      return writeSync(this.file, bytes, done, bytes.length - done, at + done);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
      throw new Error(`${this.#id}: the disk is full (${code}): ${amount(this.#bytes)} did not fit into ${this.path}`);
    }
  }
}

/** Reads until the buffer is full or the file ends; returns how much there was. */
export function readWhole(file: number, into: Uint8Array, at: number): number {
  let done = 0;
  while (done < into.length) {
    const length = readSync(file, into, done, into.length - done, at + done);
    if (length === 0) break;
    done += length;
  }
  return done;
}

function amount(bytes: number): string {
  return bytes < MIB ? `${bytes / 1024} KiB` : `${bytes / MIB} MiB`;
}

/**
 * Content of files, block by block: no compression makes it smaller, and no two blocks of a pass, nor the same one of two
 * passes, are alike.
 */
export class Content {
  readonly bytes = new Uint8Array(CHUNK_BYTES);
  readonly #words = new Int32Array(this.bytes.buffer);

  constructor() {
    let state = 1;
    for (let at = 0; at < this.#words.length; at++) {
      state = nextOf(state);
      this.#words[at] = state ^ (state >>> 15);
    }
  }

  /** The blocks of a chunk of the file. */
  chunk(pass: number, chunk: number): Uint8Array {
    for (let block = 0; block < BLOCKS_A_CHUNK; block++) this.block(pass, chunk * BLOCKS_A_CHUNK + block);
    return this.bytes;
  }

  /** One block of the file. */
  block(pass: number, block: number): Int32Array {
    const at = (block % BLOCKS_A_CHUNK) * BLOCK_WORDS;
    this.#words[at] = fold(fold(pass, block), 1);
    return this.#words.subarray(at, at + BLOCK_WORDS);
  }

  /** `fold`s a block as it must be read. */
  foldBlock(state: number, pass: number, block: number): number {
    return foldContent(fold(state, BLOCK_BYTES), this.block(pass, block));
  }
}

let expected: Content | undefined;

/** For answers, which are computed without a file; made when the first one is asked for. */
export function expectedContent(): Content {
  expected ??= new Content();
  return expected;
}
