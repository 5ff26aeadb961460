/** Workloads: what is run in passes, and how big. Import them from `types.ts`. */

export const SIZES = ['tiny', 'small', 'large'] as const;
export type Size = (typeof SIZES)[number];

/** Kernel engines: the same workloads and the same bits, computed in another way. Figures of two engines never mix. */
export const KERNEL_ENGINES = ['reference', 'tuned', 'wasm'] as const;
export type KernelEngine = (typeof KERNEL_ENGINES)[number];

/** Uniform random numbers in [0, 1): SciMark's lagged Fibonacci generator. */
export interface RandomSource {
  next(): number;
}

/** A workload with its input in memory. State carries over from pass to pass. */
export interface PreparedWorkload {
  /** One pass of the kernel; the unit in which `work` is counted. */
  pass(): void;
  /** FNV-1a 64 over the bytes of the state, 16 hex digits. Never called inside a timed window. */
  checksum(): string;
}

/** A kernel at a size. */
export interface Workload {
  readonly id: string;
  readonly title: string;
  readonly size: Size;
  /** Nominal floating-point operations of one pass, by SciMark's formula. */
  readonly flops: number;
  /** Doubles and 32-bit integers that the workload takes up in the heap. */
  readonly doubles: number;
  readonly ints: number;
  /** True when every pass leaves the same state, so one pass can replace any number of them in a replay. */
  readonly repeatable: boolean;
  /** Checksum after the first pass from a fresh Random(101010): the stored reference. */
  readonly referenceChecksum: string;
  /** Fills its part of the heap from `random` and returns the pass. */
  prepare(random: RandomSource): PreparedWorkload;
}
