/** Tests of SciMark's random generator against the reference vectors. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRandom, LAGS, MODULUS, seedState } from '../../scimark/random.ts';
import { expectDigest, expectDouble, expectFirst, VECTORS } from './vectors.ts';

const MILLION = 1_000_000;

describe('the generator equals NIST bit for bit', () => {
  test.each(VECTORS.random)('from seed $seed', (vector) => {
    const random = createRandom(vector.seed);
    expect(random.state()).toEqual(vector.state0);
    const numbers = Float64Array.from({ length: MILLION }, () => random.next());
    expectFirst(numbers, vector.first20);
    expectDouble(numbers[MILLION - 1]!, vector.at1000000);
    expectDigest(numbers, vector.first1000000);
    expect(random.state()).toEqual(vector.stateAfter1000000);

    const integers = createRandom(vector.seed);
    expect(vector.firstK.map(() => integers.nextInteger())).toEqual(vector.firstK);
  });

  test.each(VECTORS.randomRange)('from seed $seed in [$left.dec, $right.dec)', (vector) => {
    const random = createRandom(vector.seed);
    const left = Number(vector.left.dec);
    const right = Number(vector.right.dec);
    expect(random.state()).toEqual(vector.state0);
    const numbers = Float64Array.from({ length: MILLION }, () => random.nextInRange(left, right));
    expectFirst(numbers, vector.first20);
    expectDouble(numbers[MILLION - 1]!, vector.at1000000);
    expectDigest(numbers, vector.first1000000);
    expect(random.state()).toEqual(vector.stateAfter1000000);

    const integers = createRandom(vector.seed);
    expect(vector.firstK.map(() => integers.nextInteger())).toEqual(vector.firstK);
  });
});

describe('properties', () => {
  const seeds = fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 });

  test('numbers are from 0 to 1 and, in a range, within it', () => {
    fc.assert(
      fc.property(
        seeds.filter((seed) => seed !== 0),
        fc.integer({ min: -1000, max: 1000 }),
        fc.integer({ min: 1, max: 1000 }),
        (seed, left, width) => {
          const random = createRandom(seed);
          for (let k = 0; k < 100; k++) {
            const number = random.next();
            const ranged = random.nextInRange(left, left + width);
            expect(number >= 0 && number < 1 && ranged >= left && ranged < left + width).toBe(true);
          }
        },
      ),
    );
  });

  test('an even seed gives the numbers of the odd one below it, a negative one those of its absolute value', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 30 - 1 }), (half) => {
        expect(createRandom(2 * half).state()).toEqual(createRandom(2 * half - 1).state());
        expect(createRandom(-2 * half - 1).state()).toEqual(createRandom(2 * half + 1).state());
      }),
    );
  });

  test('equal states go on alike, and a copy of the state does not follow the generator', () => {
    const one = createRandom(101010);
    const other = createRandom(101010);
    const start = one.state();
    one.next();
    expect(one.state()).not.toEqual(other.state());
    expect(start).toEqual(other.state());
    other.next();
    expect(one.state()).toEqual(other.state());
    expect(one.next()).toBe(other.next());
  });

  test('seeding writes 17 integers at the offset and nothing else', () => {
    const target = new Int32Array(LAGS + 4).fill(-7);
    seedState(target, 2, 113);
    expect([...target.subarray(2, 2 + LAGS)]).toEqual(VECTORS.random[1]!.state0.m);
    expect([...target.subarray(0, 2), ...target.subarray(2 + LAGS)]).toEqual([-7, -7, -7, -7]);
    expect(target.subarray(2, 2 + LAGS).every((k) => k > 0 && k < MODULUS)).toBe(true);
  });
});
