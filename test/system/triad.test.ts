import { expect, test } from 'vitest';
import { openTriad } from '../../system/memory/triad.ts';

test.each([2 ** 13, 5 * 2 ** 13])(
  'the triad over %i doubles does every sum, to the last bit, and nothing else',
  (doubles) => {
    const { buffer, sweep } = openTriad(doubles);
    const [a, b, c] = [0, 1, 2].map((array) => new Float64Array(buffer, array * 8 * doubles, doubles)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    expect(buffer.byteLength).toBe(3 * 8 * doubles);
    for (let i = 0; i < doubles; i++) [a[i], b[i], c[i]] = [Number.NaN, Math.sin(i), 1 / (i + 1)];
    const [before, factors] = [b.slice(), c.slice()];
    for (const scalar of [1.5, -0, 1 / 3, -Math.PI, 1e300, Number.MIN_VALUE]) {
      sweep(scalar);
      const wrong = a.findIndex((sum, i) => !Object.is(sum, (before[i] ?? 0) + scalar * (factors[i] ?? 0)));
      expect(wrong).toBe(-1);
    }
    expect(b).toEqual(before);
    expect(c).toEqual(factors);
  },
);
