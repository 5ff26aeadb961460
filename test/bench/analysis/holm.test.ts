/** Holm's procedure on a worked example, and p-values from intervals. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALPHA, holm, pValueOf } from '../../../bench/analysis/stats/holm.ts';
import { ratioOf } from '../../../bench/analysis/stats/interval.ts';

const pOf = (values: readonly number[]) => {
  const { ratio, interval } = ratioOf(values);
  return pValueOf({ timeRatio: ratio, interval, blocks: values.length });
};

describe('holm', () => {
  it('adjusts as computed by hand, in the order of the input', () => {
    // Sorted 0.005·4, 0.01·3, 0.03·2, then 0.04·1 raised to the one before.
    const expected = [0.03, 0.06, 0.06, 0.02];
    for (const [index, p] of holm([0.01, 0.04, 0.03, 0.005]).entries()) expect(p).toBeCloseTo(expected[index] ?? 0, 12);
    expect(holm([])).toEqual([]);
    expect(holm([0.4])).toEqual([0.4]);
    expect(holm([0.9, 0.8])).toEqual([1, 1]);
  });

  it('lies between no adjustment and Bonferroni, and keeps the order', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 }), (pValues) => {
        const adjusted = holm(pValues);
        for (const [index, p] of pValues.entries()) {
          expect(adjusted[index]).toBeGreaterThanOrEqual(p);
          expect(adjusted[index]).toBeLessThanOrEqual(Math.min(1, p * pValues.length));
          for (const [other, q] of pValues.entries()) {
            if (p < q) expect(adjusted[index]).toBeLessThanOrEqual(adjusted[other] ?? 0);
          }
        }
      }),
    );
  });
});

describe('pValueOf', () => {
  it('is 5 % exactly where the interval of 95 % ends at 1', () => {
    const halfWidth = 0.01;
    const row = { timeRatio: Math.exp(halfWidth), interval: { low: 1, high: Math.exp(2 * halfWidth) }, blocks: 6 };
    expect(pValueOf(row)).toBeCloseTo(ALPHA, 10);
  });

  it('is that of the one-sample t test', () => {
    // Mean 0.01375, sum of squares about it 0.00066875, 3 degrees of freedom.
    const values = [0.01, 0.02, 0.03, -0.005];
    const t = 0.01375 / (Math.sqrt(0.00066875 / 3) / 2);
    // Closed form for 3 degrees of freedom (Abramowitz and Stegun 26.7.4).
    const angle = Math.atan(t / Math.sqrt(3));
    const expected = 1 - (2 / Math.PI) * (angle + Math.sin(angle) * Math.cos(angle));
    expect(pOf(values)).toBeCloseTo(expected, 10);
  });

  it('is 1 where nothing is known or nothing differs, and 0 for equal differences', () => {
    expect(pOf([0.3])).toBe(1);
    expect(pOf([0, 0, 0])).toBe(1);
    expect(pOf([0.5, 0.5, 0.5])).toBe(0);
    expect(pValueOf({ timeRatio: 2, interval: { low: 0, high: Number.POSITIVE_INFINITY }, blocks: 2 })).toBe(1);
  });
});
