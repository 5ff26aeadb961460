/** Are all intervals narrow enough to end a session? */

import type { Stopping } from '../../plan/stopping.ts';
import type { ContrastResult } from '../../types.ts';
import { halfWidthLog } from '../stats/precision.ts';

/** What a stop is decided on: every contrast on every workload and the suite, and the control. */
export interface GatedRows {
  readonly rows: readonly ContrastResult[];
  readonly controlRows: readonly ContrastResult[];
}

/**
 * True when the half-width in logs of every interval is at or under the plan's target, each of at least `minBlocks`
 * values. Looks at widths only, never at where an interval lies: stopping on significance gave 26 % false alarms on
 * identical environments (simulated). Pairs with a box that was given up are left out, or they would hold the session
 * until its cap for an interval that can't change any more.
 */
export function isPrecise(table: GatedRows, plan: Stopping, isAlive: (box: string) => boolean): boolean {
  const { target } = plan;
  if (target === null) return false;
  const gated = [...table.rows, ...table.controlRows].filter(({ env, baseline }) => isAlive(env) && isAlive(baseline));
  return gated.length > 0 && gated.every((row) => row.blocks >= plan.minBlocks && halfWidthLog(row.interval) <= target);
}
