/** `disk-write`: a file, written through the page cache and then brought to the disk. */

import { fdatasyncSync } from 'node:fs';
import { fold, foldContent, type Opened, type SystemWorkload } from '../system.ts';
import {
  BLOCK_BYTES,
  BLOCKS_A_CHUNK,
  CHUNK_BYTES,
  Content,
  expectedContent,
  readWhole,
  ScratchFile,
  WHOLE_BYTES,
  WHOLE_SIZES,
} from './scratch.ts';

/**
 * What a program does that saves its work: write, and fdatasync once. The file is emptied first, so that the file system
 * has to find room for it again in every pass. One block of each chunk is read back in the pass, from the page cache; all
 * of them after it, outside of the time.
 */
export const diskWrite: SystemWorkload = {
  id: 'disk-write',
  title: 'Writing to the disk',
  summary: 'write a file in pieces of 256 KiB, and fdatasync it once',
  unit: 'MB/s',
  groups: ['disk', 'beyond-caches'],
  needsScratch: true,
  sizes: WHOLE_SIZES,
  open: (size, place): Opened => {
    const bytes = WHOLE_BYTES[size];
    const chunks = bytes / CHUNK_BYTES;
    const content = new Content();
    const scratch = new ScratchFile('disk-write', place, bytes);
    const back = new Uint8Array(CHUNK_BYTES);
    const backBlock = back.subarray(0, BLOCK_BYTES);
    const backWords = new Int32Array(back.buffer, 0, BLOCK_BYTES / 4);
    let written: number | undefined;
    return {
      act: (pass) => {
        scratch.empty();
        for (let chunk = 0; chunk < chunks; chunk++) scratch.write(content.chunk(pass, chunk), chunk * CHUNK_BYTES);
        fdatasyncSync(scratch.file);
        written = pass;
        let answer = fold(pass, bytes);
        for (let chunk = 0; chunk < chunks; chunk++) {
          const length = readWhole(scratch.file, backBlock, blockIn(pass, chunk) * BLOCK_BYTES);
          answer = foldContent(fold(answer, length), backWords);
        }
        return answer;
      },
      audit: () => {
        for (let chunk = 0; written !== undefined && chunk < chunks; chunk++) {
          const length = readWhole(scratch.file, back, chunk * CHUNK_BYTES);
          if (length < CHUNK_BYTES || Buffer.compare(back, content.chunk(written, chunk)) !== 0) {
            throw new Error(
              `disk-write: ${scratch.path} does not hold what was written from byte ${chunk * CHUNK_BYTES} on`,
            );
          }
        }
        written = undefined;
      },
      close: () => scratch.remove(),
    };
  },
  answer: (size, pass) => {
    const content = expectedContent();
    let answer = fold(pass, WHOLE_BYTES[size]);
    for (let chunk = 0; chunk < WHOLE_BYTES[size] / CHUNK_BYTES; chunk++) {
      answer = content.foldBlock(answer, pass, blockIn(pass, chunk));
    }
    return answer;
  },
};

/** The block of a chunk that a pass reads back. */
function blockIn(pass: number, chunk: number): number {
  return chunk * BLOCKS_A_CHUNK + (((Math.imul(pass, 9973) + chunk) >>> 0) % BLOCKS_A_CHUNK);
}
