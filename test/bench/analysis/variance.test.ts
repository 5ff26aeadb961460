/** The split of the spread by level: by hand, and recovered from simulated levels. */

import { describe, expect, it } from 'vitest';
import { spreadByLevel } from '../../../bench/analysis/stats/variance.ts';
import { randomStream } from '../../../bench/random.ts';

describe('spreadByLevel', () => {
  it('gives the analysis of variance computed by hand', () => {
    // Means 2, 5, 8; within 2+2+2 over 6 degrees = 1; between 3·(9+0+9)/2 = 27; (27 − 1)/3.
    const spread = spreadByLevel([
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ]);
    expect(spread?.roundLog).toBeCloseTo(1, 12);
    expect(spread?.blockLog).toBeCloseTo(Math.sqrt(26 / 3), 12);
  });

  it('allows unequal numbers of rounds', () => {
    // Means 2 and 6, grand mean 3.6; within 2 + 8 = 10 over 5 − 2; between 3·2.56 + 2·5.76 = 19.2; n0 = (5 − 13/5)/1.
    const spread = spreadByLevel([
      [1, 2, 3],
      [4, 8],
    ]);
    expect(spread?.roundLog).toBeCloseTo(Math.sqrt(10 / 3), 12);
    expect(spread?.blockLog).toBeCloseTo(Math.sqrt((19.2 - 10 / 3) / 2.4), 12);
  });

  it('takes a spread between blocks that rounds alone explain for none', () => {
    expect(
      spreadByLevel([
        [1, -1],
        [1, -1],
        [-1, 1],
      ])?.blockLog,
    ).toBe(0);
  });

  it('is unknown with one block, without rounds, or with one round a block', () => {
    for (const blocks of [[], [[1, 2, 3]], [[1], [2], [3]], [[], []]]) expect(spreadByLevel(blocks)).toBeNull();
  });

  it('recovers the levels of a simulation', () => {
    const stream = randomStream(7, 1, 'noise');
    const normal = () => {
      let sum = -6;
      for (let i = 0; i < 12; i++) sum += stream.nextUint32() / 2 ** 32;
      return sum;
    };
    const blocks = Array.from({ length: 400 }, () => {
      const own = 0.004 * normal();
      return Array.from({ length: 20 }, () => own + 0.01 * normal());
    });
    const spread = spreadByLevel(blocks);
    expect(spread?.roundLog).toBeCloseTo(0.01, 3);
    expect(Math.abs((spread?.blockLog ?? 0) / 0.004 - 1)).toBeLessThan(0.15);
  });
});
