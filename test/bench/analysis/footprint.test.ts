import { describe, expect, it } from 'vitest';
import { fitSlope, summarizeFootprint } from '../../../bench/analysis/footprint.ts';
import { randomStream } from '../../../bench/random.ts';
import type { FootprintRow } from '../../../bench/types.ts';

const MIB = 2 ** 20;
const plan = { environments: [{ path: 'native' }, { path: 'docker' }], baseline: 'native' };

function row(change: Partial<FootprintRow>): FootprintRow {
  const nothing = { hostDeltaBytes: null, pssBytes: null, cgroupBytes: null, diskBytes: null, imageBytes: null };
  return { block: 1, position: 1, env: 'docker', instances: 1, ...nothing, ...change };
}

describe('the slope over instances', () => {
  it('is that of a textbook regression, with its interval, from one block', () => {
    // Slope 2, intercept 1/3, residuals 1/3·(-1, 2, -1): s² = 2/3 with one degree, standard error √(2/3 ÷ 2).
    const points = [
      { block: 1, instances: 1, bytes: 2 },
      { block: 1, instances: 2, bytes: 5 },
      { block: 1, instances: 3, bytes: 6 },
    ];
    const slope = fitSlope(points);
    expect(slope?.perInstanceBytes).toBeCloseTo(2, 12);
    expect(slope?.fixedBytes).toBeCloseTo(1 / 3, 12);
    const halfWidth = 12.706204736 * Math.sqrt(1 / 3);
    expect(slope?.interval?.high).toBeCloseTo(2 + halfWidth, 6);
    expect(slope?.interval?.low).toBeCloseTo(2 - halfWidth, 6);
  });

  it('takes a line for each block, so that the level of a block does not tilt it', () => {
    const points = [1, 2, 3].flatMap((block) =>
      // A later block has more memory in use, and only large numbers.
      [block, block + 1].map((instances) => ({ block, instances, bytes: 1000 * block + 7 * instances })),
    );
    const slope = fitSlope(points);
    expect(slope).toMatchObject({ blocks: 3, observations: 6 });
    expect(slope?.perInstanceBytes).toBeCloseTo(7, 9);
    expect(slope?.interval?.high).toBeCloseTo(7, 6);
  });

  it('is null from one number of instances, and has no interval from two of them in one block', () => {
    expect(fitSlope([])).toBeNull();
    expect(fitSlope([{ block: 1, instances: 4, bytes: 9 }])).toBeNull();
    const two = fitSlope([
      { block: 1, instances: 1, bytes: 1 },
      { block: 1, instances: 2, bytes: 4 },
    ]);
    expect(two).toMatchObject({ perInstanceBytes: 3, interval: null });
  });

  it('covers the truth in about 95 % of simulated sessions', () => {
    const stream = randomStream(1, 1, 'footprint');
    const normal = () => {
      const uniform = () => (stream.nextUint32() + 0.5) / 2 ** 32;
      return Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    };
    const sessions = 400;
    const shares = [1, 4].map((blocks) => {
      let contained = 0;
      for (let session = 0; session < sessions; session++) {
        const points = Array.from({ length: blocks }, (_, index) => index + 1).flatMap((block) => {
          const level = 200 * MIB * normal();
          const noise = () => 8 * MIB * normal();
          return [1, 2, 4, 8].map((instances) => ({ block, instances, bytes: level + 30 * MIB * instances + noise() }));
        });
        const interval = fitSlope(points)?.interval;
        if (interval && interval.low <= 30 * MIB && interval.high >= 30 * MIB) contained++;
      }
      return contained / sessions;
    });
    for (const share of shares) {
      expect(share).toBeGreaterThan(0.95 - 4 * Math.sqrt((0.95 * 0.05) / sessions));
      expect(share).toBeLessThan(0.995);
    }
  });
});

describe('the footprint of an environment', () => {
  it('shows what of an image is shared: all of it under layers, nothing under copies', () => {
    const layers = [1, 2, 4].map((instances) =>
      row({ instances, diskBytes: instances * 1000, imageBytes: 100 * MIB, pssBytes: instances * 5 * MIB }),
    );
    const copies = [1, 2, 4].map((instances) =>
      row({ env: 'native', instances, diskBytes: instances * 100 * MIB, imageBytes: 100 * MIB }),
    );
    const [native, docker] = summarizeFootprint([...layers, ...copies], plan);
    expect(docker?.sharedDiskBytes).toBe(100 * MIB - 1000);
    expect(docker?.slopes.pss?.perInstanceBytes).toBeCloseTo(5 * MIB, 3);
    expect(native?.sharedDiskBytes).toBeCloseTo(0, 3);
  });

  it('leaves out figures that could not be read, and never takes them for 0', () => {
    const [docker] = summarizeFootprint([row({ instances: 1 }), row({ instances: 2 })], plan);
    expect(docker?.slopes).toEqual({ host: null, pss: null, cgroup: null, disk: null });
    expect(docker).toMatchObject({ env: 'docker', imageBytes: null, sharedDiskBytes: null });
    expect(summarizeFootprint([], plan)).toEqual([]);
  });
});
