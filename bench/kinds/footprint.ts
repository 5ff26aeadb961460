/** Footprint: every environment in every number of idle instances, in random order, measured while all of them are idle. */

import { FOOTPRINT_FIGURES, slopeRatio, summarizeFootprint } from '../analysis/footprint.ts';
import { figureRatios, type RatioRow } from '../analysis/reproduction.ts';
import { boxesOf, controlOf } from '../plan/schedule.ts';
import { randomStream } from '../random.ts';
import { faultOf } from '../run/client.ts';
import {
  AbsentBoxes,
  type InstanceCell,
  InstanceRoom,
  instanceCells,
  instanceRequests,
} from '../run/instance-cells.ts';
import { Instances, instanceName, introduce } from '../run/instances.ts';
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
import { recordFault } from '../run/resident.ts';
import { settle, steadyMemory } from '../run/watch/steady-memory.ts';
import type { Environment, FootprintRow, Plan } from '../types.ts';
import { count } from '../units.ts';
import { diskUse } from './disk-use.ts';
import { difference, SETTLE_MS, sumOf } from './idle.ts';

export const footprint: Kind = {
  name: 'footprint',
  hasTarget: false,
  estimate,
  describe,
  open: () => ({ runBlock: (block) => new FootprintBlock(block).run() }),
  counted: wholeOf,
  conclude: () => ({ contrasts: [], events: [] }),
  ratios,
  levels,
  measured: startedIn,
};

/** Idle instances settle twice. */
function estimate({ instances = [], ...plan }: Plan, guess: TimeGuess, blocks: number): number {
  const starts = instances.reduce((sum, number) => sum + number, 0);
  const pauses = 1.4 * instances.length;
  return boxesOf(plan).reduce((sum, box) => sum + blocks * (starts * guess(box).startSeconds + pauses), 0);
}

function describe({ maxBlocks, instances }: Plan): string[] {
  return [
    'measures      memory and disk of idle instances',
    `design        ${count(maxBlocks, 'block')} of ${instances?.join(', ')} idle instances of each, in random order`,
  ];
}

/** Cost of one more idle instance over that of one more of the baseline. */
function ratios(records: SessionRecords): RatioRow[] {
  const rows = wholeOf(records).footprint;
  return figureRatios(records.plan, FOOTPRINT_FIGURES, (contrast, figure) => slopeRatio(rows, contrast, figure));
}

/** Of one more idle instance. */
function levels({ plan, ...records }: SessionRecords): LevelRow[] {
  const control = controlOf(plan.baseline);
  return summarizeFootprint(wholeOf({ ...records, plan }).footprint, plan).flatMap(({ env, slopes }) => {
    if (env === control) return [];
    return FOOTPRINT_FIGURES.flatMap((figure): LevelRow[] => {
      const value = slopes[figure]?.perInstanceBytes ?? 0;
      return value > 0 ? [{ env, figure, unit: 'bytes', value }] : [];
    });
  });
}

/** A number that fails costs the environment its further numbers in the block. */
class FootprintBlock {
  readonly #scope: BlockScope;
  readonly #completed = new Set<string>();
  readonly #failed = new Set<string>();
  readonly #absent: AbsentBoxes;
  readonly #room: InstanceRoom;

  constructor(scope: BlockScope) {
    this.#scope = scope;
    this.#absent = new AbsentBoxes(scope);
    this.#room = new InstanceRoom(scope);
  }

  async run(): Promise<BlockResult> {
    const { plan, block, isFirst, signal, sink } = this.#scope;
    const cells = instanceCells(plan);
    // Hashing an image in a box that is measured would show; and what all instances share is in the page cache then.
    if (isFirst) for (const box of await introduce(this.#scope)) this.#failed.add(box);
    for (const [index, cell] of randomStream(plan.seed, block, 'footprint').shuffle(cells).entries()) {
      signal.throwIfAborted();
      const wasWeighed = await this.#take({ ...cell, position: index + 1 });
      if (wasWeighed) sink.pause(((index + 1) * plan.rounds) / cells.length);
    }
    return { completed: [...this.#completed], failed: [...this.#failed] };
  }

  /** True unless there was nothing to measure. */
  async #take(cell: InstanceCell): Promise<boolean> {
    const { block, signal, sink } = this.#scope;
    const { box, instances, position } = cell;
    const head = { block, position, env: box, startId: instanceName(block, box, instances, 1) };
    const environment = this.#absent.environmentOf(head);
    if (environment === undefined || this.#failed.has(box) || !this.#room.isEnoughFor(cell)) return false;
    try {
      const row = await this.#weigh(cell, environment);
      sink.rows('footprint', [row]);
      this.#room.took(cell, row.hostDeltaBytes);
      this.#completed.add(box);
    } catch (error) {
      if (signal.aborted) throw error;
      this.#failed.add(box);
      this.#completed.delete(box);
      recordFault(sink, head, faultOf(error), { instances });
    }
    return true;
  }

  /** Starts the instances one after the other, measures them when all are idle, and closes them. */
  async #weigh(cell: InstanceCell, environment: Environment): Promise<FootprintRow> {
    const { block, gauges } = this.#scope;
    const folders = environment.disk?.folders ?? [];
    const use = () => (folders.length === 0 ? Promise.resolve(null) : diskUse(folders));
    const diskBefore = await use();
    await settle(gauges, SETTLE_MS);
    const memoryBefore = await steadyMemory(gauges);
    const instances = new Instances(this.#scope);
    try {
      await instances.start(instanceRequests(block, cell, { environment, depth: 'ready' }), 1);
      await settle(gauges, SETTLE_MS);
      const memoryAfter = await steadyMemory(gauges);
      const diskAfter = await use();
      const holdings = instances.held.map((resident) => resident.holdings());
      return {
        ...{ block, position: cell.position, env: cell.box, instances: cell.instances },
        hostDeltaBytes: difference(memoryBefore, memoryAfter),
        pssBytes: sumOf(holdings, 'pssBytes'),
        cgroupBytes: sumOf(holdings, 'cgroupBytes'),
        diskBytes: difference(diskAfter, diskBefore),
        imageBytes: environment.disk?.imageBytes ?? null,
      };
    } finally {
      await instances.close();
    }
  }
}
