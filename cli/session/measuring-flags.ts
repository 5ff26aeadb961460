/** Flags of every command that measures: about the host and about who hears of the session, not about what is measured. */

import type { HostClaim } from './claim-host.ts';

export interface MeasuringFlags extends HostClaim {
  /** False: boxes start although the host is at a limit. */
  readonly guard?: boolean | undefined;
  /** A shell command that hears of the session. */
  readonly onEvent?: string | undefined;
  /** An address that hears of the session. */
  readonly webhook?: string | undefined;
}

/** Those of a command's flags alone. */
export function measuringFlags({ wait, allowOtherRuns, guard, onEvent, webhook }: MeasuringFlags): MeasuringFlags {
  return { wait, allowOtherRuns, guard, onEvent, webhook: webhook ?? process.env.BOXMARK_WEBHOOK };
}
