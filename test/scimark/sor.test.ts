/** Tests of the relaxation against the reference vectors and by its properties. */

import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { allocateHeap } from '../../scimark/heap.ts';
import { createRandom } from '../../scimark/random.ts';
import { reference } from '../../scimark/reference.ts';
import { OMEGA, relax } from '../../scimark/sor.ts';
import { checkSor, SMALL_ROOM } from './checks.ts';
import { VECTORS } from './vectors.ts';

beforeAll(() => allocateHeap(SMALL_ROOM.doubles, SMALL_ROOM.ints));

describe('the relaxation equals NIST bit for bit', () => {
  test.each(VECTORS.sor.filter(({ N }) => N <= 100))('at $M by $N', (vector) => {
    checkSor(reference, vector, createRandom(VECTORS.constants.RANDOM_SEED));
  });

  test('with the relaxation factor of the vectors', () => {
    expect(OMEGA).toBe(VECTORS.constants.SOR_OMEGA);
  });
});

describe('properties', () => {
  const grids = fc.record({
    rows: fc.integer({ min: 2, max: 12 }),
    columns: fc.integer({ min: 2, max: 12 }),
    at: fc.integer({ min: 16, max: 200 }),
    seed: fc.integer({ min: 1, max: 1e6 }),
  });

  test('the border keeps its values, and nothing outside of the grid changes', () => {
    fc.assert(
      fc.property(grids, ({ rows, columns, at, seed }) => {
        const random = createRandom(seed);
        const end = at + rows * columns + 16;
        for (let k = 0; k < end; k++) heapF64[k] = random.next();
        const before = heapF64.slice(0, end);
        relax(at, rows, columns, OMEGA, 3);
        for (let k = 0; k < end; k++) {
          const row = Math.floor((k - at) / columns);
          const column = k - at - row * columns;
          const inner = row > 0 && row < rows - 1 && column > 0 && column < columns - 1;
          if (!inner) expect(heapF64[k]).toBe(before[k]);
        }
      }),
    );
  });

  test('converges to the constant of the border', () => {
    const n = 8;
    heapF64.fill(2, 0, n * n);
    for (let row = 1; row < n - 1; row++) heapF64.fill(0, row * n + 1, row * n + n - 1);
    relax(0, n, n, OMEGA, 200);
    for (let k = 0; k < n * n; k++) expect(heapF64[k]).toBeCloseTo(2, 12);
  });
});
