/** What a host takes: the parts of which its bounds are made, one after the other in every block. */

import {
  type BlockResult,
  type BlockScope,
  type Kind,
  type KindRun,
  type SessionRecords,
  startedIn,
} from '../run/kind.ts';
import { scale } from './scale.ts';

/** By what sets a bound: processors and memory. */
const PARTS: readonly Kind[] = [scale];

export const capacity: Kind = {
  name: 'capacity',
  hasTarget: false,
  estimate: (plan, guess, blocks) => PARTS.reduce((sum, part) => sum + part.estimate(plan, guess, blocks), 0),
  describe: (plan) => PARTS.flatMap((part) => part.describe(plan)),
  open: (session) => new CapacityRun(PARTS.map((part) => part.open(session))),
  counted: scale.counted,
  conclude: () => ({ contrasts: [], events: [] }),
  ratios: (records: SessionRecords) => PARTS.flatMap((part) => part.ratios(records)),
  measured: startedIn,
};

class CapacityRun implements KindRun {
  readonly #parts: readonly KindRun[];

  constructor(parts: readonly KindRun[]) {
    this.#parts = parts;
  }

  /** Each part finds what those before it have recorded. */
  async prepare() {
    let learned = {};
    for (const part of this.#parts) learned = { ...learned, ...(await part.prepare?.()) };
    return learned;
  }

  async runBlock(block: BlockScope): Promise<BlockResult> {
    const completed = new Set<string>();
    const failed = new Set<string>();
    for (const [index, part] of this.#parts.entries()) {
      const result = await part.runBlock(this.#scopeOf(block, index));
      for (const box of result.completed) completed.add(box);
      for (const box of result.failed) failed.add(box);
    }
    return { completed: [...completed].filter((box) => !failed.has(box)), failed: [...failed] };
  }

  async close(): Promise<void> {
    for (const part of this.#parts) await part.close?.();
  }

  /** Facts of boxes are read once in a block; progress is that of all parts. */
  #scopeOf(block: BlockScope, index: number): BlockScope {
    const { plan, isFirst, sink } = block;
    const pause = (round: number) => sink.pause(((index + round / plan.rounds) * plan.rounds) / this.#parts.length);
    return { ...block, isFirst: isFirst && index === 0, sink: { ...sink, pause } };
  }
}
