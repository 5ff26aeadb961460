/** The description and the layout of a kernel; shared by all kernels of all engines. */

import type { PreparedWorkload, RandomSource, Size } from '../bench/types.ts';
import type { Place } from './heap.ts';

/** A kernel at one size, readable without any memory being allocated. */
export interface KernelSize {
  /** What the size means for this kernel (`N`, `nonzeros`, `samples` …), for lists. */
  readonly parameters: Readonly<Record<string, number>>;
  /** Room in the heap, in elements, rounded up to whole cache lines. */
  readonly doubles: number;
  readonly ints: number;
  /** Nominal floating-point operations of one pass, by SciMark's formula. */
  readonly flops: number;
  /** FNV-1a 64 of the state after the first pass from a fresh Random(101010). */
  readonly referenceChecksum: string;
}

export interface KernelInfo {
  readonly id: string;
  readonly title: string;
  /** One line for lists. */
  readonly summary: string;
  /** True when every pass leaves the same state. */
  readonly repeatable: boolean;
  readonly sizes: Readonly<Record<Size, KernelSize>>;
}

export interface Kernel extends KernelInfo {
  /** Fills its part of the heap, which starts at `place`, and returns the pass. */
  prepare(size: Size, place: Place, random: RandomSource): PreparedWorkload;
}

/** Fills `count` doubles of the heap from offset `at` with random numbers, in index order. */
export function fillF64(at: number, count: number, random: RandomSource): void {
  for (let k = at; k < at + count; k++) heapF64[k] = random.next();
}
