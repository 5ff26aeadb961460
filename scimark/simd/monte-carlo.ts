/** Monte Carlo integration in vectors: four numbers of the generator at a time, in five registers and without a branch. */

/**
 * Number of the next `samples` points, a multiple of 34, that are inside the quarter circle, from the state at byte `state`,
 * whose taps are at their start before and after. Number n is number n - 5 less number n - 17, modulo 2^31 - 1.
 */
export function simdCount(state: i32, samples: i32): i32 {
  // The state holds the last 17 numbers, the latest first. Registers hold four each, in the order in which they came.
  const oldest = load<i32>(state, 64);
  let v0 = reversed(v128.load(state, 48));
  let v1 = reversed(v128.load(state, 32));
  let v2 = reversed(v128.load(state, 16));
  let v3 = reversed(v128.load(state));
  let early = i32x4.splat(oldest);
  const modulus = i32x4.splat(0x7fffffff);
  let outside = i64x2.splat(0);
  for (let left = samples; left > 0; left -= 2) {
    // n - 17 to n - 14, and n - 5 to n - 2.
    const far = i32x4.shuffle(early, v0, 3, 4, 5, 6);
    const near = i32x4.shuffle(v2, v3, 3, 4, 5, 6);
    const plain = i32x4.sub(near, far);
    // A negative difference is larger than all others without its sign, and smaller with the modulus added.
    const next = i32x4.min_u(plain, i32x4.sub(near, i32x4.sub(far, modulus)));
    const x = f64x2.convert_low_i32x4_s(i32x4.shuffle(next, next, 0, 2, 0, 2));
    const y = f64x2.convert_low_i32x4_s(i32x4.shuffle(next, next, 1, 3, 1, 3));
    const scale = f64x2.splat(1.0 / 2147483647.0);
    const sx = f64x2.mul(scale, x);
    const sy = f64x2.mul(scale, y);
    const sum = f64x2.add(f64x2.mul(sx, sx), f64x2.mul(sy, sy));
    // All ones where it is true: minus one.
    outside = i64x2.sub(outside, f64x2.gt(sum, f64x2.splat(1)));
    early = v0;
    v0 = v1;
    v1 = v2;
    v2 = v3;
    v3 = next;
  }
  v128.store(state, reversed(v3));
  v128.store(state, reversed(v2), 16);
  v128.store(state, reversed(v1), 32);
  v128.store(state, reversed(v0), 48);
  store<i32>(state, i32x4.extract_lane(early, 3), 64);
  return samples - <i32>(i64x2.extract_lane(outside, 0) + i64x2.extract_lane(outside, 1));
}

function reversed(v: v128): v128 {
  return i32x4.shuffle(v, v, 3, 2, 1, 0);
}
