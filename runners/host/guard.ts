/** Is there room on the host for a further box? A host that swaps, or has no disk left, may not answer again. */

import { statfsSync } from 'node:fs';
import { availableMemoryBytes } from './cpus.ts';
import { kernelFiles, memoryField } from './kernel-files.ts';

/** Why no further box may start now. */
export interface Limit {
  readonly of: 'memory' | 'disk' | 'load';
  /** What is short, with the figure and its limit. */
  readonly reason: string;
  /** May a start that does not wait any longer do harm? */
  readonly stops: boolean;
}

/** What the guard looks at; null where the kernel doesn't say. */
export interface HostReading {
  readonly availableBytes: number | null;
  readonly totalBytes: number | null;
  /** Share of the last ten seconds in which every task waited for memory, in percent. */
  readonly memoryFullPercent: number | null;
  /** Free for this user, by folder. */
  readonly freeBytes: Readonly<Record<string, number>>;
  /** Tasks that could run or wait for a disk, mean of the last minute. */
  readonly load: number | null;
  readonly cpus: number;
}

const MIB = 2 ** 20;
/** Of the memory, but within these bounds: on a small host little is much. */
const MEMORY_SHARE = 0.05;
const LEAST_MEMORY = 64 * MIB;
const MOST_MEMORY = 512 * MIB;
const MEMORY_FULL_PERCENT = 20;
const LEAST_DISK = 64 * MIB;
/** A host with more tasks for each CPU is already in a storm. */
const LOAD_PER_CPU = 16;

/** The first limit that is reached; null when there is room. Pure. */
export function limitReached(host: HostReading): Limit | null {
  const { availableBytes, totalBytes, memoryFullPercent, freeBytes, load, cpus } = host;
  const least = Math.min(MOST_MEMORY, Math.max(LEAST_MEMORY, MEMORY_SHARE * (totalBytes ?? 0)));
  if (availableBytes !== null && availableBytes < least) {
    const reason = `${mib(availableBytes)} of memory are available, less than ${mib(least)}`;
    return { of: 'memory', reason, stops: true };
  }
  if (memoryFullPercent !== null && memoryFullPercent > MEMORY_FULL_PERCENT) {
    const reason = `all tasks waited for memory in ${memoryFullPercent} % of the last 10 s, more than ${MEMORY_FULL_PERCENT} %`;
    return { of: 'memory', reason, stops: true };
  }
  for (const [folder, bytes] of Object.entries(freeBytes)) {
    if (bytes >= LEAST_DISK) continue;
    return { of: 'disk', reason: `${mib(bytes)} are free in ${folder}, less than ${mib(LEAST_DISK)}`, stops: true };
  }
  if (load !== null && load > LOAD_PER_CPU * cpus) {
    const reason = `the load is ${load}, more than ${LOAD_PER_CPU} for each of ${cpus} CPUs`;
    return { of: 'load', reason, stops: false };
  }
  return null;
}

/** @param folders where boxes and the session are written */
export function readHostRoom(folders: readonly string[], root = '/'): HostReading {
  const files = kernelFiles(root);
  const full = /^full avg10=([\d.]+)/m.exec(files.text('/proc/pressure/memory') ?? '')?.[1];
  const load = /^[\d.]+/.exec(files.text('/proc/loadavg') ?? '')?.[0];
  return {
    availableBytes: availableMemoryBytes(root),
    totalBytes: memoryField(files, 'MemTotal'),
    memoryFullPercent: full === undefined ? null : Number(full),
    freeBytes: Object.fromEntries(folders.flatMap((folder) => freeIn(folder))),
    load: load === undefined ? null : Number(load),
    cpus: files.cpus('/sys/devices/system/cpu/online')?.length ?? 1,
  };
}

function freeIn(folder: string): [string, number][] {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return [[folder, bavail * bsize]];
  } catch {
    return [];
  }
}

function mib(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}
