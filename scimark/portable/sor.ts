/** Successive over-relaxation, restructured: rows in a wavefront, so that the chains of waiting run side by side. */

/**
 * `iterations` sweeps over the inner points of a grid of `rows` by `columns` from offset `at`, in place. A point needs
 * its new left and upper neighbours: seven rows are worked on at once, each one column behind the row above it.
 */
export function sorRelax(at: i32, rows: i32, columns: i32, omega: f64, iterations: i32): void {
  for (let sweep: i32 = 0; sweep < iterations; sweep++) {
    let row: i32 = 1;
    if (columns > 9) {
      for (; row + 7 < rows; row += 7) sorSevenRows((at + row * columns) | 0, columns, omega);
    }
    for (; row < rows - 1; row++) sorStretch((at + row * columns) | 0, columns, 1, columns - 1, omega);
  }
}

/** One row, which starts at `row`, from column `begin` up to `end`. */
function sorStretch(row: i32, columns: i32, begin: i32, end: i32, omega: f64): void {
  const quarterOmega = omega * 0.25;
  const oneMinusOmega = 1 - omega;
  const last = (row + end) | 0;
  let left = heapF64[(row + begin - 1) | 0]!;
  for (let here = (row + begin) | 0; here < last; here = (here + 1) | 0) {
    const around = heapF64[(here - columns) | 0]! + heapF64[(here + columns) | 0]! + left + heapF64[(here + 1) | 0]!;
    left = quarterOmega * around + oneMinusOmega * heapF64[here]!;
    heapF64[here] = left;
  }
}

/** The lowest row first: it takes the last value of the row above before that one is replaced, so one variable a row is enough. */
function sorSevenRows(row: i32, columns: i32, omega: f64): void {
  const quarterOmega = omega * 0.25;
  const oneMinusOmega = 1 - omega;
  const apart = (columns - 1) | 0;
  for (let k: i32 = 0; k < 6; k++) sorStretch((row + k * columns) | 0, columns, 1, 7 - k, omega);
  let left0 = heapF64[(row + 6) | 0]!;
  let left1 = heapF64[(row + 6 + apart) | 0]!;
  let left2 = heapF64[(row + 6 + 2 * apart) | 0]!;
  let left3 = heapF64[(row + 6 + 3 * apart) | 0]!;
  let left4 = heapF64[(row + 6 + 4 * apart) | 0]!;
  let left5 = heapF64[(row + 6 + 5 * apart) | 0]!;
  let left6 = heapF64[(row + 6 + 6 * apart) | 0]!;
  const end = (row + columns - 1) | 0;
  for (let at0 = (row + 7) | 0; at0 < end; at0 = (at0 + 1) | 0) {
    const at1 = (at0 + apart) | 0;
    const at2 = (at1 + apart) | 0;
    const at3 = (at2 + apart) | 0;
    const at4 = (at3 + apart) | 0;
    const at5 = (at4 + apart) | 0;
    const at6 = (at5 + apart) | 0;
    const right6 = heapF64[(at6 + 1) | 0]!;
    left6 = quarterOmega * (left5 + heapF64[(at6 + columns) | 0]! + left6 + right6) + oneMinusOmega * heapF64[at6]!;
    heapF64[at6] = left6;
    const right5 = heapF64[(at5 + 1) | 0]!;
    left5 = quarterOmega * (left4 + right6 + left5 + right5) + oneMinusOmega * heapF64[at5]!;
    heapF64[at5] = left5;
    const right4 = heapF64[(at4 + 1) | 0]!;
    left4 = quarterOmega * (left3 + right5 + left4 + right4) + oneMinusOmega * heapF64[at4]!;
    heapF64[at4] = left4;
    const right3 = heapF64[(at3 + 1) | 0]!;
    left3 = quarterOmega * (left2 + right4 + left3 + right3) + oneMinusOmega * heapF64[at3]!;
    heapF64[at3] = left3;
    const right2 = heapF64[(at2 + 1) | 0]!;
    left2 = quarterOmega * (left1 + right3 + left2 + right2) + oneMinusOmega * heapF64[at2]!;
    heapF64[at2] = left2;
    const right1 = heapF64[(at1 + 1) | 0]!;
    left1 = quarterOmega * (left0 + right2 + left1 + right1) + oneMinusOmega * heapF64[at1]!;
    heapF64[at1] = left1;
    const right0 = heapF64[(at0 + 1) | 0]!;
    left0 = quarterOmega * (heapF64[(at0 - columns) | 0]! + right1 + left0 + right0) + oneMinusOmega * heapF64[at0]!;
    heapF64[at0] = left0;
  }
  for (let k: i32 = 1; k < 7; k++) sorStretch((row + k * columns) | 0, columns, columns - 1 - k, columns - 1, omega);
}
