/** Two sessions side by side: Welch's interval against worked figures, and what becomes of each verdict. */

import { describe, expect, it } from 'vitest';
import { compareSessions, differenceOf, type Finding } from '../../../bench/analysis/reproduction.ts';
import { tQuantile } from '../../../bench/analysis/stats/distributions.ts';
import { ratioOf } from '../../../bench/analysis/stats/interval.ts';
import { randomStream, type Stream } from '../../../bench/random.ts';
import type { ContrastResult, Verdict } from '../../../bench/types.ts';
import { BEYOND, leastHits, mostHits, trialsOf } from './trials.ts';

function finding(logs: readonly number[]): Finding {
  const { ratio, interval } = ratioOf(logs);
  return { timeRatio: ratio, interval, blocks: logs.length, verdict: null };
}

function normal(stream: Stream): number {
  const radius = Math.sqrt(-2 * Math.log((stream.nextUint32() + 1) / 2 ** 32));
  return radius * Math.cos((2 * Math.PI * stream.nextUint32()) / 2 ** 32);
}

function row(env: string, verdict: Verdict | null, workload = 'fft'): ContrastResult {
  return { env, baseline: 'native', workload, timeRatio: 1.01, interval: null, blocks: 6, verdict } as ContrastResult;
}

describe('the difference of two ratios', () => {
  it('has the interval of Welch and Satterthwaite', () => {
    // Variances of the means: 0.0001·2.5/5 = 0.00005 and 0.0004·(20/3)/4; by hand.
    const before = [0.01, 0.02, 0.03, 0.04, 0.05];
    const after = [0.04, 0.08, 0.1, 0.06];
    const [v1, v2] = [0.00025 / 5, 0.0006666666666666668 / 4];
    const degrees = (v1 + v2) ** 2 / (v1 ** 2 / 4 + v2 ** 2 / 3);
    const half = tQuantile(0.975, degrees) * Math.sqrt(v1 + v2);
    const { ratio, interval } = differenceOf(finding(before), finding(after));
    expect(Math.log(ratio)).toBeCloseTo(0.04, 12);
    expect(Math.log(interval?.low ?? 0)).toBeCloseTo(0.04 - half, 12);
    expect(Math.log(interval?.high ?? 0)).toBeCloseTo(0.04 + half, 12);
    expect(degrees).toBeCloseTo(4.746, 2);
  });

  it('covers the truth in 95 % of simulated pairs with unequal spreads and numbers of blocks', () => {
    const trials = trialsOf(4000);
    let covered = 0;
    for (let trial = 0; trial < trials; trial++) {
      const stream = randomStream(3, trial, 'welch');
      const sample = (count: number, mean: number, spread: number) =>
        finding(Array.from({ length: count }, () => mean + spread * normal(stream)));
      const { interval } = differenceOf(sample(6, 0.01, 0.01), sample(12, 0.03, 0.03));
      if (interval !== null && Math.log(interval.low) <= 0.02 && Math.log(interval.high) >= 0.02) covered += 1;
    }
    expect(covered).toBeGreaterThanOrEqual(leastHits(0.95, trials, BEYOND.four));
    expect(covered).toBeLessThanOrEqual(mostHits(0.95, trials, BEYOND.four));
  });

  it('has no interval when one of the two has one block, and no width when neither varies', () => {
    expect(differenceOf(finding([0.01]), finding([0.02, 0.03]))).toMatchObject({ interval: null });
    const { ratio, interval } = differenceOf(finding([0, 0, 0]), finding([0.1, 0.1, 0.1]));
    expect(interval).toEqual({ low: ratio, high: ratio });
  });

  it('inverts when the two are swapped', () => {
    const [a, b] = [finding([0.01, 0.02, 0.04]), finding([0.2, 0.25, 0.21, 0.2])];
    const [one, other] = [differenceOf(a, b), differenceOf(b, a)];
    expect(one.ratio * other.ratio).toBeCloseTo(1, 12);
    expect((one.interval?.low ?? 0) * (other.interval?.high ?? 0)).toBeCloseTo(1, 12);
  });
});

describe('a verdict', () => {
  it.each<[Verdict | null, Verdict | null, string]>([
    ['slower', 'slower', 'stands'],
    ['equivalent', 'equivalent', 'stands'],
    ['slower', 'equivalent', 'changed'],
    ['slower', 'faster', 'changed'],
    ['inconclusive', 'inconclusive', 'open'],
    ['slower', 'inconclusive', 'open'],
    ['untrusted', 'slower', 'open'],
    ['slower', null, 'open'],
  ])('that was %s and is %s: %s', (before, after, standing) => {
    expect(compareSessions([row('docker', before)], [row('docker', after)])[0]?.standing).toBe(standing);
  });

  it('of a contrast that only one session has is open, and named', () => {
    const rows = compareSessions([row('docker', 'slower'), row('uml', 'slower')], [row('docker', 'slower')]);
    expect(rows.map(({ env, standing, after }) => [env, standing, after === null])).toEqual([
      ['docker', 'stands', false],
      ['uml', 'open', true],
    ]);
    expect(rows[1]?.difference).toBeNull();
  });
});
