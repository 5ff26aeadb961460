/** Total and sustained ratio, time lost now and then, throttling, wake-up cost: what stands beside the typical ratio. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readConditions } from '../../../bench/analysis/contrast/conditions.ts';
import { type ContrastRow, contrastResults } from '../../../bench/analysis/contrast/ratio.ts';
import { stallsDiffer } from '../../../bench/analysis/contrast/stalls.ts';
import type { Sample } from '../../../bench/types.ts';
import { simulateSamples, testPlan, testSample, testStart } from './simulate.ts';
import { BEYOND, mostHits, trialsOf } from './trials.ts';

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
  it('is the typical one times mean over median of either side, averaged in logs over both copies of the baseline', () => {
    const samples = rows(1, { native: [100, 100, 100], 'native@control': [100, 100, 160], docker: [100, 100, 400] });
    const [row] = contrastResults(samples, ONE);
    const expected = (Math.log(2 / 1) + Math.log(2 / 1.2)) / 2;
    expect(row?.timeRatio).toBeCloseTo(1, 12);
    expect(row?.total?.ratio).toBeCloseTo(Math.exp(expected), 12);
    expect(row?.total).toMatchObject({ interval: null, blocks: 1 });
  });

  it('takes rounds that both sides have, and no other', () => {
    const samples = rows(1, { native: [100, 100, 100, 900], docker: [110, 110, 110] });
    expect(contrastResults(samples, ONE)[0]?.total?.ratio).toBeCloseTo(1.1, 12);
  });

  it('contains what lead-ins lose, against their own median: waking up is no loss', () => {
    const leads = (env: string, times: readonly number[]) =>
      times.map((time, index) =>
        testSample({ block: 1, round: index + 1, env, phase: 'lead', wallNs: time * 2000, work: 2 }),
      );
    const calm = rows(1, { native: [100, 100, 100], docker: [100, 100, 100] });
    const [slowToWake] = contrastResults(
      [...calm, ...leads('native', [100, 100, 100]), ...leads('docker', [150, 150, 150])],
      ONE,
    );
    expect(slowToWake?.total?.ratio).toBeCloseTo(1, 12);
    const [stalled] = contrastResults(
      [...calm, ...leads('native', [100, 100, 100]), ...leads('docker', [100, 100, 700])],
      ONE,
    );
    expect(stalled?.total?.ratio).toBeCloseTo(2, 12);
  });

  it('recovers what is lost in few bursts, where the typical ratio shows nothing', () => {
    const plan = testPlan({ blocks: 12, rounds: 40 });
    // 3 ms in one of ten bursts of 10 ms: 3 %.
    const lost = { docker: { chance: 0.1, ns: 3e6 } };
    const suite = contrastResults(simulateSamples(plan, { seed: 4, lost }), plan).at(-1);
    expect(suite?.timeRatio).toBeCloseTo(1, 2);
    expect(suite?.total?.ratio).toBeGreaterThan(1.02);
    expect(suite).toMatchObject({ intermittent: true, verdict: 'inconclusive' });
    expect(suite?.judgement?.reasons).toContainEqual({ kind: 'intermittent' });
  });
});

describe('stalls', () => {
  const of = (stalled: number, bursts: number) => ({ stalled, bursts });

  it('differ by an exact test in either direction, and not without any', () => {
    // One side with a third of the bursts: (1/3)^4 = 0.012, (1/3)^5 = 0.004.
    expect(stallsDiffer(of(4, 100), of(0, 200))).toBe(false);
    expect(stallsDiffer(of(5, 100), of(0, 200))).toBe(true);
    expect(stallsDiffer(of(0, 200), of(5, 100))).toBe(true);
    // (2/3)^11 = 0.012, (2/3)^12 = 0.008.
    expect(stallsDiffer(of(0, 100), of(11, 200))).toBe(false);
    expect(stallsDiffer(of(0, 100), of(12, 200))).toBe(true);
    expect(stallsDiffer(of(0, 100), of(0, 200))).toBe(false);
    expect(stallsDiffer(of(0, 0), of(9, 200))).toBe(false);
  });

  it('are bursts far above the others of their round, lead-ins and measured ones each by their own level', () => {
    const weather = [100, 101, 99, 180, 98, 102, 100, 101];
    const late = (round: number, share: number) => (index: number) => (index === round ? share : 1);
    const cell = (env: string, burst: (index: number) => number, lead: (index: number) => number) =>
      weather.flatMap((time, index) => {
        const row = { block: 1, round: index + 1, env, work: 1 };
        const noise = 1 + 0.001 * ((index * 7 + env.length) % 5);
        return [
          testSample({ ...row, wallNs: Math.round(1000 * time * noise * burst(index)) }),
          testSample({ ...row, phase: 'lead', wallNs: Math.round(2000 * time * noise * lead(index)) }),
        ];
      });
    const none = () => 1;
    const samples = [
      ...cell('native', none, late(2, 1.5)),
      ...cell('native@control', late(0, 1.3), none),
      ...cell('docker', late(3, 1.06), late(5, 9)),
    ];
    // A slow round, 180, is no stall of anybody.
    expect(contrastResults(samples, ONE)[0]).toMatchObject({ stalledBursts: 2, baselineStalledBursts: 2 });
    const pair = [...cell('native', none, none), ...cell('docker', late(3, 1.04), late(5, 9))];
    expect(contrastResults(pair, ONE)[0]).toMatchObject({ stalledBursts: 1, baselineStalledBursts: 0 });
  });

  it('are found whichever side has them, and seldom where nothing is lost', () => {
    const plan = testPlan({ workloads: ['fft'], rounds: 40 });
    const found = { docker: 0, both: 0, none: 0 };
    for (let seed = 1; seed <= 60; seed++) {
      const marks = (lost: Readonly<Record<string, { chance: number; ns: number }>>) =>
        contrastResults(simulateSamples(plan, { seed, lost }), plan)[0]?.intermittent;
      const stall = { chance: 0.1, ns: 3e6 };
      if (marks({ docker: stall })) found.docker++;
      if (marks({ native: stall, 'native@control': stall })) found.both++;
      if (marks({})) found.none++;
    }
    expect(found.docker).toBeGreaterThan(57);
    expect(found.both).toBeGreaterThan(57);
    // 2 % and four standard deviations.
    expect(found.none).toBeLessThanOrEqual(0.02 * 60 + 4 * Math.sqrt(0.02 * 0.98 * 60));
  });
});

describe('rare stalls are not called equivalent', () => {
  // Each loses 3 % or more; as a share of bursts and ns. Sessions of `quick` may miss one in five.
  it.each<[string, number, number]>([
    ['3 ms in one of ten bursts', 0.1, 3e6],
    ['30 ms in one of a hundred', 0.01, 3e7],
    ['300 ms in one of a hundred', 0.01, 3e8],
    ['1 s in one of two hundred', 0.005, 1e9],
  ])('%s', (_, chance, ns) => {
    for (const [rounds, blocks, share] of [
      [30, 6, 0.2],
      [40, 10, 0.05],
    ] as const) {
      const plan = testPlan({ workloads: ['fft'], rounds, blocks });
      const trials = trialsOf(200);
      let wrong = 0;
      for (let seed = 1; seed <= trials; seed++) {
        const samples = simulateSamples(plan, { seed, lost: { docker: { chance, ns } } });
        if (contrastResults(samples, plan)[0]?.verdict === 'equivalent') wrong++;
      }
      expect(wrong).toBeLessThanOrEqual(mostHits(share, trials, BEYOND.three));
    }
  });

  it('nor is a quota that only long visits show', () => {
    const plan = testPlan();
    const found = contrastResults(simulateSamples(plan, { seed: 8, sustained: { docker: 1.94 } }), plan);
    for (const row of found) expect(row).toMatchObject({ verdict: 'inconclusive', timeRatio: expect.closeTo(1, 1) });
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

  it('shows a quota that short visits do not, per workload and for the suite', () => {
    const plan = testPlan();
    const found = contrastResults(simulateSamples(plan, { seed: 8, sustained: { docker: 1.94 } }), plan);
    expect(found.map(({ sustained }) => sustained?.blocks)).toEqual([6, 6, 6]);
    for (const { timeRatio, sustained } of found) {
      expect(timeRatio).toBeCloseTo(1, 1);
      expect(Math.abs((sustained?.ratio ?? 0) / 1.94 - 1)).toBeLessThan(0.02);
    }
  });

  it('pairs the visits of a block by their number', () => {
    const visit = (env: string, round: number, time: number) =>
      testSample({ block: 1, round, env, phase: 'long', work: 5, wallNs: time * 5000 });
    const samples = [
      ...rows(1, { native: [100, 100, 100], docker: [100, 100, 100] }),
      ...[visit('native', 1, 100), visit('native', 2, 900), visit('native', 3, 7)],
      ...[visit('docker', 1, 110), visit('docker', 2, 990)],
    ];
    expect(contrastResults(samples, ONE)[0]?.sustained?.ratio).toBeCloseTo(1.1, 12);
  });

  it('weighs the workloads of old sessions alike, whose long visits rotated over the blocks', () => {
    const samples = [1, 2, 3].flatMap((block) => [
      ...['fft', 'sor'].flatMap((workload) =>
        rows(block, { native: [100, 100, 100], docker: [100, 100, 100] }).map((row) => ({ ...row, workload })),
      ),
      // fft in the blocks 1 and 3, sor in 2.
      ...long(block, 'native', [100], block === 2 ? 'sor' : 'fft'),
      ...long(block, 'docker', [block === 2 ? 400 : 100], block === 2 ? 'sor' : 'fft'),
    ]);
    const suite = contrastResults(samples, testPlan()).at(-1);
    expect(suite?.sustained).toMatchObject({ ratio: expect.closeTo(2, 12), blocks: 2 });
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

describe('a lead-in of fewer passes than a measured burst', () => {
  /** A quarter of the passes; times in µs per pass of a measured burst, and lost in the lead-in. */
  const quarters = (env: string, lost: readonly number[]) =>
    lost.flatMap((own, index) => {
      const row = { block: 1, round: index + 1, env };
      return [
        testSample({ ...row, work: 8, wallNs: 800_000 }),
        testSample({ ...row, work: 2, phase: 'lead', wallNs: 200_000 + own * 1000 }),
      ];
    });
  const [quiet, stalling] = [new Array(8).fill(0), [0, 0, 0, 0, 0, 0, 0, 80]];

  it('counts in the total ratio by its length', () => {
    const [row] = contrastResults([...quarters('native', quiet), ...quarters('docker', stalling)], ONE);
    // 80 µs are lost in eight visits of 1000 µs.
    expect(row?.total?.ratio).toBeCloseTo(1.01, 12);
  });

  it('stalls when it loses 5 % of a measured burst, not of its own', () => {
    const stalled = (us: number) =>
      contrastResults([...quarters('native', quiet), ...quarters('docker', [...quiet.slice(1), us])], ONE)[0]
        ?.stalledBursts;
    expect([stalled(39), stalled(41)]).toEqual([0, 1]);
  });

  it('shows what waking up adds to a measured burst', () => {
    const [row] = contrastResults([...quarters('native', quiet), ...quarters('docker', new Array(8).fill(80))], ONE);
    expect(row?.wakeupRatio).toBeCloseTo(1.1, 12);
  });
});

describe('beside each ratio', () => {
  it('stand the wake-up cost and the spread by level', () => {
    const plan = testPlan({ rounds: 40, blocks: 10 });
    const [row, , suite] = contrastResults(simulateSamples(plan, { seed: 1, start: 0.01, burst: 0.02 }), plan);
    expect(row?.wakeupRatio).toBeCloseTo(1.04, 2);
    expect(suite?.wakeupRatio).toBeCloseTo(1.04, 2);
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
  longVisits: 1,
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
