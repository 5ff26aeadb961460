/** `disk-read`: a file read from the disk, past the page cache. */

import { closeSync, constants, fdatasyncSync, openSync, statfsSync } from 'node:fs';
import { openMemory } from '../memory/triad.ts';
import { fold, foldContent, type Opened, type Place, type SystemWorkload, TMPFS } from '../system.ts';
import { CHUNK_BYTES, Content, expectedContent, readWhole, ScratchFile, WHOLE_BYTES, WHOLE_SIZES } from './scratch.ts';

const ID = 'disk-read';
/** Of the content: the file is written once. */
const WRITTEN = 0;

/**
 * Node.js can't ask the kernel to forget pages (posix_fadvise), and emptying the page cache takes a privilege and costs
 * every box of the host its own. Reads with O_DIRECT pass by the cache; they need memory at a multiple of a block, which
 * that of WebAssembly is. They are one after the other, without the kernel's read-ahead, so each waits for the disk.
 *
 * Where such reads may be answered from another cache, it is no disk that would be measured: such a box is refused.
 */
export const diskRead: SystemWorkload = {
  id: ID,
  title: 'Reading from the disk',
  summary: 'read a file in pieces of 256 KiB with O_DIRECT, past the page cache',
  unit: 'MB/s',
  groups: ['disk', 'beyond-caches'],
  needsScratch: true,
  sizes: WHOLE_SIZES,
  open: (size, place): Opened => {
    const bytes = WHOLE_BYTES[size];
    assertCold(place);
    const scratch = new ScratchFile(ID, place, bytes);
    let file: number;
    try {
      const content = new Content();
      for (let chunk = 0; chunk < bytes / CHUNK_BYTES; chunk++) {
        scratch.write(content.chunk(WRITTEN, chunk), chunk * CHUNK_BYTES);
      }
      fdatasyncSync(scratch.file);
      file = openDirect(scratch.path);
    } catch (error) {
      scratch.remove();
      throw error;
    }
    const buffer = openMemory(CHUNK_BYTES);
    const [into, words] = [new Uint8Array(buffer, 0, CHUNK_BYTES), new Int32Array(buffer, 0, CHUNK_BYTES / 4)];
    return {
      act: (pass) => {
        let answer = fold(pass, bytes);
        for (let chunk = 0; chunk < bytes / CHUNK_BYTES; chunk++) {
          const length = readWhole(file, into, chunk * CHUNK_BYTES);
          answer = fold(answer, foldContent(length, words));
        }
        return answer;
      },
      close: () => {
        closeSync(file);
        scratch.remove();
      },
    };
  },
  answer: (size, pass) => {
    let answer = fold(pass, WHOLE_BYTES[size]);
    for (let chunk = 0; chunk < WHOLE_BYTES[size] / CHUNK_BYTES; chunk++) answer = fold(answer, chunkAnswer(chunk));
    return answer;
  },
};

/** Throws with the reason where reads can't be made to come from a disk. */
function assertCold({ scratch }: Place): void {
  if (scratch === undefined) return; // Which `ScratchFile` reports.
  if (scratch.behindCache) {
    throw new Error(`${ID}: can't read cold here: what the box reads may come from a page cache outside of it`);
  }
  if (statfsSync(scratch.path).type === TMPFS) {
    throw new Error(`${ID}: can't read cold here: ${scratch.path} is in memory (tmpfs)`);
  }
}

function openDirect(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECT);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EINVAL') throw error;
    throw new Error(`${ID}: can't read cold here: the file system of ${path} takes no O_DIRECT`);
  }
}

const answers: number[] = [];

/** Of the content of a chunk, which is the same in every pass. */
function chunkAnswer(chunk: number): number {
  const words = () => new Int32Array(expectedContent().chunk(WRITTEN, chunk).buffer as ArrayBuffer);
  answers[chunk] ??= foldContent(CHUNK_BYTES, words());
  return answers[chunk];
}
