/** `disk-sync`: small writes, each of them brought to the disk before the next: what a database does for a transaction. */

import { fdatasyncSync } from 'node:fs';
import type { Size } from '../../bench/types.ts';
import { fold, foldContent, type Opened, type SystemWorkload } from '../system.ts';
import { BLOCK_BYTES, Content, expectedContent, readWhole, ScratchFile } from './scratch.ts';

const SYNCS: Readonly<Record<Size, number>> = { tiny: 4, small: 16, large: 64 };

/**
 * Each sync adds a block to the file, so that its length is to be brought to the disk, too, and passes through the file
 * system's journal. The blocks are read back at the end of the pass. Beside the rate, each burst has the median of its
 * syncs, and the 99th percentile: of less than a hundred syncs, the slowest.
 */
export const diskSync: SystemWorkload = {
  id: 'disk-sync',
  title: 'Syncing to the disk',
  summary: `append ${BLOCK_BYTES} bytes to a file and fdatasync it, again and again`,
  unit: 'syncs/s',
  metrics: [
    { name: 'median', unit: 'µs', better: 'lower' },
    { name: 'p99', unit: 'µs', better: 'lower' },
  ],
  groups: ['disk', 'beyond-caches'],
  needsScratch: true,
  sizes: { tiny: sizeOf('tiny'), small: sizeOf('small'), large: sizeOf('large') },
  open: (size, place): Opened => {
    const syncs = SYNCS[size];
    const content = new Content();
    const scratch = new ScratchFile('disk-sync', place, syncs * BLOCK_BYTES);
    const back = new Uint8Array(BLOCK_BYTES);
    const backWords = new Int32Array(back.buffer);
    let times: number[] = [];
    return {
      act: (pass) => {
        scratch.empty();
        for (let sync = 0; sync < syncs; sync++) {
          const { buffer, byteOffset } = content.block(pass, sync);
          const block = new Uint8Array(buffer, byteOffset, BLOCK_BYTES);
          const begunNs = process.hrtime.bigint();
          scratch.write(block, sync * BLOCK_BYTES);
          fdatasyncSync(scratch.file);
          times.push(Number(process.hrtime.bigint() - begunNs) / 1000);
        }
        let answer = pass;
        for (let sync = 0; sync < syncs; sync++) {
          const length = readWhole(scratch.file, back, sync * BLOCK_BYTES);
          answer = foldContent(fold(answer, length), backWords);
        }
        return answer;
      },
      figures: () => {
        const ascending = times.sort((a, b) => a - b);
        times = [];
        return { median: ranked(ascending, 0.5), p99: ranked(ascending, 0.99) };
      },
      close: () => scratch.remove(),
    };
  },
  answer: (size, pass) => {
    const content = expectedContent();
    let answer = pass;
    for (let sync = 0; sync < SYNCS[size]; sync++) answer = content.foldBlock(answer, pass, sync);
    return answer;
  },
};

/** The value that so large a share of them does not exceed: one of them, no mean of two. */
function ranked(ascending: readonly number[], share: number): number {
  return ascending[Math.max(0, Math.ceil(ascending.length * share) - 1)] ?? 0;
}

function sizeOf(size: Size) {
  return { parameters: { syncs: SYNCS[size], bytes: BLOCK_BYTES }, perPass: SYNCS[size] };
}
