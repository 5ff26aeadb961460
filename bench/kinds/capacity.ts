/** What a host takes: the parts of which its bounds are made, one after the other in every block. */

import { RESTART_WAYS } from '../analysis/capacity/storm.ts';
import {
  type BlockResult,
  type BlockScope,
  type Kind,
  type KindRun,
  type SessionRecords,
  type SessionScope,
  startedIn,
} from '../run/kind.ts';
import type { Plan } from '../types.ts';
import { scale } from './scale.ts';
import { stormsIn } from './storm.ts';

/** A kind that a capacity session consists of, and the plan as it sees it; null where it is not asked for. */
interface Part {
  readonly kind: Kind;
  planOf(plan: Plan): Plan | null;
}

/** By what sets a bound: processors and memory; restarts. */
const PARTS: readonly Part[] = [
  { kind: scale, planOf: (plan) => plan },
  {
    kind: stormsIn(RESTART_WAYS),
    planOf: ({ storms, ...plan }) => (storms === undefined ? null : { ...plan, instances: storms }),
  },
];

export const capacity: Kind = {
  name: 'capacity',
  hasTarget: false,
  estimate: (plan, guess, blocks) => inParts(plan, (kind, own) => [kind.estimate(own, guess, blocks)]).reduce(sum, 0),
  describe: (plan) => inParts(plan, (kind, own) => kind.describe(own)),
  open: (session) => new CapacityRun(session),
  counted: scale.counted,
  conclude: () => ({ contrasts: [], events: [] }),
  ratios: (records: SessionRecords) => inParts(records.plan, (kind, plan) => [...kind.ratios({ ...records, plan })]),
  measured: startedIn,
};

function inParts<T>(plan: Plan, act: (kind: Kind, plan: Plan) => T[]): T[] {
  return PARTS.flatMap(({ kind, planOf }) => {
    const own = planOf(plan);
    return own === null ? [] : act(kind, own);
  });
}

function sum(a: number, b: number): number {
  return a + b;
}

class CapacityRun implements KindRun {
  readonly #parts: readonly { readonly run: KindRun; readonly plan: Plan }[];

  constructor(session: SessionScope) {
    this.#parts = inParts(session.plan, (kind, plan) => [{ run: kind.open({ ...session, plan }), plan }]);
  }

  /** The first part calibrates for all. */
  prepare() {
    return this.#parts[0]?.run.prepare?.() ?? Promise.resolve(undefined);
  }

  async runBlock(block: BlockScope): Promise<BlockResult> {
    const completed = new Set<string>();
    const failed = new Set<string>();
    for (const [index, { run, plan }] of this.#parts.entries()) {
      const result = await run.runBlock(this.#scopeOf({ ...block, plan }, index));
      for (const box of result.completed) completed.add(box);
      for (const box of result.failed) failed.add(box);
    }
    return { completed: [...completed].filter((box) => !failed.has(box)), failed: [...failed] };
  }

  async close(): Promise<void> {
    for (const { run } of this.#parts) await run.close?.();
  }

  /** Facts of boxes are read once in a block; progress is that of all parts. */
  #scopeOf(block: BlockScope, index: number): BlockScope {
    const { plan, isFirst, sink } = block;
    const pause = (round: number) => sink.pause(((index + round / plan.rounds) * plan.rounds) / this.#parts.length);
    return { ...block, isFirst: isFirst && index === 0, sink: { ...sink, pause } };
  }
}
