/** Successive over-relaxation, restructured: rows in a wavefront, so that the chains of waiting run side by side. */

/**
 * `iterations` sweeps over the inner points of a grid of `rows` by `columns` from offset `at`, in place. A point needs
 * its new left and upper neighbours: four rows are worked on at once, each one column behind the row above it.
 */
export function sorRelax(at: i32, rows: i32, columns: i32, omega: f64, iterations: i32): void {
  for (let sweep: i32 = 0; sweep < iterations; sweep++) {
    let row: i32 = 1;
    if (columns > 6) {
      for (; row + 4 < rows; row += 4) sorFourRows((at + row * columns) | 0, columns, omega);
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

function sorFourRows(row: i32, columns: i32, omega: f64): void {
  const quarterOmega = omega * 0.25;
  const oneMinusOmega = 1 - omega;
  const row1 = (row + columns) | 0;
  const row2 = (row1 + columns) | 0;
  const row3 = (row2 + columns) | 0;
  sorStretch(row, columns, 1, 4, omega);
  sorStretch(row1, columns, 1, 3, omega);
  sorStretch(row2, columns, 1, 2, omega);
  let left0 = heapF64[(row + 3) | 0]!;
  let left1 = heapF64[(row1 + 2) | 0]!;
  let left2 = heapF64[(row2 + 1) | 0]!;
  let left3 = heapF64[(row3 + 0) | 0]!;
  const end = (row + columns - 1) | 0;
  const apart = (columns - 1) | 0;
  for (let at0 = (row + 4) | 0; at0 < end; at0 = (at0 + 1) | 0) {
    const at1 = (at0 + apart) | 0;
    const at2 = (at1 + apart) | 0;
    const at3 = (at2 + apart) | 0;
    const right0 = heapF64[(at0 + 1) | 0]!;
    const right1 = heapF64[(at1 + 1) | 0]!;
    const right2 = heapF64[(at2 + 1) | 0]!;
    const right3 = heapF64[(at3 + 1) | 0]!;
    const new0 =
      quarterOmega * (heapF64[(at0 - columns) | 0]! + right1 + left0 + right0) + oneMinusOmega * heapF64[at0]!;
    const new1 = quarterOmega * (left0 + right2 + left1 + right1) + oneMinusOmega * heapF64[at1]!;
    const new2 = quarterOmega * (left1 + right3 + left2 + right2) + oneMinusOmega * heapF64[at2]!;
    const new3 =
      quarterOmega * (left2 + heapF64[(at3 + columns) | 0]! + left3 + right3) + oneMinusOmega * heapF64[at3]!;
    heapF64[at0] = new0;
    heapF64[at1] = new1;
    heapF64[at2] = new2;
    heapF64[at3] = new3;
    left0 = new0;
    left1 = new1;
    left2 = new2;
    left3 = new3;
  }
  sorStretch(row1, columns, columns - 2, columns - 1, omega);
  sorStretch(row2, columns, columns - 3, columns - 1, omega);
  sorStretch(row3, columns, columns - 4, columns - 1, omega);
}
