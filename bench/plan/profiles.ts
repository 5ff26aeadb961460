/** The numbers behind the names of the profiles, and the margin that every comparison starts from; why these: docs/method.md. */

import type { CostMeasure, Plan, Profile } from '../types.ts';

export interface ProfileNumbers
  extends Pick<Plan, 'minBlocks' | 'maxBlocks' | 'target' | 'rounds' | 'pilotBursts' | 'longVisits' | 'longNs'> {
  /** Sessions of starts: blocks, and warm starts of each box in a block before they are rounded up to a balanced number. */
  readonly startup: { readonly blocks: number; readonly starts: number };
  /** Sessions of idle instances. */
  readonly footprint: { readonly blocks: number };
  /** Sessions of instances that work at once. */
  readonly scale: { readonly blocks: number };
  /** Sessions of load: blocks, and the length of a level, in time and in arrivals, whichever is longer. */
  readonly load: { readonly blocks: number; readonly levelNs: number; readonly levelArrivals: number };
  /** Sessions of what a host takes. */
  readonly capacity: { readonly blocks: number };
  /** Sessions of as many idle instances as fit. */
  readonly density: { readonly blocks: number };
  /** Sessions of many starts at once. */
  readonly storm: { readonly blocks: number };
  /** Sessions of a victim beside a neighbour: blocks, and in each of them pairs of visits, with and without each neighbour. */
  readonly neighbour: { readonly blocks: number; readonly pairs: number };
}

export const PROFILE_NUMBERS: Readonly<Record<Profile, ProfileNumbers>> = {
  // As many blocks as an interval needs to be of use, and as short ones as fit four environments into 45 seconds.
  glance: {
    ...{ minBlocks: 3, maxBlocks: 3, target: null, rounds: 10, pilotBursts: 10, longVisits: 0, longNs: 2.5e8 },
    ...{ startup: { blocks: 3, starts: 2 }, footprint: { blocks: 2 }, scale: { blocks: 3 }, capacity: { blocks: 3 } },
    ...{ density: { blocks: 2 }, storm: { blocks: 2 } },
    load: { blocks: 2, levelNs: 1e9, levelArrivals: 100 },
    neighbour: { blocks: 3, pairs: 1 },
  },
  quick: {
    ...{ minBlocks: 6, maxBlocks: 6, target: null, rounds: 30, pilotBursts: 20, longVisits: 1, longNs: 2.5e8 },
    ...{ startup: { blocks: 6, starts: 4 }, footprint: { blocks: 3 }, scale: { blocks: 6 }, capacity: { blocks: 6 } },
    ...{ density: { blocks: 2 }, storm: { blocks: 3 } },
    load: { blocks: 3, levelNs: 2e9, levelArrivals: 100 },
    neighbour: { blocks: 6, pairs: 2 },
  },
  standard: {
    ...{ minBlocks: 10, maxBlocks: 30, target: 0.0099, rounds: 40, pilotBursts: 30, longVisits: 2, longNs: 5e8 },
    ...{
      startup: { blocks: 10, starts: 8 },
      footprint: { blocks: 6 },
      scale: { blocks: 10 },
      capacity: { blocks: 10 },
      density: { blocks: 4 },
      storm: { blocks: 6 },
    },
    load: { blocks: 6, levelNs: 5e9, levelArrivals: 400 },
    neighbour: { blocks: 10, pairs: 3 },
  },
  publish: {
    ...{ minBlocks: 12, maxBlocks: 40, target: 0.005, rounds: 60, pilotBursts: 30, longVisits: 3, longNs: 5e8 },
    ...{
      startup: { blocks: 20, starts: 12 },
      footprint: { blocks: 10 },
      scale: { blocks: 16 },
      capacity: { blocks: 16 },
      density: { blocks: 6 },
      storm: { blocks: 10 },
    },
    load: { blocks: 10, levelNs: 10e9, levelArrivals: 1000 },
    neighbour: { blocks: 16, pairs: 4 },
  },
};

/** Passes of a lead-in as a share of a burst's: caches fill in a fraction of a millisecond (docs/method.md). */
export const LEAD_IN = 0.25;
/** A tenth of a millisecond before a burst of 10 ms: less absorbs nothing. */
export const LEAST_LEAD_IN = 0.01;

export const DEFAULT_PROFILE: Profile = 'quick';

/** Differences up to this share count as none. */
export const DEFAULT_MARGIN = 0.02;

/** With fewer blocks, stopping at a width leaves the intervals too narrow: 91 % instead of 95 % from six on (simulated). */
export const LEAST_WITH_TARGET = 10;
/** Where a target is asked for and the profile has no cap. */
export const CAP_WITH_TARGET = 30;

/** Blocks of a session without workloads. */
export function blocksOf(measure: CostMeasure, profile: Profile): number {
  return PROFILE_NUMBERS[profile][measure].blocks;
}

/** `6`, or `10 to 30`. */
export function blocksText({ minBlocks, maxBlocks }: Pick<Plan, 'minBlocks' | 'maxBlocks'>): string {
  return minBlocks === maxBlocks ? String(maxBlocks) : `${minBlocks} to ${maxBlocks}`;
}
