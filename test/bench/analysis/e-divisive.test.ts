import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trendOf } from '../../../bench/analysis/history.ts';
import { bestSplit, changePoints, WHOLE_SEARCH } from '../../../bench/analysis/stats/e-divisive.ts';
import { randomStream } from '../../../bench/random.ts';
import { BEYOND, mostHits, trialsOf } from './trials.ts';

/** The statistic by its definition, pair by pair: Matteson and James 2014, equations 5 to 7, α = 1. */
function energyByDefinition(x: readonly number[], y: readonly number[]): number {
  const [m, n] = [x.length, y.length];
  let [between, first, second] = [0, 0, 0];
  for (const a of x) for (const b of y) between += Math.abs(a - b);
  for (let i = 0; i < m; i++) for (let k = 0; k < i; k++) first += Math.abs((x[i] ?? 0) - (x[k] ?? 0));
  for (let i = 0; i < n; i++) for (let k = 0; k < i; k++) second += Math.abs((y[i] ?? 0) - (y[k] ?? 0));
  const pairs = (count: number) => (count * (count - 1)) / 2;
  return ((m * n) / (m + n)) * ((2 * between) / (m * n) - first / pairs(m) - second / pairs(n));
}

function bestByDefinition(values: readonly number[], least: number, ends: 'all' | 'last'): number {
  let best = Number.NEGATIVE_INFINITY;
  for (let end = ends === 'all' ? 2 * least : values.length; end <= values.length; end++) {
    for (let split = least; split <= end - least; split++) {
      best = Math.max(best, energyByDefinition(values.slice(0, split), values.slice(split, end)));
    }
  }
  return best;
}

/** Normal noise with steps: [length, level] each. */
function series(seed: number, noise: number, ...steps: [number, number][]): number[] {
  const stream = randomStream(seed, 0, 'test');
  const uniform = () => (stream.nextUint32() + 1) / 2 ** 32;
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  return steps.flatMap(([length, level]) => Array.from({ length }, () => level + noise * normal()));
}

const OPTIONS = { least: 3, alpha: 0.001, permutations: 999, seed: 1 };
const places = (values: readonly number[]) => changePoints(values, OPTIONS).map(({ at }) => at);

describe('the best split', () => {
  it('of 0 0 0 1 1 1 is in the middle, with Q = 3 · 3 ÷ 6 · (2 · 1 − 0 − 0) = 3', () => {
    expect(bestSplit([0, 0, 0, 1, 1, 1], 3)).toEqual({ at: 3, q: 3 });
  });

  it('of 0 2 4 5 5 5, by hand: between 27 ÷ 9, within 8 ÷ 3 and 0, so Q = 1.5 · (6 − 8 ÷ 3) = 5', () => {
    expect(bestSplit([0, 2, 4, 5, 5, 5], 3)?.q).toBeCloseTo(5, 12);
  });

  it('ends the second sample where that shows more: an excursion is not diluted by what follows', () => {
    const values = [0, 0, 0, 0, 9, 9, 9, 0, 0, 0, 0, 0];
    expect(bestSplit(values, 3)).toEqual({ at: 4, q: bestByDefinition(values, 3, 'all') });
    expect(bestByDefinition(values, 3, 'all')).toBeGreaterThan(bestByDefinition(values, 3, 'last'));
  });

  it('has the Q of the definition, for any series and least length', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 6, maxLength: 24 }),
        fc.integer({ min: 2, max: 3 }),
        (values, least) => {
          const found = bestSplit(values, least);
          expect(found?.q).toBeCloseTo(bestByDefinition(values, least, 'all'), 8);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('of a long series reaches to its end, with the Q of the definition, values that are equal included', () => {
    const noisy = series(5, 1, [200, 0], [120, 0.5]);
    const rounded = noisy.map((value) => Math.round(value * 2) / 2);
    for (const values of [noisy, rounded]) {
      expect(values.length).toBeGreaterThan(WHOLE_SEARCH);
      expect(bestSplit(values, 3)?.q).toBeCloseTo(bestByDefinition(values, 3, 'last'), 8);
    }
  });

  it('is none in a series that is too short for two samples', () => {
    expect(bestSplit([1, 2, 3, 4, 5], 3)).toBeNull();
  });
});

describe('change points', () => {
  it('are the steps of a series, up and down', () => {
    const values = series(11, 0.004, [20, 0], [20, 0.03], [20, 0.01]);
    const [first = 0, second = 0, ...more] = places(values);
    expect(more).toEqual([]);
    expect(Math.abs(first - 20)).toBeLessThanOrEqual(1);
    expect(Math.abs(second - 40)).toBeLessThanOrEqual(1);
  });

  it('are found in a long series too', () => {
    const found = places(series(12, 0.01, [400, 0], [300, 0.02]));
    expect(found).toHaveLength(1);
    expect(Math.abs((found[0] ?? 0) - 400)).toBeLessThanOrEqual(5);
  });

  it('are the same for the same series, whatever its unit and origin', () => {
    const values = series(13, 0.01, [15, 0], [15, 0.04]);
    expect(changePoints(values, OPTIONS)).toEqual(changePoints(values, OPTIONS));
    expect(places(values.map((value) => 1000 * value + 5))).toEqual(places(values));
  });

  it('are none in a constant series, and in noise in no more than chance allows at p <= 0.001', () => {
    expect(places(Array.from({ length: 40 }, () => 1))).toEqual([]);
    const trials = trialsOf(400);
    const alarms = Array.from({ length: trials }, (_, seed) => places(series(1000 + seed, 1, [24, 0]))).filter(
      ({ length }) => length > 0,
    );
    expect(alarms.length).toBeLessThanOrEqual(mostHits(0.001, trials, BEYOND.two));
  });

  it('keep the least length of segments', () => {
    const values = series(14, 0.001, [30, 0], [2, 0.5]);
    for (const at of places(values)) expect(values.length - at).toBeGreaterThanOrEqual(3);
  });

  it('of a clean step in halves need 14 values: of 12 too many orders show one as clean', () => {
    const step = (half: number) => series(15, 0.001, [half, 0], [half, 1]);
    // 2 of the 924 ways to divide twelve values into halves are as clean: p is about 0.002.
    expect(places(step(6))).toEqual([]);
    expect(places(step(8))).toEqual([8]);
  });
});

describe('a trend', () => {
  it('has levels between its changes, the size of each change, and the scatter within levels', () => {
    const { levels, changes, searched, scatterLog } = trendOf(series(16, 0.003, [20, 0], [20, 0.05]));
    expect(searched).toBe(true);
    expect(levels.map(({ from, to }) => [from, to])).toEqual([
      [0, 20],
      [20, 40],
    ]);
    expect(changes).toHaveLength(1);
    expect(changes[0]?.pValue).toBe(0.001);
    expect(changes[0]?.changeLog).toBeCloseTo(0.05, 2);
    expect(scatterLog).toBeGreaterThan(0.002);
    expect(scatterLog).toBeLessThan(0.004);
  });

  it('is not searched with fewer than twelve sessions, and says so', () => {
    const trend = trendOf(series(17, 0.0001, [5, 0], [6, 1]));
    expect(trend).toMatchObject({ searched: false, changes: [] });
    expect(trend.levels).toHaveLength(1);
    expect(trendOf([0.1])).toMatchObject({ scatterLog: null });
  });
});
