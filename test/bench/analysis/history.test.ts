/** Changes of a figure over sessions: false alarms when sessions wander, steps, drift, excursions, and what can't be decided. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Trend, trendOf } from '../../../bench/analysis/history.ts';
import { bestExcursion, bestStep, evidenceOf } from '../../../bench/analysis/stats/wandering.ts';
import { randomStream } from '../../../bench/random.ts';
import { BEYOND, leastHits, mostHits, trialsOf } from './trials.ts';

const MARGIN = 0.02;
const SPREAD = 0.005;

/** Noise about the mean of each session, with this lag-1 correlation and standard deviation. */
function series(seed: number, correlation: number, spread: number, means: readonly number[]): number[] {
  const stream = randomStream(seed, means.length, 'history');
  const uniform = () => (stream.nextUint32() + 1) / 2 ** 32;
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  let noise = normal();
  return means.map((level) => {
    const own = noise;
    noise = correlation * noise + Math.sqrt(1 - correlation ** 2) * normal();
    return level + spread * own;
  });
}

const level = (count: number, value = 0) => new Array<number>(count).fill(value);
const step = (before: number, after: number, size = MARGIN) => [...level(before), ...level(after, size)];
const line = (count: number, size: number) => Array.from({ length: count }, (_, index) => (size * index) / (count - 1));

function countOf(trials: number, made: (seed: number) => number[], isHit: (trend: Trend) => boolean): number {
  return Array.from({ length: trials }, (_, seed) => trendOf(made(seed), MARGIN)).filter(isHit).length;
}

const says = ({ changes, driftLog }: Trend) => changes.length > 0 || driftLog !== null;
const isCertain = ({ changes, driftLog }: Trend) => changes.some(({ certain }) => certain) || driftLog !== null;
const isNear = (place: number) => (trend: Trend) =>
  trend.changes.length === 1 && Math.abs((trend.changes[0]?.at ?? 0) - place) <= 2;
const isCertainNear = (place: number) => (trend: Trend) => isNear(place)(trend) && isCertain(trend);

describe('sessions that did not change', () => {
  describe.each([0, 0.5, 0.8])('and wander with a lag-1 correlation of %s', (correlation) => {
    it.each([12, 14, 20, 40, 60])('say so in 99 of 100 series of %i that vary by a quarter of the margin', (count) => {
      const trials = trialsOf(3000);
      const alarms = countOf(trials, (seed) => series(seed, correlation, SPREAD, level(count)), says);
      expect(alarms).toBeLessThanOrEqual(mostHits(0.01, trials, BEYOND.two));
    });

    it.each([12, 14, 20, 40, 60])('have nothing certain in 99 of 100 series of %i, however much they vary', (count) => {
      const trials = trialsOf(3000);
      const alarms = countOf(trials, (seed) => series(seed, correlation, 0.05, level(count)), isCertain);
      expect(alarms).toBeLessThanOrEqual(mostHits(0.01, trials, BEYOND.three));
    });
  });

  it('and do not wander have not even something possible in 99 of 100 series', () => {
    const trials = trialsOf(3000);
    for (const count of [12, 20, 40]) {
      const alarms = countOf(trials, (seed) => series(seed, 0, 0.05, level(count)), says);
      expect(alarms).toBeLessThanOrEqual(mostHits(0.01, trials, BEYOND.three));
    }
  });

  it('or are all alike have no change', () => {
    for (const value of [0, 1, 0.1]) expect(says(trendOf(level(40, value), MARGIN))).toBe(false);
  });
});

describe('a step of 2 % among sessions that vary by 0.5 %', () => {
  it('in the middle is found in 95 of 100 series from 20 sessions on, and is certain from 40 on', () => {
    const trials = trialsOf(2000);
    for (const count of [20, 30, 60]) {
      const found = countOf(trials, (seed) => series(seed, 0, SPREAD, step(count / 2, count / 2)), isNear(count / 2));
      expect(found, `${count} sessions`).toBeGreaterThanOrEqual(leastHits(0.95, trials, BEYOND.three));
    }
    const certain = countOf(trials, (seed) => series(seed, 0, SPREAD, step(20, 20)), isCertainNear(20));
    expect(certain).toBeGreaterThanOrEqual(leastHits(0.95, trials, BEYOND.three));
  });

  it('that is three sessions old is found, or said to be possible, in 90 of 100 series of 20 and more', () => {
    const trials = trialsOf(1000);
    for (const count of [20, 40]) {
      const found = countOf(trials, (seed) => series(seed, 0, SPREAD, step(count - 3, 3)), isNear(count - 3));
      expect(found).toBeGreaterThanOrEqual(leastHits(0.9, trials, BEYOND.three));
    }
  });

  it('has levels on both sides, its size, and the scatter within the levels', () => {
    const { levels, changes, searched, scatterLog } = trendOf(series(16, 0, 0.003, step(20, 20, 0.05)), MARGIN);
    expect(searched).toBe(true);
    expect(levels.map(({ from, to }) => [from, to])).toEqual([
      [0, 20],
      [20, 40],
    ]);
    expect(changes).toMatchObject([{ at: 20, certain: true }]);
    expect(changes[0]?.changeLog).toBeCloseTo(0.05, 2);
    expect(scatterLog).toBeGreaterThan(0.002);
    expect(scatterLog).toBeLessThan(0.004);
  });

  it('is left out where it is sure to be smaller than the margin', () => {
    const small = series(3, 0, 0.0005, step(20, 20, 0.01));
    expect(trendOf(small, MARGIN).changes).toEqual([]);
    expect(trendOf(small, 0.005).changes).toMatchObject([{ at: 20, certain: true }]);
  });
});

describe('years of sessions', () => {
  it.each([120, 400])('that did not change have nothing certain in 99 of 100 series of %i', (count) => {
    const trials = trialsOf(1500);
    for (const correlation of [0.5, 0.8]) {
      const alarms = countOf(trials, (seed) => series(seed, correlation, 0.05, level(count)), isCertain);
      expect(alarms, `correlation ${correlation}`).toBeLessThanOrEqual(mostHits(0.01, trials, BEYOND.three));
    }
  });

  it.each([61, 300, 1000])('show each of two steps, up and back, in 95 of 100 series of %i', (count) => {
    const trials = trialsOf(500);
    const third = Math.floor(count / 3);
    const means = [...level(third), ...level(third, MARGIN), ...level(count - 2 * third)];
    const found = countOf(
      trials,
      (seed) => series(seed, 0, SPREAD, means),
      ({ changes }) =>
        changes.length === 2 &&
        [third, 2 * third].every((place, index) => Math.abs((changes[index]?.at ?? 0) - place) <= 2) &&
        changes.every(({ certain }) => certain),
    );
    expect(found).toBeGreaterThanOrEqual(leastHits(0.95, trials, BEYOND.three));
  });
});

describe('other shapes', () => {
  it('several steps, up and down, are each found', () => {
    const means = [...level(20), ...level(20, 0.05), ...level(20, 0.02)];
    const { changes } = trendOf(series(11, 0, 0.004, means), MARGIN);
    expect(changes.map(({ at }) => at)).toHaveLength(2);
    for (const [index, at] of [20, 40].entries())
      expect(Math.abs((changes[index]?.at ?? 0) - at)).toBeLessThanOrEqual(1);
  });

  it('an excursion is found with both its ends', () => {
    const { changes } = trendOf(series(12, 0, SPREAD, [...level(15), ...level(9, 0.04), ...level(15)]), MARGIN);
    expect(changes.map(({ at }) => at)).toEqual([15, 24]);
  });

  it('a drift of 3 % is a drift in 90 of 100 series of 40, and a certain step in no more than 2 of 100 of any length', () => {
    const trials = trialsOf(1000);
    const drifting = countOf(
      trials,
      (seed) => series(seed, 0, SPREAD, line(40, 0.03)),
      ({ driftLog, changes }) => driftLog !== null && changes.length === 0,
    );
    expect(drifting).toBeGreaterThanOrEqual(leastHits(0.9, trials, BEYOND.three));
    for (const count of [14, 20, 30, 60]) {
      const steps = countOf(
        trials,
        (seed) => series(seed, 0, SPREAD, line(count, 0.03)),
        ({ changes }) => changes.some(({ certain }) => certain),
      );
      expect(steps, `${count} sessions`).toBeLessThanOrEqual(mostHits(0.02, trials, BEYOND.three));
    }
  });

  it('the size of a drift is that from the first session to the last', () => {
    expect(trendOf(series(4, 0, 0.002, line(50, 0.06)), MARGIN).driftLog).toBeCloseTo(0.06, 2);
  });

  it('are not searched for with fewer than twelve sessions', () => {
    const trend = trendOf(series(17, 0, 0.0001, step(5, 6, 1)), MARGIN);
    expect(trend).toMatchObject({ searched: false, changes: [], driftLog: null });
    expect(trend.levels).toHaveLength(1);
    expect(trendOf([0.1], MARGIN)).toMatchObject({ scatterLog: null });
  });
});

describe('the search', () => {
  it('finds the split and the excursion with the largest difference in standard errors', () => {
    expect(bestStep([0, 0, 0, 1, 1, 1], 3)).toEqual({ from: 3, to: 6 });
    expect(bestExcursion([0, 0, 0, 0, 9, 9, 9, 0, 0, 0], 3)).toEqual({ from: 4, to: 7 });
    expect(bestStep([1, 2, 3, 4, 5], 3)).toBeNull();
    expect(bestExcursion([1, 2, 3, 4, 5, 6, 7, 8], 3)).toBeNull();
  });

  it('gives the same places whatever the unit and origin of the values', () => {
    const values = series(13, 0, 0.01, step(15, 15, 0.08));
    const places = (all: readonly number[]) => trendOf(all).changes.map(({ at }) => at);
    expect(places(values)).toEqual([15]);
    expect(places(values.map((value) => 1000 * value + 5))).toEqual([15]);
  });

  it('has more evidence with a shape than without it, never less, and never NaN', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 12, maxLength: 30 }),
        (values) => {
          const shape = values.map((_, index) => (index < 6 ? 0 : 1));
          expect(evidenceOf(values, shape)).toBeGreaterThanOrEqual(-1e-9);
          const { changes, scatterLog } = trendOf(values, MARGIN);
          for (const { at, changeLog } of changes) expect(Number.isFinite(changeLog) && at >= 3).toBe(true);
          expect(scatterLog).not.toBeNaN();
        },
      ),
    );
  });
});
