/** Start-up: many starts of every box, cold ones first where possible, then rounds of warm ones in balanced random order. */

import { type RatioRow, ratioRows } from '../analysis/reproduction.ts';
import { startupRows } from '../analysis/startup.ts';
import { blockOrder, boxesOf, controlOf } from '../plan/schedule.ts';
import { randomStream } from '../random.ts';
import { faultOf } from '../run/client.ts';
import {
  type BlockResult,
  type BlockScope,
  type Kind,
  type LevelRow,
  type SessionRecords,
  startedIn,
  type TimeGuess,
  wholeOf,
} from '../run/kind.ts';
import { Resident, recordFault, startName } from '../run/resident.ts';
import type { Plan, StartTemperature, StartupRow } from '../types.ts';
import { count } from '../units.ts';

export const startup: Kind = {
  name: 'startup',
  hasTarget: false,
  estimate,
  describe,
  open: () => ({ runBlock: (block) => new StartBlock(block).run() }),
  counted: wholeOf,
  conclude: (records) => ({ contrasts: [], startup: rowsOf(records), events: [] }),
  ratios: (records) => startupRatios(rowsOf(records), records.plan),
  levels: (records) => startupLevels(rowsOf(records), records.plan),
  measured: startedIn,
};

/** A start and its removal, as often as the plan has them. */
function estimate(plan: Plan, guess: TimeGuess, blocks: number): number {
  const starts = plan.rounds + (plan.cold ? 2 : 0);
  return boxesOf(plan).reduce((sum, box) => sum + blocks * starts * guess(box).startSeconds, 0);
}

function describe({ maxBlocks, rounds, cold }: Plan): string[] {
  return [
    'measures      starts, without workloads',
    `design        ${count(maxBlocks, 'block')} × ${rounds} warm starts${cold ? ' and a cold one' : ''} of each, one box at a time, in random order`,
  ];
}

function rowsOf(records: SessionRecords): StartupRow[] {
  return startupRows(wholeOf(records).starts, records.plan);
}

type Timed = Pick<StartupRow, 'env' | 'baseline' | 'temperature' | 'figure'> & {
  readonly medianMs: number | null;
  readonly ratio: StartupRow['ratio'];
};

/** From the rows of `startup.csv`, computed or stored. */
export function startupRatios(rows: readonly Timed[], { baseline: reference }: Pick<Plan, 'baseline'>): RatioRow[] {
  const control = controlOf(reference);
  return rows.flatMap(({ env, baseline, figure, temperature, ratio }) => {
    return env === control ? [] : ratioRows({ env, baseline, workload: `${figure}, ${temperature}` }, ratio);
  });
}

/** The typical time of each environment. */
export function startupLevels(rows: readonly Timed[], { baseline }: Pick<Plan, 'baseline'>): LevelRow[] {
  const control = controlOf(baseline);
  return rows.flatMap(({ env, figure, temperature, medianMs }): LevelRow[] =>
    medianMs === null || env === control
      ? []
      : [{ env, figure: `${figure}, ${temperature}`, unit: 'ns', value: medianMs * 1e6 }],
  );
}

interface Turn {
  readonly box: string;
  readonly round: number;
  readonly position: number;
  readonly temperature: StartTemperature;
}

/** One box at a time; one that fails is not started again in the block. */
class StartBlock {
  readonly #scope: BlockScope;
  readonly #completed = new Set<string>();
  readonly #failed = new Set<string>();
  /** Boxes that have had a turn. */
  readonly #seen = new Set<string>();

  constructor(scope: BlockScope) {
    this.#scope = scope;
  }

  async run(): Promise<BlockResult> {
    const { plan, block, sink } = this.#scope;
    const boxes = boxesOf(plan);
    if (plan.cold === true) await this.#startCold(boxes);
    const { rounds } = blockOrder({ seed: plan.seed, block, boxes, workloads: ['start'], rounds: plan.rounds });
    for (const [index, turns] of rounds.entries()) {
      for (const [place, box] of (turns[0]?.order ?? []).entries()) {
        await this.#take({ box, round: index + 1, position: place + 1, temperature: 'warm' });
      }
      sink.pause(index + 1);
    }
    return { completed: [...this.#completed], failed: [...this.#failed] };
  }

  async #startCold(boxes: readonly string[]): Promise<void> {
    const { plan, block, isFirst, gauges, sink } = this.#scope;
    const order = randomStream(plan.seed, block, 'cold').shuffle(boxes);
    for (const [index, box] of order.entries()) {
      const kept = gauges.dropCaches === undefined ? 'there is no way to drop it' : await gauges.dropCaches();
      if (kept !== null && index === 0 && isFirst) sink.event({ kind: 'page-cache-kept', reason: kept });
      // Without dropping the cache, only the first start since the image was prepared differs from the others.
      if (kept !== null && !isFirst) break;
      await this.#take({ box, round: 0, position: index + 1, temperature: kept === null ? 'dropped' : 'first' });
    }
  }

  async #take({ box, position, round, temperature }: Turn): Promise<void> {
    const { block, isFirst, sink, signal } = this.#scope;
    signal.throwIfAborted();
    if (this.#failed.has(box)) return;
    const startId = `${startName(block, box, 50)}-r${round}`;
    const head = { block, position, env: box, startId, round, temperature };
    const isNew = !this.#seen.has(box);
    this.#seen.add(box);
    const environment = this.#scope.environments.get(box);
    if (environment === undefined) {
      if (isNew) sink.start({ ...head, status: 'skipped', reason: this.#scope.whyAbsent(box) });
      return;
    }
    // The first block reads the facts of the boxes, once each; the rest are only starts.
    const digests = isFirst && isNew;
    let resident: Resident;
    try {
      const start = { box, startId, position, environment, digests };
      resident = await Resident.start(this.#scope, { ...start, depth: digests ? 'facts' : 'ready' });
    } catch (error) {
      if (signal.aborted) throw error;
      this.#failed.add(box);
      this.#completed.delete(box);
      recordFault(sink, head, faultOf(error));
      return;
    }
    if (digests) sink.facts(box, resident.facts);
    sink.start({ ...head, ...(await resident.close()), status: 'completed' });
    this.#completed.add(box);
  }
}
