/** Seeded random numbers for orders: xoshiro128**, one independent stream per seed, block and purpose. */

import { createHash } from 'node:crypto';

/** A stream of random whole numbers; the same seed gives the same stream on every machine. */
export interface Stream {
  /** Uniform in [0, 2^32). */
  nextUint32(): number;
  /** Uniform in [0, n), without the bias of a remainder. `n` is a whole number from 1 to 2^32. */
  nextInt(n: number): number;
  /** A shuffled copy (Fisher–Yates as by Durstenfeld, CACM 7(7), 1964). */
  shuffle<T>(items: readonly T[]): T[];
}

/**
 * The stream for one purpose in one block. Streams don't share a state, so a purpose that draws more
 * numbers than before leaves the orders of all others as they were.
 */
export function randomStream(seed: number, block: number, label: string): Stream {
  const digest = createHash('sha256')
    .update(JSON.stringify([seed, block, label]))
    .digest();
  return streamFrom([digest.readUInt32LE(0), digest.readUInt32LE(4), digest.readUInt32LE(8), digest.readUInt32LE(12)]);
}

/**
 * A stream from the four words of its state, not all zero. xoshiro128** 1.1: Blackman and Vigna, "Scrambled
 * linear pseudorandom number generators", ACM TOMS 47(4), 2021; reference code at prng.di.unimi.it.
 */
export function streamFrom(words: readonly [number, number, number, number]): Stream {
  const state = Uint32Array.from(words);
  const nextUint32 = (): number => {
    const s0 = state[0] as number;
    const s1 = state[1] as number;
    const s2 = state[2] as number;
    const s3 = state[3] as number;
    const result = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
    const mixed2 = s2 ^ s0;
    const mixed3 = s3 ^ s1;
    state[0] = s0 ^ mixed3;
    state[1] = s1 ^ mixed2;
    state[2] = mixed2 ^ (s1 << 9);
    state[3] = rotateLeft(mixed3, 11);
    return result;
  };
  const nextInt = (n: number): number => {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) throw new RangeError(`nextInt takes 1 to 2^32, not ${n}`);
    const limit = 2 ** 32 - (2 ** 32 % n);
    let value = nextUint32();
    while (value >= limit) value = nextUint32();
    return value % n;
  };
  const shuffle = <T>(items: readonly T[]): T[] => {
    const shuffled = [...items];
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = nextInt(i + 1);
      [shuffled[i], shuffled[j]] = [shuffled[j] as T, shuffled[i] as T];
    }
    return shuffled;
  };
  return { nextUint32, nextInt, shuffle };
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
