/**
 * Sparse matrix times vector, as ../portable/sparse.ts, over tables that hold bytes: no address is computed but by adding.
 * Two rows of the same length make one vector, so that half as many sums are waited for.
 */

/** `rows` has where each row's columns start, a column where its x stands. Values stand in the order of the columns. */
export function simdMultiply(n: i32, y: i32, rows: i32, values: i32): void {
  const first = load<i32>(rows);
  const end = rows + (n << 2);
  while (rows < end) {
    const k = load<i32>(rows);
    const v = values + ((k - first) << 1);
    const length = load<i32>(rows, 4) - k;
    const row = rows;
    if (row + 4 < end && load<i32>(row, 8) === k + 2 * length) {
      rows = length === 20 ? simdFives(row, end, y, k, v) : simdPairs(row, end, y, k, v, length);
    } else {
      let sum: f64 = 0;
      for (let at: i32 = 0; at < length; at += 4) sum += load<f64>(load<i32>(k + at)) * load<f64>(v + 2 * at);
      store<f64>(y, sum);
      rows += 4;
    }
    y += (rows - row) << 1;
  }
}

/** The ends of two rows of `length`, of which the first starts at `k`, as they stand in the table. */
function endsOf(k: i32, length: i32): i64 {
  return ((<i64>(k + 2 * length)) << 32) | <i64>(k + length);
}

/** What both ends grow by from one pair to the next. */
function moved(by: i32): i64 {
  return ((<i64>by) << 32) | <i64>by;
}

/** The doubles at two places as one vector. */
function two(a: i32, b: i32): v128 {
  return v128.load64_lane(b, v128.load64_zero(a), 1);
}

/** Pairs of rows of five nonzeros, as SciMark's small matrix has them, in a line. Returns the first row that is left. */
export function simdFives(rows: i32, end: i32, y: i32, k: i32, v: i32): i32 {
  let ends = endsOf(k, 20);
  for (; rows + 4 < end && load<i64>(rows, 4) === ends; rows += 8) {
    const x0 = v128.load64_lane(load<i32>(k, 20), v128.load64_zero(load<i32>(k)), 1);
    const x1 = v128.load64_lane(load<i32>(k, 24), v128.load64_zero(load<i32>(k, 4)), 1);
    const x2 = v128.load64_lane(load<i32>(k, 28), v128.load64_zero(load<i32>(k, 8)), 1);
    const x3 = v128.load64_lane(load<i32>(k, 32), v128.load64_zero(load<i32>(k, 12)), 1);
    const x4 = v128.load64_lane(load<i32>(k, 36), v128.load64_zero(load<i32>(k, 16)), 1);
    const a01 = v128.load(v);
    const b01 = v128.load(v, 40);
    const a23 = v128.load(v, 16);
    const b23 = v128.load(v, 56);
    const last = v128.load64_lane(v, v128.load64_zero(v, 32), 1, 72);
    let sum = f64x2.add(f64x2.splat(0), f64x2.mul(x0, i64x2.shuffle(a01, b01, 0, 2)));
    sum = f64x2.add(sum, f64x2.mul(x1, i64x2.shuffle(a01, b01, 1, 3)));
    sum = f64x2.add(sum, f64x2.mul(x2, i64x2.shuffle(a23, b23, 0, 2)));
    sum = f64x2.add(sum, f64x2.mul(x3, i64x2.shuffle(a23, b23, 1, 3)));
    v128.store(y, f64x2.add(sum, f64x2.mul(x4, last)));
    k += 40;
    v += 80;
    y += 16;
    ends += moved(40);
  }
  return rows;
}

/** The same for pairs of rows of any other `length` in bytes, as long as both have the same. */
export function simdPairs(rows: i32, end: i32, y: i32, k: i32, v: i32, length: i32): i32 {
  let ends = endsOf(k, length);
  const apart = length << 1;
  for (; rows + 4 < end && load<i64>(rows, 4) === ends; rows += 8) {
    let sum = f64x2.splat(0);
    const last = k + length;
    let other = last;
    for (; k + 20 <= last; k += 20, other += 20, v += 40) {
      const w = v + apart;
      const a01 = v128.load(v);
      const b01 = v128.load(w);
      const a23 = v128.load(v, 16);
      const b23 = v128.load(w, 16);
      sum = f64x2.add(sum, f64x2.mul(two(load<i32>(k), load<i32>(other)), i64x2.shuffle(a01, b01, 0, 2)));
      sum = f64x2.add(sum, f64x2.mul(two(load<i32>(k, 4), load<i32>(other, 4)), i64x2.shuffle(a01, b01, 1, 3)));
      sum = f64x2.add(sum, f64x2.mul(two(load<i32>(k, 8), load<i32>(other, 8)), i64x2.shuffle(a23, b23, 0, 2)));
      sum = f64x2.add(sum, f64x2.mul(two(load<i32>(k, 12), load<i32>(other, 12)), i64x2.shuffle(a23, b23, 1, 3)));
      sum = f64x2.add(
        sum,
        f64x2.mul(two(load<i32>(k, 16), load<i32>(other, 16)), v128.load64_lane(w, v128.load64_zero(v, 32), 1, 32)),
      );
    }
    for (; k < last; k += 4, other += 4, v += 8) {
      sum = f64x2.add(sum, f64x2.mul(two(load<i32>(k), load<i32>(other)), two(v, v + apart)));
    }
    v128.store(y, sum);
    k += length;
    v += apart;
    y += 16;
    ends += moved(apart);
  }
  return rows;
}
