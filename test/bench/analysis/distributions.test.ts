/** Student's t against published tables, closed forms and 40-digit arithmetic. */

import { describe, expect, it } from 'vitest';
import { tQuantile, tUpperTail } from '../../../bench/analysis/stats/distributions.ts';

describe('tQuantile', () => {
  // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, "Critical Values of the Student's t Distribution":
  // columns 0.95, 0.975, 0.995, as printed.
  it.each([
    [1, 6.314, 12.706, 63.657],
    [2, 2.92, 4.303, 9.925],
    [3, 2.353, 3.182, 5.841],
    [5, 2.015, 2.571, 4.032],
    [9, 1.833, 2.262, 3.25],
    [11, 1.796, 2.201, 3.106],
    [19, 1.729, 2.093, 2.861],
    [39, 1.685, 2.023, 2.708],
    [100, 1.66, 1.984, 2.626],
  ])('prints the digits of the NIST table for %i degrees of freedom', (degrees, p95, p975, p995) => {
    expect(tQuantile(0.95, degrees)).toBeCloseTo(p95, 3);
    expect(tQuantile(0.975, degrees)).toBeCloseTo(p975, 3);
    expect(tQuantile(0.995, degrees)).toBeCloseTo(p995, 3);
  });

  // Incomplete beta function inverted in 40-digit arithmetic (mpmath).
  it.each([
    [0.975, 3, 3.1824463052837095],
    [0.975, 5, 2.5705818356363155],
    [0.975, 9, 2.2621571627982053],
    [0.975, 39, 2.0226909200367613],
    [0.975, 1000, 1.9623390808264085],
    [0.975, 1e6, 1.959966356814107],
    [0.6, 120, 0.25390952321492855],
    [0.9995, 11, 4.436979338234449],
    [0.995, 2.5, 7.163728138948786],
  ])('agrees to 1e-10 with long arithmetic: p = %f, %f degrees', (p, degrees, expected) => {
    expect(Math.abs(tQuantile(p, degrees) / expected - 1)).toBeLessThan(1e-10);
    expect(tQuantile(1 - p, degrees)).toBeCloseTo(-expected, 9);
  });

  it('agrees to 1e-12 with the closed forms for 1, 2 and 4 degrees of freedom', () => {
    for (const p of [0.51, 0.6, 0.75, 0.9, 0.975, 0.999]) {
      const alpha = 4 * p * (1 - p);
      const q = Math.cos(Math.acos(Math.sqrt(alpha)) / 3) / Math.sqrt(alpha);
      expect(Math.abs(tQuantile(p, 1) / Math.tan(Math.PI * (p - 0.5)) - 1)).toBeLessThan(1e-12);
      expect(Math.abs(tQuantile(p, 2) / ((2 * p - 1) * Math.sqrt(2 / alpha)) - 1)).toBeLessThan(1e-12);
      // Near the median the closed form itself loses digits in q − 1.
      expect(Math.abs(tQuantile(p, 4) / (2 * Math.sqrt(q - 1)) - 1)).toBeLessThan(1e-11);
    }
  });

  it('is 0 at the median and refuses what is no probability', () => {
    expect(tQuantile(0.5, 7)).toBe(0);
    for (const p of [0, 1, -1, Number.NaN]) expect(() => tQuantile(p, 5)).toThrow(RangeError);
    for (const degrees of [0, -1, Number.NaN]) expect(() => tQuantile(0.9, degrees)).toThrow(RangeError);
  });
});

describe('tUpperTail', () => {
  // Abramowitz and Stegun 26.7.3 and 26.7.4: finite sums for whole degrees of freedom.
  function byFiniteSum(t: number, degrees: number): number {
    const angle = Math.atan(t / Math.sqrt(degrees));
    const cosine = Math.cos(angle);
    let term = degrees % 2 === 0 ? 1 : cosine;
    let sum = degrees === 1 ? 0 : term;
    for (let k = degrees % 2 === 0 ? 1 : 2; k <= degrees - 3; k += 2) {
      term *= (k / (k + 1)) * cosine ** 2;
      sum += term;
    }
    const central = degrees % 2 === 0 ? Math.sin(angle) * sum : (2 / Math.PI) * (angle + Math.sin(angle) * sum);
    return (1 - central) / 2;
  }

  it('agrees with the finite sums of Abramowitz and Stegun for 1 to 60 degrees of freedom', () => {
    for (let degrees = 1; degrees <= 60; degrees++) {
      for (const t of [0.01, 0.3, 1, 2, 2.5, 4]) {
        expect(Math.abs(tUpperTail(t, degrees) - byFiniteSum(t, degrees))).toBeLessThan(1e-13);
      }
    }
  });

  it('is a half at 0 and nothing at infinity', () => {
    expect(tUpperTail(0, 3)).toBe(0.5);
    expect(tUpperTail(Number.POSITIVE_INFINITY, 3)).toBe(0);
  });
});
