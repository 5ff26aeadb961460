import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classifyWarmup, decideWarmup, LEAST_WARMUP, warmupBurstsOf } from '../../../bench/analysis/warmup.ts';
import { randomStream } from '../../../bench/random.ts';
import type { Warmup } from '../../../bench/types.ts';
import { testSample } from './simulate.ts';
import { BEYOND, leastHits, trialsOf } from './trials.ts';

/** Bursts of 10 ms with so much relative noise, times a factor for each. */
function bursts(factors: readonly number[], seed = 1, noise = 0.002): number[] {
  const stream = randomStream(seed, 1, 'bursts');
  const uniform = () => (stream.nextUint32() + 0.5) / 2 ** 32;
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  return factors.map((factor) => Math.round(1e7 * factor * Math.exp(noise * normal())));
}

const many = (factor: number, count: number): number[] => new Array<number>(count).fill(factor);
const classOf = (factors: readonly number[], seed?: number) => classifyWarmup(bursts(factors, seed));

describe('a series of bursts', () => {
  it('without a change is flat, and needs no warm-up', () => {
    expect(classOf(many(1, 30))).toMatchObject({ class: 'flat', length: 0 });
  });

  it('that starts slow and gets fast is a warm-up as long as the slow part', () => {
    expect(classOf([4, 2, 1.5, ...many(1.2, 5), ...many(1, 22)])).toMatchObject({ class: 'warm-up', length: 8 });
    expect(classOf([9, 7, ...many(1, 28)])).toMatchObject({ class: 'warm-up', length: 2 });
  });

  it('that starts fast and gets slow is a slow-down', () => {
    const found = classOf([...many(1, 12), ...many(1.1, 18)]);
    expect(found).toMatchObject({ class: 'slow-down', length: 12 });
    expect(found.segments.map(({ start }) => start)).toEqual([0, 12]);
    expect(found.segments[0]?.level).toBeCloseTo(1 / 1.1, 2);
  });

  it('whose last level fills less than a third has no steady state', () => {
    expect(classOf([...many(1, 21), ...many(1.2, 9)])).toMatchObject({ class: 'no steady state', length: 21 });
    expect(classOf([...many(1.2, 20), ...many(1, 10)])).toMatchObject({ class: 'warm-up', length: 20 });
  });

  it('with lone slow bursts is as flat as without them', () => {
    const factors = many(1, 30);
    for (const at of [7, 15, 29]) factors[at] = 3;
    expect(classOf(factors)).toMatchObject({ class: 'flat', length: 0 });
  });

  it('whose scatter alone changes is flat', () => {
    const times = [...bursts(many(1, 15), 3, 0.03), ...bursts(many(1, 15), 4, 0.001)];
    const found = classifyWarmup(times);
    expect(found.segments.length).toBeGreaterThan(1);
    expect(found).toMatchObject({ class: 'flat', length: 0 });
  });

  it('is judged the same in any unit of time', () => {
    const times = bursts([3, 2, ...many(1, 28)]);
    expect(classifyWarmup(times.map((time) => time * 1000))).toEqual(classifyWarmup(times));
  });

  it('of any numbers gets one of the four classes and a length within it, never an error', () => {
    const anything = fc.array(fc.oneof(fc.double(), fc.integer({ min: 1, max: 5 })), { minLength: 0, maxLength: 40 });
    fc.assert(
      fc.property(anything, (times) => {
        const found = classifyWarmup(times);
        expect(['flat', 'warm-up', 'slow-down', 'no steady state']).toContain(found.class);
        expect(found.length).toBeGreaterThanOrEqual(0);
        expect(found.length).toBeLessThanOrEqual(times.length);
        for (const { level } of found.segments) expect(Number.isFinite(level)).toBe(true);
      }),
      { examples: [[[5e-324, 1, 5e-324]], [[1, 1e308, 1]], [[1e-308, 1, 1]]] },
    );
  });

  it('with a step somewhere in it is found in 99 of 100 simulated series, to within a burst', () => {
    const trials = trialsOf(500);
    let found = 0;
    for (let seed = 0; seed < trials; seed++) {
      const before = 6 + (seed % 14);
      const { class: kind, length } = classOf([...many(1.05, before), ...many(1, 30 - before)], seed);
      if (kind === 'warm-up' && Math.abs(length - before) <= 1) found += 1;
    }
    expect(found).toBeGreaterThanOrEqual(leastHits(0.991, trials, BEYOND.two));
  });
});

describe("a session's warm-up", () => {
  const rows = (env: string, workload: string, times: readonly number[], ok = true) =>
    times.map((wallNs) => testSample({ env, workload, phase: 'warmup', round: 0, wallNs, ok }));

  it('is, of each workload, the longest over environments', () => {
    const pilot = [
      ...rows('native', 'fft', bursts([...many(2, 6), ...many(1, 24)])),
      ...rows('native', 'sor', bursts(many(1, 30), 2)),
      ...rows('docker', 'fft', bursts([...many(2, 11), ...many(1, 19)], 3)),
      ...rows('docker', 'sor', bursts(many(1, 30), 4)),
    ];
    const warmup = decideWarmup(pilot, 30);
    expect(warmup).toMatchObject({ length: 11, lengths: { fft: 11, sor: 5 } });
    expect(['fft', 'sor', 'lu'].map((id) => warmupBurstsOf(warmup as Warmup, id))).toEqual([11, 5, 11]);
    expect(warmup?.series.map(({ env, workload, length }) => `${env} ${workload} ${length}`)).toEqual([
      'native fft 6',
      'native sor 0',
      'docker fft 11',
      'docker sor 0',
    ]);
  });

  it('is five bursts at least, however fast everything settles, and never more than the pilot had', () => {
    expect(decideWarmup(rows('native', 'fft', bursts(many(1, 30))), 30)?.length).toBe(LEAST_WARMUP);
    expect(decideWarmup(rows('native', 'fft', bursts(many(1, 3))), 3)?.length).toBe(3);
  });

  it('is not driven by a series without steady state, which is listed all the same', () => {
    const restless = rows('uml', 'fft', bursts([...many(1, 24), ...many(1.5, 6)]));
    const warmup = decideWarmup([...restless, ...rows('native', 'fft', bursts(many(1, 30)))], 30);
    expect(warmup?.length).toBe(LEAST_WARMUP);
    expect(warmup?.series.find(({ env }) => env === 'uml')).toMatchObject({ class: 'no steady state', length: 24 });
  });

  it('is left open when no box did all bursts with right answers', () => {
    expect(decideWarmup([], 30)).toBeNull();
    expect(decideWarmup(rows('native', 'fft', bursts(many(1, 29))), 30)).toBeNull();
    expect(decideWarmup(rows('native', 'fft', bursts(many(1, 30)), false), 30)).toBeNull();
  });
});
