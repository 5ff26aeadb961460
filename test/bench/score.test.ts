/** Tests of the SciMark figures. */

import { describe, expect, test } from 'vitest';
import { compositeScore, mflops } from '../../bench/analysis/score.ts';

describe('mflops', () => {
  test('counts millions of operations per second', () => {
    expect(mflops(53230, 1000, 0.02)).toBeCloseTo(2661.5, 9);
    expect(mflops(2_000_000 / 3, 1, 1)).toBeCloseTo(2 / 3, 12);
  });

  test('gives no figure for a time that is zero, negative or unknown', () => {
    expect(mflops(100, 10, 0)).toBeNull();
    expect(mflops(100, 10, -1)).toBeNull();
    expect(mflops(100, 10, Number.NaN)).toBeNull();
  });
});

describe('compositeScore', () => {
  const five = new Map([
    ['fft', 100],
    ['sor', 200],
    ['monte-carlo', 300],
    ['sparse', 400],
    ['lu', 1000],
  ]);

  test('is the arithmetic mean of the five', () => {
    expect(compositeScore(five)).toBe(400);
  });

  test('ignores workloads that SciMark does not have', () => {
    expect(compositeScore(new Map([...five, ['other', 1e6]]))).toBe(400);
  });

  test.each([...five.keys()])('is undefined without %s', (id) => {
    expect(compositeScore(new Map([...five].filter(([name]) => name !== id)))).toBeUndefined();
  });

  test('is undefined when one of the five is not a number', () => {
    expect(compositeScore(new Map([...five, ['lu', Number.NaN]]))).toBeUndefined();
  });
});
