/** Sparse matrix times vector: compressed rows, y = A x, indirect access. */

import type { Engine, SparseLayout } from './engine.ts';
import { checksumF64 } from './fnv.ts';
import { type Place, wholeLinesF64, wholeLinesI32 } from './heap.ts';
import { fillF64, type Kernel, type KernelSize } from './kernel.ts';

/** Lays out an `n` by `n` matrix. `nonzeros` is cut to a multiple of `n`, as in SciMark. */
export function sparseLayout({ f64, i32 }: Place, n: number, nonzeros: number): SparseLayout {
  const y = f64 + wholeLinesF64(n);
  return {
    n,
    perRow: Math.floor(nonzeros / n),
    x: f64,
    y,
    values: y + wholeLinesF64(n),
    rows: i32,
    columns: i32 + wholeLinesI32(n + 1),
  };
}

/** Writes the structure: each row's nonzeros at equal distances from column 0 on, wider in lower rows. */
export function writeStructure({ n, perRow, x, rows, columns }: SparseLayout): void {
  for (let row = 0; row < n; row++) {
    const start = columns + row * perRow;
    const distance = Math.max(1, Math.floor(row / perRow));
    heapI32[rows + row] = start;
    for (let k = 0; k < perRow; k++) heapI32[start + k] = x + k * distance;
  }
  heapI32[rows + n] = columns + n * perRow;
}

/** y = A x. The sum runs in the order of the row: partial sums would round differently. */
export function multiply({ n, y, values, rows, columns }: SparseLayout): void {
  const apart = (values - columns) | 0;
  for (let row = 0; row < n; row = (row + 1) | 0) {
    let sum = 0;
    const end = heapI32[(rows + row + 1) | 0]!;
    for (let k = heapI32[(rows + row) | 0]!; k < end; k = (k + 1) | 0) {
      sum += heapF64[heapI32[k]!]! * heapF64[(k + apart) | 0]!;
    }
    heapF64[(y + row) | 0] = sum;
  }
}

/** By SciMark's formula: a multiplication and an addition for each stored nonzero. */
export function flopsOf(n: number, nonzeros: number): number {
  return Math.floor(nonzeros / n) * n * 2;
}

function sizeOf(n: number, nonzeros: number, referenceChecksum: string): KernelSize {
  const stored = Math.floor(nonzeros / n) * n;
  return {
    parameters: { N: n, nonzeros },
    doubles: 2 * wholeLinesF64(n) + wholeLinesF64(stored),
    ints: wholeLinesI32(n + 1) + wholeLinesI32(stored),
    flops: flopsOf(n, nonzeros),
    referenceChecksum,
  };
}

export function sparseKernel(engine: Engine): Kernel {
  return {
    id: 'sparse',
    title: 'Sparse matrix multiply',
    summary: 'compressed rows times a vector: indirect, uneven access to memory',
    repeatable: true,
    sizes: {
      // All three are in the reference vectors (`y`).
      tiny: sizeOf(10, 50, 'd5e5fd48992db2fa'),
      small: sizeOf(1000, 5000, '3a8c7e28d9f19b98'),
      large: sizeOf(100000, 1000000, '605ec483ccd1ca8d'),
    },
    prepare(size, place, random) {
      const { N, nonzeros } = this.sizes[size].parameters;
      const layout = sparseLayout(place, N!, nonzeros!);
      const { n, x, y, values, perRow } = layout;
      fillF64(x, n, random);
      fillF64(values, n * perRow, random);
      heapF64.fill(0, y, y + n);
      writeStructure(layout);
      const product = engine.sparse.bind(layout);
      return {
        pass: product,
        checksum: () => checksumF64(y, n),
      };
    },
  };
}
