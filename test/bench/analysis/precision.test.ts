/** Half-widths, and the blocks that would make them narrow enough. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tQuantile } from '../../../bench/analysis/stats/distributions.ts';
import { logInterval } from '../../../bench/analysis/stats/interval.ts';
import {
  blocksNeeded,
  decisiveHalfWidthLog,
  halfWidthLog,
  MOST_BLOCKS,
  minutesFor,
} from '../../../bench/analysis/stats/precision.ts';

describe('halfWidthLog', () => {
  it('is half the length of the interval in logs, and infinite without one', () => {
    expect(halfWidthLog({ low: Math.exp(-0.01), high: Math.exp(0.03) })).toBeCloseTo(0.02, 12);
    expect(halfWidthLog(null)).toBe(Number.POSITIVE_INFINITY);
    expect(halfWidthLog({ low: 0, high: Number.POSITIVE_INFINITY })).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('blocksNeeded', () => {
  it('agrees with the sample sizes computed by hand from tables of t', () => {
    // s = 0.01, target 0.00716: t(0.975, 9) · 0.01 / √10 = 2.262 · 0.003162 = 0.007154.
    const deviation = 0.01;
    const halfWidth = (2.5705818 * deviation) / Math.sqrt(6);
    expect(blocksNeeded({ halfWidthLog: halfWidth, blocks: 6 }, 0.00716)).toBe(4);
    expect(blocksNeeded({ halfWidthLog: halfWidth, blocks: 6 }, 0.00715)).toBe(5);
    expect(blocksNeeded({ halfWidthLog: halfWidth, blocks: 6 }, halfWidth)).toBe(0);
  });

  it('takes the values of blocks as well as their half-width', () => {
    const values = [0.01, -0.02, 0.015, 0.03, -0.01, 0];
    const { halfWidth } = logInterval(values);
    expect(blocksNeeded(values, 0.005)).toBe(blocksNeeded({ halfWidthLog: halfWidth ?? 0, blocks: 6 }, 0.005));
    expect(blocksNeeded(values, 0.005)).toBeGreaterThan(20);
  });

  it('is the least number that is enough, whatever the spread', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 60 }),
        fc.double({ min: 1e-4, max: 0.2, noNaN: true }),
        fc.double({ min: 1e-3, max: 0.1, noNaN: true }),
        (blocks, halfWidth, target) => {
          const more = blocksNeeded({ halfWidthLog: halfWidth, blocks }, target);
          if (more === null) return;
          expect(more === 0).toBe(halfWidth <= target);
          const deviation = (halfWidth * Math.sqrt(blocks)) / tQuantile(0.975, blocks - 1);
          const widthWith = (count: number) => (tQuantile(0.975, count - 1) * deviation) / Math.sqrt(count);
          if (more === 0) return;
          expect(widthWith(blocks + more)).toBeLessThanOrEqual(target);
          expect(widthWith(blocks + more - 1)).toBeGreaterThan(target);
        },
      ),
    );
  });

  it('is reached by blocks that go on as they did', () => {
    const values = Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? 0.01 : -0.01));
    const more = blocksNeeded(values, 0.004) ?? 0;
    // The estimated s shrinks from √(8/7) to nearly 1 as n grows; two blocks of slack cover it.
    const longer = Array.from({ length: 8 + more }, (_, index) => (index % 2 === 0 ? 0.01 : -0.01));
    const shorter = longer.slice(0, -8);
    expect(logInterval(longer).halfWidth).toBeLessThanOrEqual(0.004);
    expect(logInterval(shorter).halfWidth).toBeGreaterThan(0.004);
  });

  it('names no number where there is none', () => {
    expect(blocksNeeded([0.1], 0.01)).toBeNull();
    expect(blocksNeeded([], 0.01)).toBeNull();
    expect(blocksNeeded({ halfWidthLog: 5, blocks: 6 }, 0.01)).toBeNull();
    expect(blocksNeeded({ halfWidthLog: Number.POSITIVE_INFINITY, blocks: 6 }, 0.01)).toBeNull();
    expect(blocksNeeded({ halfWidthLog: Number.NaN, blocks: 6 }, 0.01)).toBeNull();
    expect(blocksNeeded([0.1, 0.2], 0)).toBeNull();
    const most = blocksNeeded({ halfWidthLog: 0.13, blocks: 6 }, 0.01);
    expect(most === null || most <= MOST_BLOCKS).toBe(true);
  });

  it('turns into minutes', () => {
    expect(minutesFor(9, 40)).toBe(6);
    expect(decisiveHalfWidthLog(0.02)).toBeCloseTo(0.0099013, 7);
  });
});
