import { describe, expect, it } from 'vitest';
import { analyseSelftest, type SelftestInput } from '../../../bench/analysis/selftest.ts';
import { realisedRatio } from '../../../bench/payload/known-truth.ts';
import type { Sample } from '../../../bench/types.ts';
import { simulateSamples, type TestPlan, type Truth, testPlan, testStart } from './simulate.ts';

const SLOWDOWNS = [
  { env: 'slow:2%', share: 0.02 },
  { env: 'slow:5%', share: 0.05 },
];
const QUOTAS = [{ env: 'quota:50%', quota: 0.5 }];

function planOf(blocks: number): TestPlan {
  return testPlan({
    blocks,
    environments: ['native', 'slow:2%', 'slow:5%', 'quota:50%'].map((path) => ({ path })),
    longVisits: 1,
  });
}

/** Ratios are those asked for unless `off` says by how much all of them are wrong. */
function inputOf(blocks: number, seed: number, off = 1, truth: Partial<Truth> = {}): SelftestInput {
  const plan = planOf(blocks);
  const ratios = { 'slow:2%': 1.02 * off, 'slow:5%': 1.05 * off };
  const samples = [...simulateSamples(plan, { seed, ratios, sustained: { 'quota:50%': 1.94 }, ...truth })];
  // At the round numbers the truth is exactly what was asked for.
  return {
    samples,
    starts: [],
    plan,
    work: { fft: 400, sor: 100 },
    slowdowns: SLOWDOWNS,
    quotas: QUOTAS,
    secondsPerBlock: 20,
  };
}

describe('the ruler measured', () => {
  it('finds truths within their intervals, no bias, and says how many', () => {
    const result = analyseSelftest(inputOf(10, 1));
    expect(result.rows.map(({ env, workload }) => `${env} ${workload}`)).toEqual([
      'slow:2% fft',
      'slow:2% sor',
      'slow:5% fft',
      'slow:5% sor',
    ]);
    expect(result.suite.map(({ truth }) => truth)).toEqual([expect.closeTo(1.02, 12), expect.closeTo(1.05, 12)]);
    for (const { ratio, truth, errorLog } of result.rows) expect(Math.log(ratio / truth)).toBeCloseTo(errorLog, 12);
    expect(result.coverage.intervals).toBe(4);
    expect(result.coverage.contained).toBe(result.rows.filter(({ contained }) => contained).length);
    expect(result.coverage.tooLow).toBe(false);
    const { log, halfWidthLog } = result.bias!;
    expect(Math.abs(log)).toBeLessThan(halfWidthLog! * 2);
    expect(result.minutes).toBeCloseTo((10 * 20) / 60, 12);
  });

  it('over many sessions covers about as often as it promises', () => {
    let contained = 0;
    let intervals = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const { coverage } = analyseSelftest(inputOf(6, seed));
      contained += coverage.contained;
      intervals += coverage.intervals;
    }
    // Four intervals of a session are not independent: bounds of about four standard errors of 240 that are halved.
    expect(contained / intervals).toBeGreaterThan(0.87);
    expect(contained / intervals).toBeLessThan(0.995);
  });

  it('counts the slowdowns that it distinguishes from none, and names the smallest', () => {
    const { power, outcome, rows } = analyseSelftest(inputOf(10, 1));
    expect(power).toMatchObject({
      found: 4,
      applied: 4,
      sure: true,
      smallest: Math.min(...rows.map((row) => row.truth)),
    });
    expect(power.byTruth).toEqual([
      { env: 'slow:2%', found: 2, applied: 2 },
      { env: 'slow:5%', found: 2, applied: 2 },
    ]);
    expect(outcome).toBe('as-promised');
  });

  it('calls a host on which nothing shows too noisy to say, however many intervals contain the truth', () => {
    const outcomes = Array.from({ length: 40 }, (_, seed) => analyseSelftest(inputOf(6, seed, 1, { start: 0.5 })));
    for (const { coverage, power, outcome } of outcomes) {
      if (!power.sure) expect(outcome).toBe(coverage.tooLow ? 'too-few' : 'too-noisy');
    }
    // By chance, adjusted over the slowdowns, at most one host in twenty shows one.
    expect(outcomes.filter(({ outcome }) => outcome === 'too-noisy').length).toBeGreaterThanOrEqual(34);
  });

  it('says nothing of a host without intervals, or without a slowdown that was applied', () => {
    expect(analyseSelftest(inputOf(1, 1))).toMatchObject({ outcome: 'unknown', power: { applied: 0 } });
    const none = analyseSelftest({ ...inputOf(6, 1), work: { fft: 4, sor: 4 } });
    expect(none.power).toMatchObject({ found: 0, applied: 0, smallest: null, sure: false });
    expect(none.outcome).not.toBe('as-promised');
  });

  it('a ruler that is off shows it in the bias and in the coverage', () => {
    const result = analyseSelftest(inputOf(10, 3, 1.03));
    expect(result.bias?.log).toBeCloseTo(Math.log(1.03), 2);
    expect(result.bias!.log - result.bias!.halfWidthLog!).toBeGreaterThan(0);
    expect(result.coverage).toMatchObject({ contained: 0, intervals: 4, tooLow: true });
    expect(result.outcome).toBe('too-few');
  });

  it('sixteen of twenty are too few, seventeen are not', () => {
    const workloads = ['fft', 'sor', 'monte-carlo', 'sparse', 'lu'];
    const slowdowns = [0, 1, 2, 3].map((index) => ({ env: `slow${index}`, share: 0.02 }));
    const plan = {
      ...testPlan({ blocks: 6, workloads }),
      environments: ['native', ...slowdowns.map((it) => it.env)].map((path) => ({ path })),
    };
    const work = Object.fromEntries(workloads.map((id) => [id, 100]));
    const exact = [
      ...simulateSamples(plan, {
        seed: 5,
        ratios: Object.fromEntries(slowdowns.map(({ env }) => [env, 1.02])),
        start: 0,
        burst: 0.0005,
      }),
    ];
    const wrongIn = (cells: readonly string[]) => {
      const wrong = new Set(cells);
      const samples = exact.map((row) =>
        wrong.has(`${row.env} ${row.workload}`) ? { ...row, wallNs: row.wallNs * 2 } : row,
      );
      return analyseSelftest({ samples, starts: [], plan, work, slowdowns, quotas: [], secondsPerBlock: 20 }).coverage;
    };
    // Cells that miss by themselves, by chance, count among the wrong ones.
    const missing = analyseSelftest({
      samples: exact,
      starts: [],
      plan,
      work,
      slowdowns,
      quotas: [],
      secondsPerBlock: 20,
    })
      .rows.filter(({ contained }) => !contained)
      .map(({ env, workload }) => `${env} ${workload}`);
    const others = slowdowns
      .flatMap(({ env }) => workloads.map((id) => `${env} ${id}`))
      .filter((cell) => !missing.includes(cell));
    expect(missing.length).toBeLessThan(3);
    expect(wrongIn(others.slice(0, 3 - missing.length))).toMatchObject({ contained: 17, intervals: 20, tooLow: false });
    expect(wrongIn(others.slice(0, 4 - missing.length))).toMatchObject({ contained: 16, intervals: 20, tooLow: true });
  });

  it('a quota is found in long visits and hardly in short ones, and never called equivalent once throttling is seen', () => {
    const input = inputOf(10, 7);
    const throttled = Array.from({ length: 10 }, (_, index) =>
      testStart({ block: index + 1, env: 'quota:50%', throttledMs: 900 }),
    );
    const [row] = analyseSelftest({ ...input, starts: throttled }).quotas;
    expect(row).toMatchObject({ env: 'quota:50%', truth: 2, contained: true });
    // Three periods in a visit of 300 ms.
    expect(row?.leastRead).toBeCloseTo(2 - 2 / 3, 12);
    expect(row?.sustained?.ratio).toBeCloseTo(1.94, 1);
    expect(row?.short?.ratio).toBeCloseTo(1, 1);
    expect(row?.verdict).not.toBe('equivalent');
    const missed = analyseSelftest(inputOf(10, 7, 1, { sustained: {} })).quotas[0];
    expect(missed).toMatchObject({ contained: false });
  });

  it('the smallest difference shrinks with time, and is the half-width now', () => {
    const result = analyseSelftest(inputOf(10, 9));
    expect(result.smallest.map(({ workload }) => workload)).toEqual(['fft', 'sor', 'suite']);
    const [fft] = result.smallest;
    const widths = result.rows
      .filter(({ workload }) => workload === 'fft')
      .map(({ interval }) => Math.sqrt(interval!.high / interval!.low) - 1);
    expect(fft?.now).toBeCloseTo((widths[0]! + widths[1]!) / 2, 5);
    const [ten, thirty] = fft!.later;
    expect([ten?.minutes, thirty?.minutes]).toEqual([10, 30]);
    expect(ten!.difference).toBeLessThan(fft!.now);
    expect(thirty!.difference).toBeLessThan(ten!.difference);
    // From 30 blocks to 90: the square root of 3, and t(0.975, 29) over t(0.975, 89).
    expect(ten!.difference / thirty!.difference).toBeCloseTo((Math.sqrt(3) * 2.0452) / 1.987, 2);
  });
});

describe('what a self-test makes of little', () => {
  const empty = (samples: readonly Sample[], blocks = 0) =>
    analyseSelftest({ ...inputOf(1, 1), samples, secondsPerBlock: blocks === 0 ? 0 : 20 });

  it('of nothing: no rows, no bias, no figure that is none', () => {
    const result = empty([]);
    expect(result).toMatchObject({ rows: [], suite: [], bias: null, minutes: 0, blocks: 0, smallest: [] });
    expect(result.coverage).toMatchObject({ contained: 0, intervals: 0, tooLow: false });
    expect(result.quotas[0]).toMatchObject({ sustained: null, contained: null, short: null });
    expect(JSON.stringify(result)).not.toMatch(/null,"high"|NaN/);
  });

  it('of one block: ratios without intervals, which count for no coverage', () => {
    const result = analyseSelftest(inputOf(1, 1));
    expect(result.rows).toHaveLength(4);
    for (const { interval, contained } of result.rows) expect([interval, contained]).toEqual([null, null]);
    expect(result.coverage.intervals).toBe(0);
    expect(result.bias).toMatchObject({ halfWidthLog: null });
    expect(result.smallest).toEqual([]);
  });

  it('of works that leave no room for the share: the truth is what was done', () => {
    const result = analyseSelftest({ ...inputOf(6, 1), work: { fft: 10, sor: 118 } });
    expect(result.rows.map(({ truth }) => truth)).toEqual([1, realisedRatio(118, 0.02), 1.1, realisedRatio(118, 0.05)]);
  });
});
