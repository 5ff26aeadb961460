import { expect, it } from 'vitest';
import { slopeOf, trendOf } from './trend.ts';

const noise = { part: 0.1, least: 2 };
const series = (of: (index: number) => number) => Array.from({ length: 100 }, (_, index) => of(index));

it('a figure that swings around a level is flat, also when it began lower', () => {
  expect(
    trendOf(
      series((index) => 100 + 9 * (index % 2)),
      noise,
    ).verdict,
  ).toBe('flat');
  expect(
    trendOf(
      series((index) => (index < 15 ? 40 : 100)),
      noise,
    ),
  ).toEqual({ first: 40, last: 100, verdict: 'flat' });
});

it('a figure that gains more than its noise is growing', () => {
  expect(
    trendOf(
      series((index) => 100 + index / 5),
      noise,
    ).verdict,
  ).toBe('growing');
  expect(
    trendOf(
      series((index) => 10 + Math.floor(index / 10)),
      noise,
    ).verdict,
  ).toBe('growing');
});

it('what comes and goes is flat however often it is there, and growing once it stays', () => {
  const opened = { part: 0, least: 0, comesAndGoes: true };
  const often = series((index) => (index % 10 < index / 10 ? 8 : 5));
  expect(trendOf(often, opened)).toEqual({ first: 5, last: 5, verdict: 'flat' });
  expect(
    trendOf(
      often.map((value, index) => value + Math.floor(index / 50)),
      opened,
    ).verdict,
  ).toBe('growing');
});

it('a few readings show nothing', () => {
  expect(trendOf([1, 2, 3], noise).verdict).toBe('too short');
});

it('a slope is that of the line through the points', () => {
  expect(slopeOf(series((index) => index).map((x) => [x, 3 * x + 7]))).toBeCloseTo(3);
  expect(slopeOf([[1, 1]])).toBe(0);
});
