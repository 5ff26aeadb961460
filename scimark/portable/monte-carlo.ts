/**
 * Monte Carlo integration, restructured: the generator's 17 integers in local variables, and no branch. Half of all
 * differences are negative, unpredictably, so that a mask takes the place of the condition.
 */

const RING_MODULUS: i32 = 2147483647;
const RING_MODULUS_F64: f64 = 2147483647;
const RING_SCALE: f64 = 1 / RING_MODULUS_F64;

/** Fills the generator's 17 integers at `state`; `seed` is odd and positive. */
export function monteCarloSeed(state: i32, seed: i32): void {
  let low: i32 = seed & 0xffff;
  let high: i32 = seed >> 16;
  for (let lag: i32 = 0; lag < 17; lag++) {
    const product = (low * 9069) | 0;
    high = ((product >> 16) + high * 9069) & 0x7fff;
    low = product & 0xffff;
    heapI32[(state + lag) | 0] = low + (high << 16);
  }
}

/**
 * Number of the next `samples` points that are inside the quarter circle. The generator's 17 integers stand at `state`,
 * its taps at 4 and 16, where they are again after every 17 numbers. The state is left as it is after
 * `samples - samples % 17` points; what is missing is for `monteCarloRest`.
 */
export function monteCarloWhole(state: i32, samples: i32): i32 {
  const rounds = (samples / 17) | 0;
  let outside: i32 = 0;
  let m0 = heapI32[state]!;
  let m1 = heapI32[(state + 1) | 0]!;
  let m2 = heapI32[(state + 2) | 0]!;
  let m3 = heapI32[(state + 3) | 0]!;
  let m4 = heapI32[(state + 4) | 0]!;
  let m5 = heapI32[(state + 5) | 0]!;
  let m6 = heapI32[(state + 6) | 0]!;
  let m7 = heapI32[(state + 7) | 0]!;
  let m8 = heapI32[(state + 8) | 0]!;
  let m9 = heapI32[(state + 9) | 0]!;
  let m10 = heapI32[(state + 10) | 0]!;
  let m11 = heapI32[(state + 11) | 0]!;
  let m12 = heapI32[(state + 12) | 0]!;
  let m13 = heapI32[(state + 13) | 0]!;
  let m14 = heapI32[(state + 14) | 0]!;
  let m15 = heapI32[(state + 15) | 0]!;
  let m16 = heapI32[(state + 16) | 0]!;
  for (let round: i32 = 0; round < rounds; round = (round + 1) | 0) {
    m16 = (m4 - m16) | 0;
    m16 = (m16 + ((m16 >> 31) & RING_MODULUS)) | 0;
    m15 = (m3 - m15) | 0;
    m15 = (m15 + ((m15 >> 31) & RING_MODULUS)) | 0;
    outside = (outside + ringOutside(RING_SCALE * (m16 as f64), RING_SCALE * (m15 as f64))) | 0;
    m14 = (m2 - m14) | 0;
    m14 = (m14 + ((m14 >> 31) & RING_MODULUS)) | 0;
    m13 = (m1 - m13) | 0;
    m13 = (m13 + ((m13 >> 31) & RING_MODULUS)) | 0;
    outside = (outside + ringOutside(RING_SCALE * (m14 as f64), RING_SCALE * (m13 as f64))) | 0;
    m12 = (m0 - m12) | 0;
    m12 = (m12 + ((m12 >> 31) & RING_MODULUS)) | 0;
    m11 = (m16 - m11) | 0;
    m11 = (m11 + ((m11 >> 31) & RING_MODULUS)) | 0;
    outside = (outside + ringOutside(RING_SCALE * (m12 as f64), RING_SCALE * (m11 as f64))) | 0;
    m10 = (m15 - m10) | 0;
    m10 = (m10 + ((m10 >> 31) & RING_MODULUS)) | 0;
    m9 = (m14 - m9) | 0;
    m9 = (m9 + ((m9 >> 31) & RING_MODULUS)) | 0;
    outside = (outside + ringOutside(RING_SCALE * (m10 as f64), RING_SCALE * (m9 as f64))) | 0;
    m8 = (m13 - m8) | 0;
    m8 = (m8 + ((m8 >> 31) & RING_MODULUS)) | 0;
    m7 = (m12 - m7) | 0;
    m7 = (m7 + ((m7 >> 31) & RING_MODULUS)) | 0;
    outside = (outside + ringOutside(RING_SCALE * (m8 as f64), RING_SCALE * (m7 as f64))) | 0;
    m6 = (m11 - m6) | 0;
    m6 = (m6 + ((m6 >> 31) & RING_MODULUS)) | 0;
    m5 = (m10 - m5) | 0;
    m5 = (m5 + ((m5 >> 31) & RING_MODULUS)) | 0;
    outside = (outside + ringOutside(RING_SCALE * (m6 as f64), RING_SCALE * (m5 as f64))) | 0;
    m4 = (m9 - m4) | 0;
    m4 = (m4 + ((m4 >> 31) & RING_MODULUS)) | 0;
    m3 = (m8 - m3) | 0;
    m3 = (m3 + ((m3 >> 31) & RING_MODULUS)) | 0;
    outside = (outside + ringOutside(RING_SCALE * (m4 as f64), RING_SCALE * (m3 as f64))) | 0;
    m2 = (m7 - m2) | 0;
    m2 = (m2 + ((m2 >> 31) & RING_MODULUS)) | 0;
    m1 = (m6 - m1) | 0;
    m1 = (m1 + ((m1 >> 31) & RING_MODULUS)) | 0;
    outside = (outside + ringOutside(RING_SCALE * (m2 as f64), RING_SCALE * (m1 as f64))) | 0;
    m0 = (m5 - m0) | 0;
    m0 = (m0 + ((m0 >> 31) & RING_MODULUS)) | 0;
    m16 = (m4 - m16) | 0;
    m16 = (m16 + ((m16 >> 31) & RING_MODULUS)) | 0;
    outside = (outside + ringOutside(RING_SCALE * (m0 as f64), RING_SCALE * (m16 as f64))) | 0;
    m15 = (m3 - m15) | 0;
    m15 = (m15 + ((m15 >> 31) & RING_MODULUS)) | 0;
    m14 = (m2 - m14) | 0;
    m14 = (m14 + ((m14 >> 31) & RING_MODULUS)) | 0;
    outside = (outside + ringOutside(RING_SCALE * (m15 as f64), RING_SCALE * (m14 as f64))) | 0;
    m13 = (m1 - m13) | 0;
    m13 = (m13 + ((m13 >> 31) & RING_MODULUS)) | 0;
    m12 = (m0 - m12) | 0;
    m12 = (m12 + ((m12 >> 31) & RING_MODULUS)) | 0;
    outside = (outside + ringOutside(RING_SCALE * (m13 as f64), RING_SCALE * (m12 as f64))) | 0;
    m11 = (m16 - m11) | 0;
    m11 = (m11 + ((m11 >> 31) & RING_MODULUS)) | 0;
    m10 = (m15 - m10) | 0;
    m10 = (m10 + ((m10 >> 31) & RING_MODULUS)) | 0;
    outside = (outside + ringOutside(RING_SCALE * (m11 as f64), RING_SCALE * (m10 as f64))) | 0;
    m9 = (m14 - m9) | 0;
    m9 = (m9 + ((m9 >> 31) & RING_MODULUS)) | 0;
    m8 = (m13 - m8) | 0;
    m8 = (m8 + ((m8 >> 31) & RING_MODULUS)) | 0;
    outside = (outside + ringOutside(RING_SCALE * (m9 as f64), RING_SCALE * (m8 as f64))) | 0;
    m7 = (m12 - m7) | 0;
    m7 = (m7 + ((m7 >> 31) & RING_MODULUS)) | 0;
    m6 = (m11 - m6) | 0;
    m6 = (m6 + ((m6 >> 31) & RING_MODULUS)) | 0;
    outside = (outside + ringOutside(RING_SCALE * (m7 as f64), RING_SCALE * (m6 as f64))) | 0;
    m5 = (m10 - m5) | 0;
    m5 = (m5 + ((m5 >> 31) & RING_MODULUS)) | 0;
    m4 = (m9 - m4) | 0;
    m4 = (m4 + ((m4 >> 31) & RING_MODULUS)) | 0;
    outside = (outside + ringOutside(RING_SCALE * (m5 as f64), RING_SCALE * (m4 as f64))) | 0;
    m3 = (m8 - m3) | 0;
    m3 = (m3 + ((m3 >> 31) & RING_MODULUS)) | 0;
    m2 = (m7 - m2) | 0;
    m2 = (m2 + ((m2 >> 31) & RING_MODULUS)) | 0;
    outside = (outside + ringOutside(RING_SCALE * (m3 as f64), RING_SCALE * (m2 as f64))) | 0;
    m1 = (m6 - m1) | 0;
    m1 = (m1 + ((m1 >> 31) & RING_MODULUS)) | 0;
    m0 = (m5 - m0) | 0;
    m0 = (m0 + ((m0 >> 31) & RING_MODULUS)) | 0;
    outside = (outside + ringOutside(RING_SCALE * (m1 as f64), RING_SCALE * (m0 as f64))) | 0;
  }
  heapI32[state] = m0;
  heapI32[(state + 1) | 0] = m1;
  heapI32[(state + 2) | 0] = m2;
  heapI32[(state + 3) | 0] = m3;
  heapI32[(state + 4) | 0] = m4;
  heapI32[(state + 5) | 0] = m5;
  heapI32[(state + 6) | 0] = m6;
  heapI32[(state + 7) | 0] = m7;
  heapI32[(state + 8) | 0] = m8;
  heapI32[(state + 9) | 0] = m9;
  heapI32[(state + 10) | 0] = m10;
  heapI32[(state + 11) | 0] = m11;
  heapI32[(state + 12) | 0] = m12;
  heapI32[(state + 13) | 0] = m13;
  heapI32[(state + 14) | 0] = m14;
  heapI32[(state + 15) | 0] = m15;
  heapI32[(state + 16) | 0] = m16;
  return (rounds * 17 - outside) | 0;
}

/** The same for less than 17 points, tap by tap. */
export function monteCarloRest(state: i32, samples: i32): i32 {
  let first: i32 = 4;
  let second: i32 = 16;
  let outside: i32 = 0;
  for (let sample: i32 = 0; sample < samples; sample++) {
    const x = ringDraw(state, first, second);
    first = first === 0 ? 16 : first - 1;
    second = second === 0 ? 16 : second - 1;
    const y = ringDraw(state, first, second);
    first = first === 0 ? 16 : first - 1;
    second = second === 0 ? 16 : second - 1;
    outside += ringOutside(RING_SCALE * (x as f64), RING_SCALE * (y as f64));
  }
  return samples - outside;
}

function ringDraw(state: i32, first: i32, second: i32): i32 {
  const next = ringNext(heapI32[(state + first) | 0]!, heapI32[(state + second) | 0]!);
  heapI32[(state + second) | 0] = next;
  return next;
}

/** The generator's step, which the long loop above repeats word for word: V8 would not inline so many calls. */
function ringNext(first: i32, second: i32): i32 {
  const difference = (first - second) | 0;
  return (difference + ((difference >> 31) & RING_MODULUS)) | 0;
}

/** 1 for a point outside of the quarter circle, else 0: the sum of squares is from 0 to 2, rounded up 0, 1 or 2. */
function ringOutside(x: f64, y: f64): i32 {
  return (Math.ceil(x * x + y * y) as i32) >> 1;
}
