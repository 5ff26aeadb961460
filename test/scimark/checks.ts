/** Everything that the vectors say about one kernel of an engine at one size, checked on the heap from offset 0 on. */

import { expect } from 'vitest';
import type { RandomSource } from '../../bench/types.ts';
import type { Engine } from '../../scimark/engine.ts';
import * as fft from '../../scimark/fft.ts';
import { fnv1a64 } from '../../scimark/fnv.ts';
import { wholeLinesF64 } from '../../scimark/heap.ts';
import { fillF64 } from '../../scimark/kernel.ts';
import * as lu from '../../scimark/lu.ts';
import * as sor from '../../scimark/sor.ts';
import * as sparse from '../../scimark/sparse.ts';
import {
  bytesOf,
  expectDigest,
  expectDouble,
  expectFirst,
  type FftVector,
  type LuVector,
  type SorVector,
  type SparseVector,
} from './vectors.ts';

const ORIGIN = { f64: 0, i32: 0 };

/** Room that the checks need: doubles and ints for the large sizes. */
export const LARGE_ROOM = { doubles: 3 * 2 ** 21 + 8, ints: 1_200_000 };
/** The same for tiny and small. */
export const SMALL_ROOM = { doubles: 32768, ints: 8192 };

export function checkFft(engine: Engine, vector: FftVector, random: RandomSource): void {
  const n = vector.N;
  const data = heapF64.subarray(0, 2 * n);
  fillF64(0, 2 * n, random);
  const input = data.slice();
  expect(fft.flopsOf(n)).toBe(vector.numFlops);
  expectFirst(data, vector.input8);
  expectDigest(data, vector.input);

  const transform = engine.fft.bind({ n, data: 0, planF64: wholeLinesF64(2 * n), planI32: 0 });
  fft.bitReverse(0, n);
  expectDigest(data, vector.bitreversed);

  data.set(input);
  transform.inverse();
  expectFirst(data, vector.inverse8);
  expectDigest(data, vector.inverse);

  data.set(input);
  transform.forward();
  expectFirst(data, vector.forward8);
  expectDigest(data, vector.forward);
  transform.inverse();
  expectFirst(data, vector.roundtrip8);
  expectDigest(data, vector.roundtrip);
  expectDouble(rootMeanSquare(data, input), vector.roundtripRms);

  data.set(input);
  for (let cycle = 0; cycle < vector.cycles; cycle++) {
    transform.forward();
    transform.inverse();
  }
  expectDigest(data, vector.afterCycles);
}

export function checkSor(engine: Engine, vector: SorVector, random: RandomSource): void {
  const { M: rows, N: columns } = vector;
  const grid = heapF64.subarray(0, rows * columns);
  fillF64(0, rows * columns, random);
  expect(sor.flopsOf(columns)).toBe(vector.numFlops1);
  expectDigest(grid, vector.input);
  const at = (row: number, column: number) => grid[row * columns + column]!;
  const relax = engine.sor.bind({ at: 0, rows, columns });
  let done = 0;
  for (const after of vector.after) {
    relax(vector.omega, after.iterations - done);
    done = after.iterations;
    expectDouble(at(1, 1), after.g11);
    expectDouble(at(rows >> 1, columns >> 1), after.gMid);
    expectDouble(at(rows - 2, columns - 2), after.gLast);
    expectDigest(grid, after.grid);
  }
}

export function checkSparse(engine: Engine, vector: SparseVector, random: RandomSource): void {
  const layout = sparse.sparseLayout(ORIGIN, vector.N, vector.nz);
  const { n, perRow, x, y, values, rows, columns } = layout;
  const stored = n * perRow;
  fillF64(x, n, random);
  fillF64(values, stored, random);
  sparse.writeStructure(layout);
  expect({ perRow, stored, flops: sparse.flopsOf(n, vector.nz) }).toEqual({
    perRow: vector.nr,
    stored: vector.anz,
    flops: vector.numFlops1,
  });
  // The tables hold offsets into the heap; the vectors count from 0.
  const rowStarts = heapI32.slice(rows, rows + n + 1).map((start) => start - columns);
  const columnNumbers = heapI32.slice(columns, columns + stored).map((column) => column - x);
  expect(fnv1a64([bytesOf(rowStarts)])).toBe(vector.rowFnv1a64_i32le);
  expect(fnv1a64([bytesOf(columnNumbers)])).toBe(vector.colFnv1a64_i32le);
  expect([...columnNumbers.subarray(0, 24)]).toEqual(vector.col24);
  expect(columnNumbers.reduce((a, b) => Math.max(a, b))).toBe(vector.maxCol);
  expectDigest(heapF64.subarray(x, x + n), vector.x);
  expectDigest(heapF64.subarray(values, values + stored), vector.val);

  const result = heapF64.subarray(y, y + n);
  result.fill(Number.NaN);
  const multiply = engine.sparse.bind(layout);
  multiply();
  expectFirst(result, vector.y8);
  expectDigest(result, vector.y);
  const once = result.slice();
  multiply();
  expect(bytesOf(result).every((byte, k) => byte === bytesOf(once)[k])).toBe(vector.yIdempotent);

  // C 4.0 adds to y instead of assigning it. We follow 2.0, so the variant is made here, out of our products.
  const accumulated = new Float64Array(n);
  for (let pass = 0; pass < 10; pass++) {
    multiply();
    for (let k = 0; k < n; k++) accumulated[k]! += result[k]!;
  }
  expectDigest(accumulated, vector.y_v4_accumulated10);
}

/** `random` goes on to the right-hand side after the matrix, as in Java. */
export function checkLu(engine: Engine, vector: LuVector, random: RandomSource): void {
  const layout = lu.luLayout(ORIGIN, vector.N);
  const { n, source, rows, pivots } = layout;
  fillF64(source, n * n, random);
  const matrix = heapF64.subarray(source, source + n * n);
  expect(lu.flopsOf(n)).toBe(vector.numFlops);
  expectDigest(matrix, vector.A);

  const factor = engine.lu.bind(layout);
  expect(factor()).toBe(vector.rc === 0);
  const pivot = heapI32.slice(pivots, pivots + n);
  expect([...pivot]).toEqual(vector.pivot);
  expect(fnv1a64([bytesOf(pivot)])).toBe(vector.pivotFnv1a64_i32le);

  const factored = new Float64Array(n * n);
  for (let row = 0; row < n; row++) {
    const start = heapI32[rows + row]!;
    factored.set(heapF64.subarray(start, start + n), row * n);
  }
  expectFirst(factored, vector.row0_8);
  expectFirst(factored.subarray((n - 1) * n), vector.rowLast_8);
  expectDouble(factored[n * n - 1]!, vector.lastDiag);
  expectDigest(factored, vector.LU);
  expect(lu.luChecksum(layout)).toBe(vector.LU.fnv1a64);

  const right = Float64Array.from({ length: n }, () => random.next());
  const solution = solve(factored, pivot, right);
  expectDigest(solution, vector.solveX);
  expectDouble(meanAbsoluteResidual(matrix, solution, right), vector.meanAbsResidual);

  // A second pass starts from the copy and from rows in order, and so ends alike.
  factor();
  expect(lu.luChecksum(layout)).toBe(vector.LU.fnv1a64);
}

/** SciMark's error of a round trip. */
function rootMeanSquare(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k]! - b[k]!) * (a[k]! - b[k]!);
  return Math.sqrt(sum / a.length);
}

/** Solves A x = b from the factors of A and their exchanges, in SciMark's order of operations. */
export function solve(factored: Float64Array, pivot: Int32Array, right: Float64Array): Float64Array {
  const n = right.length;
  const x = right.slice();
  for (let row = 0; row < n; row++) {
    let sum = x[pivot[row]!]!;
    x[pivot[row]!] = x[row]!;
    for (let k = 0; k < row; k++) sum -= factored[row * n + k]! * x[k]!;
    x[row] = sum;
  }
  for (let row = n - 1; row >= 0; row--) {
    let sum = x[row]!;
    for (let k = row + 1; k < n; k++) sum -= factored[row * n + k]! * x[k]!;
    x[row] = sum / factored[row * n + row]!;
  }
  return x;
}

/** Mean of |b - A x|. */
export function meanAbsoluteResidual(matrix: Float64Array, x: Float64Array, right: Float64Array): number {
  const n = right.length;
  let total = 0;
  for (let row = 0; row < n; row++) {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += matrix[row * n + k]! * x[k]!;
    total += Math.abs(right[row]! - sum);
  }
  return total / n;
}
