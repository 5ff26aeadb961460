/** SciMark's random generator: lagged Fibonacci over 17 integers modulo 2^31 - 1, seeded by a multiplicative generator. */

import type { RandomSource } from '../bench/types.ts';

/** Modulus of the generator, the largest prime below 2^31. */
export const MODULUS = 2147483647;
/** Factor that makes an integer a number in [0, 1). */
export const SCALE = 1 / MODULUS;
/** Integers of state. */
export const LAGS = 17;
/** Where the two taps start; both move down by one per number, and around. */
export const FIRST_TAP = 4;
export const SECOND_TAP = 16;

const MULTIPLIER = 9069;
const HALF_WORD = 65536;

/** The whole state of a generator: next tap positions and the 17 integers. */
export interface RandomState {
  readonly i: number;
  readonly j: number;
  readonly m: readonly number[];
}

export interface Random extends RandomSource {
  /** The next integer, from 0 to 2^31 - 2; `next` is this times 1 / (2^31 - 1). */
  nextInteger(): number;
  /** Uniform in [left, right), by the rounding of SciMark's ranged generator. */
  nextInRange(left: number, right: number): number;
  /** A copy of the state: generators with equal states continue equally. */
  state(): RandomState;
}

/**
 * Fills 17 integers of `target` from offset `at` with the state that belongs to a seed.
 * Each is 9069 times its predecessor modulo 2^31, in two halves as the original does it, so that the signs agree too.
 * An even seed gives the same numbers as the odd one below it; seed 0 gives some that are negative.
 */
export function seedState(target: Int32Array, at: number, seed: number): void {
  let start = Math.min(Math.abs(Math.trunc(seed)), MODULUS);
  if (start % 2 === 0) start -= 1;
  let low = start % HALF_WORD;
  let high = Math.trunc(start / HALF_WORD);
  for (let lag = 0; lag < LAGS; lag++) {
    const product = low * MULTIPLIER;
    high = (Math.trunc(product / HALF_WORD) + high * MULTIPLIER) % (HALF_WORD / 2);
    low = product % HALF_WORD;
    target[at + lag] = low + HALF_WORD * high;
  }
}

/** A separate generator, off the heap. Seeds are whole numbers. */
export function createRandom(seed: number): Random {
  const m = new Int32Array(LAGS);
  seedState(m, 0, seed);
  let i = FIRST_TAP;
  let j = SECOND_TAP;

  function nextInteger(): number {
    // In 32 bits, as in C: seed 0 gives negative integers, whose differences wrap around.
    let k = (m[i]! - m[j]!) | 0;
    if (k < 0) k += MODULUS;
    m[j] = k;
    i = i === 0 ? LAGS - 1 : i - 1;
    j = j === 0 ? LAGS - 1 : j - 1;
    return k;
  }
  return {
    nextInteger,
    next: () => SCALE * nextInteger(),
    nextInRange: (left, right) => left + SCALE * nextInteger() * (right - left),
    state: () => ({ i, j, m: [...m] }),
  };
}
