/** A workload of the system: it asks the kernel under its box for something, and verifies the answers. */

import type { DataFolder, Metric, Size } from '../bench/types.ts';

export interface SystemSize {
  /** What the size means for this workload (`calls`, `pages` …), for lists. */
  readonly parameters: Readonly<Record<string, number>>;
  /** Units in a pass: 100 calls of `calls/s`. */
  readonly perPass: number;
}

/** The surroundings of a payload. */
export interface Place {
  /** Root folder of the image: `/` in a box, its folder in the store natively. */
  readonly root: string;
  /** Name of the start, for files that others may see; safe in a file name. */
  readonly name: string;
  /** Where it may write to a disk; absent in a box that has no such folder. */
  readonly scratch?: DataFolder;
}

/** A prepared workload. */
export interface Opened {
  /**
   * The pass of this number, counted from 1: asks the system, and folds what it answered into an integer of 32 bits.
   * Throws when the system refuses.
   */
  act(pass: number): number;
  /** Throws when the system's own counters show that it did something else. Outside all timing. */
  audit?(): void;
  /** The workload's `metrics` by name, over the passes since the last call; each above 0. Outside all timing. */
  figures?(): Readonly<Record<string, number>>;
  /** Removes what it made outside the payload. */
  close?(): void;
}

/** A figure that a workload has beside its rate: `disk-sync.p99` is its `p99`. */
export interface OwnMetric extends Pick<Metric, 'unit' | 'better'> {
  readonly name: string;
}

export interface SystemWorkload {
  readonly id: string;
  readonly title: string;
  /** One line for lists. */
  readonly summary: string;
  /** What is counted: `calls/s`. */
  readonly unit: string;
  readonly metrics?: readonly OwnMetric[];
  /** It writes to a disk, so that its box must have a folder there. */
  readonly needsScratch?: boolean;
  /** Words of `-w` that name it together with others; `system` when left out. */
  readonly groups?: readonly string[];
  readonly sizes: Readonly<Record<Size, SystemSize>>;
  /** Sets up what passes work on. Throws with the reason where the box can't run it. */
  open(size: Size, place: Place): Opened;
  /** What `act` must return, computed without asking the system. */
  answer(size: Size, pass: number): number;
}

/** Folds a value of 32 bits into another (the step of FNV-1a, word by word). */
export function fold(state: number, value: number): number {
  return Math.imul(state ^ value, 0x01000193);
}

/** `TMPFS_MAGIC` of statfs(2). */
export const TMPFS = 0x01021994;

const STRIDE_WORDS = 16;

/** A check of a file's content that costs little beside reading it: one word in each 64 bytes. */
export function foldContent(state: number, words: Int32Array): number {
  let answer = state;
  for (let at = 0; at < words.length; at += STRIDE_WORDS) answer = fold(answer, words[at] ?? 0);
  return answer;
}
