/** Total and sustained ratio, time lost now and then, throttling, wake-up cost: what stands beside the typical ratio. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readConditions } from '../../../bench/analysis/contrast/conditions.ts';
import { losesTimeAtTimes } from '../../../bench/analysis/contrast/intermittent.ts';
import { type ContrastRow, contrastResults } from '../../../bench/analysis/contrast/ratio.ts';
import type { Sample } from '../../../bench/types.ts';
import { simulateSamples, testPlan, testSample, testStart } from './simulate.ts';

const ONE = testPlan({ workloads: ['fft'] });

/** One measured burst a round, times in µs. */
function rows(block: number, times: Readonly<Record<string, readonly number[]>>): Sample[] {
  return Object.entries(times).flatMap(([env, list]) =>
    list.map((time, index) => testSample({ block, round: index + 1, env, work: 2, wallNs: time * 2000 })),
  );
}

/** A long visit of bursts of `work` passes, times in µs per pass. */
function long(block: number, env: string, times: readonly number[], workload = 'fft'): Sample[] {
  return times.map((time) =>
    testSample({ block, round: 0, env, workload, phase: 'long', work: 5, wallNs: time * 5000 }),
  );
}

describe('the total ratio', () => {
  it('is that of the sums, averaged in logs over both copies of the baseline', () => {
    const samples = rows(1, { native: [100, 100, 100], 'native@control': [100, 110, 120], docker: [100, 100, 400] });
    const [row] = contrastResults(samples, ONE);
    const expected = (Math.log(600 / 300) + Math.log(600 / 330)) / 2;
    expect(row?.total?.ratio).toBeCloseTo(Math.exp(expected), 12);
    expect(row?.total).toMatchObject({ interval: null, blocks: 1 });
  });

  it('takes rounds that both sides have, and no other', () => {
    const samples = rows(1, { native: [100, 100, 100, 900], docker: [110, 110, 110] });
    expect(contrastResults(samples, ONE)[0]?.total?.ratio).toBeCloseTo(1.1, 12);
  });

  it('recovers what is lost in few bursts, where the typical ratio shows nothing', () => {
    const plan = testPlan({ blocks: 12, rounds: 40 });
    // 3 ms in one of ten bursts of 10 ms: 3 %.
    const lost = { docker: { chance: 0.1, ns: 3e6 } };
    const suite = contrastResults(simulateSamples(plan, { seed: 4, lost }), plan).at(-1);
    expect(suite?.timeRatio).toBeCloseTo(1, 2);
    expect(suite?.total?.ratio).toBeGreaterThan(1.02);
    expect(suite?.intermittent).toBe(true);
    expect(suite).toMatchObject({ verdict: 'inconclusive', judgement: { reasons: [{ kind: 'intermittent' }] } });
  });
});

describe('time lost now and then', () => {
  it('is an interval above 0, not an interval below it, one value, or rounding', () => {
    expect(losesTimeAtTimes([0.02, 0.03, 0.025])).toBe(true);
    expect(losesTimeAtTimes([-0.02, -0.03, -0.025])).toBe(false);
    expect(losesTimeAtTimes([0.02, -0.03, 0.025])).toBe(false);
    expect(losesTimeAtTimes([0.5])).toBe(false);
    expect(losesTimeAtTimes([])).toBe(false);
    expect(losesTimeAtTimes([1e-16, 1e-16, 1e-16])).toBe(false);
  });

  it('is found in most sessions of 40 rounds, and seldom where nothing is lost', () => {
    const plan = testPlan({ workloads: ['fft'], rounds: 40 });
    const lost = { docker: { chance: 0.1, ns: 3e6 } };
    let found = 0;
    let alarms = 0;
    for (let seed = 1; seed <= 60; seed++) {
      if (contrastResults(simulateSamples(plan, { seed, lost }), plan)[0]?.intermittent) found++;
      if (contrastResults(simulateSamples(plan, { seed }), plan)[0]?.intermittent) alarms++;
    }
    expect(found).toBeGreaterThan(50);
    // 2.5 % and four standard deviations.
    expect(alarms).toBeLessThanOrEqual(0.025 * 60 + 4 * Math.sqrt(0.025 * 0.975 * 60));
  });
});

describe('the sustained ratio', () => {
  it('is that of the times per pass of the long visits, however many bursts they had', () => {
    const samples = [
      ...rows(1, { native: [100, 100, 100], docker: [100, 100, 100] }),
      ...long(1, 'native', [100, 100, 100, 100]),
      ...long(1, 'docker', [150, 250]),
    ];
    expect(contrastResults(samples, ONE)[0]?.sustained).toMatchObject({ interval: null, blocks: 1 });
    expect(contrastResults(samples, ONE)[0]?.sustained?.ratio).toBeCloseTo(2, 12);
  });

  it('has an interval from two blocks on, averages both copies, and is absent without a long visit', () => {
    const block = (number: number, control: number) => [
      ...rows(number, { native: [100, 100, 100], 'native@control': [100, 100, 100], docker: [100, 100, 100] }),
      ...long(number, 'native', [100]),
      ...long(number, 'native@control', [control]),
      ...long(number, 'docker', [120]),
    ];
    const sustained = contrastResults([...block(1, 110), ...block(2, 90)], ONE)[0]?.sustained;
    const logs = [1.2, 1.2 / 1.1, 1.2, 1.2 / 0.9].map(Math.log);
    expect(sustained?.ratio).toBeCloseTo(Math.exp(logs.reduce((sum, value) => sum + value, 0) / 4), 12);
    expect(sustained?.interval?.high).toBeGreaterThan(sustained?.ratio ?? 9);
    expect(contrastResults(rows(1, { native: [1, 1, 1], docker: [1, 1, 1] }), ONE)[0]?.sustained).toBeNull();
  });

  it('shows a quota that short visits do not, per workload and for the suite, rotating or not', () => {
    for (const longVisits of ['all', 'rotate'] as const) {
      const plan = testPlan({ longVisits });
      const found = contrastResults(simulateSamples(plan, { seed: 8, sustained: { docker: 1.94 } }), plan);
      expect(found.map(({ sustained }) => sustained?.blocks)).toEqual(longVisits === 'all' ? [6, 6, 6] : [3, 3, 6]);
      for (const { timeRatio, sustained } of found) {
        expect(timeRatio).toBeCloseTo(1, 1);
        expect(Math.abs((sustained?.ratio ?? 0) / 1.94 - 1)).toBeLessThan(0.02);
      }
    }
  });
});

describe('throttling and steal', () => {
  const plan = testPlan();
  const samples = [...simulateSamples(plan, { seed: 8 })];
  const found = (changes: Parameters<typeof testStart>[0]): ContrastRow | undefined =>
    contrastResults(samples, plan, { starts: [testStart({ env: 'docker', block: 3, runMs: 9000, ...changes })] })[0];

  it('of a box under a quota mark its contrasts, which are never called equivalent then', () => {
    expect(contrastResults(samples, plan)[0]?.verdict).toBe('equivalent');
    expect(found({ throttledMs: 500 })).toMatchObject({
      intermittent: true,
      throttledBlocks: [3],
      verdict: 'inconclusive',
    });
    expect(found({ throttledMs: 500, env: 'native' })?.intermittent).toBe(true);
    expect(found({ throttledMs: 500, env: 'uml' })?.intermittent).toBe(false);
    expect(found({ throttledMs: 5 })?.intermittent).toBe(false);
    expect(found({ throttledMs: 500, block: 99 })?.intermittent).toBe(false);
  });

  it('of the host flag the block, and the ratio without it stands beside', () => {
    const row = found({ stealMs: 400 });
    expect(row).toMatchObject({ intermittent: false, stolenBlocks: [3], verdict: 'equivalent' });
    const others = contrastResults(
      samples.filter(({ block }) => block !== 3),
      plan,
    )[0];
    expect(row?.ratioWithoutThoseBlocks).toBeCloseTo(others?.timeRatio ?? 0, 12);
    expect(found({ stealMs: 10 })).toMatchObject({ stolenBlocks: [], ratioWithoutThoseBlocks: null });
  });

  it('are unknown where the kernel says nothing, and of starts that failed', () => {
    const failed = testStart({ status: 'failed', reason: 'x', throttledMs: 900, stealMs: 900 });
    const { throttled, stolen } = readConditions([testStart({ throttledMs: null, stealMs: null }), failed]);
    expect([throttled.size, stolen.size]).toEqual([0, 0]);
  });
});

describe('beside each ratio', () => {
  it('stand the wake-up cost and the spread by level', () => {
    const plan = testPlan({ rounds: 40, blocks: 10 });
    const [row, , suite] = contrastResults(simulateSamples(plan, { seed: 1, start: 0.01, burst: 0.02 }), plan);
    expect(row?.wakeupRatio).toBeCloseTo(1.04, 3);
    expect(suite?.wakeupRatio).toBeCloseTo(1.04, 3);
    // Two boxes' bursts and two boxes' starts in each difference.
    expect(Math.abs((row?.spread?.roundLog ?? 0) / (0.02 * Math.SQRT2) - 1)).toBeLessThan(0.15);
    expect(Math.abs((row?.spread?.blockLog ?? 0) / (0.01 * Math.SQRT2) - 1)).toBeLessThan(0.6);
    expect(suite?.spread).toBeNull();
  });
});

const plan = testPlan({
  environments: [{ path: 'native' }, { path: 'docker' }, { path: 'uml' }],
  contrasts: [
    { env: 'docker', baseline: 'uml' },
    { env: 'uml', baseline: 'docker' },
    { env: 'native', baseline: 'docker' },
  ],
  blocks: 6,
  rounds: 6,
  longVisits: 'all',
});
const session = [...simulateSamples(plan, { seed: 21, ratios: { docker: 1.03 }, sustained: {}, start: 0.01 })];

describe('whatever the session', () => {
  it('swapping the sides inverts every ratio', () => {
    const found = contrastResults(session, plan);
    for (const [env, baseline] of [
      ['docker', 'uml'],
      ['docker', 'native'],
    ]) {
      for (const workload of ['fft', 'sor', 'suite']) {
        const one = found.find((row) => row.env === env && row.baseline === baseline && row.workload === workload);
        const other = found.find((row) => row.env === baseline && row.baseline === env && row.workload === workload);
        for (const [a, b] of [
          [one, other],
          [one?.total, other?.total],
          [one?.sustained, other?.sustained],
        ]) {
          const ratio = (row: typeof a) => (row && 'timeRatio' in row ? row.timeRatio : row?.ratio) ?? Number.NaN;
          expect(ratio(a) * ratio(b)).toBeCloseTo(1, 12);
          expect((a?.interval?.low ?? 0) * (b?.interval?.high ?? 0)).toBeCloseTo(1, 12);
        }
        expect(one?.hodgesLehmann?.ratio).toBeCloseTo(1 / (other?.hodgesLehmann?.ratio ?? 0), 12);
      }
    }
  });

  it('scaling all times changes nothing', () => {
    const figures = (samples: Iterable<Sample>) =>
      contrastResults(samples, plan).map(({ timeRatio, total, sustained, verdict }) => [
        timeRatio,
        total?.ratio ?? 0,
        sustained?.ratio ?? 0,
        verdict,
      ]);
    const scaled = figures(session.map((row) => ({ ...row, wallNs: row.wallNs * 4096 })));
    expect(scaled).toEqual(figures(session));
  });

  it('the order of the rows changes nothing, to the last bit', () => {
    const expected = contrastResults(session, plan);
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const mixed = session
          .map((row, index) => [Math.imul(index + 1, 2654435761 + 2 * seed) >>> 0, row] as const)
          .sort(([a], [b]) => a - b)
          .map(([, row]) => row);
        expect(contrastResults(mixed, plan)).toEqual(expected);
      }),
      { numRuns: 10 },
    );
  });

  it('absurd times give stated figures, never none that is not a number', () => {
    const time = fc.oneof(
      fc.constantFrom(0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e308, 5e-324, 1, 1e9),
      fc.double({ min: 1, max: 1e12, noNaN: true }),
    );
    const times = fc.array(time, { minLength: 3, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(fc.tuple(times, times, times), { minLength: 1, maxLength: 7 }), (blocks) => {
        const samples = blocks.flatMap(([native, control, docker], index) => [
          ...rows(index + 1, { native, 'native@control': control, docker }),
          ...long(index + 1, 'native', native),
          ...long(index + 1, 'docker', docker),
        ]);
        for (const row of contrastResults(samples, ONE)) {
          expect(['slower', 'faster', 'equivalent', 'inconclusive', 'untrusted']).toContain(row.verdict);
          expect(JSON.stringify(row, (_, value) => (Number.isNaN(value) ? 'NaN' : value))).not.toContain('NaN');
        }
      }),
      { numRuns: 300 },
    );
  });
});
