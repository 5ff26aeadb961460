/** Sparse matrix times vector, restructured: five nonzeros of a row in a line, without a loop around them. */

/**
 * y = A x, for `n` rows. The table `rows` holds where each row's columns start, a column holds where its x stands; a
 * value stands `apart` behind its column. The sum runs in the order of the row.
 */
export function sparseMultiply(n: i32, y: i32, apart: i32, rows: i32): void {
  const end = (rows + n) | 0;
  const behind = (y - rows) | 0;
  sparseRows(sparseFives(rows, end, behind, apart), end, behind, apart);
}

/**
 * Pairs of rows of five nonzeros, as SciMark's small matrix has them, from the place `first` in the table for as long as
 * they last; returns the first place that is left. A result stands `behind` its place.
 */
function sparseFives(first: i32, last: i32, behind: i32, apart: i32): i32 {
  const end = (last - 1) | 0;
  let row = first | 0;
  let k = heapI32[row]!;
  for (; row < end; row = (row + 2) | 0) {
    if (heapI32[(row + 1) | 0]! !== ((k + 5) | 0)) return row;
    if (heapI32[(row + 2) | 0]! !== ((k + 10) | 0)) return row;
    const v = (k + apart) | 0;
    heapF64[(row + behind) | 0] =
      0 +
      heapF64[heapI32[k]!]! * heapF64[v]! +
      heapF64[heapI32[(k + 1) | 0]!]! * heapF64[(v + 1) | 0]! +
      heapF64[heapI32[(k + 2) | 0]!]! * heapF64[(v + 2) | 0]! +
      heapF64[heapI32[(k + 3) | 0]!]! * heapF64[(v + 3) | 0]! +
      heapF64[heapI32[(k + 4) | 0]!]! * heapF64[(v + 4) | 0]!;
    heapF64[(row + behind + 1) | 0] =
      0 +
      heapF64[heapI32[(k + 5) | 0]!]! * heapF64[(v + 5) | 0]! +
      heapF64[heapI32[(k + 6) | 0]!]! * heapF64[(v + 6) | 0]! +
      heapF64[heapI32[(k + 7) | 0]!]! * heapF64[(v + 7) | 0]! +
      heapF64[heapI32[(k + 8) | 0]!]! * heapF64[(v + 8) | 0]! +
      heapF64[heapI32[(k + 9) | 0]!]! * heapF64[(v + 9) | 0]!;
    k = (k + 10) | 0;
  }
  return row;
}

/** Rows of any length, from the place `first` on; the other arguments as above. */
function sparseRows(first: i32, last: i32, behind: i32, apart: i32): void {
  let k = heapI32[first]!;
  for (let row = first | 0; row < last; row = (row + 1) | 0) {
    const end = heapI32[(row + 1) | 0]!;
    const whole = (end - 5) | 0;
    let sum: f64 = 0;
    for (; k <= whole; k = (k + 5) | 0) {
      const v = (k + apart) | 0;
      sum += heapF64[heapI32[k]!]! * heapF64[v]!;
      sum += heapF64[heapI32[(k + 1) | 0]!]! * heapF64[(v + 1) | 0]!;
      sum += heapF64[heapI32[(k + 2) | 0]!]! * heapF64[(v + 2) | 0]!;
      sum += heapF64[heapI32[(k + 3) | 0]!]! * heapF64[(v + 3) | 0]!;
      sum += heapF64[heapI32[(k + 4) | 0]!]! * heapF64[(v + 4) | 0]!;
    }
    for (; k < end; k = (k + 1) | 0) sum += heapF64[heapI32[k]!]! * heapF64[(k + apart) | 0]!;
    heapF64[(row + behind) | 0] = sum;
  }
}
