/** Several boxes of one environment: starts them and closes them a few at a time. */

import type { Start } from '../types.ts';
import { type BoxFault, faultOf } from './client.ts';
import type { BlockScope } from './kind.ts';
import { Resident, recordFault, type StartHead, type StartRequest, startName } from './resident.ts';

/** Ends take little CPU time and much waiting, so more of them go on at once than starts. */
const CLOSES_AT_ONCE = 8;

/** Calls `act` for each item in order, so many at a time; stops beginning further ones after a failure, and rejects with it. */
export async function fewAtOnce<T>(
  items: readonly T[],
  atOnce: number,
  act: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async () => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        await act(items[index] as T, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  // All of them come to rest before the failure is passed on: nothing starts behind the caller's back.
  const settled = await Promise.allSettled(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  for (const result of settled) if (result.status === 'rejected') throw result.reason;
}

/** What starts of instances need of a block. Without patience, only the plan says how long a box may be silent. */
export type InstanceScope = Omit<BlockScope, 'patience'> & Partial<Pick<BlockScope, 'patience'>>;

/** Boxes that were started and not closed yet. */
export class Instances {
  readonly #scope: InstanceScope;
  readonly #held: Resident[] = [];

  constructor(scope: InstanceScope) {
    this.#scope = scope;
  }

  /** In the order in which they became ready. */
  get held(): readonly Resident[] {
    return this.#held;
  }

  /** Those of them that have ended by themselves, and why. */
  get ended(): ReadonlyMap<Resident, BoxFault> {
    return new Map(
      this.#held.flatMap((resident): [Resident, BoxFault][] =>
        resident.ended === undefined ? [] : [[resident, resident.ended]],
      ),
    );
  }

  /** Rejects with the fault of the first start that fails; what was started stays held. */
  async start(requests: readonly StartRequest[], atOnce: number): Promise<void> {
    await fewAtOnce(requests, atOnce, async (request) => {
      this.#scope.signal.throwIfAborted();
      this.#held.push(await Resident.start(this.#scope, request));
    });
  }

  /** Closes all of them and records their starts; those of `faults` as failed. Never rejects for a box. */
  async close(faults: ReadonlyMap<Resident, Error> = new Map()): Promise<void> {
    const all = this.#held.splice(0);
    await fewAtOnce(all, CLOSES_AT_ONCE, async (resident) => {
      const { position, box: env, startId } = resident;
      const head: StartHead = { block: this.#scope.block, position, env, startId };
      const figures = await resident.close();
      const fault = faults.get(resident);
      if (fault === undefined) this.#scope.sink.start({ ...head, ...figures, status: 'completed' } satisfies Start);
      else recordFault(this.#scope.sink, head, faultOf(fault), { figures });
    });
  }
}

/** In the first block of a run every box is started once to report its facts, and not measured. Gives those that failed. */
export async function introduce(scope: InstanceScope): Promise<ReadonlySet<string>> {
  const { block, environments, signal, sink } = scope;
  const failed = new Set<string>();
  for (const [box, environment] of environments) {
    const startId = `${startName(block, box, 48)}-facts`;
    const head = { block, position: 0, env: box, startId };
    try {
      const start = { box, startId, position: 0, environment, digests: true, depth: 'facts' } as const;
      const resident = await Resident.start(scope, start);
      sink.facts(box, resident.facts);
      sink.start({ ...head, ...(await resident.close()), status: 'completed' });
    } catch (error) {
      signal.throwIfAborted();
      failed.add(box);
      recordFault(sink, head, faultOf(error));
    }
  }
  return failed;
}

/** `b2-docker-n8-3`: the third of eight instances. */
export function instanceName(block: number, box: string, instances: number, instance: number): string {
  return `${startName(block, box, 48)}-n${instances}-${instance}`;
}
