/** States that workloads must be in after so many passes, computed afresh, outside all timing. */

import { type Contents, createRandom, type ExchangeableWorkload, INPUT_SEED } from '../../scimark/index.ts';

/** Where a later replay of the same workload may begin. */
interface Kept {
  readonly passes: number;
  readonly contents: Contents;
}

export class Replays {
  readonly #kept = new Map<string, Kept>();

  /**
   * Checksums after each of the ascending pass counts. The state after the first count of a replay from the beginning is
   * kept: replays of as many passes or more begin there. `workload` has the heap for itself.
   */
  of(workload: ExchangeableWorkload, counts: readonly number[]): string[] {
    const { id, size, repeatable } = workload;
    const { pass, checksum } = workload.prepare(createRandom(INPUT_SEED));
    const key = `${id} ${size}`;
    const [first = 0] = counts;
    const kept = this.#kept.get(key);
    let done = 0;
    if (kept !== undefined && kept.passes <= first) {
      workload.exchange(kept.contents);
      this.#kept.set(key, { passes: kept.passes, contents: workload.copy() });
      done = kept.passes;
    }
    const isFresh = done === 0 && !repeatable;
    return counts.map((count, at) => {
      const upTo = repeatable ? 1 : count;
      for (; done < upTo; done++) pass();
      if (at === 0 && isFresh) this.#kept.set(key, { passes: done, contents: workload.copy() });
      return checksum();
    });
  }
}
