/** The contrasts of a session from everything that was recorded: samples, starts, and the events that affect them. */

import { hasOnlyShortVisits } from '../../plan/pace.ts';
import type { SessionEvent } from '../../session/events.ts';
import type { Inequality, Plan, Sample, Start } from '../../types.ts';
import { hostTimedBoxes, timedTable } from './clock.ts';
import type { ContrastPlan, ContrastTable } from './ratio.ts';
import type { SessionGroups } from './session-groups.ts';
import type { VerdictOptions } from './verdict.ts';

export interface SessionRecord {
  readonly plan: ContrastPlan & Partial<Pick<Plan, 'allowUnequal' | 'longVisits' | 'singleBursts'>>;
  /** Those that count: of whole blocks, from boxes whose states were right; or what they were grouped into. */
  readonly samples: Iterable<Sample> | SessionGroups;
  readonly starts: Iterable<Start>;
  readonly events: readonly SessionEvent[];
}

/** Each contrast by the clock that its sides can be held to, with verdicts that know what was unequal. */
export function sessionTable(
  { plan, samples, starts, events }: SessionRecord,
  options: Pick<VerdictOptions, 'secondsPerBlock'> = {},
): ContrastTable {
  const { allowUnequal = false, longVisits } = plan;
  const visits = { hasLongVisits: longVisits !== 0, onlyShortVisits: hasOnlyShortVisits(plan) };
  const context = { ...options, starts, unequal: unequalOf(events), allowUnequal, ...visits };
  return timedTable(samples, plan, context, hostTimedBoxes(events));
}

/** By box, the facts that differ from the baseline's. Boxes without an entry were equal, as far as they show. */
export function unequalOf(events: Iterable<SessionEvent>): Readonly<Record<string, readonly Inequality[]>> {
  const unequal: Record<string, Inequality[]> = {};
  for (const event of events) {
    if (event.kind === 'unequal') unequal[event.env] = [...(unequal[event.env] ?? []), ...event.inequalities];
  }
  return unequal;
}
