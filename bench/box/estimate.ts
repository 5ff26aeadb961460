/** A figure with its uncertainty. Import it from `types.ts`. */

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** A ratio with its interval of 95 %; no interval from one block. */
export interface Estimate {
  readonly ratio: number;
  readonly interval: Interval | null;
  /** Blocks that have a value. */
  readonly blocks: number;
}
