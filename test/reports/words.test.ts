/** Figures in words: one sign for zero, whichever side it was rounded from, in every kind of figure. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  changePercent,
  changeRange,
  changeWords,
  lengthWords,
  mib,
  plusMinus,
  ratioWords,
  signedWords,
} from '../../reports/words.ts';

const digits = fc.integer({ min: 0, max: 3 });
const around = fc.double({ min: -0.02, max: 0.02, noNaN: true });
const figure = fc.record({ low: around, at: around, high: around }).map(({ low, at, high }) => ({
  timeRatio: 1 + at,
  interval: { low: 1 + Math.min(low, at, high), high: 1 + Math.max(low, at, high) },
}));

/** A plus or a minus before nothing but zeros. */
const SIGNED_ZERO = /[+−-]0(?:\.0+)?(?![.\d])/;

describe('a figure of zero', () => {
  it('has the same sign, whichever side it was rounded from', () => {
    for (const tiny of [0, -0, 1e-9, -1e-9]) {
      expect(changePercent(1 + tiny)).toBe('±0.0 %');
      expect(changePercent(1 + tiny, 2)).toBe('±0.00 %');
      expect(changeRange({ low: 1 - 1e-9, high: 1 + tiny })).toBe('[±0.0, ±0.0]');
      expect(plusMinus(tiny, 1)).toBe('±0.0 %');
      expect(mib(tiny)).toBe('0');
    }
    expect(changePercent(0.9)).toBe('−10.0 %');
    expect(changePercent(1.1)).toBe('+10.0 %');
  });

  it('is never written with a plus or a minus', () => {
    fc.assert(
      fc.property(figure, digits, (one, count) => {
        const words = [changeWords(one, count), signedWords(one, count), lengthWords(one, count), ratioWords(one)];
        for (const { value, range } of words) expect(`${value} ${range}`).not.toMatch(SIGNED_ZERO);
      }),
    );
  });
});
