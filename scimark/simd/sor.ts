/** Successive over-relaxation in vectors: the wavefronts of ../portable/sor.ts, two strips of four rows at a time. */

/** Columns by which the last row of a strip is behind its first one. */
const BEHIND: i32 = 3;
/** Steps that two strips are apart at least. */
const LEAST_APART: i32 = 6;

/**
 * As `sorRelax` of the portable source, with the place of the grid in bytes. A vector holds a point of one strip and one of
 * the next strip, which is half a row behind: nothing is exchanged within a vector, and neither half waits for the other.
 */
export function simdRelax(at: i32, rows: i32, columns: i32, omega: f64, iterations: i32): void {
  const stride = columns << 3;
  const end = at + (rows - 1) * stride;
  const steps = columns - 2 - BEHIND;
  const half = steps >> 1;
  const fourth = stride << 2;
  for (; iterations > 0; iterations--) {
    let row = at + stride;
    if (half >= LEAST_APART && row + 3 * stride < end) {
      enter(row, stride, omega);
      fourRows(row + 32, half, stride, omega);
      for (; row + 7 * stride < end; row += fourth) {
        enter(row + fourth, stride, omega);
        eightRows(row + 32 + (half << 3), row + fourth + 32, half, stride, omega);
        if ((steps & 1) === 1) diagonal(row + stride - 16, 4, stride, omega);
        leave(row, stride, omega);
      }
      fourRows(row + 32 + (half << 3), steps - half, stride, omega);
      leave(row, stride, omega);
      row += fourth;
    }
    if (columns > 4) for (; row + stride < end; row += stride << 1) twoRows(row, stride, omega);
    for (; row < end; row += stride) stretch(row, stride, 8, stride - 8, omega);
  }
}

/** One row, from byte `begin` up to `end`. */
export function stretch(row: i32, stride: i32, begin: i32, end: i32, omega: f64): void {
  const quarterOmega = omega * 0.25;
  const oneMinusOmega = 1 - omega;
  const last = row + end;
  let here = row + begin;
  let left = load<f64>(here - 8);
  for (; here < last; here += 8) {
    const around = load<f64>(here - stride) + load<f64>(here + stride) + left + load<f64>(here, 8);
    left = quarterOmega * around + oneMinusOmega * load<f64>(here);
    store<f64>(here, left);
  }
}

/** `count` points from `at` on, each a row below and a column left of the one before: none waits for another. */
export function diagonal(at: i32, count: i32, stride: i32, omega: f64): void {
  const quarterOmega = omega * 0.25;
  const oneMinusOmega = 1 - omega;
  for (; count > 0; count--) {
    const around = load<f64>(at - stride) + load<f64>(at + stride) + load<f64>(at - 8) + load<f64>(at, 8);
    store<f64>(at, quarterOmega * around + oneMinusOmega * load<f64>(at));
    at += stride - 8;
  }
}

/** The triangle at the left end of a strip, after which all four rows are under way. */
export function enter(row: i32, stride: i32, omega: f64): void {
  for (let count: i32 = 1; count <= BEHIND; count++) diagonal(row + (count << 3), count, stride, omega);
}

/** The triangle at the right end, which is left over when the first row is through. */
export function leave(row: i32, stride: i32, omega: f64): void {
  for (let count: i32 = BEHIND; count > 0; count--) {
    diagonal(row + (5 - count) * stride - 16, count, stride, omega);
  }
}

/** `steps` of one strip, whose first row is at `at`. */
export function fourRows(at: i32, steps: i32, stride: i32, omega: f64): void {
  const q = omega * 0.25;
  const o = 1 - omega;
  const step = stride - 8;
  const end = at + (steps << 3);
  let left0 = load<f64>(at - 8);
  let left1 = load<f64>(at + step - 8);
  let left2 = load<f64>(at + 2 * step - 8);
  let left3 = load<f64>(at + 3 * step - 8);
  for (; at < end; at += 8) {
    const at1 = at + step;
    const at2 = at1 + step;
    const at3 = at2 + step;
    const right1 = load<f64>(at1, 8);
    const right2 = load<f64>(at2, 8);
    const right3 = load<f64>(at3, 8);
    const new0 = q * (load<f64>(at - stride) + right1 + left0 + load<f64>(at, 8)) + o * load<f64>(at);
    const new1 = q * (left0 + right2 + left1 + right1) + o * load<f64>(at1);
    const new2 = q * (left1 + right3 + left2 + right2) + o * load<f64>(at2);
    left3 = q * (left2 + load<f64>(at3 + stride) + left3 + right3) + o * load<f64>(at3);
    left0 = new0;
    left1 = new1;
    left2 = new2;
    store<f64>(at, left0);
    store<f64>(at1, left1);
    store<f64>(at2, left2);
    store<f64>(at3, left3);
  }
}

/** Two places as one vector; the same one and two columns further right. */
function pair(first: i32, second: i32): v128 {
  return v128.load64_lane(second, v128.load64_zero(first), 1);
}
function pair1(first: i32, second: i32): v128 {
  return v128.load64_lane(second, v128.load64_zero(first, 8), 1, 8);
}
function pair2(first: i32, second: i32): v128 {
  return v128.load64_lane(second, v128.load64_zero(first, 16), 1, 16);
}

function relaxed(up: v128, down: v128, left: v128, right: v128, here: v128, q: v128, o: v128): v128 {
  const around = f64x2.add(f64x2.add(f64x2.add(up, down), left), right);
  return f64x2.add(f64x2.mul(q, around), f64x2.mul(o, here));
}

/** Two rows, of which the second is a column behind. */
export function twoRows(row: i32, stride: i32, omega: f64): void {
  const q = f64x2.splat(omega * 0.25);
  const o = f64x2.splat(1 - omega);
  const row1 = row + stride;
  stretch(row, stride, 8, 16, omega);
  let left = pair(row + 8, row1);
  let here = pair(row + 16, row1 + 8);
  const end = row + stride - 8;
  for (let at0 = row + 16; at0 < end; at0 += 8) {
    const at1 = at0 + stride - 8;
    const right = pair1(at0, at1);
    const up = i64x2.shuffle(v128.load64_zero(at0 - stride), left, 0, 2);
    const down = i64x2.shuffle(right, v128.load64_zero(at1 + stride), 1, 2);
    left = relaxed(up, down, left, right, here, q, o);
    v128.store64_lane(at0, left, 0);
    v128.store64_lane(at1, left, 1);
    here = right;
  }
  stretch(row1, stride, stride - 16, stride - 8, omega);
}

/** `steps` of two strips, whose first rows are at `a` and `b`. */
export function eightRows(a: i32, b: i32, steps: i32, stride: i32, omega: f64): void {
  const q = f64x2.splat(omega * 0.25);
  const o = f64x2.splat(1 - omega);
  const step = stride - 8;
  if ((steps & 1) === 1) {
    diagonal(a, 4, stride, omega);
    diagonal(b, 4, stride, omega);
    a += 8;
    b += 8;
  }
  let left0 = pair(a - 8, b - 8);
  let left1 = pair(a + step - 8, b + step - 8);
  let left2 = pair(a + 2 * step - 8, b + 2 * step - 8);
  let left3 = pair(a + 3 * step - 8, b + 3 * step - 8);
  let here0 = pair(a, b);
  let here1 = pair(a + step, b + step);
  let here2 = pair(a + 2 * step, b + 2 * step);
  let here3 = pair(a + 3 * step, b + 3 * step);
  for (steps >>= 1; steps > 0; steps--) {
    const a1 = a + step;
    const b1 = b + step;
    const a2 = a1 + step;
    const b2 = b1 + step;
    const a3 = a2 + step;
    const b3 = b2 + step;
    // What is right of a row's place is below the place of the row above, and what is left of it above the row below.
    const right0 = pair1(a, b);
    const right1 = pair1(a1, b1);
    const right2 = pair1(a2, b2);
    const right3 = pair1(a3, b3);
    const new0 = relaxed(pair(a - stride, b - stride), right1, left0, right0, here0, q, o);
    const new1 = relaxed(left0, right2, left1, right1, here1, q, o);
    const new2 = relaxed(left1, right3, left2, right2, here2, q, o);
    const new3 = relaxed(left2, pair(a3 + stride, b3 + stride), left3, right3, here3, q, o);
    v128.store64_lane(a, new0, 0);
    v128.store64_lane(b, new0, 1);
    v128.store64_lane(a1, new1, 0);
    v128.store64_lane(b1, new1, 1);
    v128.store64_lane(a2, new2, 0);
    v128.store64_lane(b2, new2, 1);
    v128.store64_lane(a3, new3, 0);
    v128.store64_lane(b3, new3, 1);
    here0 = pair2(a, b);
    here1 = pair2(a1, b1);
    here2 = pair2(a2, b2);
    here3 = pair2(a3, b3);
    left0 = relaxed(pair1(a - stride, b - stride), here1, new0, here0, right0, q, o);
    left1 = relaxed(new0, here2, new1, here1, right1, q, o);
    left2 = relaxed(new1, here3, new2, here2, right2, q, o);
    left3 = relaxed(new2, pair1(a3 + stride, b3 + stride), new3, here3, right3, q, o);
    v128.store64_lane(a, left0, 0, 8);
    v128.store64_lane(b, left0, 1, 8);
    v128.store64_lane(a1, left1, 0, 8);
    v128.store64_lane(b1, left1, 1, 8);
    v128.store64_lane(a2, left2, 0, 8);
    v128.store64_lane(b2, left2, 1, 8);
    v128.store64_lane(a3, left3, 0, 8);
    v128.store64_lane(b3, left3, 1, 8);
    a += 16;
    b += 16;
  }
}
