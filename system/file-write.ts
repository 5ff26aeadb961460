/** `file-write`: small files in the box's memory file system, made, written, read back and removed. */

import { closeSync, openSync, readSync, statfsSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { FILE_BYTES, MEMORY_FOLDERS } from '../bench/payload/image-files.ts';
import type { Size } from '../bench/types.ts';
import { fold, foldContent, type Opened, type SystemWorkload, TMPFS } from './system.ts';

const WRITES: Readonly<Record<Size, number>> = { tiny: 4, small: 16, large: 64 };

/**
 * In a tmpfs everywhere, natively too: the roots of boxes are read-only, and a disk would be measured in one box and
 * memory in another. Five calls a file: openat, pwrite64, pread64, close, unlink. At most one file is there at a time.
 */
export const fileWrite: SystemWorkload = {
  id: 'file-write',
  title: 'Writing files',
  summary: `make, write, read back and remove files of ${FILE_BYTES} bytes in a tmpfs`,
  unit: 'files/s',
  sizes: { tiny: sizeOf('tiny'), small: sizeOf('small'), large: sizeOf('large') },
  open: (size, { name }): Opened => {
    const folder = memoryFolder();
    if (folder === undefined) {
      throw new Error(`file-write: no memory file system (tmpfs) at ${MEMORY_FOLDERS.join(' or ')}`);
    }
    const path = join(folder, `boxmark-${name}.file`);
    const out = new Uint8Array(FILE_BYTES);
    const back = new Uint8Array(FILE_BYTES);
    const [outWords, backWords] = [new Int32Array(out.buffer), new Int32Array(back.buffer)];
    return {
      act: (pass) => {
        let answer = pass;
        for (let write = 0; write < WRITES[size]; write++) {
          outWords[0] = wordOf(pass, write);
          backWords[0] = 0;
          const file = openSync(path, 'wx+', 0o600);
          writeSync(file, out, 0, FILE_BYTES, 0);
          const length = readSync(file, back, 0, FILE_BYTES, 0);
          closeSync(file);
          unlinkSync(path);
          answer = foldContent(fold(answer, length), backWords);
        }
        return answer;
      },
    };
  },
  answer: (size, pass) => {
    const words = new Int32Array(FILE_BYTES / 4);
    let answer = pass;
    for (let write = 0; write < WRITES[size]; write++) {
      words[0] = wordOf(pass, write);
      answer = foldContent(fold(answer, FILE_BYTES), words);
    }
    return answer;
  },
};

/** Where the box has a memory file system; undefined where it has none. */
export function memoryFolder(): string | undefined {
  return MEMORY_FOLDERS.find((folder) => {
    try {
      return statfsSync(folder).type === TMPFS;
    } catch {
      return false;
    }
  });
}

function wordOf(pass: number, write: number): number {
  return fold(pass, write + 1);
}

function sizeOf(size: Size) {
  return { parameters: { files: WRITES[size], bytes: FILE_BYTES }, perPass: WRITES[size] };
}
