/** Tests of the Fourier transform against the reference vectors and by its properties. */

import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { bitReverse, forward, inverse } from '../../scimark/fft.ts';
import { allocateHeap } from '../../scimark/heap.ts';
import { createRandom } from '../../scimark/random.ts';
import { reference } from '../../scimark/reference.ts';
import { checkFft, SMALL_ROOM } from './checks.ts';
import { expectDouble, VECTORS } from './vectors.ts';

beforeAll(() => allocateHeap(SMALL_ROOM.doubles, SMALL_ROOM.ints));

describe('the transform equals NIST bit for bit', () => {
  test.each(VECTORS.fft.filter(({ N }) => N <= 1024))('at N = $N', (vector) => {
    checkFft(reference, vector, createRandom(VECTORS.constants.RANDOM_SEED));
  });

  test.each(VECTORS.trig)('with the sines of direction $direction, dual $dual', (vector) => {
    const theta = (2 * vector.direction * Math.PI) / (2 * vector.dual);
    const t = Math.sin(theta / 2);
    expectDouble(theta, vector.theta);
    expectDouble(Math.sin(theta), vector.s);
    expectDouble(t, vector.t);
    expectDouble(2 * t * t, vector.s2);
  });
});

describe('properties', () => {
  /** N complex numbers for N = 1, 2, 4 … 256, at any offset. */
  const inputs = fc.integer({ min: 0, max: 8 }).chain((log) =>
    fc.record({
      n: fc.constant(2 ** log),
      at: fc.integer({ min: 0, max: 1000 }),
      data: fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), {
        minLength: 2 ** (log + 1),
        maxLength: 2 ** (log + 1),
      }),
    }),
  );

  test('there and back gives the input within rounding, and leaves the neighbours alone', () => {
    fc.assert(
      fc.property(inputs, ({ n, at, data }) => {
        heapF64.fill(-3, 0, at + 2 * n + 16);
        heapF64.set(data, at);
        forward(at, n);
        inverse(at, n);
        for (let k = 0; k < 2 * n; k++) expect(Math.abs(heapF64[at + k]! - data[k]!)).toBeLessThan(1e-8);
        expect(heapF64.subarray(0, at).every((value) => value === -3)).toBe(true);
        expect(heapF64.subarray(at + 2 * n, at + 2 * n + 16).every((value) => value === -3)).toBe(true);
      }),
    );
  });

  test('agrees with the sum that defines it', () => {
    fc.assert(
      fc.property(
        inputs.filter(({ n }) => n <= 32),
        ({ n, at, data }) => {
          heapF64.set(data, at);
          forward(at, n);
          for (let f = 0; f < n; f++) {
            let real = 0;
            let imag = 0;
            for (let k = 0; k < n; k++) {
              const angle = (-2 * Math.PI * f * k) / n;
              real += data[2 * k]! * Math.cos(angle) - data[2 * k + 1]! * Math.sin(angle);
              imag += data[2 * k]! * Math.sin(angle) + data[2 * k + 1]! * Math.cos(angle);
            }
            expect(Math.abs(heapF64[at + 2 * f]! - real)).toBeLessThan(1e-7);
            expect(Math.abs(heapF64[at + 2 * f + 1]! - imag)).toBeLessThan(1e-7);
          }
        },
      ),
    );
  });

  test('bit reversal undoes itself exactly', () => {
    fc.assert(
      fc.property(inputs, ({ n, at, data }) => {
        heapF64.set(data, at);
        bitReverse(at, n);
        bitReverse(at, n);
        expect([...heapF64.subarray(at, at + 2 * n)]).toEqual(data);
      }),
    );
  });
});
