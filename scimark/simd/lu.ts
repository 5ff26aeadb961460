/** LU factorisation in vectors: the panels of ../portable/lu.ts, whose pivot rows go through the matrix two columns at a time. */

/** As `luFactor` of the portable source. `rows` and `pivots` are bytes; the table `rows` holds places in doubles. */
export function simdFactor(n: i32, rows: i32, pivots: i32): i32 {
  let begin: i32 = 0;
  for (; begin + 4 <= n; begin += 4) {
    if (simdPanel(n, rows, pivots, begin, begin + 4) === 0) return 0;
    const table = rows + (begin << 2);
    const row0 = (load<i32>(table) + begin) << 3;
    const row1 = (load<i32>(table, 4) + begin) << 3;
    const row2 = (load<i32>(table, 8) + begin) << 3;
    const row3 = (load<i32>(table, 12) + begin) << 3;
    const count = n - begin - 4;
    simdPivotRows(row0, row1, row2, row3, count);
    let next = table + 16;
    const end = rows + (n << 2);
    for (; next + 4 < end; next += 8) {
      const a = (load<i32>(next) + begin) << 3;
      const b = (load<i32>(next, 4) + begin) << 3;
      simdTwoRows(a, b, row0, row1, row2, row3, count);
    }
    if (next < end) {
      const a = (load<i32>(next) + begin) << 3;
      simdRest(a, a, row0, row1, row2, row3, 0, count);
    }
  }
  return simdPanel(n, rows, pivots, begin, n);
}

export function simdPanel(n: i32, rows: i32, pivots: i32, begin: i32, end: i32): i32 {
  let pivot = begin < end ? simdFindPivot(n, rows, begin) : begin;
  for (let j = begin; j < end; j++) {
    store<i32>(pivots + (j << 2), pivot);
    const from = rows + (pivot << 2);
    const to = rows + (j << 2);
    const pivotRow = load<i32>(from);
    const value = load<f64>((pivotRow + j) << 3);
    if (value === 0) return 0;
    store<i32>(from, load<i32>(to));
    store<i32>(to, pivotRow);
    pivot = simdColumn(n, rows, (pivotRow + j) << 3, j, end - j - 1, 1 / value);
  }
  return 1;
}

export function simdFindPivot(n: i32, rows: i32, j: i32): i32 {
  let pivot = j;
  let largest = abs(load<f64>((load<i32>(rows + (j << 2)) + j) << 3));
  for (let i = j + 1; i < n; i++) {
    const candidate = abs(load<f64>((load<i32>(rows + (i << 2)) + j) << 3));
    if (candidate > largest) {
      pivot = i;
      largest = candidate;
    }
  }
  return pivot;
}

/** As `luColumn` of the portable source; `at` is the byte of the pivot. */
export function simdColumn(n: i32, rows: i32, at: i32, j: i32, more: i32, reciprocal: f64): i32 {
  const next = j + 1;
  let pivot = next;
  let largest: f64 = -1;
  if (more === 0) {
    for (let i = next; i < n; i++) {
      const here = (load<i32>(rows + (i << 2)) + j) << 3;
      store<f64>(here, load<f64>(here) * reciprocal);
    }
    return pivot;
  }
  // Where there are fewer than three more columns, what is beyond them is read and written back as it is.
  const u1 = load<f64>(at, 8);
  const u2: f64 = more > 1 ? load<f64>(at, 16) : 0;
  const u3: f64 = more > 2 ? load<f64>(at, 24) : 0;
  for (let i = next; i < n; i++) {
    const here = (load<i32>(rows + (i << 2)) + j) << 3;
    const multiplier = load<f64>(here) * reciprocal;
    store<f64>(here, multiplier);
    const value = load<f64>(here, 8) - multiplier * u1;
    store<f64>(here, value, 8);
    const candidate = abs(value);
    if (candidate > largest || i === next) {
      pivot = i;
      largest = candidate;
    }
    if (more > 1) {
      store<f64>(here, load<f64>(here, 16) - multiplier * u2, 16);
      if (more > 2) store<f64>(here, load<f64>(here, 24) - multiplier * u3, 24);
    }
  }
  return pivot;
}

/** Rows are given by the byte of their first column in the panel; `count` columns follow its four. */
export function simdPivotRows(row0: i32, row1: i32, row2: i32, row3: i32, count: i32): void {
  const m10 = v128.load_splat<f64>(row1);
  const m20 = v128.load_splat<f64>(row2);
  const m21 = v128.load_splat<f64>(row2, 8);
  const m30 = v128.load_splat<f64>(row3);
  const m31 = v128.load_splat<f64>(row3, 8);
  const m32 = v128.load_splat<f64>(row3, 16);
  for (; count > 1; count -= 2) {
    const u0 = v128.load(row0, 32);
    const u1 = less(v128.load(row1, 32), m10, u0);
    const u2 = less(less(v128.load(row2, 32), m20, u0), m21, u1);
    v128.store(row1, u1, 32);
    v128.store(row2, u2, 32);
    v128.store(row3, less(less(less(v128.load(row3, 32), m30, u0), m31, u1), m32, u2), 32);
    row0 += 16;
    row1 += 16;
    row2 += 16;
    row3 += 16;
  }
  if (count === 1) {
    const u0 = v128.load64_zero(row0, 32);
    const u1 = less(v128.load64_zero(row1, 32), m10, u0);
    const u2 = less(less(v128.load64_zero(row2, 32), m20, u0), m21, u1);
    v128.store64_lane(row1, u1, 0, 32);
    v128.store64_lane(row2, u2, 0, 32);
    v128.store64_lane(row3, less(less(less(v128.load64_zero(row3, 32), m30, u0), m31, u1), m32, u2), 0, 32);
  }
}

function less(value: v128, multiplier: v128, row: v128): v128 {
  return f64x2.sub(value, f64x2.mul(multiplier, row));
}

/** Subtracts the pivot rows of a panel from two rows. One is stored before the other is read: V8 then has enough registers. */
export function simdTwoRows(a: i32, b: i32, row0: i32, row1: i32, row2: i32, row3: i32, count: i32): void {
  const a0 = v128.load_splat<f64>(a);
  const a1 = v128.load_splat<f64>(a, 8);
  const a2 = v128.load_splat<f64>(a, 16);
  const a3 = v128.load_splat<f64>(a, 24);
  const b0 = v128.load_splat<f64>(b);
  const b1 = v128.load_splat<f64>(b, 8);
  const b2 = v128.load_splat<f64>(b, 16);
  const b3 = v128.load_splat<f64>(b, 24);
  // Eight columns at a time: the loop itself is a quarter of all instructions with four.
  const whole = (count & -8) << 3;
  for (let k: i32 = 0; k < whole; k += 64) {
    const atA = a + k;
    const atB = b + k;
    const at0 = row0 + k;
    const at1 = row1 + k;
    const at2 = row2 + k;
    const at3 = row3 + k;
    const u0 = v128.load(at0, 32);
    const u1 = v128.load(at1, 32);
    const u2 = v128.load(at2, 32);
    const u3 = v128.load(at3, 32);
    v128.store(atA, less(less(less(less(v128.load(atA, 32), a0, u0), a1, u1), a2, u2), a3, u3), 32);
    v128.store(atB, less(less(less(less(v128.load(atB, 32), b0, u0), b1, u1), b2, u2), b3, u3), 32);
    const v0 = v128.load(at0, 48);
    const v1 = v128.load(at1, 48);
    const v2 = v128.load(at2, 48);
    const v3 = v128.load(at3, 48);
    v128.store(atA, less(less(less(less(v128.load(atA, 48), a0, v0), a1, v1), a2, v2), a3, v3), 48);
    v128.store(atB, less(less(less(less(v128.load(atB, 48), b0, v0), b1, v1), b2, v2), b3, v3), 48);
    const w0 = v128.load(at0, 64);
    const w1 = v128.load(at1, 64);
    const w2 = v128.load(at2, 64);
    const w3 = v128.load(at3, 64);
    v128.store(atA, less(less(less(less(v128.load(atA, 64), a0, w0), a1, w1), a2, w2), a3, w3), 64);
    v128.store(atB, less(less(less(less(v128.load(atB, 64), b0, w0), b1, w1), b2, w2), b3, w3), 64);
    const x0 = v128.load(at0, 80);
    const x1 = v128.load(at1, 80);
    const x2 = v128.load(at2, 80);
    const x3 = v128.load(at3, 80);
    v128.store(atA, less(less(less(less(v128.load(atA, 80), a0, x0), a1, x1), a2, x2), a3, x3), 80);
    v128.store(atB, less(less(less(less(v128.load(atB, 80), b0, x0), b1, x1), b2, x2), b3, x3), 80);
  }
  const rest = count & 7;
  if (rest > 0) simdRest(a, b, row0, row1, row2, row3, whole, rest);
}

/** The same for `count` columns from byte `skip` on, for the last few or for one row alone: `a` and `b` may be the same one. */
export function simdRest(a: i32, b: i32, row0: i32, row1: i32, row2: i32, row3: i32, skip: i32, count: i32): void {
  const a0 = v128.load_splat<f64>(a);
  const a1 = v128.load_splat<f64>(a, 8);
  const a2 = v128.load_splat<f64>(a, 16);
  const a3 = v128.load_splat<f64>(a, 24);
  const b0 = v128.load_splat<f64>(b);
  const b1 = v128.load_splat<f64>(b, 8);
  const b2 = v128.load_splat<f64>(b, 16);
  const b3 = v128.load_splat<f64>(b, 24);
  a += skip;
  b += skip;
  row0 += skip;
  row1 += skip;
  row2 += skip;
  row3 += skip;
  if (count > 3) {
    const u0 = v128.load(row0, 32);
    const u1 = v128.load(row1, 32);
    const u2 = v128.load(row2, 32);
    const u3 = v128.load(row3, 32);
    const aNew = less(less(less(less(v128.load(a, 32), a0, u0), a1, u1), a2, u2), a3, u3);
    const bNew = less(less(less(less(v128.load(b, 32), b0, u0), b1, u1), b2, u2), b3, u3);
    v128.store(a, aNew, 32);
    v128.store(b, bNew, 32);
    const v0 = v128.load(row0, 48);
    const v1 = v128.load(row1, 48);
    const v2 = v128.load(row2, 48);
    const v3 = v128.load(row3, 48);
    const aNext = less(less(less(less(v128.load(a, 48), a0, v0), a1, v1), a2, v2), a3, v3);
    const bNext = less(less(less(less(v128.load(b, 48), b0, v0), b1, v1), b2, v2), b3, v3);
    v128.store(a, aNext, 48);
    v128.store(b, bNext, 48);
    if (count === 4) return;
    a += 32;
    b += 32;
    row0 += 32;
    row1 += 32;
    row2 += 32;
    row3 += 32;
    count -= 4;
  }
  for (; count > 0; count--) {
    const u0 = v128.load64_zero(row0, 32);
    const u1 = v128.load64_zero(row1, 32);
    const u2 = v128.load64_zero(row2, 32);
    const u3 = v128.load64_zero(row3, 32);
    const aNew = less(less(less(less(v128.load64_zero(a, 32), a0, u0), a1, u1), a2, u2), a3, u3);
    const bNew = less(less(less(less(v128.load64_zero(b, 32), b0, u0), b1, u1), b2, u2), b3, u3);
    v128.store64_lane(a, aNew, 0, 32);
    v128.store64_lane(b, bNew, 0, 32);
    a += 8;
    b += 8;
    row0 += 8;
    row1 += 8;
    row2 += 8;
    row3 += 8;
  }
}
