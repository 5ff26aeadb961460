/** Free memory of a host, which changes by itself: read several times. */

import { setTimeout as timer } from 'node:timers/promises';
import { median } from '../../units.ts';
import type { HostGauges } from './host-gauges.ts';

const READINGS = 5;
const READING_PAUSE_MS = 40;

/** Median of a few readings of the available memory, bytes; null where the host does not report it. */
export async function steadyMemory(gauges: HostGauges): Promise<number | null> {
  const readings: number[] = [];
  for (let i = 0; i < READINGS; i++) {
    const bytes = gauges.availableMemoryBytes();
    if (bytes !== null) readings.push(bytes);
    await settle(gauges, READING_PAUSE_MS);
  }
  return readings.length === 0 ? null : median(readings);
}

/** Lets the host settle for so long. */
export async function settle(gauges: HostGauges, ms: number): Promise<void> {
  await (gauges.wait ?? timer)(ms);
}
