/** Successive over-relaxation in vectors: the wavefront of ../portable/sor.ts, of eight rows in four pairs. */

/** As `sorRelax` of the portable source, with the place of the grid in bytes. */
export function simdRelax(at: i32, rows: i32, columns: i32, omega: f64, iterations: i32): void {
  const stride = columns << 3;
  const end = at + (rows - 1) * stride;
  for (; iterations > 0; iterations--) {
    let row = at + stride;
    if (columns > 10) for (; row + 7 * stride < end; row += stride << 3) eightRows(row, stride, omega);
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

/** The places of two rows, one column apart, as one vector. */
function pair(first: i32, second: i32): v128 {
  return v128.load64_lane(second, v128.load64_zero(first), 1);
}

/** The vector between two others: the second element of the one and the first of the other. */
function between(a: v128, b: v128): v128 {
  return i64x2.shuffle(a, b, 1, 2);
}

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
    const right = pair(at0 + 8, at1 + 8);
    const up = i64x2.shuffle(v128.load64_zero(at0 - stride), left, 0, 2);
    const down = between(right, v128.load64_zero(at1 + stride));
    const around = f64x2.add(f64x2.add(f64x2.add(up, down), left), right);
    left = f64x2.add(f64x2.mul(q, around), f64x2.mul(o, here));
    v128.store64_lane(at0, left, 0);
    v128.store64_lane(at1, left, 1);
    here = right;
  }
  stretch(row1, stride, stride - 16, stride - 8, omega);
}

export function eightRows(row: i32, stride: i32, omega: f64): void {
  const q = f64x2.splat(omega * 0.25);
  const o = f64x2.splat(1 - omega);
  const step = stride - 8;
  for (let i: i32 = 0; i < 7; i++) stretch(row + i * stride, stride, 8, (8 - i) << 3, omega);

  let at0 = row + 64;
  const end = row + step;
  const start1 = at0 + step;
  const start2 = start1 + step;
  const start3 = start2 + step;
  const start4 = start3 + step;
  const start5 = start4 + step;
  const start6 = start5 + step;
  const start7 = start6 + step;
  let left0 = pair(at0 - 8, start1 - 8);
  let left1 = pair(start2 - 8, start3 - 8);
  let left2 = pair(start4 - 8, start5 - 8);
  let left3 = pair(start6 - 8, start7 - 8);
  let here0 = pair(at0, start1);
  let here1 = pair(start2, start3);
  let here2 = pair(start4, start5);
  let here3 = pair(start6, start7);
  for (; at0 < end; at0 += 8) {
    const at1 = at0 + step;
    const at2 = at1 + step;
    const at3 = at2 + step;
    const at4 = at3 + step;
    const at5 = at4 + step;
    const at6 = at5 + step;
    const at7 = at6 + step;
    const right0 = pair(at0 + 8, at1 + 8);
    const right1 = pair(at2 + 8, at3 + 8);
    const up0 = i64x2.shuffle(v128.load64_zero(at0 - stride), left0, 0, 2);
    const around0 = f64x2.add(f64x2.add(f64x2.add(up0, between(right0, right1)), left0), right0);
    const new0 = f64x2.add(f64x2.mul(q, around0), f64x2.mul(o, here0));
    here0 = right0;
    v128.store64_lane(at0, new0, 0);
    v128.store64_lane(at1, new0, 1);
    const right2 = pair(at4 + 8, at5 + 8);
    const up1 = between(left0, left1);
    const around1 = f64x2.add(f64x2.add(f64x2.add(up1, between(right1, right2)), left1), right1);
    const new1 = f64x2.add(f64x2.mul(q, around1), f64x2.mul(o, here1));
    left0 = new0;
    here1 = right1;
    v128.store64_lane(at2, new1, 0);
    v128.store64_lane(at3, new1, 1);
    const right3 = pair(at6 + 8, at7 + 8);
    const up2 = between(left1, left2);
    const around2 = f64x2.add(f64x2.add(f64x2.add(up2, between(right2, right3)), left2), right2);
    const new2 = f64x2.add(f64x2.mul(q, around2), f64x2.mul(o, here2));
    left1 = new1;
    here2 = right2;
    v128.store64_lane(at4, new2, 0);
    v128.store64_lane(at5, new2, 1);
    const up3 = between(left2, left3);
    const down3 = between(right3, v128.load64_zero(at7 + stride));
    const around3 = f64x2.add(f64x2.add(f64x2.add(up3, down3), left3), right3);
    const new3 = f64x2.add(f64x2.mul(q, around3), f64x2.mul(o, here3));
    left2 = new2;
    left3 = new3;
    here3 = right3;
    v128.store64_lane(at6, new3, 0);
    v128.store64_lane(at7, new3, 1);
  }

  for (let i: i32 = 1; i < 8; i++) stretch(row + i * stride, stride, stride - ((i + 1) << 3), stride - 8, omega);
}
