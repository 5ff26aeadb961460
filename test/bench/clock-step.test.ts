import { describe, expect, it } from 'vitest';
import { clockStepNs } from '../../bench/payload/measure.ts';
import { randomStream } from '../../bench/random.ts';

/** Readings of a clock with so long a step, each of which costs so much and up to a tenth more. */
function readings(stepNs: number, costNs: number, count = 400): number[] {
  const stream = randomStream(7, 1, 'readings');
  let now = 123;
  return Array.from({ length: count }, () => {
    now += costNs * (1 + (0.1 * stream.nextUint32()) / 2 ** 32);
    return Math.floor(now / stepNs) * stepNs;
  });
}

describe('the step of a clock', () => {
  it('is what a coarse clock jumps by, however often it is read in between', () => {
    expect(clockStepNs(readings(4e6, 1e5))).toBe(4e6);
    expect(clockStepNs(readings(10_000, 8000))).toBe(10_000);
  });

  it('is not what a reading costs', () => {
    expect(clockStepNs(readings(1, 8400))).toBeLessThan(20);
    expect(clockStepNs(readings(1000, 8300, 4000))).toBe(1000);
    expect(clockStepNs(readings(1, 60))).toBe(1);
  });

  it('of a coarse clock is found although it is trimmed a little', () => {
    const steps = [0, 0, 4_000_001, 4_000_001, 8_000_001, 8_000_001];
    expect(clockStepNs(steps)).toBe(4_000_000);
  });

  it('of readings that all cost the same is no more than that, and of a clock that stands still is 0', () => {
    expect(clockStepNs([0, 50, 100, 150])).toBe(50);
    expect(clockStepNs([5, 5, 5])).toBe(0);
    expect(clockStepNs([5])).toBe(0);
    expect(clockStepNs([])).toBe(0);
  });
});
