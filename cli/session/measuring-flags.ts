/** Flags of every command that measures: about the host and about who hears of the session, not about what is measured. */

import type { HostClaim } from './claim-host.ts';

export interface MeasuringFlags extends HostClaim {
  /** False: boxes start although the host is at a limit. */
  readonly guard?: boolean | undefined;
  /** A shell command that hears of the session. */
  readonly onEvent?: string | undefined;
  /** An address that hears of the session. */
  readonly webhook?: string | undefined;
  /** Print a JSON object a line for what happens in the session. */
  readonly jsonLines?: boolean | undefined;
}

/** Those of a command's flags alone. */
export function measuringFlags({ webhook = process.env.BOXMARK_WEBHOOK, ...flags }: MeasuringFlags): MeasuringFlags {
  const { wait, allowOtherRuns, guard, onEvent, jsonLines } = flags;
  return { wait, allowOtherRuns, guard, onEvent, webhook, jsonLines };
}
