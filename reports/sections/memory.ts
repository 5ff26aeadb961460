/** Which account of the memory of one more instance a sentence is about. */

import type { Slope } from '../../bench/analysis/footprint.ts';

/** By whom instances are weighed. */
export interface MemorySlopes {
  readonly host: Slope | null;
  readonly pss: Slope | null;
  readonly cgroup: Slope | null;
}

/** Of the host, which counts everything; by another account where that one is noise, and null where all are. */
export function shownMemory(slopes: MemorySlopes): { readonly slope: Slope; readonly account: string } | null {
  const accounts = [
    { account: '', slope: slopes.host },
    { account: ' (PSS)', slope: slopes.pss },
    { account: ' (control group)', slope: slopes.cgroup },
  ] as const;
  const [host, ...others] = accounts;
  // From one block nothing is known of the noise, which is the host's more than the others'.
  const shown =
    accounts.find(({ slope }) => isShown(slope)) ?? [...others, host].find(({ slope }) => isOneBlock(slope));
  return shown?.slope == null ? null : { slope: shown.slope, account: shown.account };
}

/** Shown to be more than nothing, and known to half its size. */
function isShown(slope: Slope | null): boolean {
  if (slope === null || slope.interval === null) return false;
  return slope.interval.low > 0 && slope.interval.high - slope.interval.low <= slope.perInstanceBytes;
}

function isOneBlock(slope: Slope | null): boolean {
  return slope !== null && slope.interval === null && slope.perInstanceBytes > 0;
}
