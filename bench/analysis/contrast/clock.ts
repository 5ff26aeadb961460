/** Which clock a figure uses: rows timed by the host replace a guest's own where its clock is unreliable. */

import type { SessionEvent } from '../../session/events.ts';
import type { Contrast, Sample } from '../../types.ts';
import {
  type ContrastContext,
  type ContrastPlan,
  type ContrastTable,
  contrastTable,
  sessionContrasts,
} from './ratio.ts';
import { groupSession, type SessionGroups } from './session-groups.ts';

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
  measured: Iterable<Sample> | SessionGroups,
  plan: ContrastPlan,
  context: ContrastContext,
  hostTimed: ReadonlySet<string>,
): ContrastTable {
  const groups = 'own' in measured ? measured : groupSession(measured, hostTimed);
  const own = contrastTable(groups.own, plan, context);
  if (hostTimed.size === 0) return own;
  const byHost = contrastTable(groups.byHost, plan, context);
  const tableOf = ({ env, baseline }: Contrast) => (hostTimed.has(env) || hostTimed.has(baseline) ? byHost : own);
  const rows = sessionContrasts(plan).flatMap((contrast) =>
    tableOf(contrast).rows.filter(({ env, baseline }) => env === contrast.env && baseline === contrast.baseline),
  );
  return { ...(hostTimed.has(plan.baseline) ? byHost : own), rows };
}
