/** Readings of a host on which idle instances are held. */

import { setTimeout as timer } from 'node:timers/promises';
import type { HostGauges } from '../run/watch/host-gauges.ts';
import type { Holdings } from '../types.ts';
import { median } from '../units.ts';

/** Engines continue working for a moment after the payload's first line; so does the kernel after removals. */
export const SETTLE_MS = 400;
const READINGS = 5;
const READING_PAUSE_MS = 40;

/** Free memory of a host changes by itself: the median of a few readings. */
export async function available(gauges: HostGauges): Promise<number | null> {
  const readings: number[] = [];
  for (let i = 0; i < READINGS; i++) {
    const bytes = gauges.availableMemoryBytes();
    if (bytes !== null) readings.push(bytes);
    await wait(gauges, READING_PAUSE_MS);
  }
  return readings.length === 0 ? null : median(readings);
}

export async function wait(gauges: HostGauges, ms: number): Promise<void> {
  await (gauges.wait ?? timer)(ms);
}

export function difference(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a - b;
}

/** Null unless every instance has the figure. */
export function sumOf(all: readonly Holdings[], key: keyof Holdings): number | null {
  const values = all.map((holdings) => holdings[key]);
  return values.reduce<number | null>((sum, value) => (sum === null || value === undefined ? null : sum + value), 0);
}
