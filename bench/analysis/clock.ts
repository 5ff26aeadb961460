/** Which clock a figure rests on: rows timed by the host take the place of a guest's own where its clock can't be relied on. */

import type { Contrast, Sample, SessionEvent } from '../types.ts';
import { median } from '../units.ts';
import { groupSamples } from './group.ts';
import {
  type ContrastContext,
  type ContrastPlan,
  type ContrastTable,
  contrastTable,
  sessionContrasts,
} from './ratio.ts';

/** Boxes whose clock was found to drift, or to be too coarse, in any block of the session. */
export function hostTimedBoxes(events: Iterable<SessionEvent>): ReadonlySet<string> {
  const boxes = new Set<string>();
  for (const { kind, env } of events) if (kind === 'clock-drift' && env !== undefined) boxes.add(env);
  return boxes;
}

/**
 * The contrasts of a session, each by the clock that both its sides can be held to: pairs with a box in `hostTimed` by
 * the host's, over visits timed from outside, the other side and the control included; all others by the boxes' own. The
 * control's rows and the trust in the session are those by the baseline's clock.
 */
export function timedTable(
  samples: readonly Sample[],
  plan: ContrastPlan,
  context: ContrastContext,
  hostTimed: ReadonlySet<string>,
): ContrastTable {
  const own = contrastTable(groupSamples(samples.filter(({ clock }) => clock === 'guest')), plan, context);
  if (hostTimed.size === 0) return own;
  const byHost = contrastTable(groupSamples(hostRounds(samples)), plan, context);
  const tableOf = ({ env, baseline }: Contrast) => (hostTimed.has(env) || hostTimed.has(baseline) ? byHost : own);
  const rows = sessionContrasts(plan).flatMap((contrast) =>
    tableOf(contrast).rows.filter(({ env, baseline }) => env === contrast.env && baseline === contrast.baseline),
  );
  return { ...(hostTimed.has(plan.baseline) ? byHost : own), rows };
}

/** Rows for the levels of each box by itself: of a box timed by the host its visits, of all others their own bursts. */
export function levelSamples(samples: readonly Sample[], hostTimed: ReadonlySet<string>): Sample[] {
  return [
    ...samples.filter(({ clock, env, phase }) => clock === 'guest' && (!hostTimed.has(env) || phase === 'warmup')),
    ...hostRounds(samples).filter(({ env }) => hostTimed.has(env)),
  ];
}

/**
 * Median over an environment's measured bursts of wall time ÷ CPU time: 1 when it had the CPU to itself; null where no
 * CPU time could be read.
 */
export function wallOverCpu(samples: Iterable<Sample>): ReadonlyMap<string, number | null> {
  const ratios = new Map<string, number[]>();
  for (const { env, phase, ok, wallNs, cpuNs } of samples) {
    if (phase !== 'measure' || !ok) continue;
    const known = ratios.get(env) ?? [];
    ratios.set(env, known);
    // CPU time of a burst shorter than the account's grain may be 0.
    if (cpuNs !== null && cpuNs > 0 && wallNs > 0) known.push(wallNs / cpuNs);
  }
  return new Map([...ratios].map(([env, all]) => [env, all.length === 0 ? null : median(all)]));
}

/** Visits timed by the host, in the form in which rounds are paired. */
function hostRounds(samples: readonly Sample[]): Sample[] {
  return samples.filter(({ clock }) => clock === 'host').map((sample) => ({ ...sample, phase: 'measure' }));
}
