import { describe, expect, it } from 'vitest';
import { simulateHost } from '../../../../bench/analysis/capacity/simulate.ts';
import { quantile } from '../../../../bench/analysis/stats/quantile.ts';

const MS = 1e6;
const steady = { burstNs: [10 * MS], busyFactor: 1 };

describe('a simulated host', () => {
  it('does as much as it has CPUs, and no more', () => {
    for (const [cpus, instances, rate] of [
      [1, 1, 100],
      [2, 2, 200],
      [2, 8, 200],
      [64, 16, 1600],
      [64, 256, 6400],
    ] as const) {
      const found = simulateHost(steady, { cpus, instances });
      expect(found.burstsPerSecond / rate).toBeCloseTo(1, 1);
    }
  });

  it('shares its CPUs evenly: with N instances on C of them, a burst takes N / C times as long', () => {
    for (const [cpus, instances] of [
      [1, 2],
      [2, 3],
      [2, 8],
      [8, 12],
    ] as const) {
      const found = simulateHost(steady, { cpus, instances });
      // Slices end in the middle of bursts: a burst may wait for a round more or less than its share.
      const round = 3 * MS * Math.ceil(instances / cpus);
      expect(Math.abs(quantile(found.burstNs, 0.5) - 10 * MS * (instances / cpus))).toBeLessThan(round);
      expect(quantile(found.burstNs, 0.99)).toBeLessThanOrEqual(10 * MS * (instances / cpus) + 2 * round);
    }
  });

  it('slows bursts down by what busy CPUs cost, in proportion to their share', () => {
    const measured = { ...steady, busyFactor: 1.3 };
    const median = (cpus: number, instances: number) =>
      quantile(simulateHost(measured, { cpus, instances }).burstNs, 0.5) / (10 * MS);
    expect(median(2, 1)).toBeCloseTo(1, 6);
    expect(median(2, 2)).toBeCloseTo(1.3, 6);
    expect(median(64, 64)).toBeCloseTo(1.3, 6);
    expect(median(5, 3)).toBeCloseTo(1.15, 6);
  });

  it('draws the bursts that were measured, the same ones for the same seed', () => {
    const measured = { burstNs: [10 * MS, 10 * MS, 10 * MS, 50 * MS], busyFactor: 1 };
    const host = { cpus: 2, instances: 2 };
    const found = simulateHost(measured, host, 7);
    expect(new Set(found.burstNs)).toEqual(new Set([10 * MS, 50 * MS]));
    const slow = found.burstNs.filter((ns) => ns > 20 * MS).length / found.burstNs.length;
    expect(slow).toBeGreaterThan(0.2);
    expect(slow).toBeLessThan(0.3);
    expect(simulateHost(measured, host, 7)).toEqual(found);
    expect(simulateHost(measured, host, 8)).not.toEqual(found);
  });
});
