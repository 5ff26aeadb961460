/** Order statistics against a sort. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { median, medianDistance, select } from '../../bench/numbers/select.ts';

function sortedMedian(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle] as number;
  return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** Each next value is the middle one of the three that a partition looks at: it takes one value off the rest. */
function hostile(length: number): Float64Array {
  const values = Float64Array.from({ length }, (_, at) => at);
  for (let at = length - 1; at > 1; at--) {
    const middle = at >> 1;
    [values[at], values[middle]] = [values[middle] as number, values[at] as number];
  }
  return values;
}

describe('selection', () => {
  const few = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 100 });
  const any = fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 200 });

  it('finds what stands at a place of the sorted order, with smaller values before it and greater ones behind', () => {
    fc.assert(
      fc.property(fc.oneof(few, any), fc.nat(), (values, number) => {
        const place = number % values.length;
        const sorted = Float64Array.from(values).sort();
        const own = Float64Array.from(values);
        const found = select(own, place);
        expect(found).toBe(own[place]);
        expect(found === sorted[place]).toBe(true);
        expect(own.subarray(0, place).every((value) => value <= found)).toBe(true);
        expect(own.subarray(place).every((value) => value >= found)).toBe(true);
        // Of the smaller ones alone.
        if (place > 0) expect(select(own, place - 1, place) === sorted[place - 1]).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes no time out of proportion for values in a hostile order, or that are all the same', () => {
    for (const values of [hostile(300_000), new Float64Array(300_000), new Float64Array(300_000).fill(7)]) {
      expect(select(values.slice(), 150_000)).toBe(values.slice().sort()[150_000]);
    }
  });
});

describe('the median', () => {
  it('is that of sorted values to the last bit, also with zeros of both signs, NaN and infinities', () => {
    const odd = fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1, -1);
    const many = fc.array(fc.oneof(odd, fc.double()), { maxLength: 6000, size: 'max' });
    const values = fc.oneof(fc.array(odd, { maxLength: 40 }), fc.array(fc.double(), { maxLength: 200 }), many);
    fc.assert(
      fc.property(values, (all) => {
        expect(median(all)).toBe(all.length === 0 ? Number.NaN : sortedMedian(all));
        expect(median(Float64Array.from(all))).toBe(median(all));
        const distances = all.map((value) => Math.abs(value - 1));
        expect(medianDistance(all, 1)).toBe(median(distances));
      }),
      { numRuns: 1000 },
    );
  });
});
