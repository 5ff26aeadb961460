/** Is a guest's clock reliable? It is checked against the host's, which brackets every request from outside. */

import { controlOf } from '../../plan/schedule.ts';
import type { Contrast, Plan } from '../../types.ts';

/** A clock that drifts by more than this over a block is not used; nor one whose steps are a larger share of a burst. */
const DRIFT_SHARE = 0.005;
const STEP_SHARE = 0.001;
/** A smaller drift may be the transit of one answer: from 4 s on, the share above is stricter. */
const LATENCY_NS = 20e6;
/** Stamps no further apart than this count as close together. */
const CLOSE_NS = 200_000_000n;

/** A monotonic time in the box, and the host's when it was known there, ns. */
export interface Stamp {
  readonly boxNs: bigint;
  readonly hostNs: bigint;
}

export interface ClockReading {
  /** Time gone by in the box ÷ time gone by on the host; null before there are two stamps. */
  readonly ratio: number | null;
  /** Time gone by on the host, ns. */
  readonly elapsedNs: number;
  /** Smallest step seen of the box's clock, ns. */
  readonly stepNs: number;
}

/** A box's clock over its life: takes a stamp with every answer. */
export interface Clock {
  stamp(stamp: Stamp): void;
  read(): ClockReading;
}

/**
 * From the first stamp to the last, not a sum of bursts, in each of which the way of an answer would count. Of stamps that
 * were taken close together at either end, the one with the fastest answer counts: a late one looks like drift.
 */
export function openClock(stepNs: number): Clock {
  const first: Stamp[] = [];
  let last: Stamp[] = [];
  return {
    stamp(stamp) {
      const isClose = (other: Stamp | undefined) => other === undefined || stamp.hostNs - other.hostNs < CLOSE_NS;
      if (isClose(first[0])) first.push(stamp);
      last = [...last.filter(isClose), stamp];
    },
    read() {
      const [from, to] = [quickest(first), quickest(last)];
      if (from === undefined || to === undefined || to.hostNs <= from.hostNs)
        return { ratio: null, elapsedNs: 0, stepNs };
      const elapsedNs = Number(to.hostNs - from.hostNs);
      return { ratio: Number(to.boxNs - from.boxNs) / elapsedNs, elapsedNs, stepNs };
    },
  };
}

/** The clocks have an unknown offset, to which the transit adds. */
function quickest(stamps: readonly Stamp[]): Stamp | undefined {
  return stamps.reduce<Stamp | undefined>(
    (best, stamp) => (best === undefined || stamp.hostNs - stamp.boxNs < best.hostNs - best.boxNs ? stamp : best),
    undefined,
  );
}

/** Why the clock is unreliable; null when it isn't, as far as is known. `burstNs` is the shortest measured burst. */
export function clockFault({ ratio, elapsedNs, stepNs }: ClockReading, burstNs: number | null): string | null {
  const driftNs = ratio === null ? 0 : Math.abs(ratio - 1) * elapsedNs;
  if (driftNs > Math.max(DRIFT_SHARE * elapsedNs, LATENCY_NS)) {
    return `its clock runs ${(((ratio ?? 1) - 1) * 100).toFixed(2)} % off the host's`;
  }
  if (burstNs !== null && stepNs > STEP_SHARE * burstNs) {
    return `its clock has steps of ${stepNs} ns, bursts take ${Math.round(burstNs)} ns`;
  }
  return null;
}

/** The boxes that the host has to time because of these: themselves, and whatever they are compared with. */
export function withPartners(
  boxes: ReadonlySet<string>,
  plan: Pick<Plan, 'environments' | 'baseline' | 'contrasts'>,
): ReadonlySet<string> {
  if (boxes.size === 0) return boxes;
  const control = controlOf(plan.baseline);
  const pairs: Contrast[] = [
    ...plan.contrasts,
    ...plan.environments.map(({ path }) => ({ env: path, baseline: plan.baseline })),
    { env: control, baseline: plan.baseline },
  ];
  const touched = pairs.filter(({ env, baseline }) => boxes.has(env) || boxes.has(baseline));
  return new Set([...boxes, plan.baseline, control, ...touched.flatMap(({ env, baseline }) => [env, baseline])]);
}
