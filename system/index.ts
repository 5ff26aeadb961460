/** The registry of the workloads of the system, and how a payload runs one: passes, counted and verified. */

import type { PreparedWorkload, Size } from '../bench/types.ts';
import { fnv1a64 } from '../scimark/fnv.ts';
import { contextSwitch } from './context-switch.ts';
import { fileRead } from './file-read.ts';
import { fileWrite } from './file-write.ts';
import { memory } from './memory.ts';
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
];

/** Undefined for any other name. */
export function systemWorkload(id: string): SystemWorkload | undefined {
  return SYSTEM_WORKLOADS.find((workload) => workload.id === id);
}

/** A workload whose count can be exchanged with another one, for passes that must not show in its own. */
export interface PreparedSystemWorkload extends PreparedWorkload {
  readonly unit: string;
  readonly perPass: number;
  exchange(): void;
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
  };
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
