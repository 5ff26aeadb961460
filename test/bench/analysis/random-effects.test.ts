/** Random effects: published examples, coverage with variances that are estimated from few blocks, false and true outliers. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bySize,
  deviations,
  type Effect,
  type Measured,
  randomEffects,
} from '../../../bench/analysis/stats/random-effects.ts';
import { randomStream } from '../../../bench/random.ts';
import { BEYOND, leastHits, mostHits, trialsOf } from './trials.ts';

/** Weighted by their own variances, as in the literature. */
const known = (logs: readonly number[], variances: readonly number[]): Effect[] =>
  logs.map((log, index) => {
    const variance = variances[index] as number;
    return { log, variance, weightVariance: variance, freedom: 1e6 };
  });

/** Colditz and others, JAMA 271, 1994: cases and others, vaccinated and not. As `dat.bcg` of the R package metadat. */
const BCG = [
  [4, 119, 11, 128],
  [6, 300, 29, 274],
  [3, 228, 11, 209],
  [62, 13536, 248, 12619],
  [33, 5036, 47, 5761],
  [180, 1361, 372, 1079],
  [8, 2537, 10, 619],
  [505, 87886, 499, 87892],
  [29, 7470, 45, 7232],
  [17, 1699, 65, 1600],
  [186, 50448, 141, 27197],
  [5, 2493, 3, 2338],
  [27, 16886, 29, 17825],
] as const;

/** Log risk ratios with their variances, as metafor's `escalc(measure = "RR")` has them. */
const bcg = known(
  BCG.map(([a, b, c, d]) => Math.log(a / (a + b) / (c / (c + d)))),
  BCG.map(([a, b, c, d]) => 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)),
);

/** Kacker, Metrologia 41, 2004: a quantity as nine laboratories measured it. */
const LOGS = [61.0, 61.4, 62.21, 62.3, 62.34, 62.6, 62.7, 62.84, 65.9];
const VARIANCES = [0.2025, 1.21, 0.09, 0.2025, 0.3844, 0.5625, 0.0676, 0.0225, 1.8225];

describe('published examples', () => {
  it('the BCG vaccine: metafor, rma(yi, vi, method = "DL")', () => {
    const fit = randomEffects(bcg);
    expect(fit?.tauSquared).toBeCloseTo(0.3088, 4);
    expect(fit?.meanLog).toBeCloseTo(-0.7141, 4);
    expect((fit?.iSquared ?? 0) * 100).toBeCloseTo(92.12, 2);
  });

  it('nine laboratories: metafor, rma(y, v, method = "DL", test = "knha")', () => {
    const fit = randomEffects(known(LOGS, VARIANCES));
    expect(fit?.tauSquared).toBeCloseTo(0.288049246973751, 10);
    expect(fit?.meanLog).toBeCloseTo(62.3901386044504, 10);
    expect(fit?.errorLog).toBeCloseTo(0.29477605699879, 10);
    expect((fit?.meanLog ?? 0) - (fit?.halfWidthLog ?? 0)).toBeCloseTo(61.710383798052, 9);
    expect((fit?.meanLog ?? 0) + (fit?.halfWidthLog ?? 0)).toBeCloseTo(63.0698934108488, 9);
    expect((fit?.iSquared ?? 0) * 100).toBeCloseTo(67.744403741711, 9);
    // t(0.975, 7) = 2.364624.
    expect(fit?.predictionLog).toBeCloseTo(2.3646242510103 * Math.sqrt(0.288049246973751 + 0.29477605699879 ** 2), 9);
  });

  it('the same with equal weights: Cochran’s estimate in DerSimonian and Kacker 2007, table 1', () => {
    const equal = known(LOGS, VARIANCES).map((effect) => ({ ...effect, weightVariance: 1 }));
    expect(Math.sqrt(randomEffects(equal)?.tauSquared ?? 0)).toBeCloseTo(1.1837, 4);
  });
});

describe('weights by the number of blocks', () => {
  it('do not depend on how much a host scatters by chance', () => {
    const hosts = [0.01, 0.02, 0.03].map((log, index) => ({ log, variance: 1e-6 * (index + 1), freedom: 5, size: 6 }));
    const [first, ...others] = bySize(hosts).map(({ weightVariance }) => weightVariance);
    expect(first).toBeCloseTo(2e-6, 12);
    for (const other of others) expect(other).toBe(first);
    // With the same weights the interval of the mean is Student's.
    expect(randomEffects(bySize(hosts))?.meanLog).toBeCloseTo(0.02, 12);
    expect(randomEffects(bySize(hosts))?.halfWidthLog).toBeCloseTo(4.30265273 * (0.01 / Math.sqrt(3)), 9);
  });

  it('say nothing of fewer than three hosts, and of no outlier among three', () => {
    const hosts = (count: number) =>
      bySize(Array.from({ length: count }, () => ({ log: 0, variance: 1e-6, freedom: 5, size: 6 })));
    expect(randomEffects(hosts(2))).toBeNull();
    expect(randomEffects(hosts(3))).not.toBeNull();
    expect(deviations(hosts(3))).toBeNull();
    expect(deviations(hosts(4))).toHaveLength(4);
  });

  it('give finite figures of whatever is finite', () => {
    const host = fc.record({
      log: fc.oneof(fc.constant(0), fc.double({ min: -1500, max: 1500, noNaN: true })),
      variance: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e6, noNaN: true })),
      freedom: fc.integer({ min: 1, max: 1000 }),
      size: fc.integer({ min: 1, max: 1000 }),
    });
    fc.assert(
      fc.property(fc.array(host, { minLength: 3, maxLength: 12 }), (hosts) => {
        const effects = bySize(hosts);
        const fit = randomEffects(effects);
        for (const figure of Object.values(fit ?? {})) expect(Number.isFinite(figure)).toBe(true);
        expect(fit?.iSquared).toBeGreaterThanOrEqual(0);
        expect(fit?.iSquared).toBeLessThanOrEqual(1);
        for (const { pValue } of deviations(effects) ?? []) {
          expect(pValue).toBeGreaterThanOrEqual(0);
          expect(pValue).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});

interface Fleet {
  readonly hosts: number;
  /** Standard deviation of the true values. */
  readonly tau: number;
  /** Standard deviation of the log of a host's scatter. */
  readonly unlike?: number;
}

const BLOCK = 0.004;

/** Hosts of six blocks whose true mean is 0, and the true value of one more. */
function fleet(seed: number, { hosts, tau, unlike = 0 }: Fleet): { hosts: Measured[]; next: number } {
  const stream = randomStream(seed, hosts, `fleet ${tau} ${unlike}`);
  const uniform = () => (stream.nextUint32() + 1) / 2 ** 32;
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const host = (): Measured => {
    const truth = tau * normal();
    const scatter = BLOCK * Math.exp(unlike * normal());
    const blocks = Array.from({ length: 6 }, () => truth + scatter * normal());
    const log = blocks.reduce((sum, value) => sum + value, 0) / 6;
    return { log, variance: blocks.reduce((sum, value) => sum + (value - log) ** 2, 0) / 30, freedom: 5, size: 6 };
  };
  return { hosts: Array.from({ length: hosts }, host), next: tau * normal() };
}

const CASES = [3, 5, 10, 20, 50].flatMap((hosts) => [0, 0.005, 0.02].map((tau) => ({ hosts, tau })));

/** Trials in which the interval of the mean contains 0, and the prediction the next host. */
function hits(trials: number, of: Fleet, effectsOf: (hosts: readonly Measured[]) => Effect[]) {
  let [mean, next] = [0, 0];
  for (let seed = 0; seed < trials; seed++) {
    const drawn = fleet(seed, of);
    const fit = randomEffects(effectsOf(drawn.hosts));
    if (fit === null) throw new Error('too few hosts');
    if (Math.abs(fit.meanLog) <= fit.halfWidthLog) mean += 1;
    if (Math.abs(fit.meanLog - drawn.next) <= fit.predictionLog) next += 1;
  }
  return { mean, next };
}

describe('hosts of six blocks each', () => {
  const trials = trialsOf(10_000);

  it.each(CASES)(
    'keep the mean of $hosts hosts, τ $tau, in its interval, and the next host in its prediction',
    (of) => {
      const { mean, next } = hits(trials, of, bySize);
      // 93 to 97 % with all trials, three standard deviations more with a tenth of them.
      expect(mean).toBeGreaterThanOrEqual(leastHits(0.94, trials, BEYOND.three));
      expect(mean).toBeLessThanOrEqual(mostHits(0.96, trials, BEYOND.three));
      expect(next).toBeGreaterThanOrEqual(leastHits(0.935, trials, BEYOND.three));
    },
  );

  it('that scatter unlike each other, by factors of 0.4 to 2.7, keep the interval of the mean', () => {
    for (const { hosts, tau } of CASES) {
      const { mean } = hits(trials, { hosts, tau, unlike: 0.5 }, bySize);
      expect(mean, `${hosts} hosts, τ ${tau}`).toBeGreaterThanOrEqual(leastHits(0.94, trials, BEYOND.three));
    }
  });

  it('weighted by their own variances, which is why they are not, leave it out too often where τ is 0', () => {
    const own = (hosts: readonly Measured[]) => hosts.map((host) => ({ ...host, weightVariance: host.variance }));
    for (const hosts of [10, 20, 50]) {
      const { mean } = hits(trials, { hosts, tau: 0 }, own);
      expect(mean, `${hosts} hosts`).toBeLessThan(leastHits(0.95, trials, BEYOND.three));
    }
  });
});

describe('an outlier', () => {
  const found = (hosts: readonly Measured[]) => (deviations(bySize(hosts)) ?? []).map(({ pValue }) => pValue < 0.05);

  it.each([5, 20, 100])('is seen in at most 5 % of fleets of %i hosts that have none', (hosts) => {
    const trials = trialsOf(2000);
    for (const [tau, unlike] of [
      [0, 0],
      [0.005, 0],
      [0.02, 0],
      [0, 0.5],
    ] as const) {
      const alarms = Array.from({ length: trials }, (_, seed) => fleet(seed, { hosts, tau, unlike })).filter((one) =>
        found(one.hosts).includes(true),
      );
      expect(alarms.length, `τ ${tau}, unlike ${unlike}`).toBeLessThanOrEqual(mostHits(0.06, trials, BEYOND.three));
    }
  });

  it('of 5 % among 20 hosts that spread by 0.5 % is found nine times in ten, and no other host with it', () => {
    const trials = trialsOf(1000);
    let [hit, more] = [0, 0];
    for (let seed = 0; seed < trials; seed++) {
      const { hosts } = fleet(seed, { hosts: 20, tau: 0.005 });
      const odd = hosts.map((host, index) => (index === 7 ? { ...host, log: host.log + 0.05 } : host));
      const seen = found(odd);
      if (seen[7]) hit += 1;
      if (seen.filter(Boolean).length > 1) more += 1;
    }
    expect(hit).toBeGreaterThanOrEqual(leastHits(0.9, trials, BEYOND.three));
    expect(more).toBeLessThanOrEqual(mostHits(0.05, trials, BEYOND.three));
  });
});
