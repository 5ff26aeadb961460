/** Storms: many boxes start at once or a few at a time, with or without CPU weights and quotas, beside a box at work. */

import { STORM_CELLS, type StormCell, stormRatio } from '../analysis/capacity/storm.ts';
import { type RatioRow, ratioRows } from '../analysis/reproduction.ts';
import { usageError } from '../errors.ts';
import { runOf } from '../plan/commands.ts';
import { randomStream } from '../random.ts';
import { calibrated } from '../run/baseline.ts';
import { AbsentBoxes } from '../run/instance-cells.ts';
import { introduce } from '../run/instances.ts';
import {
  type BlockResult,
  type BlockScope,
  type Kind,
  type SessionRecords,
  type SessionScope,
  startedIn,
  type TimeGuess,
  wholeOf,
} from '../run/kind.ts';
import { HostBeat } from '../run/watch/host-beat.ts';
import type { Plan } from '../types.ts';
import { count } from '../units.ts';
import { BoxAtWork } from './box-at-work.ts';
import { Tempest, type TempestTarget } from './tempest.ts';

export const storm: Kind = stormsIn(STORM_CELLS);

/** Storms in some of the ways of starting. */
export function stormsIn(ways: readonly StormCell[]): Kind {
  return {
    name: 'storm',
    hasTarget: false,
    estimate: (plan, guess, blocks) => estimate(plan, guess, blocks, ways),
    describe: (plan) => describe(plan, ways),
    open: (session) => ({
      prepare: () => {
        assertOneWorkload(session.plan);
        return calibrated(session);
      },
      runBlock: (block) => new StormBlock(session, block, ways).run(),
    }),
    counted: wholeOf,
    conclude: () => ({ contrasts: [], events: [] }),
    ratios: (records) => ratios(records, ways),
    measured: startedIn,
  };
}

/** Starts at once share the CPUs, so that together they take about as long as one after another on one of them. */
function estimate(
  { instances = [1], environments, limits }: Plan,
  guess: TimeGuess,
  blocks: number,
  ways: readonly StormCell[],
): number {
  const starts = instances.reduce((sum, number) => sum + number, 0) * ways.length;
  const around = 3 * ways.length * instances.length;
  return environments.reduce(
    (sum, { path }) => sum + blocks * (around + (1.5 * starts * guess(path).startSeconds) / limits.cpus.length),
    0,
  );
}

function describe(plan: Plan, ways: readonly StormCell[]): string[] {
  const { maxBlocks, instances = [1] } = plan;
  const cells = ways.map(({ order, share }) => (share === 'none' ? order : `${order} with ${share}`));
  return [
    `measures      ${instances.join(', ')} starts of each environment, beside a ${plan.baseline} at work on ${runOf(plan).join(', ')}`,
    `design        ${count(maxBlocks, 'block')} × ${cells.join(', ')}, in random order`,
  ];
}

/** Against the same storm of the baseline. */
function ratios(records: SessionRecords, ways: readonly StormCell[]): RatioRow[] {
  const { environments, baseline, instances = [1] } = records.plan;
  const rows = wholeOf(records).storm;
  return environments.flatMap(({ path: env }) => {
    if (env === baseline) return [];
    return instances.flatMap((number) =>
      ways.flatMap((cell) =>
        (['allReady', 'victim'] as const).flatMap((figure) => {
          const ratio = stormRatio(rows, { env, baseline, instances: number, cell }, figure);
          const name = figure === 'allReady' ? 'ready' : 'slowdown';
          const workload = `${name}, ${number} ${cell.order}, ${cell.share}`;
          return ratioRows({ env, baseline, workload }, ratio);
        }),
      ),
    );
  });
}

/** Of several, the slowdowns would be of different things. */
function assertOneWorkload(plan: Plan): void {
  const run = runOf(plan);
  if (run.length === 1) return;
  throw usageError('A storm has one workload beside it.', run.join(','), `-w ${run[0] ?? 'fft'}`);
}

/** A cell is an environment, a number of boxes and a way of starting them. A box that fails costs only its own row. */
class StormBlock {
  readonly #session: SessionScope;
  readonly #scope: BlockScope;
  readonly #ways: readonly StormCell[];
  readonly #completed = new Set<string>();
  readonly #failed = new Set<string>();
  readonly #absent: AbsentBoxes;

  constructor(session: SessionScope, scope: BlockScope, ways: readonly StormCell[]) {
    this.#session = session;
    this.#scope = scope;
    this.#ways = ways;
    this.#absent = new AbsentBoxes(scope);
  }

  async run(): Promise<BlockResult> {
    const { plan, block, isFirst, signal, sink } = this.#scope;
    // Also brings what all boxes share into the page cache.
    if (isFirst) for (const box of await introduce(this.#scope)) this.#failed.add(box);
    const [workload = ''] = runOf(plan);
    const work = this.#session.info().work[workload] ?? 1;
    const beat = await HostBeat.start();
    let atWork: BoxAtWork | undefined;
    try {
      atWork = await BoxAtWork.start(this.#scope, { workload, work });
      const cells = randomStream(plan.seed, block, 'storm').shuffle(cellsOf(plan, this.#ways));
      for (const [index, cell] of cells.entries()) {
        signal.throwIfAborted();
        await this.#take({ ...cell, position: index + 1 }, beat, atWork);
        sink.pause(((index + 1) * plan.rounds) / cells.length);
      }
    } finally {
      await beat.stop();
      await atWork?.close();
    }
    return { completed: [...this.#completed], failed: [...this.#failed] };
  }

  async #take(
    target: Omit<TempestTarget, 'environment'>,
    beat: HostBeat,
    atWork: BoxAtWork | undefined,
  ): Promise<void> {
    const { block } = this.#scope;
    const { box, position } = target;
    const head = { block, position, env: box, startId: `b${block}-p${position}` };
    const environment = this.#absent.environmentOf(head);
    if (environment === undefined || this.#failed.has(box)) return;
    const ready = await new Tempest(this.#scope, { ...target, environment }, { beat, atWork }).run();
    if (ready > 0) this.#completed.add(box);
    // Where no weights can be set, starts without them are still worth measuring.
    else if (target.cell.share === 'none' && !this.#completed.has(box)) this.#failed.add(box);
  }
}

function cellsOf(
  { environments, instances = [1] }: Plan,
  ways: readonly StormCell[],
): { box: string; instances: number; cell: StormCell }[] {
  return environments.flatMap(({ path: box }) =>
    instances.flatMap((number) => ways.map((cell) => ({ box, instances: number, cell }))),
  );
}
