/** LU factorisation, restructured: four columns at a time, whose pivot rows then go through the rest of the matrix together. */

/**
 * Factors the matrix whose `n` rows start at the offsets in the table `rows`, as the reference does: pivots in `pivots`,
 * L and U in place. Every element has the multiples of the pivot rows subtracted one by one, in their order. Returns false
 * for a singular matrix, which is left half done.
 */
export function luFactor(n: i32, rows: i32, pivots: i32): boolean {
  let begin: i32 = 0;
  for (; begin + 4 <= n; begin = (begin + 4) | 0) {
    if (!luPanel(n, rows, pivots, begin, begin + 4)) return false;
    luPivotRows(n, rows, begin);
    let i = luFourRows(n, rows, begin);
    for (; i + 2 <= n; i = (i + 2) | 0) {
      luTwoRows(n, rows, heapI32[(rows + i) | 0]!, heapI32[(rows + i + 1) | 0]!, begin);
    }
    if (i < n) {
      const last = heapI32[(rows + i) | 0]!;
      luTwoRows(n, rows, last, last, begin);
    }
  }
  return luPanel(n, rows, pivots, begin, n);
}

/** Factors the columns from `begin` to `end`, at most four, and exchanges rows; columns right of them are left alone. */
function luPanel(n: i32, rows: i32, pivots: i32, begin: i32, end: i32): boolean {
  let pivot = begin;
  if (begin < end) pivot = luFindPivot(n, rows, begin);
  for (let j = begin; j < end; j = (j + 1) | 0) {
    heapI32[(pivots + j) | 0] = pivot;
    const pivotRow = heapI32[(rows + pivot) | 0]!;
    const value = heapF64[(pivotRow + j) | 0]!;
    if (value === 0) return false;
    heapI32[(rows + pivot) | 0] = heapI32[(rows + j) | 0]!;
    heapI32[(rows + j) | 0] = pivotRow;
    pivot = luColumn(n, rows, pivotRow, j, (end - j - 1) | 0, 1 / value);
  }
  return true;
}

function luFindPivot(n: i32, rows: i32, j: i32): i32 {
  let pivot = j;
  let largest = Math.abs(heapF64[(heapI32[(rows + j) | 0]! + j) | 0]!);
  for (let i = (j + 1) | 0; i < n; i = (i + 1) | 0) {
    const candidate = Math.abs(heapF64[(heapI32[(rows + i) | 0]! + j) | 0]!);
    if (candidate > largest) {
      pivot = i;
      largest = candidate;
    }
  }
  return pivot;
}

/**
 * Multiplies what is below the pivot of column `j` by `reciprocal` and subtracts the pivot row from the next `more` columns,
 * at most three. Returns the row of the next column's pivot, which is found on the way.
 */
function luColumn(n: i32, rows: i32, pivotRow: i32, j: i32, more: i32, reciprocal: f64): i32 {
  const next = (j + 1) | 0;
  const at = (pivotRow + j) | 0;
  const u1: f64 = more > 0 ? heapF64[(at + 1) | 0]! : 0;
  const u2: f64 = more > 1 ? heapF64[(at + 2) | 0]! : 0;
  const u3: f64 = more > 2 ? heapF64[(at + 3) | 0]! : 0;
  let pivot = next;
  let largest: f64 = -1;
  for (let i = next; i < n; i = (i + 1) | 0) {
    const here = (heapI32[(rows + i) | 0]! + j) | 0;
    const multiplier = heapF64[here]! * reciprocal;
    heapF64[here] = multiplier;
    if (more > 0) {
      const value = heapF64[(here + 1) | 0]! - multiplier * u1;
      heapF64[(here + 1) | 0] = value;
      const candidate = Math.abs(value);
      if (candidate > largest || i === next) {
        pivot = i;
        largest = candidate;
      }
      if (more > 1) {
        heapF64[(here + 2) | 0] = heapF64[(here + 2) | 0]! - multiplier * u2;
        if (more > 2) heapF64[(here + 3) | 0] = heapF64[(here + 3) | 0]! - multiplier * u3;
      }
    }
  }
  return pivot;
}

/** Subtracts the pivot rows of a panel from those below them, right of the panel. */
function luPivotRows(n: i32, rows: i32, begin: i32): void {
  const row0 = heapI32[(rows + begin) | 0]!;
  const row1 = heapI32[(rows + begin + 1) | 0]!;
  const row2 = heapI32[(rows + begin + 2) | 0]!;
  const row3 = heapI32[(rows + begin + 3) | 0]!;
  const m10 = heapF64[(row1 + begin) | 0]!;
  const m20 = heapF64[(row2 + begin) | 0]!;
  const m21 = heapF64[(row2 + begin + 1) | 0]!;
  const m30 = heapF64[(row3 + begin) | 0]!;
  const m31 = heapF64[(row3 + begin + 1) | 0]!;
  const m32 = heapF64[(row3 + begin + 2) | 0]!;
  for (let k = (begin + 4) | 0; k < n; k = (k + 1) | 0) {
    const u0 = heapF64[(row0 + k) | 0]!;
    const u1 = heapF64[(row1 + k) | 0]! - m10 * u0;
    const u2 = heapF64[(row2 + k) | 0]! - m20 * u0 - m21 * u1;
    heapF64[(row1 + k) | 0] = u1;
    heapF64[(row2 + k) | 0] = u2;
    heapF64[(row3 + k) | 0] = heapF64[(row3 + k) | 0]! - m30 * u0 - m31 * u1 - m32 * u2;
  }
}

/**
 * Subtracts the four pivot rows of a panel from the rows below it, four at a time, and returns the first that is left. The
 * pivot row's element stands before the multiple: V8 then multiplies by a multiple that it has no register for where it lies.
 */
function luFourRows(n: i32, rows: i32, begin: i32): i32 {
  const row0 = heapI32[(rows + begin + 0) | 0]!;
  const row1 = heapI32[(rows + begin + 1) | 0]!;
  const row2 = heapI32[(rows + begin + 2) | 0]!;
  const row3 = heapI32[(rows + begin + 3) | 0]!;
  const right = (begin + 4) | 0;
  let i = right;
  for (; i + 4 <= n; i = (i + 4) | 0) {
    const a = heapI32[(rows + i) | 0]!;
    const b = heapI32[(rows + i + 1) | 0]!;
    const c = heapI32[(rows + i + 2) | 0]!;
    const d = heapI32[(rows + i + 3) | 0]!;
    const a0 = heapF64[(a + begin + 0) | 0]!;
    const a1 = heapF64[(a + begin + 1) | 0]!;
    const a2 = heapF64[(a + begin + 2) | 0]!;
    const a3 = heapF64[(a + begin + 3) | 0]!;
    const b0 = heapF64[(b + begin + 0) | 0]!;
    const b1 = heapF64[(b + begin + 1) | 0]!;
    const b2 = heapF64[(b + begin + 2) | 0]!;
    const b3 = heapF64[(b + begin + 3) | 0]!;
    const c0 = heapF64[(c + begin + 0) | 0]!;
    const c1 = heapF64[(c + begin + 1) | 0]!;
    const c2 = heapF64[(c + begin + 2) | 0]!;
    const c3 = heapF64[(c + begin + 3) | 0]!;
    const d0 = heapF64[(d + begin + 0) | 0]!;
    const d1 = heapF64[(d + begin + 1) | 0]!;
    const d2 = heapF64[(d + begin + 2) | 0]!;
    const d3 = heapF64[(d + begin + 3) | 0]!;
    for (let k = right; k < n; k = (k + 1) | 0) {
      const u0 = heapF64[(row0 + k) | 0]!;
      const u1 = heapF64[(row1 + k) | 0]!;
      const u2 = heapF64[(row2 + k) | 0]!;
      const u3 = heapF64[(row3 + k) | 0]!;
      const aNew = heapF64[(a + k) | 0]! - u0 * a0 - u1 * a1 - u2 * a2 - u3 * a3;
      const bNew = heapF64[(b + k) | 0]! - u0 * b0 - u1 * b1 - u2 * b2 - u3 * b3;
      heapF64[(a + k) | 0] = aNew;
      heapF64[(b + k) | 0] = bNew;
      const cNew = heapF64[(c + k) | 0]! - u0 * c0 - u1 * c1 - u2 * c2 - u3 * c3;
      const dNew = heapF64[(d + k) | 0]! - u0 * d0 - u1 * d1 - u2 * d2 - u3 * d3;
      heapF64[(c + k) | 0] = cNew;
      heapF64[(d + k) | 0] = dNew;
    }
  }
  return i;
}

/** The same for the two rows `a` and `b`, which may be the same one. */
function luTwoRows(n: i32, rows: i32, a: i32, b: i32, begin: i32): void {
  const row0 = heapI32[(rows + begin + 0) | 0]!;
  const row1 = heapI32[(rows + begin + 1) | 0]!;
  const row2 = heapI32[(rows + begin + 2) | 0]!;
  const row3 = heapI32[(rows + begin + 3) | 0]!;
  const a0 = heapF64[(a + begin + 0) | 0]!;
  const a1 = heapF64[(a + begin + 1) | 0]!;
  const a2 = heapF64[(a + begin + 2) | 0]!;
  const a3 = heapF64[(a + begin + 3) | 0]!;
  const b0 = heapF64[(b + begin + 0) | 0]!;
  const b1 = heapF64[(b + begin + 1) | 0]!;
  const b2 = heapF64[(b + begin + 2) | 0]!;
  const b3 = heapF64[(b + begin + 3) | 0]!;
  for (let k = (begin + 4) | 0; k < n; k = (k + 1) | 0) {
    const u0 = heapF64[(row0 + k) | 0]!;
    const u1 = heapF64[(row1 + k) | 0]!;
    const u2 = heapF64[(row2 + k) | 0]!;
    const u3 = heapF64[(row3 + k) | 0]!;
    const aNew = heapF64[(a + k) | 0]! - u0 * a0 - u1 * a1 - u2 * a2 - u3 * a3;
    const bNew = heapF64[(b + k) | 0]! - u0 * b0 - u1 * b1 - u2 * b2 - u3 * b3;
    heapF64[(a + k) | 0] = aNew;
    heapF64[(b + k) | 0] = bNew;
  }
}
