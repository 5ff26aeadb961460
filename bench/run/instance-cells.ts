/** Numbers of instances of a box in a block: what each instance is called, which box can't run, whether there is room for so many. */

import { boxesOf } from '../plan/schedule.ts';
import type { Environment, Plan } from '../types.ts';
import { type InstanceScope, instanceName } from './instances.ts';
import type { StartHead, StartRequest } from './resident.ts';

/** Instances are not started when the host would keep less than this. */
const RESERVE_BYTES = 512 * 2 ** 20;

/** A number of instances of a box, at its place in the block. */
export interface InstanceCell {
  readonly box: string;
  readonly instances: number;
  readonly position: number;
}

/** Every box in every number of the plan. */
export function instanceCells(plan: Plan): Omit<InstanceCell, 'position'>[] {
  return boxesOf(plan).flatMap((box) => (plan.instances ?? [1]).map((instances) => ({ box, instances })));
}

/** A start for each instance of a cell. */
export function instanceRequests(
  block: number,
  { box, instances, position }: InstanceCell,
  how: Pick<StartRequest, 'environment' | 'depth'>,
): StartRequest[] {
  return Array.from({ length: instances }, (_, index) => {
    const startId = instanceName(block, box, instances, index + 1);
    return { box, startId, position, digests: false, ...how };
  });
}

/** Boxes that can't run in a block: whatever was planned of one, a single row says so. */
export class AbsentBoxes {
  readonly #scope: InstanceScope;
  readonly #noted = new Set<string>();

  constructor(scope: InstanceScope) {
    this.#scope = scope;
  }

  /** Undefined for a box that can't run, which is recorded as the start that it would have been. */
  environmentOf(head: StartHead): Environment | undefined {
    const { environments, sink } = this.#scope;
    const { env: box } = head;
    const environment = environments.get(box);
    if (environment === undefined && !this.#noted.has(box)) {
      sink.start({ ...head, status: 'skipped', reason: this.#scope.whyAbsent(box) });
      this.#noted.add(box);
    }
    return environment;
  }
}

/** How much memory an instance of each box took so far in a block, and whether the host has as much for more of them. */
export class InstanceRoom {
  readonly #scope: InstanceScope;
  /** Bytes of the largest instance, by box. */
  readonly #largest = new Map<string, number>();

  constructor(scope: InstanceScope) {
    this.#scope = scope;
  }

  /** Notes what the host lost to all instances of a cell; null where it does not say. */
  took({ box, instances }: InstanceCell, bytes: number | null): void {
    this.#largest.set(box, Math.max(this.#largest.get(box) ?? 0, (bytes ?? 0) / instances));
  }

  /** False, with an event, when it would keep too little. Where nothing is known yet, there is room. */
  isEnoughFor({ box, instances }: InstanceCell): boolean {
    const { block, gauges, sink } = this.#scope;
    const available = gauges.availableMemoryBytes();
    const wanted = (this.#largest.get(box) ?? 0) * instances;
    if (available === null || wanted <= available - RESERVE_BYTES) return true;
    const reason = `${instances} instances would leave the host less than ${RESERVE_BYTES / 2 ** 20} MiB`;
    sink.event({ kind: 'too-little-memory', env: box, block, reason });
    return false;
  }
}
