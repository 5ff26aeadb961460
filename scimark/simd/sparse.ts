/** Sparse matrix times vector, as ../portable/sparse.ts, over tables that hold bytes: no address is computed but by adding. */

/** `rows` has where each row's columns start, a column where its x stands. Values stand in the order of the columns. */
export function simdMultiply(n: i32, y: i32, rows: i32, values: i32): void {
  let k = load<i32>(rows);
  let v = values;
  const end = rows + (n << 2);
  for (; rows < end; rows += 4, y += 8) {
    const last = load<i32>(rows, 4);
    if (k + 20 === last) {
      // SciMark's small matrix has five in each row: one branch a row, which is always taken.
      let five: f64 = 0;
      five += load<f64>(load<i32>(k)) * load<f64>(v);
      five += load<f64>(load<i32>(k, 4)) * load<f64>(v, 8);
      five += load<f64>(load<i32>(k, 8)) * load<f64>(v, 16);
      five += load<f64>(load<i32>(k, 12)) * load<f64>(v, 24);
      store<f64>(y, five + load<f64>(load<i32>(k, 16)) * load<f64>(v, 32));
      k = last;
      v += 40;
      continue;
    }
    let sum: f64 = 0;
    for (; k + 20 <= last; k += 20, v += 40) {
      sum += load<f64>(load<i32>(k)) * load<f64>(v);
      sum += load<f64>(load<i32>(k, 4)) * load<f64>(v, 8);
      sum += load<f64>(load<i32>(k, 8)) * load<f64>(v, 16);
      sum += load<f64>(load<i32>(k, 12)) * load<f64>(v, 24);
      sum += load<f64>(load<i32>(k, 16)) * load<f64>(v, 32);
    }
    for (; k < last; k += 4, v += 8) sum += load<f64>(load<i32>(k)) * load<f64>(v);
    store<f64>(y, sum);
  }
}
