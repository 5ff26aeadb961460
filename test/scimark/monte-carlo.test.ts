/** Tests of the Monte Carlo integration against the reference vectors. */

import { beforeAll, describe, expect, test } from 'vitest';
import { allocateHeap } from '../../scimark/heap.ts';
import { countUnderCurve, flopsOf, MONTE_CARLO_SEED } from '../../scimark/monte-carlo.ts';
import { createRandom } from '../../scimark/random.ts';
import { SMALL_ROOM } from './checks.ts';
import { expectDouble, VECTORS } from './vectors.ts';

/** The longest has 67 million samples. */
const LIMIT_MS = 120_000;

beforeAll(() => allocateHeap(SMALL_ROOM.doubles, SMALL_ROOM.ints));

describe('the count equals NIST', () => {
  test.each(VECTORS.monteCarlo)(
    'after $samples samples',
    ({ samples, numFlops, underCurve, pi }) => {
      const under = countUnderCurve(32, samples);
      expect(under).toBe(underCurve);
      expectDouble((under / samples) * 4, pi);
      expect(flopsOf(samples)).toBe(numFlops);
    },
    LIMIT_MS,
  );

  test('with the seed of the vectors', () => {
    expect(MONTE_CARLO_SEED).toBe(VECTORS.constants.MONTE_CARLO_SEED);
  });
});

test('the generator on the heap is the generator: counts and states agree after any number of samples', () => {
  for (const samples of [0, 1, 8, 17, 100, 1234]) {
    const random = createRandom(MONTE_CARLO_SEED);
    let under = 0;
    for (let sample = 0; sample < samples; sample++) {
      const x = random.next();
      const y = random.next();
      if (x * x + y * y <= 1) under += 1;
    }
    expect(countUnderCurve(5, samples)).toBe(under);
    expect([...heapI32.subarray(5, 22)]).toEqual(random.state().m);
  }
});
