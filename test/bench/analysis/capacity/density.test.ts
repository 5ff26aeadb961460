import { describe, expect, it } from 'vitest';
import { densityRatio, summarizeDensity } from '../../../../bench/analysis/capacity/density.ts';
import { randomStream } from '../../../../bench/random.ts';
import type { DensityRow } from '../../../../bench/types.ts';

const MIB = 2 ** 20;
const plan = { environments: [{ path: 'native' }, { path: 'docker' }], baseline: 'native' };

function row(change: Partial<DensityRow>): DensityRow {
  return {
    ...{ block: 1, position: 1, env: 'docker', instances: 1, startId: 'b1-docker-n9-1', status: 'completed' },
    ...{ endedBy: null, reason: '', readyMs: null, hostDeltaBytes: null, pssBytes: null, rssBytes: null },
    ...{ cgroupBytes: null, diskBytes: null, slabBytes: null, ksmBytes: null, ...change },
  };
}

/** So many instances, each of which takes `mib` and starts in 100 ms and `growthMs` more for each one that is there. */
function series(block: number, { env = 'docker', count = 40, mib = 20, growthMs = 0, noiseMib = 0, seed = 1 } = {}) {
  const { nextInt } = randomStream(seed, block, env);
  return Array.from({ length: count }, (_, index) => {
    const instances = index + 1;
    const noise = noiseMib === 0 ? 0 : nextInt(2 * noiseMib + 1) - noiseMib;
    return row({
      ...{ block, env, instances, readyMs: 100 + growthMs * index },
      hostDeltaBytes: (300 + mib * instances + noise) * MIB,
      ...(instances % 10 === 0 ? { pssBytes: 5 * instances * MIB, rssBytes: 50 * instances * MIB } : {}),
      ...(instances === count ? { endedBy: 'max' as const } : {}),
    });
  });
}

describe('the density of idle instances', () => {
  it('is a line over all instances, whose slope is one more of them and whose intercept is fixed', () => {
    const [docker] = summarizeDensity(
      [1, 2, 3].flatMap((block) => series(block)),
      plan,
    );
    expect(docker?.env).toBe('docker');
    expect(docker?.held).toEqual({ least: 40, median: 40, most: 40 });
    expect(docker?.ends).toEqual([{ by: 'max', blocks: 3, reason: '' }]);
    expect(docker?.slopes.host?.perInstanceBytes).toBeCloseTo(20 * MIB, 0);
    expect(docker?.slopes.host?.fixedBytes).toBeCloseTo(300 * MIB, 0);
    expect(docker?.slopes.pss?.perInstanceBytes).toBeCloseTo(5 * MIB, 0);
    expect(docker?.slopes.cgroup).toBeNull();
    expect(docker?.sharing).toEqual({ instances: 40, rssBytes: 2000 * MIB, pssBytes: 200 * MIB, ksmBytes: null });
  });

  it('has no interval from one block, whose residuals depend on each other', () => {
    const [docker] = summarizeDensity(series(1, { noiseMib: 10 }), plan);
    expect(docker?.slopes.host?.interval).toBeNull();
    expect(docker?.slopes.host?.blocks).toBe(1);
    expect(docker?.starts?.growth?.interval).toBeNull();
  });

  it('has intervals that contain the true slope as often as they say', () => {
    const trials = 400;
    let hits = 0;
    for (let seed = 1; seed <= trials; seed++) {
      const rows = [1, 2, 3, 4].flatMap((block) => series(block, { noiseMib: 60, seed }));
      const interval = summarizeDensity(rows, plan)[0]?.slopes.host?.interval;
      if (interval && interval.low <= 20 * MIB && 20 * MIB <= interval.high) hits++;
    }
    // Binomial, 95 % of 400: 380 ± 4 · 4.4.
    expect(hits).toBeGreaterThan(362);
    expect(hits).toBeLessThan(398);
  });

  it('compares the starts of the last quarter with those of the first', () => {
    const [docker] = summarizeDensity(
      [1, 2].flatMap((block) => series(block, { growthMs: 5 })),
      plan,
    );
    expect(docker?.starts).toMatchObject({ firstMs: 100, medianMs: 100 + 5 * 19.5, lastMs: 100 + 5 * 39 });
    // Quarters are starts 1 to 10 and 31 to 40, with medians at 4.5 and 34.5 instances before.
    expect(docker?.starts?.growth?.ratio).toBeCloseTo((100 + 5 * 34.5) / (100 + 5 * 4.5), 9);
    expect(summarizeDensity(series(1, { count: 7, growthMs: 5 }), plan)[0]?.starts?.growth).toBeNull();
  });

  it('counts what is held, not what was stopped or failed, and names what ended each series', () => {
    const rows = [1, 2, 3].flatMap((block) => {
      const held = series(block, { count: 10 * block }).map((one) => ({ ...one, endedBy: null }));
      const end =
        block === 3
          ? ({ status: 'failed', endedBy: 'engine', reason: 'no more networks' } as const)
          : ({ status: 'stopped', endedBy: 'memory', reason: `at ${block}` } as const);
      return [...held, row({ block, instances: 10 * block + 1, ...end })];
    });
    const [docker] = summarizeDensity(rows, plan);
    expect(docker?.held).toEqual({ least: 10, median: 20, most: 30 });
    expect(docker?.ends).toEqual([
      { by: 'memory', blocks: 2, reason: 'at 1' },
      { by: 'engine', blocks: 1, reason: 'no more networks' },
    ]);
    expect(docker?.slopes.host?.perInstanceBytes).toBeCloseTo(20 * MIB, 0);
    // Of the largest number that was weighed.
    expect(docker?.sharing?.instances).toBe(30);
  });

  it('of an environment that held none has no figures but its end', () => {
    const [docker] = summarizeDensity([row({ status: 'failed', endedBy: 'engine', reason: 'broken' })], plan);
    expect(docker).toMatchObject({ held: { most: 0 }, starts: null, sharing: null, slopes: { host: null } });
  });

  it('is compared with the baseline by the slopes of the same blocks', () => {
    const rows = [1, 2].flatMap((block) => [
      ...series(block, { mib: 10 * block, env: 'native' }),
      ...series(block, { mib: 30 * block }),
    ]);
    const ratio = densityRatio(rows, { env: 'docker', baseline: 'native' }, 'host');
    expect(ratio?.ratio).toBeCloseTo(3, 9);
    expect(ratio?.blocks).toBe(2);
    expect(densityRatio(rows, { env: 'docker', baseline: 'native' }, 'disk')).toBeNull();
  });
});
