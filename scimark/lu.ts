/** LU factorisation of a dense matrix with partial pivoting, right-looking, in place. */

import type { Engine, LuLayout } from './engine.ts';
import { bytesOfF64, fnv1a64 } from './fnv.ts';
import { type Place, wholeLinesF64, wholeLinesI32 } from './heap.ts';
import { fillF64, type Kernel, type KernelSize } from './kernel.ts';

/** Lays out the factorisation of an `n` by `n` matrix. */
export function luLayout({ f64, i32 }: Place, n: number): LuLayout {
  return { n, source: f64, matrix: f64 + wholeLinesF64(n * n), rows: i32, pivots: i32 + wholeLinesI32(n) };
}

/** Copies the source over the work matrix and puts the rows back in order, so that every pass is the same work. */
export function copySource({ n, source, matrix, rows }: LuLayout): void {
  heapF64.copyWithin(matrix, source, source + n * n);
  for (let row = 0; row < n; row++) heapI32[rows + row] = matrix + row * n;
}

/**
 * Factors the matrix whose rows start at the offsets in the table `rows`. Leaves L (unit diagonal, not stored) and U in
 * place of it, the exchanges in `pivots`. Returns false for a singular matrix, at the first pivot of zero.
 */
export function factor(n: number, rows: number, pivots: number): boolean {
  for (let j = 0; j < n; j = (j + 1) | 0) {
    let pivot = j;
    let largest = Math.abs(heapF64[(heapI32[(rows + j) | 0]! + j) | 0]!);
    for (let i = (j + 1) | 0; i < n; i = (i + 1) | 0) {
      const candidate = Math.abs(heapF64[(heapI32[(rows + i) | 0]! + j) | 0]!);
      if (candidate > largest) {
        pivot = i;
        largest = candidate;
      }
    }
    heapI32[(pivots + j) | 0] = pivot;
    if (largest === 0) return false;

    const pivotRow = heapI32[(rows + pivot) | 0]!;
    heapI32[(rows + pivot) | 0] = heapI32[(rows + j) | 0]!;
    heapI32[(rows + j) | 0] = pivotRow;

    const reciprocal = 1 / heapF64[(pivotRow + j) | 0]!;
    for (let i = (j + 1) | 0; i < n; i = (i + 1) | 0) {
      heapF64[(heapI32[(rows + i) | 0]! + j) | 0]! *= reciprocal;
    }
    for (let i = (j + 1) | 0; i < n; i = (i + 1) | 0) {
      subtractMultiple(heapI32[(rows + i) | 0]!, pivotRow, j, n);
    }
  }
  return true;
}

/** Row `to` less its element `j` times row `from`, right of column `j`. Two at a time, to halve the cost of the loop. */
function subtractMultiple(to: number, from: number, j: number, n: number): void {
  const multiplier = heapF64[(to + j) | 0]!;
  const last = (to + n - 1) | 0;
  let k = (to + j + 1) | 0;
  let f = (from + j + 1) | 0;
  for (; k < last; k = (k + 2) | 0, f = (f + 2) | 0) {
    heapF64[k]! -= multiplier * heapF64[f]!;
    heapF64[k + 1]! -= multiplier * heapF64[f + 1]!;
  }
  if (k === last) heapF64[k]! -= multiplier * heapF64[f]!;
}

/** FNV-1a 64 over the factored matrix, rows in the order of the row table. */
export function luChecksum({ n, rows }: LuLayout): string {
  return fnv1a64(Array.from({ length: n }, (_, row) => bytesOfF64(heapI32[rows + row]!, n)));
}

/** By SciMark's formula: the leading term of the factorisation; the copy isn't counted. */
export function flopsOf(n: number): number {
  return (2 * n * n * n) / 3;
}

function sizeOf(n: number, referenceChecksum: string): KernelSize {
  return {
    parameters: { N: n },
    doubles: 2 * wholeLinesF64(n * n),
    ints: 2 * wholeLinesI32(n),
    flops: flopsOf(n),
    referenceChecksum,
  };
}

export function luKernel(engine: Engine): Kernel {
  return {
    id: 'lu',
    title: 'LU factorisation',
    summary: 'dense matrix with partial pivoting: long rows of multiply and subtract',
    repeatable: true,
    sizes: {
      // N = 100 and 1000 are in the reference vectors (`LU`); N = 10 from this seed isn't there and was computed with
      // these kernels.
      tiny: sizeOf(10, 'fcb2e7deb56247a6'),
      small: sizeOf(100, '5332f14812990285'),
      large: sizeOf(1000, '213e247cef979b84'),
    },
    prepare(size, place, random) {
      const layout = luLayout(place, this.sizes[size].parameters.N!);
      const { n, source, matrix } = layout;
      fillF64(source, n * n, random);
      copySource(layout);
      const factored = engine.lu.bind(layout);
      return {
        pass() {
          if (!factored()) heapF64[matrix] = Number.NaN;
        },
        checksum: () => luChecksum(layout),
      };
    },
  };
}
