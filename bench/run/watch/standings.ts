/** The ratios so far, computed between blocks, and not so often that a long session takes noticeably longer for it. */

import type { RatioRow } from '../../analysis/reproduction.ts';

/** A block may take this much longer on average. */
const MOST_MS = 200;

export class Standings {
  readonly #compute: () => readonly RatioRow[];
  #blocks = 0;
  #rows: readonly RatioRow[] | null = null;
  /** Ends of blocks that pay for the last computation. */
  #skipped = 0;

  constructor(compute: () => readonly RatioRow[]) {
    this.#compute = compute;
  }

  /** After so many blocks, for everyone who asks; null where they are left out. */
  after(blocks: number): readonly RatioRow[] | null {
    if (blocks === this.#blocks) return this.#rows;
    this.#blocks = blocks;
    this.#rows = this.#next();
    return this.#rows;
  }

  #next(): readonly RatioRow[] | null {
    if (this.#skipped > 0) {
      this.#skipped -= 1;
      return null;
    }
    const begunMs = performance.now();
    const rows = this.#compute();
    this.#skipped = Math.floor((performance.now() - begunMs) / MOST_MS);
    return rows;
  }
}
