/** Density: idle instances of each environment, started one after another until as many as planned are held or one can't be. */

import { DENSITY_FIGURES, densityRatio } from '../analysis/capacity/density.ts';
import { figureRatios, type RatioRow } from '../analysis/reproduction.ts';
import { boxesOf } from '../plan/schedule.ts';
import { randomStream } from '../random.ts';
import { Instances, instanceName, introduce } from '../run/instances.ts';
import {
  type BlockResult,
  type BlockScope,
  type Kind,
  type SessionRecords,
  startedIn,
  type TimeGuess,
  wholeOf,
} from '../run/kind.ts';
import type { Environment, Plan } from '../types.ts';
import { count } from '../units.ts';
import { Series } from './series.ts';

export const density: Kind = {
  name: 'density',
  hasTarget: false,
  estimate,
  describe,
  open: () => ({ runBlock: (block) => new DensityBlock(block).run() }),
  counted: wholeOf,
  conclude: () => ({ contrasts: [], events: [] }),
  ratios,
  measured: startedIn,
};

/** Closing is quicker, several at a time; whoever is weighed settles first. */
function estimate({ instances = [1], ...plan }: Plan, guess: TimeGuess, blocks: number): number {
  const most = instances.at(-1) ?? 1;
  const pauses = 1.2 * instances.length;
  return boxesOf(plan).reduce((sum, box) => sum + blocks * (1.2 * most * guess(box).startSeconds + pauses), 0);
}

function describe({ maxBlocks, instances = [1] }: Plan): string[] {
  return [
    'measures      how many idle instances fit, and what each of them takes',
    `design        ${count(maxBlocks, 'block')} × up to ${instances.at(-1)} instances of each, one after another, weighed at ${instances.join(', ')}`,
  ];
}

/** One more idle instance over one more of the baseline. */
function ratios(records: SessionRecords): RatioRow[] {
  const rows = wholeOf(records).density;
  return figureRatios(records.plan, DENSITY_FIGURES, (contrast, figure) => densityRatio(rows, contrast, figure));
}

/** The environments in random order, one series each. */
class DensityBlock {
  readonly #scope: BlockScope;
  readonly #completed: string[] = [];
  readonly #failed = new Set<string>();

  constructor(scope: BlockScope) {
    this.#scope = scope;
  }

  async run(): Promise<BlockResult> {
    const { plan, block, isFirst, signal, sink } = this.#scope;
    // Hashing an image in a box that is weighed would show; and what all instances share is in the page cache then.
    if (isFirst) for (const box of await introduce(this.#scope)) this.#failed.add(box);
    const order = randomStream(plan.seed, block, 'density').shuffle(boxesOf(plan));
    for (const [index, box] of order.entries()) {
      signal.throwIfAborted();
      const environment = this.#scope.environments.get(box);
      if (environment === undefined) this.#skip(box, index + 1);
      else if (!this.#failed.has(box)) await this.#fill({ box, position: index + 1, environment });
      sink.pause(((index + 1) * plan.rounds) / order.length);
    }
    return { completed: this.#completed, failed: [...this.#failed] };
  }

  #skip(box: string, position: number): void {
    const { block, sink } = this.#scope;
    const most = this.#scope.plan.instances?.at(-1) ?? 1;
    const head = { block, position, env: box, startId: instanceName(block, box, most, 1) };
    sink.start({ ...head, status: 'skipped', reason: this.#scope.whyAbsent(box) });
  }

  async #fill(target: { box: string; position: number; environment: Environment }): Promise<void> {
    const instances = new Instances(this.#scope);
    const series = new Series(this.#scope, target, instances);
    try {
      const held = await series.run();
      if (held > 0) this.#completed.push(target.box);
      else this.#failed.add(target.box);
    } finally {
      await instances.close(instances.ended);
    }
  }
}
