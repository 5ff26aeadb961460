import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binomialInterval } from '../../../bench/analysis/stats/binomial.ts';

describe('the exact interval of a share', () => {
  // Ends from the closed forms where there are such (0 and all of n), else from tables of Clopper and Pearson's interval.
  it.each([
    [0, 10, 0, 0.3084971],
    [10, 10, 0.6915029, 1],
    [5, 10, 0.187086, 0.812914],
    [16, 20, 0.563386, 0.942666],
    [17, 20, 0.621073, 0.967929],
    [19, 20, 0.751271, 0.998735],
  ])('%i of %i', (hits, count, low, high) => {
    const interval = binomialInterval(hits, count);
    expect(interval.low).toBeCloseTo(low, 5);
    expect(interval.high).toBeCloseTo(high, 5);
  });

  it('of none of n and of all n is that of the closed form', () => {
    for (const count of [1, 7, 200, 5000]) {
      expect(binomialInterval(0, count).high).toBeCloseTo(1 - 0.025 ** (1 / count), 10);
      expect(binomialInterval(count, count).low).toBeCloseTo(0.025 ** (1 / count), 10);
    }
  });

  it('contains the share, mirrors, and is everything without trials', () => {
    expect(binomialInterval(0, 0)).toEqual({ low: 0, high: 1 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), (count, pick) => {
        const hits = pick % (count + 1);
        const { low, high } = binomialInterval(hits, count);
        const mirrored = binomialInterval(count - hits, count);
        expect(low).toBeLessThanOrEqual(hits / count);
        expect(high).toBeGreaterThanOrEqual(hits / count);
        expect(mirrored.low).toBeCloseTo(1 - high, 9);
        expect(mirrored.high).toBeCloseTo(1 - low, 9);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    [-1, 5],
    [6, 5],
    [1.5, 5],
    [1, Number.NaN],
  ])('%d of %d is refused', (hits, count) => {
    expect(() => binomialInterval(hits, count)).toThrow(RangeError);
  });
});
