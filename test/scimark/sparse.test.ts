/** Tests of the sparse product against the reference vectors and against a dense product. */

import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { allocateHeap } from '../../scimark/heap.ts';
import { fillF64 } from '../../scimark/kernel.ts';
import { createRandom } from '../../scimark/random.ts';
import { reference } from '../../scimark/reference.ts';
import { multiply, sparseLayout, writeStructure } from '../../scimark/sparse.ts';
import { checkSparse, SMALL_ROOM } from './checks.ts';
import { VECTORS } from './vectors.ts';

beforeAll(() => allocateHeap(SMALL_ROOM.doubles, SMALL_ROOM.ints));

describe('the product equals NIST bit for bit', () => {
  test.each(VECTORS.sparse.filter(({ N }) => N <= 1000))('at N = $N with $nz nonzeros', (vector) => {
    checkSparse(reference, vector, createRandom(VECTORS.constants.RANDOM_SEED));
  });
});

test('agrees with the dense product for any size and any place in the heap', () => {
  const shapes = fc.record({
    n: fc.integer({ min: 1, max: 40 }),
    perRow: fc.integer({ min: 1, max: 8 }),
    surplus: fc.nat({ max: 100 }),
    f64: fc.nat({ max: 100 }),
    i32: fc.nat({ max: 100 }),
    seed: fc.integer({ min: 1, max: 1e6 }),
  });
  fc.assert(
    fc.property(shapes, ({ n, perRow, surplus, f64, i32, seed }) => {
      // The widest row must not reach past the last column.
      fc.pre(perRow <= n);
      const layout = sparseLayout({ f64, i32 }, n, n * perRow + (surplus % n));
      const random = createRandom(seed);
      expect(layout.perRow).toBe(perRow);
      fillF64(layout.x, n, random);
      fillF64(layout.values, n * perRow, random);
      writeStructure(layout);
      multiply(layout);
      for (let row = 0; row < n; row++) {
        const distance = Math.max(1, Math.floor(row / perRow));
        const dense = new Float64Array(n);
        for (let k = 0; k < perRow; k++) dense[k * distance] = heapF64[layout.values + row * perRow + k]!;
        const sum = dense.reduce((total, value, column) => total + value * heapF64[layout.x + column]!, 0);
        expect(heapF64[layout.y + row]).toBeCloseTo(sum, 12);
      }
    }),
  );
});
