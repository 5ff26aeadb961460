/** `page-fault`: fresh memory, touched page by page, and given back. */

import type { Size } from '../bench/types.ts';
import { fold, type Opened, type SystemWorkload } from './system.ts';

const PAGES: Readonly<Record<Size, number>> = { tiny: 256, small: 1024, large: 8192 };

const PAGE_BYTES = 4096;
const PAGE_WORDS = PAGE_BYTES / 4;
/** Memory grows by less than a huge page at a time and is touched at once, so that no fault can bring in a whole huge page. */
const STEP_PAGES = 256;
/** Kernels may bring in several pages with a fault. Fewer faults than one for so many pages mean that the memory was not fresh. */
const MOST_PAGES_A_FAULT = 64;

/** Later libraries know them as ES2024. */
interface Resizable extends ArrayBuffer {
  resize(bytes: number): void;
}
const ResizableBuffer = ArrayBuffer as unknown as new (bytes: number, options: { maxByteLength: number }) => Resizable;

/**
 * A resizable ArrayBuffer is the one memory in Node.js that comes and goes on demand: V8 makes the pages of a
 * grown part accessible, and gives those of a shrunk part back to the kernel at once (mprotect and MADV_DONTNEED). An
 * ordinary buffer waits for the garbage collection, and the allocator may hand out the same pages again.
 */
export const pageFault: SystemWorkload = {
  id: 'page-fault',
  title: 'Page faults',
  summary: 'fresh memory, touched page by page and given back',
  unit: 'pages/s',
  sizes: { tiny: sizeOf('tiny'), small: sizeOf('small'), large: sizeOf('large') },
  open: (size): Opened => {
    const pages = PAGES[size];
    const buffer = new ResizableBuffer(0, { maxByteLength: pages * PAGE_BYTES });
    const words = new Int32Array(buffer);
    let touched = 0;
    let faultsBefore = process.resourceUsage().minorPageFault;
    return {
      act: (pass) => {
        let stale = 0;
        let written = 0;
        for (let from = 0; from < pages; from += STEP_PAGES) {
          buffer.resize((from + STEP_PAGES) * PAGE_BYTES);
          for (let page = from; page < from + STEP_PAGES; page++) {
            // A different word of the page in each pass: that of the previous pass is 0 only in a fresh page.
            const at = page * PAGE_WORDS;
            words[at + placeIn(pass)] = pass ^ page;
            stale |= words[at + placeIn(pass - 1)] ?? -1;
            written = fold(written, words[at + placeIn(pass)] ?? -1);
          }
        }
        buffer.resize(0);
        touched += pages;
        return fold(written, stale);
      },
      audit: () => {
        const faults = process.resourceUsage().minorPageFault;
        const seen = faults - faultsBefore;
        // Some kernels don't count.
        if (faults > 0 && seen * MOST_PAGES_A_FAULT < touched) {
          throw new Error(`page-fault: ${touched} pages were touched with ${seen} faults: the memory was not fresh`);
        }
        touched = 0;
        faultsBefore = faults;
      },
    };
  },
  answer: (size, pass) => {
    let written = 0;
    for (let page = 0; page < PAGES[size]; page++) written = fold(written, pass ^ page);
    return fold(written, 0);
  },
};

function placeIn(pass: number): number {
  return pass & (PAGE_WORDS - 1);
}

function sizeOf(size: Size) {
  return { parameters: { pages: PAGES[size], bytes: PAGES[size] * PAGE_BYTES }, perPass: PAGES[size] };
}
