/** A block of victims beside neighbours: in each environment fresh boxes, and pairs of visits with and without each neighbour. */

import { boxesOf } from '../../plan/schedule.ts';
import { randomStream, type Stream } from '../../random.ts';
import { type BoxFault, faultOf } from '../../run/client.ts';
import { type InstanceScope, Instances, introduce } from '../../run/instances.ts';
import type { BlockResult } from '../../run/kind.ts';
import { type Resident, recordFault, startName } from '../../run/resident.ts';
import type { Ledger } from '../../run/watch/ledger.ts';
import { type OwnState, verifyStates } from '../../run/watch/states.ts';
import type { NeighbourRow } from '../../types.ts';
import { type Absence, AggressorBoxes, type Attack, type Place } from './aggressor.ts';
import { Victim, type Visit } from './victim.ts';

export interface NeighbourMeans {
  readonly work: Readonly<Record<string, number>>;
  readonly ledger: Ledger;
}

/** What the victim does in a visit, beside whom, and in which pair. */
interface Pair {
  readonly workload: string;
  readonly aggressor: AggressorBoxes;
  readonly round: number;
}

/** A visit that did not take place. */
const NO_VISIT = {
  turn: 0,
  work: null,
  meanPassNs: null,
  medianPassNs: null,
  longestPassNs: null,
  stealMs: null,
} as const;
const NO_ATTACK = { copies: 0, aggressorPasses: null, leadNs: null, tailNs: null } as const;

export class NeighbourBlock {
  readonly #scope: InstanceScope;
  readonly #means: NeighbourMeans;
  readonly #random: Stream;
  readonly #completed: string[] = [];
  readonly #failed = new Set<string>();
  readonly #states: OwnState[] = [];

  constructor(scope: InstanceScope, means: NeighbourMeans) {
    this.#scope = scope;
    this.#means = means;
    this.#random = randomStream(scope.plan.seed, scope.block, 'neighbour');
  }

  async run(): Promise<BlockResult> {
    const { plan, isFirst, signal, sink } = this.#scope;
    const lost = isFirst ? await introduce(this.#scope) : new Set<string>();
    for (const box of lost) this.#failed.add(box);
    const boxes = this.#random.shuffle(boxesOf(plan));
    for (const [index, box] of boxes.entries()) {
      signal.throwIfAborted();
      if (!lost.has(box)) await this.#take(box, index + 1);
      sink.pause(((index + 1) * plan.rounds) / boxes.length);
    }
    // Those of neighbours too, which so are shown to have worked.
    for (const box of await verifyStates(this.#states, this.#means.ledger, this.#scope)) this.#failed.add(box);
    const completed = this.#completed.filter((box) => !this.#failed.has(box));
    return { completed, failed: [...this.#failed] };
  }

  /** A victim that fails costs its environment the block. */
  async #take(box: string, position: number): Promise<void> {
    const { block, environments, signal, sink } = this.#scope;
    const head = { block, position, env: box, startId: victimName(block, box) };
    const environment = environments.get(box);
    if (environment === undefined) {
      sink.start({ ...head, status: 'skipped', reason: this.#scope.whyAbsent(box) });
      return;
    }
    const instances = new Instances(this.#scope);
    const faults = new Map<Resident, BoxFault>();
    const place = { box, position, environment };
    try {
      await instances.start([{ ...place, startId: head.startId, digests: false }], 1);
    } catch (error) {
      signal.throwIfAborted();
      this.#failed.add(box);
      recordFault(sink, head, faultOf(error));
      return;
    }
    const [resident] = instances.held as readonly [Resident];
    const victim = new Victim(this.#scope, this.#means.work, resident);
    try {
      await this.#attack(victim, place);
      this.#completed.push(box);
    } catch (error) {
      signal.throwIfAborted();
      faults.set(resident, faultOf(error));
      this.#failed.add(box);
    } finally {
      this.#states.push(...victim.states);
      await instances.close(faults);
    }
  }

  /** Starts the neighbours, lets them work one kind at a time, and closes them. */
  async #attack(victim: Victim, place: Place): Promise<void> {
    const { plan, signal } = this.#scope;
    const all: AggressorBoxes[] = [];
    try {
      await victim.warmUp();
      const able: AggressorBoxes[] = [];
      for (const name of plan.aggressors ?? []) {
        signal.throwIfAborted();
        const aggressor = new AggressorBoxes(this.#scope, place, name, this.#means.work);
        all.push(aggressor);
        const absence = await aggressor.start();
        if (absence === null) able.push(aggressor);
        else this.#leaveOut(victim, aggressor, absence);
      }
      await this.#rounds(victim, able);
    } finally {
      for (const { workload, states } of all) {
        this.#states.push(...states.map((state) => ({ ...state, env: place.box, workload })));
      }
      await Promise.all(all.map((aggressor) => aggressor.close()));
    }
  }

  /** In each round every neighbour in random order; with it a pair of visits, in random order too. */
  async #rounds(victim: Victim, able: readonly AggressorBoxes[]): Promise<void> {
    const { plan, signal } = this.#scope;
    for (let round = 1; round <= plan.rounds; round++) {
      const pairs = able.flatMap((aggressor) =>
        victim.workloads.map((workload): Pair => ({ workload, aggressor, round })),
      );
      for (const pair of this.#random.shuffle(pairs)) {
        for (const beside of this.#random.shuffle([false, true])) {
          signal.throwIfAborted();
          if (pair.aggressor.lost === undefined) await this.#visit(victim, pair, beside);
        }
      }
    }
  }

  async #visit(victim: Victim, pair: Pair, beside: boolean): Promise<void> {
    const { sink } = this.#scope;
    const { workload, aggressor } = pair;
    const head = this.#headOf(victim, pair, beside);
    try {
      if (beside) {
        const expectedNs = victim.expectedNs(workload, aggressor.name);
        const { result: visit, attack } = await aggressor.during(expectedNs, () => victim.visit(workload));
        victim.learn(workload, aggressor.name, visit);
        sink.rows('neighbour', [{ ...head, ...visit.figures, ...besideFigures(visit, attack, aggressor) }]);
      } else {
        const { figures } = await victim.visit(workload);
        sink.rows('neighbour', [{ ...head, ...figures, ...NO_ATTACK, status: 'completed', reason: '' }]);
      }
    } catch (error) {
      this.#scope.signal.throwIfAborted();
      const { status, message: reason } = faultOf(error);
      sink.rows('neighbour', [{ ...head, ...NO_VISIT, ...NO_ATTACK, status, reason }]);
      throw error;
    }
  }

  /** A neighbour that can't work is a row, so that a reader knows why there is no figure. */
  #leaveOut(victim: Victim, aggressor: AggressorBoxes, { status, reason }: Absence): void {
    const { block, sink } = this.#scope;
    const rows = victim.workloads.map((workload): NeighbourRow => {
      const head = this.#headOf(victim, { workload, aggressor, round: 1 }, true);
      return { ...head, ...NO_VISIT, ...NO_ATTACK, status, reason };
    });
    sink.rows('neighbour', rows);
    if (status !== 'refused') return;
    sink.event({ kind: 'workload-refused', env: victim.box, block, workload: aggressor.workload, reason });
  }

  #headOf({ box, position, startId }: Victim, { workload, aggressor, round }: Pair, beside: boolean) {
    return {
      block: this.#scope.block,
      position,
      env: box,
      workload,
      aggressor: aggressor.name,
      round,
      beside,
      startId,
    };
  }
}

/** Of the neighbour beside a visit, and whether it worked from before its beginning until after its end. */
function besideFigures({ sentNs, receivedNs }: Visit, attack: Attack | null, { copies, lost }: AggressorBoxes) {
  if (attack === null)
    return { ...NO_ATTACK, copies, status: 'neighbour-failed' as const, reason: lost?.message ?? '' };
  const leadNs = Number(sentNs - attack.begunNs);
  const tailNs = Number(attack.endedNs - receivedNs);
  const figures = { copies, aggressorPasses: attack.passes, leadNs, tailNs };
  if (leadNs >= 0 && tailNs >= 0) return { ...figures, status: 'completed' as const, reason: '' };
  const late =
    leadNs < 0 ? `may have begun ${msText(-leadNs)} after it` : `may have ended ${msText(-tailNs)} before it`;
  return { ...figures, status: 'uncovered' as const, reason: `the neighbour ${late}` };
}

function msText(ns: number): string {
  return `${(ns / 1e6).toFixed(1)} ms`;
}

function victimName(block: number, box: string): string {
  return `${startName(block, box, 48)}-victim`;
}
