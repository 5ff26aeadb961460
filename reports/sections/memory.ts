/** What one more instance takes, in cells, and which account of its memory a sentence is about. */

import type { Slope } from '../../bench/analysis/footprint.ts';
import { mib, NO_FIGURE, range } from '../words.ts';
import type { Row } from './section.ts';

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

/** One more instance, MiB, its interval, and the fixed part. */
export function slopeCells(slope: Slope | null): Row['cells'] {
  if (slope === null) return [NO_FIGURE, NO_FIGURE, NO_FIGURE];
  const { perInstanceBytes, interval, fixedBytes } = slope;
  return [
    { show: mib(perInstanceBytes), value: perInstanceBytes },
    range(interval, mib),
    { show: mib(fixedBytes), value: fixedBytes },
  ];
}
