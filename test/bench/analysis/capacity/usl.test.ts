/** The scaling law: recovered from exact values, compared with a published fit, and how often its intervals are right. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ThroughputPoint } from '../../../../bench/analysis/capacity/least-squares.ts';
import { bandAt, fitLaw, type ScalingLaw, throughputAt } from '../../../../bench/analysis/capacity/usl.ts';
import { randomStream, type Stream } from '../../../../bench/random.ts';
import type { Interval } from '../../../../bench/types.ts';
import { normal } from '../simulate.ts';
import { BEYOND, leastHits, mostHits, trialsOf } from '../trials.ts';

const LEVELS = [1, 2, 3, 4, 6, 8, 12, 16];

interface Truth {
  readonly lambda: number;
  readonly sigma: number;
  readonly kappa: number;
}

const lawAt = ({ lambda, sigma, kappa }: Truth, n: number) =>
  (lambda * n) / (1 + sigma * (n - 1) + kappa * n * (n - 1));

/** Blocks that follow a curve, each off by 3 % as a whole and each cell by 3 % of its own; a share may be missing. */
function noisy(
  stream: Stream,
  blocks: number,
  curve: (n: number) => number,
  { missing = 0, cell = 0.03, levels = LEVELS } = {},
): ThroughputPoint[] {
  return Array.from({ length: blocks }, (_, block) => {
    const own = 0.03 * normal(stream);
    return levels.flatMap((instances) => {
      const throughput = curve(instances) * Math.exp(own + cell * normal(stream));
      return stream.nextInt(100) < missing * 100 ? [] : [{ block: block + 1, instances, throughput }];
    });
  }).flat();
}

const exact = (truth: Truth, blocks = 1, levels = LEVELS): ThroughputPoint[] =>
  Array.from({ length: blocks }, (_, block) =>
    levels.map((instances) => ({ block: block + 1, instances, throughput: lawAt(truth, instances) })),
  ).flat();

function lawOf(points: readonly ThroughputPoint[]): ScalingLaw {
  const law = fitLaw(points);
  if (law === null) throw new Error('no law');
  return law;
}

const contains = (interval: Interval | null | undefined, value: number) =>
  interval !== null && interval !== undefined && interval.low <= value && value <= interval.high;

/** Squares of relative residuals of one block about the law, in logs, with the best λ. */
function squaresOf(points: readonly ThroughputPoint[], sigma: number, kappa: number): number {
  const off = points.map((it) => Math.log(it.throughput / lawAt({ lambda: 1, sigma, kappa }, it.instances)));
  const mean = off.reduce((sum, one) => sum + one, 0) / off.length;
  return off.reduce((sum, one) => sum + (one - mean) ** 2, 0);
}

describe('the fit', () => {
  it('recovers the law from exact values, flat or steep, and says that nothing is left', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-6, max: 1e9, noNaN: true }),
        fc.double({ min: 0, max: 4, noNaN: true }),
        fc.double({ min: 0, max: 2, noNaN: true }),
        (lambda, sigma, kappa) => {
          const law = lawOf(exact({ lambda, sigma, kappa }));
          expect(law.lambda.value / lambda).toBeCloseTo(1, 6);
          expect(Math.abs(law.sigma.value - sigma)).toBeLessThan(1e-6 * (1 + sigma));
          expect(Math.abs(law.kappa.value - kappa)).toBeLessThan(1e-6 * (1 + kappa));
          expect(law.residual).toBeLessThan(1e-6);
          expect(throughputAt(law, 10) / lawAt({ lambda, sigma, kappa }, 10)).toBeCloseTo(1, 6);
        },
      ),
    );
  });

  it('also without the smallest numbers, and from blocks that each have two', () => {
    const truth = { lambda: 50, sigma: 0.1, kappa: 0.01 };
    expect(lawOf(exact(truth, 1, [2, 5, 9])).lambda.value).toBeCloseTo(50, 6);
    const pairs = [
      [1, 2],
      [2, 8],
      [8, 16],
    ].flatMap((levels, block) => exact(truth, 1, levels).map((point) => ({ ...point, block })));
    expect(lawOf(pairs).kappa.value).toBeCloseTo(0.01, 6);
  });

  it('is the least squares of relative residuals with σ and κ of 0 or more', () => {
    const stream = randomStream(11, 0, 'least squares');
    for (let trial = 0; trial < 20; trial++) {
      const curve = (n: number) => Math.min(n, 4 + trial / 4) ** (1 - trial / 30);
      const points = noisy(stream, 1, curve, { cell: 0.1 });
      const law = lawOf(points);
      const [sigma, kappa] = [law.sigma.value, law.kappa.value];
      const least = squaresOf(points, sigma, kappa);
      for (const [s, k] of [...Array(2500).keys()].map((cell) => [(cell % 50) / 50, Math.floor(cell / 50) / 500])) {
        expect(squaresOf(points, s as number, k as number)).toBeGreaterThan(least - 1e-12);
      }
    }
  });

  it('agrees with a published one within its standard errors, though that is of absolute residuals', () => {
    // SPEC SDM91 of a SPARCcenter 2000; coefficients as printed by the package usl for R (Möding, 3.0), with 2 errors.
    const throughputs = [64.9, 995.9, 1652.4, 1853.2, 1828.9, 1775, 1702.2];
    const points = [1, 18, 36, 72, 108, 144, 216].map((instances, index) => ({
      block: 1,
      instances,
      throughput: throughputs[index] as number,
    }));
    const law = lawOf(points);
    expect(Math.abs(law.sigma.value - 0.0277285)).toBeLessThan(2 * 0.0091217);
    expect(Math.abs(law.kappa.value - 0.0001044)).toBeLessThan(2 * 0.0000199);
    expect(Math.abs(law.lambda.value - 89.995233)).toBeLessThan(2 * 14.2134894);
    // The largest of the published residuals is at 36, too.
    expect(law.furthest.instances).toBe(36);
  });

  it('keeps σ and κ at 0 where more than N instances’ worth is measured, and at Amdahl’s law where there is one', () => {
    const superlinear = lawOf(LEVELS.map((n) => ({ block: 1, instances: n, throughput: n ** 1.2 })));
    expect([superlinear.sigma.value, superlinear.kappa.value]).toEqual([0, 0]);
    const amdahl = lawOf(exact({ lambda: 7, sigma: 0.3, kappa: 0 }, 6));
    expect(amdahl.kappa).toEqual({ value: 0, interval: { low: 0, high: expect.any(Number) } });
    expect(amdahl.sigma.value).toBeCloseTo(0.3, 8);
    expect(amdahl.peak).toBeNull();
  });

  it('ends for data of any kind, at finite figures', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            block: fc.integer({ min: 1, max: 4 }),
            instances: fc.integer({ min: 1, max: 40 }),
            throughput: fc.double({ min: 1e-9, max: 1e12, noNaN: true }),
          }),
          { maxLength: 30 },
        ),
        (points) => {
          const law = fitLaw(points);
          if (law === null) return;
          for (const { value } of [law.lambda, law.sigma, law.kappa]) expect(value).toBeGreaterThanOrEqual(0);
          expect(Number.isFinite(throughputAt(law, 100))).toBe(true);
          for (const { value, interval } of [law.lambda, law.sigma, law.kappa]) {
            if (interval !== null) expect(contains(interval, value)).toBe(true);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('is unknown from fewer than three linked levels, and without positive values', () => {
    const truth = { lambda: 50, sigma: 0.1, kappa: 0.01 };
    expect(fitLaw([])).toBeNull();
    expect(fitLaw(exact(truth, 6, [1, 8]))).toBeNull();
    // Three levels, one a block: how blocks differ and how levels differ can't be separated.
    expect(fitLaw([1, 2, 4].map((level) => ({ block: level, instances: level, throughput: level })))).toBeNull();
    expect(fitLaw(exact(truth).map((point) => ({ ...point, throughput: 0 })))).toBeNull();
    expect(fitLaw(exact(truth).map((point) => ({ ...point, throughput: Number.NaN })))).toBeNull();
  });

  it('ignores cells that are not above 0 and blocks of a single level', () => {
    const truth = { lambda: 50, sigma: 0.1, kappa: 0.01 };
    const odd = [
      { block: 1, instances: 5, throughput: 0 },
      { block: 1, instances: 7, throughput: Number.POSITIVE_INFINITY },
      { block: 9, instances: 2, throughput: 1e6 },
    ];
    expect(fitLaw([...odd, ...exact(truth, 3)])).toEqual(fitLaw(exact(truth, 3)));
  });
});

describe('intervals', () => {
  it('come from blocks: none with one', () => {
    const law = lawOf(noisy(randomStream(3, 0, 'one'), 1, (n) => lawAt({ lambda: 1, sigma: 0.1, kappa: 0.01 }, n)));
    expect([law.lambda.interval, law.sigma.interval, law.kappa.interval]).toEqual([null, null, null]);
    expect([law.peak, bandAt(law, 4), law.spread, law.furthest.interval]).toEqual([null, null, null, null]);
  });

  it('are the same for the same points in any order, and nearly the same for another seed', () => {
    const points = noisy(randomStream(4, 0, 'same'), 8, (n) => lawAt({ lambda: 1, sigma: 0.1, kappa: 0.01 }, n));
    const law = lawOf(points);
    expect(fitLaw([...points].reverse())).toEqual(law);
    const other = fitLaw(points, 77);
    expect(other?.sigma.value).toBe(law.sigma.value);
    expect(other?.sigma.interval).not.toEqual(law.sigma.interval);
    const width = (one: Interval | null | undefined) => (one?.high ?? 0) - (one?.low ?? 0);
    expect(width(other?.sigma.interval) / width(law.sigma.interval)).toBeCloseTo(1, 0);
  });

  it('have no width where blocks agree but for their level', () => {
    const points = exact({ lambda: 9, sigma: 0.1, kappa: 0.01 }, 5).map((point) => ({
      ...point,
      throughput: point.throughput * point.block,
    }));
    const law = lawOf(points);
    expect(law.sigma.interval?.high).toBeCloseTo(0.1, 8);
    expect(law.sigma.interval?.low).toBeCloseTo(0.1, 8);
    expect((law.lambda.interval?.high ?? 0) / (law.lambda.interval?.low ?? 1)).toBeGreaterThan(2);
    expect(law.peak?.value).toBeCloseTo(Math.sqrt(0.9 / 0.01), 4);
  });

  it('of the peak exist only where κ is distinguished from 0', () => {
    const stream = randomStream(6, 0, 'peak');
    const found = lawOf(noisy(stream, 8, (n) => lawAt({ lambda: 1, sigma: 0.05, kappa: 0.01 }, n)));
    expect(contains(found.peak?.interval, found.peak?.value ?? 0)).toBe(true);
    expect(contains(found.peak?.interval, Math.sqrt(0.95 / 0.01))).toBe(true);
    // σ at 1 or above: the highest throughput is that of one instance or none.
    expect(lawOf(noisy(stream, 8, (n) => lawAt({ lambda: 1, sigma: 1.5, kappa: 0.2 }, n))).peak).toBeNull();
  });

  const SCENARIOS = [
    { blocks: 6, sigma: 0.05, kappa: 0.002, cells: 'all' },
    { blocks: 10, sigma: 0.4, kappa: 0.001, cells: 'all' },
    { blocks: 10, sigma: 0.05, kappa: 0.002, cells: '9 of 10' },
    { blocks: 6, sigma: 0.05, kappa: 0, cells: 'all' },
  ];

  it.each(SCENARIOS)('contain the truth 95 times of 100: $blocks blocks, σ $sigma, κ $kappa, cells: $cells', (it) => {
    const truth = { lambda: 1000, sigma: it.sigma, kappa: it.kappa };
    const trials = trialsOf(2000);
    const stream = randomStream(20, it.blocks, `coverage of ${it.sigma} and ${it.kappa}`);
    const hits = new Map<string, number>();
    let nonsense = 0;
    for (let trial = 0; trial < trials; trial++) {
      const law = lawOf(noisy(stream, it.blocks, (n) => lawAt(truth, n), { missing: it.cells === 'all' ? 0 : 0.1 }));
      const covered = {
        lambda: contains(law.lambda.interval, truth.lambda),
        sigma: contains(law.sigma.interval, truth.sigma),
        kappa: contains(law.kappa.interval, truth.kappa),
        4: contains(bandAt(law, 4), lawAt(truth, 4)),
        16: contains(bandAt(law, 16), lawAt(truth, 16)),
        32: contains(bandAt(law, 32), lawAt(truth, 32)),
      };
      for (const [name, isCovered] of Object.entries(covered)) {
        hits.set(name, (hits.get(name) ?? 0) + Number(isCovered));
      }
      if (!contains(law.furthest.interval, 1)) nonsense += 1;
    }
    const least = leastHits(0.95, trials, BEYOND.three);
    for (const [name, count] of hits) expect(count, name).toBeGreaterThanOrEqual(least);
    // Nor more often, but where the bound helps: κ of 0 is missed from above only, and the curve is better known than
    // estimates of any sign suppose.
    const most = mostHits(0.95, trials, BEYOND.three);
    for (const name of it.kappa === 0 ? ['lambda', 'sigma'] : ['lambda', 'sigma', 'kappa', '4', '16']) {
      expect(hits.get(name), name).toBeLessThanOrEqual(most);
    }
    expect(hits.size).toBe(6);
    // A law that holds is rarely denied.
    expect(nonsense).toBeLessThanOrEqual(mostHits(0.05, trials, BEYOND.three));
  });
});

describe('goodness', () => {
  it('finds the spread of the noise', () => {
    const truth = { lambda: 1000, sigma: 0.1, kappa: 0.002 };
    const law = lawOf(noisy(randomStream(8, 0, 'spread'), 60, (n) => lawAt(truth, n)));
    expect(Math.abs((law.residual ?? 0) / 0.03 - 1)).toBeLessThan(0.15);
    expect(law.blocks).toBe(60);
    expect(law.levels).toEqual(LEVELS);
  });

  it('shows where the law doesn’t fit: linear up to four processors and flat beyond', () => {
    const law = lawOf(noisy(randomStream(9, 0, 'flat'), 8, (n) => 100 * Math.min(n, 4), { cell: 0.01 }));
    expect(law.furthest.instances).toBe(4);
    expect(law.furthest.interval?.low).toBeGreaterThan(1.05);
    expect(law.residual).toBeGreaterThan(0.05);
  });

  it('is unknown where three levels of one block leave nothing to spare', () => {
    expect(lawOf(exact({ lambda: 1, sigma: 0.1, kappa: 0.01 }, 1, [1, 2, 4])).residual).toBeNull();
  });
});
