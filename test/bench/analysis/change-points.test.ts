import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalCost, segmentStarts } from '../../../bench/analysis/stats/change-points.ts';
import { randomStream } from '../../../bench/random.ts';
import { BEYOND, mostHits, trialsOf } from './trials.ts';

const FLOOR = 1e-6;

/** The cost of a segmentation, written independently: two passes over each segment, no running sums. */
function costOf(values: readonly number[], starts: readonly number[], penalty: number, floor = FLOOR): number {
  return starts
    .map((start, index) => {
      const part = values.slice(start, starts[index + 1]);
      const mean = part.reduce((sum, value) => sum + value, 0) / part.length;
      const scatter = part.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      const variance = Math.max(scatter / part.length, floor);
      return part.reduce((sum, value) => sum + Math.log(2 * Math.PI * variance) + (value - mean) ** 2 / variance, 0);
    })
    .reduce((sum, cost) => sum + cost + penalty, -penalty);
}

/** Every way to cut `count` values into segments of at least `least`. */
function* segmentations(count: number, least: number, from = 0): Generator<number[]> {
  if (count - from < least) return;
  yield [from];
  for (let next = from + least; next <= count - least; next++) {
    for (const rest of segmentations(count, least, next)) yield [from, ...rest];
  }
}

function normals(seed: number, count: number, mean = 0, deviation = 1): number[] {
  const stream = randomStream(seed, 1, 'normal');
  const uniform = () => (stream.nextUint32() + 0.5) / 2 ** 32;
  return Array.from(
    { length: count },
    () => mean + deviation * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
}

describe('the cost of a stretch', () => {
  it('is −2 log-likelihood of the normal that fits it: by hand for 1, 3 it is 2 ln 2π + 2', () => {
    // Mean 2, variance 1, so each value has ln 2π + 1.
    expect(normalCost([1, 3], FLOOR)(0, 2)).toBeCloseTo(2 * Math.log(2 * Math.PI) + 2, 12);
  });

  it('holds the variance at the floor: equal values are likely, but not without bound', () => {
    expect(normalCost([5, 5, 5], 0.01)(0, 3)).toBeCloseTo(3 * Math.log(2 * Math.PI * 0.01), 12);
  });

  it('never grows when a stretch is split, which is what the pruning rests on', () => {
    const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(values, fc.nat(), (list, at) => {
        const cost = normalCost(list, 1e-3);
        const cut = 1 + (at % (list.length - 1));
        const whole = cost(0, list.length);
        expect(cost(0, cut) + cost(cut, list.length)).toBeLessThanOrEqual(whole + 1e-6 * (1 + Math.abs(whole)));
      }),
    );
  });
});

describe('the segmentation', () => {
  it('is the best of all there are, found by trying every one, for any least length and penalty', () => {
    // Steps from a few levels, so that good segmentations are many and differ little.
    const values = fc.array(
      fc.tuple(fc.constantFrom(0, 0, 0, 1, 5), fc.double({ min: -1, max: 1, noNaN: true })).map(([a, b]) => a + b),
      { minLength: 1, maxLength: 11 },
    );
    const penalties = fc.double({ min: 0, max: 12, noNaN: true });
    let cut = 0;
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 4 }), penalties, (list, least, penalty) => {
        const starts = segmentStarts(list, { penalty, least, varianceFloor: FLOOR });
        if (starts.length > 1) cut += 1;
        const all = [...segmentations(list.length, least)];
        const best =
          all.length === 0 ? costOf(list, [0], penalty) : Math.min(...all.map((it) => costOf(list, it, penalty)));
        expect(costOf(list, starts, penalty)).toBeLessThanOrEqual(best + 1e-6 * (1 + Math.abs(best)));
        expect(starts[0]).toBe(0);
        for (const [index, start] of starts.entries()) {
          const end = starts[index + 1] ?? list.length;
          if (list.length >= least) expect(end - start).toBeGreaterThanOrEqual(least);
        }
      }),
      { numRuns: 2000, seed: 42 },
    );
    expect(cut).toBeGreaterThan(200);
  });

  it.each([
    ['a step of the mean', [...normals(1, 20), ...normals(2, 25, 8)], [0, 20]],
    ['a change of the spread alone', [...normals(3, 60, 0, 1), ...normals(4, 60, 0, 12)], [0, 60]],
    ['three levels', [...normals(5, 30), ...normals(6, 30, 10), ...normals(7, 40, -6)], [0, 30, 60]],
    ['nothing', normals(8, 200), [0]],
  ])('finds %s where it is', (_, values, expected) => {
    const starts = segmentStarts(values, { penalty: 15 * Math.log(values.length), least: 2, varianceFloor: FLOOR });
    expect(starts).toHaveLength(expected.length);
    for (const [index, start] of starts.entries())
      expect(Math.abs(start - (expected[index] ?? 0))).toBeLessThanOrEqual(2);
  });

  it('sees no change where there is none, in all but two of a thousand series', () => {
    const trials = trialsOf(1000);
    let wrong = 0;
    for (let seed = 0; seed < trials; seed++) {
      const values = normals(100 + seed, 30, 1, 0.01);
      const starts = segmentStarts(values, { penalty: 15 * Math.log(30), least: 2, varianceFloor: FLOOR });
      if (starts.length > 1) wrong += 1;
    }
    expect(wrong).toBeLessThanOrEqual(mostHits(0.002, trials, BEYOND.two));
  });

  it('of nothing is nothing, of too few values one segment', () => {
    const options = { penalty: 1, least: 2, varianceFloor: FLOOR };
    expect(segmentStarts([], options)).toEqual([]);
    expect(segmentStarts([1], options)).toEqual([0]);
    expect(segmentStarts([1, 100, 5], options)).toEqual([0]);
  });
});
