/** Starts of one kind, and of more than one. */

import { describe, expect, it } from 'vitest';
import { ratioOf } from '../../../bench/analysis/stats/interval.ts';
import { isMixture, outlyingBlocks } from '../../../bench/analysis/stats/mixture.ts';
import { hodgesLehmann } from '../../../bench/analysis/stats/signed-rank.ts';
import { randomStream } from '../../../bench/random.ts';

function rowOf(values: readonly number[]) {
  const { ratio, interval } = ratioOf(values);
  const typical = hodgesLehmann(values);
  return {
    timeRatio: ratio,
    interval,
    hodgesLehmann: typical && {
      ratio: Math.exp(typical.estimate),
      interval: { low: Math.exp(typical.interval.low), high: Math.exp(typical.interval.high) },
    },
  };
}

const asBlocks = (values: readonly number[]) => new Map(values.map((value, index) => [index + 1, value]));

/** Values near 0 from a seed, spread evenly over ±0.01. */
function calm(count: number, seed: number): number[] {
  const stream = randomStream(seed, 1, 'noise');
  return Array.from({ length: count }, () => 0.02 * (stream.nextUint32() / 2 ** 32) - 0.01);
}

describe('a mixture of starts', () => {
  it('is seen when few starts move the mean and not the typical start', () => {
    const values = calm(20, 1);
    expect(isMixture(rowOf(values))).toBe(false);
    expect(isMixture(rowOf([...values.slice(0, 18), 0.3, 0.3]))).toBe(true);
    expect(isMixture(rowOf([...values.slice(0, 18), -0.3, -0.3]))).toBe(true);
  });

  it('is seen in no more than a few of a thousand sessions of one kind', () => {
    let seen = 0;
    for (let seed = 1; seed <= 1000; seed++) if (isMixture(rowOf(calm(10, seed)))) seen++;
    expect(seen).toBeLessThan(10);
  });

  it('is not seen with fewer than six blocks, nor in equal values', () => {
    expect(isMixture(rowOf([0, 0, 0, 0, 9]))).toBe(false);
    expect(isMixture(rowOf([0.1, 0.1, 0.1, 0.1, 0.1, 0.1]))).toBe(false);
  });
});

describe('outlying blocks', () => {
  it('are named, in order, on either side', () => {
    const values = calm(10, 3);
    expect(outlyingBlocks(asBlocks(values))).toEqual([]);
    expect(outlyingBlocks(asBlocks([...values.slice(0, 8), -0.5, 0.5]))).toEqual([9, 10]);
  });

  it('are none among five, where most values are equal, and where there are none', () => {
    expect(outlyingBlocks(asBlocks([0, 0.001, 0.002, 0.003, 9]))).toEqual([]);
    expect(outlyingBlocks(asBlocks([0, 0, 0, 0, 0, 0, 9]))).toEqual([]);
    expect(outlyingBlocks(new Map())).toEqual([]);
  });
});
