/** Plans of sessions of load: how long a level is, at which rates requests arrive, and what a request is by default. */

import type { Plan, Profile } from '../types.ts';
import { PROFILE_NUMBERS } from './profiles.ts';
import type { PlanInput } from './read-flags.ts';

/** Where no rates are given: shares of the requests that the baseline answers when it always has the next one. */
export const LOAD_SHARES = [0.2, 0.4, 0.6, 0.8, 0.9, 1.1] as const;

/** The length of a request on the baseline: short beside a tenth of a second, and long beside the way of a request. */
const REQUEST_NS = 5e6;
/** Where none is named. Its passes leave the same state each time, so that any number of them is verified at once. */
export const REQUEST_WORKLOAD = 'lu';

/** What replaces the settings of workloads. */
export function loadSettings(input: PlanInput, { profile }: { readonly profile: Profile }): Partial<Plan> {
  const { levelNs, levelArrivals } = PROFILE_NUMBERS[profile].load;
  return {
    rounds: 1,
    burstNs: input.burst ?? REQUEST_NS,
    ...(input.rates === undefined ? {} : { rates: input.rates }),
    // A length that the user gives is the whole length.
    ...(input.level === undefined ? { levelNs, levelArrivals } : { levelNs: input.level, levelArrivals: 1 }),
  };
}

/** Rates for a box that answers so many requests a second: three digits are enough to be the same again. */
export function sharesOf(capacityPerSecond: number): number[] {
  return LOAD_SHARES.map((share) => Number((share * capacityPerSecond).toPrecision(3)));
}
