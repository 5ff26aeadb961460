/** Jain's index: the values of its paper, and its properties. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jainIndex } from '../../../../bench/analysis/capacity/fairness.ts';

describe('jainIndex', () => {
  it('is 1 for equal shares, and 1/n when one has all', () => {
    expect(jainIndex([3, 3, 3, 3])).toBeCloseTo(1, 12);
    expect(jainIndex([7])).toBe(1);
    expect(jainIndex([0, 0, 5, 0])).toBeCloseTo(1 / 4, 12);
  });

  it('is the share of those that get something when they get the same', () => {
    // The paper's example: 20 of 100 users get a dollar each of 20.
    expect(jainIndex([...Array(20).fill(1), ...Array(80).fill(0)])).toBeCloseTo(0.2, 12);
    // By hand: 6² / (3 · 14).
    expect(jainIndex([1, 2, 3])).toBeCloseTo(36 / 42, 12);
  });

  it('lies between 1/n and 1, and depends neither on the unit nor on the order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e200, noNaN: true }), { minLength: 1, maxLength: 20 }),
        fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
        (shares, unit) => {
          const index = jainIndex(shares);
          if (index === null) {
            expect(shares.every((share) => share === 0)).toBe(true);
            return;
          }
          expect(index).toBeGreaterThanOrEqual(1 / shares.length - 1e-12);
          expect(index).toBeLessThanOrEqual(1 + 1e-12);
          expect(jainIndex([...shares].reverse())).toBeCloseTo(index, 9);
          if (shares.every((share) => share === 0 || share > 1e-100)) {
            expect(jainIndex(shares.map((share) => share * unit))).toBeCloseTo(index, 9);
          }
        },
      ),
    );
  });

  it('is unknown where nothing is shared, and refuses what is no share', () => {
    expect(jainIndex([])).toBeNull();
    expect(jainIndex([0, 0])).toBeNull();
    for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => jainIndex([1, wrong])).toThrow(RangeError);
  });
});
