/** Sparse matrix times vector, restructured: five nonzeros of a row in a line, without a loop around them. */

/**
 * y = A x, for `n` rows. The table `rows` holds where each row's columns start, a column holds where its x stands; a
 * value stands `apart` behind its column. The sum runs in the order of the row.
 */
export function sparseMultiply(n: i32, y: i32, apart: i32, rows: i32): void {
  let k = heapI32[rows]!;
  for (let row: i32 = 0; row < n; row = (row + 1) | 0) {
    const end = heapI32[(rows + row + 1) | 0]!;
    let sum: f64 = 0;
    for (; k + 5 <= end; k = (k + 5) | 0) {
      const v = (k + apart) | 0;
      sum += heapF64[heapI32[k]!]! * heapF64[v]!;
      sum += heapF64[heapI32[k + 1]!]! * heapF64[v + 1]!;
      sum += heapF64[heapI32[k + 2]!]! * heapF64[v + 2]!;
      sum += heapF64[heapI32[k + 3]!]! * heapF64[v + 3]!;
      sum += heapF64[heapI32[k + 4]!]! * heapF64[v + 4]!;
    }
    for (; k < end; k = (k + 1) | 0) sum += heapF64[heapI32[k]!]! * heapF64[(k + apart) | 0]!;
    heapF64[(y + row) | 0] = sum;
  }
}
