/** The signed-rank distribution against counting and published tables; Hodges–Lehmann against a textbook example. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  hodgesLehmann,
  signedRankCritical,
  signedRankDistribution,
  walshAverages,
} from '../../../bench/analysis/stats/signed-rank.ts';

describe('signedRankDistribution', () => {
  it.each([1, 2, 5, 10])('counts every sign pattern of %i ranks', (n) => {
    const counts = new Array<number>((n * (n + 1)) / 2 + 1).fill(0);
    for (let signs = 0; signs < 2 ** n; signs++) {
      let sum = 0;
      for (let rank = 1; rank <= n; rank++) if (signs & (1 << (rank - 1))) sum += rank;
      counts[sum] = (counts[sum] ?? 0) + 1;
    }
    let below = 0;
    const expected = counts.map((count) => {
      below += count;
      return below / 2 ** n;
    });
    expect([...signedRankDistribution(n)]).toEqual(expected);
  });

  it('stays finite and ends at 1 for more values than a count could hold', () => {
    const cumulative = signedRankDistribution(200);
    expect(cumulative.at(-1)).toBeCloseTo(1, 12);
    expect(cumulative[10_050]).toBeCloseTo(0.5, 2);
  });
});

describe('signedRankCritical', () => {
  // Two-sided 5 % points as printed in textbooks, among them Hollander and Wolfe, "Nonparametric Statistical Methods".
  it.each([
    [5, -1],
    [6, 0],
    [7, 2],
    [8, 3],
    [9, 5],
    [10, 8],
    [12, 13],
    [15, 25],
    [20, 52],
    [25, 89],
  ])('gives the tabled critical value for %i pairs', (n, critical) => {
    expect(signedRankCritical(n, 0.025)).toBe(critical);
  });
});

describe('hodgesLehmann', () => {
  it('finds the published estimate for the depression scores of Hollander and Wolfe (example 3.3)', () => {
    const before = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3];
    const after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
    const result = hodgesLehmann(before.map((value, index) => value - (after[index] ?? 0)));
    expect(result?.estimate).toBeCloseTo(0.46, 3);
  });

  it('spans all values with six of them, and has no interval below six', () => {
    const values = [0.3, -0.1, 0.2, 0.05, 0.4, 0.12];
    expect(hodgesLehmann(values)?.interval).toEqual({ low: -0.1, high: 0.4 });
    expect(hodgesLehmann(values.slice(1))).toBeNull();
    expect(hodgesLehmann([])).toBeNull();
  });

  it('takes the Walsh averages that the critical value names', () => {
    const values = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
    const averages = walshAverages(values);
    expect(averages).toHaveLength(55);
    expect(hodgesLehmann(values)?.interval).toEqual({ low: averages[8], high: averages[46] });
  });

  it('moves with a shift, turns with a sign, and holds its estimate', () => {
    const some = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 6, maxLength: 14 });
    fc.assert(
      fc.property(some, (values) => {
        const plain = hodgesLehmann(values);
        const shifted = hodgesLehmann(values.map((value) => value + 100));
        const turned = hodgesLehmann(values.map((value) => -value));
        expect(shifted?.estimate).toBeCloseTo((plain?.estimate ?? Number.NaN) + 100, 9);
        expect(turned?.interval.low).toBeCloseTo(-(plain?.interval.high ?? Number.NaN), 9);
        expect(plain?.interval.low).toBeLessThanOrEqual(plain?.estimate ?? Number.NaN);
        expect(plain?.interval.high).toBeGreaterThanOrEqual(plain?.estimate ?? Number.NaN);
      }),
    );
  });
});
