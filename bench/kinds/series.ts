/** A series of idle instances of one environment: each start is timed, the host is read, and some numbers are weighed. */

import { BoxFault, faultOf } from '../run/client.ts';
import { type Instances, instanceName } from '../run/instances.ts';
import type { BlockScope } from '../run/kind.ts';
import { recordFault } from '../run/resident.ts';
import { HostAtLimit } from '../run/watch/host-gauges.ts';
import { settle, steadyMemory } from '../run/watch/steady-memory.ts';
import type { DensityRow, Environment, SeriesEnd } from '../types.ts';
import { diskUse } from './disk-use.ts';
import { difference, SETTLE_MS, sumOf } from './idle.ts';

/** The instances that are held don't go, so waiting for what they take is no use. */
const GUARD = { patienceMs: 2000, load: 'refuses' } as const;

export interface SeriesTarget {
  readonly box: string;
  readonly position: number;
  readonly environment: Environment;
}

/** What the host shows. */
interface Reading {
  readonly memoryBytes: number | null;
  readonly slabBytes: number | null;
  readonly mergedBytes: number | null;
  readonly diskBytes: number | null;
}

interface End extends Pick<DensityRow, 'status'> {
  readonly by: SeriesEnd;
  readonly reason: string;
}

type Weights = Pick<DensityRow, 'pssBytes' | 'rssBytes' | 'cgroupBytes' | 'diskBytes' | 'slabBytes' | 'ksmBytes'>;

const NO_WEIGHTS: Weights = {
  ...{ pssBytes: null, rssBytes: null, cgroupBytes: null },
  ...{ diskBytes: null, slabBytes: null, ksmBytes: null },
};

export class Series {
  readonly #scope: BlockScope;
  readonly #target: SeriesTarget;
  readonly #instances: Instances;
  readonly #steps: readonly number[];
  #before: Reading = { memoryBytes: null, slabBytes: null, mergedBytes: null, diskBytes: null };
  #killsBefore: number | null = null;
  /** Of the last instance, which is weighed once it is known to be the last. */
  #last: DensityRow | undefined;

  constructor(scope: BlockScope, target: SeriesTarget, instances: Instances) {
    this.#scope = scope;
    this.#target = target;
    this.#instances = instances;
    this.#steps = scope.plan.instances ?? [1];
  }

  /** Gives the number of instances held at its end. Rejects when the host has no room even for the first. */
  async run(): Promise<number> {
    const { gauges } = this.#scope;
    await settle(gauges, SETTLE_MS);
    this.#killsBefore = gauges.memoryKills?.() ?? null;
    this.#before = await this.#read(await steadyMemory(gauges));
    const most = this.#steps.at(-1) ?? 1;
    for (let number = 1; number <= most; number++) {
      const end = await this.#add(number);
      if (end === null) continue;
      await this.#weighLast();
      this.#writeLast();
      this.#write(this.#failedRow(number, end));
      return number - 1;
    }
    await this.#weighLast();
    this.#writeLast('max');
    return most;
  }

  /** The next one; why there is none otherwise. Rejects when the run is stopped. */
  async #add(number: number): Promise<End | null> {
    const { signal, block, gauges, sink } = this.#scope;
    const { box, position, environment } = this.#target;
    signal.throwIfAborted();
    const startId = this.#nameOf(number);
    const start = { box, startId, position, environment, digests: false, depth: 'ready' } as const;
    try {
      await this.#instances.start([{ ...start, ...(number === 1 ? {} : { admit: GUARD }) }], 1);
      this.#assertAlive();
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof HostAtLimit) {
        if (number === 1) throw error;
        return { status: 'stopped', by: error.of, reason: error.what };
      }
      const fault = faultOf(error);
      // One that is held is recorded when it is closed.
      if (this.#instances.held.length < number) {
        recordFault(sink, { block, position, env: box, startId }, fault, { instances: number });
      }
      return { status: fault.status, by: this.#resourceOf(fault.message), reason: fault.message };
    }
    this.#writeLast();
    this.#last = {
      ...{ block, position, env: box, instances: number, startId, status: 'completed', endedBy: null, reason: '' },
      readyMs: this.#instances.held.at(-1)?.readyMs ?? null,
      hostDeltaBytes: difference(this.#before.memoryBytes, gauges.availableMemoryBytes()),
      ...NO_WEIGHTS,
    };
    if (this.#steps.includes(number)) await this.#weighLast();
    return null;
  }

  /** One that has ended since holds nothing any more, so the series is over. */
  #assertAlive(): void {
    const [first] = this.#instances.ended;
    if (first === undefined) return;
    const [{ startId }, fault] = first;
    throw new BoxFault('failed', `an instance that was held, ${startId}: ${fault.message}`);
  }

  #writeLast(endedBy: SeriesEnd | null = null): void {
    if (this.#last !== undefined) this.#write({ ...this.#last, endedBy });
    this.#last = undefined;
  }

  async #weighLast(): Promise<void> {
    const { gauges, sink, plan } = this.#scope;
    if (this.#last === undefined || this.#last.pssBytes !== null) return;
    await settle(gauges, SETTLE_MS);
    const { memoryBytes, slabBytes, mergedBytes, diskBytes } = await this.#read(await steadyMemory(gauges));
    const holdings = this.#instances.held.map((resident) => resident.holdings());
    const before = this.#before;
    this.#last = {
      ...this.#last,
      hostDeltaBytes: difference(before.memoryBytes, memoryBytes),
      pssBytes: sumOf(holdings, 'pssBytes'),
      rssBytes: sumOf(holdings, 'rssBytes'),
      cgroupBytes: sumOf(holdings, 'cgroupBytes'),
      diskBytes: difference(diskBytes, before.diskBytes),
      slabBytes: difference(slabBytes, before.slabBytes),
      ksmBytes: difference(mergedBytes, before.mergedBytes),
    };
    // A sign of life: a hundred starts take minutes with some engines.
    sink.pause((plan.rounds * this.#last.instances) / (1 + (this.#steps.at(-1) ?? 1)) / this.#scope.environments.size);
  }

  async #read(memoryBytes: number | null): Promise<Reading> {
    const { gauges } = this.#scope;
    const folders = this.#target.environment.disk?.folders ?? [];
    return {
      memoryBytes,
      slabBytes: gauges.slabBytes?.() ?? null,
      mergedBytes: gauges.mergedBytes?.() ?? null,
      diskBytes: folders.length === 0 ? null : await diskUse(folders),
    };
  }

  #failedRow(number: number, { status, by, reason }: End): DensityRow {
    const { box: env, position } = this.#target;
    return {
      ...{ block: this.#scope.block, position, env, instances: number, startId: this.#nameOf(number) },
      ...{ status, endedBy: by, reason, readyMs: null, hostDeltaBytes: null, ...NO_WEIGHTS },
    };
  }

  /** By what the kernel answers, in the engine's words; an engine without such words has failed by itself. */
  #resourceOf(reason: string): SeriesEnd {
    const kills = this.#scope.gauges.memoryKills?.() ?? null;
    if (kills !== null && this.#killsBefore !== null && kills > this.#killsBefore) return 'memory';
    return WORDS.find(({ words }) => words.test(reason))?.by ?? 'engine';
  }

  #nameOf(number: number): string {
    return instanceName(this.#scope.block, this.#target.box, this.#steps.at(-1) ?? 1, number);
  }

  #write(row: DensityRow): void {
    this.#scope.sink.rows('density', [row]);
  }
}

/** Errors of system calls (errno(3)) as programs print them. */
const WORDS: readonly { readonly by: SeriesEnd; readonly words: RegExp }[] = [
  { by: 'memory', words: /ENOMEM|cannot allocate memory|out of memory|oom/i },
  { by: 'disk', words: /ENOSPC|no space left|EDQUOT|disk quota exceeded/i },
  { by: 'processes', words: /EAGAIN|resource temporarily unavailable|EMFILE|ENFILE|too many open files|pids limit/i },
];
