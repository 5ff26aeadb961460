/** `file-read`: small files of the box's root file system, opened, read and closed. */

import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { FILE_BYTES, FILE_COUNT, filePath, fileText } from '../bench/payload/image-files.ts';
import type { Size } from '../bench/types.ts';
import { fold, foldContent, type Opened, type SystemWorkload } from './system.ts';

const READS: Readonly<Record<Size, number>> = { tiny: 4, small: 16, large: 64 };

/**
 * The image holds the files. They are in the page cache after the first pass, so that no disk is measured but the way to
 * the content: openat, read and close, through whatever the box has for a root (overlay, hostfs, EROFS, a proxy).
 */
export const fileRead: SystemWorkload = {
  id: 'file-read',
  title: 'Reading files',
  summary: `open, read and close files of ${FILE_BYTES} bytes in the box's root`,
  unit: 'files/s',
  sizes: { tiny: sizeOf('tiny'), small: sizeOf('small'), large: sizeOf('large') },
  open: (size, { root }): Opened => {
    const paths = Array.from({ length: FILE_COUNT }, (_, index) => join(root, filePath(index)));
    const bytes = new Uint8Array(FILE_BYTES);
    const words = new Int32Array(bytes.buffer);
    return {
      act: (pass) => {
        let answer = pass;
        for (let read = 0; read < READS[size]; read++) {
          const file = openSync(paths[indexOf(pass, read)] as string, 'r');
          const length = readSync(file, bytes, 0, FILE_BYTES, null);
          closeSync(file);
          answer = foldContent(fold(answer, length), words);
        }
        return answer;
      },
    };
  },
  answer: (size, pass) => {
    let answer = pass;
    for (let read = 0; read < READS[size]; read++) {
      answer = foldContent(fold(answer, FILE_BYTES), contents()[indexOf(pass, read)] as Int32Array);
    }
    return answer;
  },
};

let known: readonly Int32Array[] | undefined;

/** What must be in the files, from the rule that they were made by. */
function contents(): readonly Int32Array[] {
  known ??= Array.from({ length: FILE_COUNT }, (_, index) => {
    const bytes = Uint8Array.from(Buffer.from(fileText(index), 'latin1'));
    return new Int32Array(bytes.buffer);
  });
  return known;
}

function indexOf(pass: number, read: number): number {
  return (pass + read) % FILE_COUNT;
}

function sizeOf(size: Size) {
  return { parameters: { files: READS[size], bytes: FILE_BYTES }, perPass: READS[size] };
}
