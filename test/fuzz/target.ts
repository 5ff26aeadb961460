/** What a fuzzed reader is. */

import type { Mutation } from './mutate.ts';

/** One reader, or several that are given the same file. */
export interface Target {
  readonly name: string;
  readonly seed: Buffer;
  readonly mutations: readonly Mutation[];
  /** How the reader names a refusal; a `BoxmarkError` of exit code 2 unless the target says otherwise. */
  readonly refusal?: (error: unknown) => boolean;
  /** Reads the input with each of the readers. `attempt` decides what may be thrown. */
  read(input: Buffer, attempt: (reader: string, act: () => unknown) => Promise<void>): Promise<void>;
}
