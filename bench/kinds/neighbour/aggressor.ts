/** A neighbour: the boxes of one environment that wear out what the victim shares with them, while they are asked to. */

import type { BodyOf } from '../../payload/protocol.ts';
import { AGGRESSOR_SPECS, copiesOf, planOfBox } from '../../plan/aggressors.ts';
import { type BoxFault, faultOf } from '../../run/client.ts';
import { type InstanceScope, Instances } from '../../run/instances.ts';
import { type BookedReply, type Resident, recordFault, startName } from '../../run/resident.ts';
import { WARM_BURSTS } from '../../run/warm-up.ts';
import type { Aggressor, Environment } from '../../types.ts';

/** Between its request and the victim's: a request that reaches a busy box takes some milliseconds. Doubled where it is not enough. */
const LEAD_MS = 50;
const MOST_LEAD_MS = 800;
/** It goes on for so long after the victim should have ended, at least, and for so large a share of the visit. */
const TAIL_NS = 5e7;
const TAIL_SHARE = 0.2;

/** Where the boxes of a neighbour are started. */
export interface Place {
  readonly box: string;
  readonly position: number;
  readonly environment: Environment;
}

/** What it did during a visit; times are the host's, ns. */
export interface Attack {
  readonly passes: number;
  /** The latest time at which all of its boxes can have begun, and the earliest at which one of them can have ended. */
  readonly begunNs: bigint;
  readonly endedNs: bigint;
}

/** Why it does not work in an environment, as the status of the visits that it should have been beside. */
export interface Absence {
  readonly status: 'refused' | 'neighbour-failed';
  readonly reason: string;
}

type LongReply = BookedReply<'long'>;

export class AggressorBoxes {
  readonly name: Aggressor;
  readonly workload: string;
  readonly copies: number;
  readonly #scope: InstanceScope;
  readonly #place: Place;
  readonly #work: number | undefined;
  readonly #instances: Instances;
  readonly #faults = new Map<Resident, BoxFault>();
  #leadMs = LEAD_MS;
  #lost: BoxFault | undefined;
  /** By box: where it stands after its last answer. */
  readonly #states = new Map<string, { readonly passes: number; readonly checksum: string }>();

  /** @param work passes of a burst, by workload; without those that the baseline can't run */
  constructor(scope: InstanceScope, place: Place, name: Aggressor, work: Readonly<Record<string, number>>) {
    this.name = name;
    this.workload = AGGRESSOR_SPECS[name].workload;
    this.copies = copiesOf(name, scope.plan);
    this.#scope = { ...scope, plan: planOfBox(scope.plan, [this.workload]) };
    this.#place = place;
    this.#work = work[this.workload];
    this.#instances = new Instances(this.#scope);
  }

  /** Why it can't work any more; undefined while it can. */
  get lost(): BoxFault | undefined {
    return this.#lost;
  }

  get states(): readonly { readonly passes: number; readonly checksum: string }[] {
    return [...this.#states.values()];
  }

  /** Starts and warms up its boxes. Gives the reason where that can't be; a fault of one of them is not thrown. */
  async start(): Promise<Absence | null> {
    const work = this.#work;
    if (work === undefined)
      return refused(`${this.workload} does not run on the baseline, so that its work is not known`);
    const { box, position, environment } = this.#place;
    const requests = Array.from({ length: this.copies }, (_, index) => {
      const startId = aggressorName(this.#scope.block, box, this.name, index + 1);
      return { box, startId, position, environment, digests: false };
    });
    try {
      await this.#instances.start(requests, this.#scope.plan.limits.cpus.length);
    } catch (error) {
      this.#scope.signal.throwIfAborted();
      const startId = aggressorName(this.#scope.block, box, this.name, this.#instances.held.length + 1);
      this.#lost = faultOf(error);
      recordFault(this.#scope.sink, { block: this.#scope.block, position, env: box, startId }, this.#lost);
      return this.#absence();
    }
    const reason = this.#instances.held.map((resident) => resident.refused.get(this.workload)).find(Boolean);
    if (reason !== undefined) return refused(reason);
    await this.#askAll((resident) =>
      resident.ask('warmup', { workload: this.workload, work, bursts: WARM_BURSTS }).then((reply) => {
        this.#states.set(resident.startId, stateOf(reply.body));
      }),
    );
    return this.#absence();
  }

  /**
   * Works while `act` goes on, which should take `expectedNs`. What `act` gives stands beside what the neighbour did; null
   * when one of its boxes failed. Comes back once all of its boxes have answered, also when `act` fails.
   */
  async during<T>(expectedNs: number, act: () => Promise<T>): Promise<{ result: T; attack: Attack | null }> {
    const work = this.#work ?? 1;
    const leastNs = Math.round(this.#leadMs * 1e6 + expectedNs * (1 + TAIL_SHARE) + TAIL_NS);
    const replies: LongReply[] = [];
    const ended = this.#askAll(async (resident) => {
      const reply = await resident.ask('long', { workload: this.workload, work, leastNs });
      this.#states.set(resident.startId, stateOf(reply.body));
      replies.push(reply);
    });
    try {
      await Promise.race([new Promise((resolve) => setTimeout(resolve, this.#leadMs)), ended]);
      const fromNs = process.hrtime.bigint();
      const result = await act();
      await ended;
      const attack = this.#lost === undefined ? this.#attackOf(replies, work) : null;
      if (attack !== null && attack.begunNs > fromNs) this.#leadMs = Math.min(2 * this.#leadMs, MOST_LEAD_MS);
      return { result, attack };
    } finally {
      await ended;
    }
  }

  #absence(): Absence | null {
    return this.#lost === undefined ? null : { status: 'neighbour-failed', reason: this.#lost.message };
  }

  /** Closes and records all of its boxes. */
  async close(): Promise<void> {
    await this.#instances.close(this.#faults);
  }

  /** Never rejects: whoever fails is known by `lost`. */
  async #askAll(ask: (resident: Resident) => Promise<void>): Promise<void> {
    const residents = this.#instances.held;
    const settled = await Promise.allSettled(residents.map(ask));
    for (const [index, one] of settled.entries()) {
      if (one.status === 'fulfilled') continue;
      const fault = faultOf(one.reason);
      this.#lost ??= fault;
      this.#faults.set(residents[index] as Resident, fault);
    }
  }

  #attackOf(replies: readonly LongReply[], work: number): Attack {
    const spans = replies.map((reply) => spanOf(reply, this.#place.environment.sharesClock));
    return {
      passes: replies.reduce((sum, { body }) => sum + body.bursts.length * work, 0),
      begunNs: spans.reduce((latest, { begunNs }) => (begunNs > latest ? begunNs : latest), 0n),
      endedNs: spans.reduce((first, { endedNs }) => (endedNs < first ? endedNs : first), spans[0]?.endedNs ?? 0n),
    };
  }
}

function refused(reason: string): Absence {
  return { status: 'refused', reason };
}

/** `b2-docker-cpu-1`: the first of the boxes that wear out the CPUs. */
function aggressorName(block: number, box: string, aggressor: Aggressor, copy: number): string {
  return `${startName(block, box, 44)}-${aggressor}-${copy}`;
}

/**
 * Of the bursts of a request, on the host's clock: the beginning as late as it can have been, counted back from the answer,
 * and the end as early, counted from the request. A guest's own clock may be fast, but the answer comes after the end.
 */
export function spanOf(
  { body, sentNs, receivedNs }: Pick<LongReply, 'body' | 'sentNs' | 'receivedNs'>,
  sharesClock: boolean,
): Pick<Attack, 'begunNs' | 'endedNs'> {
  const first = body.bursts[0] ?? [0, 0, 0];
  const last = body.bursts.at(-1) ?? first;
  const endNs = last[0] + last[1];
  const countedBack = receivedNs - BigInt(endNs - first[0]);
  const counted = sentNs + BigInt(endNs);
  return {
    begunNs: countedBack > sentNs ? countedBack : sentNs,
    endedNs: sharesClock || counted < receivedNs ? counted : receivedNs,
  };
}

function stateOf({ passes, checksum }: BodyOf<'long'>) {
  return { passes, checksum };
}
