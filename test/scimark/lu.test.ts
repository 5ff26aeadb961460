/** Tests of the factorisation against the reference vectors and by what it is for: solving systems. */

import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { allocateHeap } from '../../scimark/heap.ts';
import { copySource, factor, luLayout } from '../../scimark/lu.ts';
import { createRandom } from '../../scimark/random.ts';
import { reference } from '../../scimark/reference.ts';
import { checkLu, meanAbsoluteResidual, SMALL_ROOM, solve } from './checks.ts';
import { VECTORS } from './vectors.ts';

beforeAll(() => allocateHeap(SMALL_ROOM.doubles, SMALL_ROOM.ints));

describe('the factorisation equals NIST bit for bit', () => {
  test.each(VECTORS.lu.filter(({ N }) => N <= 100))('at N = $N', (vector) => {
    checkLu(reference, vector, createRandom(VECTORS.constants.RANDOM_SEED));
  });
});

test('its factors solve the system, for any matrix and any place in the heap', () => {
  const systems = fc.integer({ min: 1, max: 20 }).chain((n) =>
    fc.record({
      n: fc.constant(n),
      f64: fc.nat({ max: 100 }),
      i32: fc.nat({ max: 100 }),
      matrix: fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: n * n, maxLength: n * n }),
      right: fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: n, maxLength: n }),
    }),
  );
  fc.assert(
    fc.property(systems, ({ n, f64, i32, matrix, right }) => {
      const layout = luLayout({ f64, i32 }, n);
      heapF64.set(matrix, layout.source);
      copySource(layout);
      fc.pre(factor(n, layout.rows, layout.pivots));
      const starts = [...heapI32.subarray(layout.rows, layout.rows + n)];
      const factored = Float64Array.from(starts.flatMap((start) => [...heapF64.subarray(start, start + n)]));
      const b = Float64Array.from(right);
      const x = solve(factored, heapI32.slice(layout.pivots, layout.pivots + n), b);
      // Pivoting bounds the error by the size of the solution, however ill-conditioned the matrix is.
      const size = x.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
      expect(meanAbsoluteResidual(Float64Array.from(matrix), x, b)).toBeLessThan(1e-9 * n * size);
      expect([...heapF64.subarray(layout.source, layout.source + n * n)]).toEqual(matrix);
    }),
  );
});

test('a singular matrix is refused', () => {
  const layout = luLayout({ f64: 0, i32: 0 }, 3);
  heapF64.set([1, 2, 3, 2, 4, 6, 1, 1, 1], 0);
  copySource(layout);
  expect(factor(3, layout.rows, layout.pivots)).toBe(false);
});
