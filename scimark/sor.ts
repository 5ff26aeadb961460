/** Successive over-relaxation: Gauss-Seidel sweeps with a five-point stencil over a square grid. */

import type { Engine } from './engine.ts';
import { checksumF64 } from './fnv.ts';
import { wholeLinesF64 } from './heap.ts';
import { fillF64, type Kernel, type KernelSize } from './kernel.ts';

/** SciMark's relaxation factor. */
export const OMEGA = 1.25;

/** `iterations` sweeps over the inner points of a grid of `rows` by `columns` from offset `at`, in place. */
export function relax(at: number, rows: number, columns: number, omega: number, iterations: number): void {
  const quarterOmega = omega * 0.25;
  const oneMinusOmega = 1 - omega;
  for (let sweep = 0; sweep < iterations; sweep++) {
    for (let row = 1; row < rows - 1; row++) {
      const first = (at + Math.imul(row, columns)) | 0;
      const end = (first + columns - 1) | 0;
      // The left neighbour stays in a register: read back from memory, it would lengthen the chain of waiting.
      let left = heapF64[first]!;
      for (let here = (first + 1) | 0; here < end; here = (here + 1) | 0) {
        // The order of the sum is part of the result: ((up + down) + left) + right.
        const around =
          heapF64[(here - columns) | 0]! + heapF64[(here + columns) | 0]! + left + heapF64[(here + 1) | 0]!;
        left = quarterOmega * around + oneMinusOmega * heapF64[here]!;
        heapF64[here] = left;
      }
    }
  }
}

/** By SciMark's formula, which counts (N-1)² points though (N-2)² are relaxed. */
export function flopsOf(n: number): number {
  return (n - 1) * (n - 1) * 6;
}

function sizeOf(n: number, referenceChecksum: string): KernelSize {
  return { parameters: { N: n }, doubles: wholeLinesF64(n * n), ints: 0, flops: flopsOf(n), referenceChecksum };
}

export function sorKernel(engine: Engine): Kernel {
  return {
    id: 'sor',
    title: 'Successive over-relaxation',
    summary: 'five-point stencil over a grid: each point waits for its left neighbour',
    repeatable: false,
    sizes: {
      // N = 100 and 1000 are in the reference vectors (`grid` after 1 iteration); N = 10 from this seed isn't there and
      // was computed with these kernels.
      tiny: sizeOf(10, 'b6d0f8ae0e558a2d'),
      small: sizeOf(100, 'ea63fda1c84e4f0b'),
      large: sizeOf(1000, '3c5268e84fa61a93'),
    },
    prepare(size, { f64: at }, random) {
      const n = this.sizes[size].parameters.N!;
      fillF64(at, n * n, random);
      const relaxed = engine.sor.bind({ at, rows: n, columns: n });
      return {
        pass: () => relaxed(OMEGA, 1),
        checksum: () => checksumF64(at, n * n),
      };
    },
  };
}
