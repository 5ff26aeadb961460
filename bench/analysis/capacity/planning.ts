/** From measured figures to instances per host and per fleet: what each limit allows, and which one binds. */

import type { Interval } from '../../types.ts';

export type LimitName = 'cpu' | 'memory' | 'restart';

/** A figure at one number of instances: a slowdown, a latency, or the time until a storm of restarts is over. */
export interface Level {
  readonly instances: number;
  readonly value: number;
  /** Of 95 %, in the unit of the value. Null where it is unknown. */
  readonly interval: Interval | null;
}

/**
 * Why a level fails: its interval lies beyond the limit, contains it, or is unknown. More blocks may help in the second
 * case, and do in the third.
 */
export type Failure = 'exceeds' | 'undecided' | 'no interval';

/** How many instances a limit allows, with confidence. */
export interface Bound {
  /** 0: not even the smallest number that is known meets the limit. */
  readonly instances: number;
  /** The same by estimates alone, without regard to their uncertainty. Null when estimates set no bound. */
  readonly atEstimate: number | null;
  /** Even the largest measured number meets the limit: the bound is "at least". */
  readonly isOpen: boolean;
  /** The first measured number that fails; null when none does, and for memory, which is computed. */
  readonly firstFailing: { readonly instances: number; readonly why: Failure } | null;
}

/**
 * The largest measured number of instances of which the upper limit meets the objective, as all smaller ones do. Nothing
 * is assumed between or beyond measured numbers. `meets` says whether a figure is within the limit: larger figures must
 * not meet it when smaller ones don't. Null when no level has an interval: the bound is unknown. For processors the
 * levels are quantiles of slowdown or latency, for restarts the time until the last instance of a storm is ready.
 */
export function measuredBound(levels: readonly Level[], meets: (figure: number) => boolean): Bound | null {
  if (!levels.some(({ interval }) => interval !== null)) return null;
  const ascending = [...levels].sort((a, b) => a.instances - b.instances);
  const failing = ascending.findIndex(({ interval }) => interval === null || !meets(interval.high));
  const failingAtEstimate = ascending.findIndex(({ value }) => !meets(value));
  const before = (index: number) => (index < 0 ? ascending.at(-1) : ascending[index - 1])?.instances ?? 0;
  const first = ascending[failing];
  return {
    instances: before(failing),
    atEstimate: before(failingAtEstimate),
    isOpen: first === undefined,
    firstFailing: first === undefined ? null : { instances: first.instances, why: failureOf(first, meets) },
  };
}

function failureOf({ interval }: Level, meets: (figure: number) => boolean): Failure {
  if (interval === null) return 'no interval';
  return meets(interval.low) ? 'undecided' : 'exceeds';
}

/** What memory there is and what an instance takes, in bytes. */
export interface MemoryFigures {
  readonly availableBytes: number;
  /** Kept free for everything else. */
  readonly reserveBytes: number;
  /** Taken once, whatever the number of instances. */
  readonly fixedBytes: number;
  /** Of one more instance; null when unknown. */
  readonly perInstance: { readonly bytes: number; readonly interval: Interval | null } | null;
}

/**
 * ⌊(available − reserve − fixed) / per instance⌋, with the upper limit of what an instance takes; computed, so it holds only
 * as far as memory grows by the same amount with each instance. Null when that amount or its interval is unknown, and
 * when its upper limit is not above 0, because then no growth was measured.
 */
export function memoryBound({ availableBytes, reserveBytes, fixedBytes, perInstance }: MemoryFigures): Bound | null {
  const upper = perInstance?.interval?.high ?? Number.NaN;
  if (perInstance === null || !(upper > 0)) return null;
  const room = Math.max(0, availableBytes - reserveBytes - fixedBytes);
  const atEstimate = perInstance.bytes > 0 ? Math.floor(room / perInstance.bytes) : null;
  return { instances: Math.floor(room / upper), atEstimate, isOpen: false, firstFailing: null };
}

/** How many instances a host takes. */
export interface HostCapacity {
  /** The least of the known bounds. 0: nothing meets the objective. */
  readonly instances: number;
  /** The limits that set it. */
  readonly binding: readonly LimitName[];
  /** True when only bounds that are "at least" set it: measuring more instances may raise it. */
  readonly isOpen: boolean;
  /** What measuring more instances can't raise it beyond: the least of the bounds that aren't open; null without one. */
  readonly most: number | null;
  /** The limits that set `most`. */
  readonly mostBy: readonly LimitName[];
  /** More blocks may raise it: the first number that fails a binding limit isn't shown to be beyond it. */
  readonly isUndecided: boolean;
  /** Limits that nothing is known about: each may be lower. */
  readonly unknown: readonly LimitName[];
}

/** Null when no bound is known. Limits that nobody asks about are left out. */
export function hostCapacity(bounds: Readonly<Partial<Record<LimitName, Bound | null>>>): HostCapacity | null {
  const named = Object.entries(bounds) as [LimitName, Bound | null][];
  const known = named.flatMap(([name, bound]) => (bound === null ? [] : [{ name, ...bound }]));
  if (known.length === 0) return null;
  const instances = Math.min(...known.map((bound) => bound.instances));
  const closed = known.filter(({ isOpen }) => !isOpen);
  const most = closed.length === 0 ? null : Math.min(...closed.map((bound) => bound.instances));
  const least = known.filter((bound) => bound.instances === instances);
  const isOpen = least.every((bound) => bound.isOpen);
  // Of equal bounds, one that is "at least" doesn't bind.
  const binding = least.filter((bound) => isOpen || !bound.isOpen);
  return {
    instances,
    binding: binding.map(({ name }) => name),
    isOpen,
    most,
    mostBy: closed.filter((bound) => bound.instances === most).map(({ name }) => name),
    isUndecided: binding.every(({ firstFailing }) => firstFailing !== null && firstFailing.why !== 'exceeds'),
    unknown: named.filter(([, bound]) => bound === null).map(([name]) => name),
  };
}

/** Equal hosts of which some may fail. */
export interface Fleet {
  readonly hosts: number;
  /** Hosts that may fail at once while all instances still run. */
  readonly spare: number;
  readonly instances: number;
  /** Instances of the fullest host while all hosts are up, evenly spread; 0 without hosts. */
  readonly onEach: number;
  /** The same after the spare ones have failed and their instances have moved; never more than a host takes. */
  readonly onEachSurvivor: number;
}

/** The fleet of so many hosts: (hosts − spare) × what one takes; 0 when every host may fail. Whole numbers, 0 or more. */
export function fleetOf(perHost: number, hosts: number, spare: number): Fleet {
  assertCounts({ perHost, hosts, spare });
  return spread(hosts, spare, Math.max(0, hosts - spare) * perHost);
}

/** The smallest fleet for so many instances. Null when a host takes none. Whole numbers, 0 or more. */
export function fleetFor(perHost: number, need: number, spare: number): Fleet | null {
  assertCounts({ perHost, need, spare });
  return perHost === 0 && need > 0 ? null : spread((need === 0 ? 0 : Math.ceil(need / perHost)) + spare, spare, need);
}

function spread(hosts: number, spare: number, instances: number): Fleet {
  const share = (count: number) => (count > 0 ? Math.ceil(instances / count) : 0);
  return { hosts, spare, instances, onEach: share(hosts), onEachSurvivor: share(hosts - spare) };
}

function assertCounts(counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts)) {
    if (!(Number.isSafeInteger(count) && count >= 0)) throw new RangeError(`${name} is no number of things: ${count}`);
  }
}
