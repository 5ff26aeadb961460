/** The registry of the workloads of the system, and how a payload runs one: passes, counted and verified. */

import type { Metric, PreparedWorkload, Size } from '../bench/types.ts';
import { fnv1a64 } from '../scimark/fnv.ts';
import { contextSwitch } from './context-switch.ts';
import { diskRead } from './disk/disk-read.ts';
import { diskSync } from './disk/disk-sync.ts';
import { diskWrite } from './disk/disk-write.ts';
import { fileRead } from './file-read.ts';
import { fileWrite } from './file-write.ts';
import { memory } from './memory/memory.ts';
import { randomAccess } from './memory/random-access.ts';
import { pageFault } from './page-fault.ts';
import { spawn } from './spawn.ts';
import { syscall } from './syscall.ts';
import { fold, type Place, type SystemWorkload } from './system.ts';

export type { Place, SystemWorkload } from './system.ts';

export const SYSTEM_WORKLOADS: readonly SystemWorkload[] = [
  syscall,
  pageFault,
  memory,
  contextSwitch,
  fileRead,
  fileWrite,
  spawn,
  diskWrite,
  diskSync,
  diskRead,
  randomAccess,
];

/** Words of `-w`, each with the workloads that it stands for. */
export const SYSTEM_GROUPS: Readonly<Record<string, readonly string[]>> = groupsOf(SYSTEM_WORKLOADS);

/** Undefined for any other name. */
export function systemWorkload(id: string): SystemWorkload | undefined {
  return SYSTEM_WORKLOADS.find((workload) => workload.id === id);
}

/** A workload whose count can be exchanged with another one, for passes that must not show in its own. */
export interface PreparedSystemWorkload extends PreparedWorkload {
  readonly unit: string;
  readonly perPass: number;
  exchange(): void;
  /** Its metrics by their ids, over the passes since the last call; empty for most. Outside all timing. */
  figures(): Readonly<Record<string, number>>;
  close(): void;
}

/** All answers so far in two integers: the state that boxes must agree on. */
interface Tally {
  passes: number;
  answers: number;
}

const NOTHING: Readonly<Tally> = { passes: 0, answers: 0 };

/** Sets a workload up in its box. Throws with the reason where it can't run. */
export function prepareSystemWorkload(workload: SystemWorkload, size: Size, place: Place): PreparedSystemWorkload {
  const { unit, sizes } = workload;
  const opened = workload.open(size, place);
  let tally = { ...NOTHING };
  let other = { ...NOTHING };
  return {
    unit,
    perPass: sizes[size].perPass,
    pass: () => {
      tally.passes += 1;
      tally.answers = fold(tally.answers, opened.act(tally.passes));
    },
    checksum: () => {
      opened.audit?.();
      return checksumOf(tally);
    },
    exchange: () => {
      [tally, other] = [other, tally];
    },
    figures: () => {
      const own = opened.figures?.() ?? {};
      return Object.fromEntries(Object.entries(own).map(([name, value]) => [metricId(workload, name), value]));
    },
    close: () => opened.close?.(),
  };
}

/** The metrics of all workloads that have any, as a plan knows them. */
export const SYSTEM_METRICS: Readonly<Record<string, readonly Metric[]>> = Object.fromEntries(
  SYSTEM_WORKLOADS.flatMap((workload) =>
    workload.metrics === undefined
      ? []
      : [[workload.id, workload.metrics.map(({ name, ...rest }) => ({ id: metricId(workload, name), ...rest }))]],
  ),
);

function metricId({ id }: SystemWorkload, name: string): string {
  return `${id}.${name}`;
}

/** The checksum after each of the ascending numbers of passes, computed without asking the system. */
export function systemChecksums(workload: SystemWorkload, size: Size, passes: readonly number[]): string[] {
  const tally = { ...NOTHING };
  return passes.map((count) => {
    while (tally.passes < count) {
      tally.passes += 1;
      tally.answers = fold(tally.answers, workload.answer(size, tally.passes));
    }
    return checksumOf(tally);
  });
}

function checksumOf({ passes, answers }: Tally): string {
  return fnv1a64([new Uint8Array(Int32Array.of(passes, answers).buffer)]);
}

export function groupsIn({ groups = ['system'] }: SystemWorkload): readonly string[] {
  return groups;
}

function groupsOf(workloads: readonly SystemWorkload[]): Record<string, string[]> {
  const groups: Record<string, string[]> = {};
  for (const workload of workloads) {
    for (const group of groupsIn(workload)) groups[group] = [...(groups[group] ?? []), workload.id];
  }
  return groups;
}
