/** Ratios: computed by hand, recovered from simulated truth, covering as often as they promise, whole with gaps. */

import { describe, expect, it } from 'vitest';
import { groupSamples } from '../../../bench/analysis/contrast/group.ts';
import { contrastResults, contrastTable, sessionContrasts } from '../../../bench/analysis/contrast/ratio.ts';
import { ratioOf } from '../../../bench/analysis/stats/interval.ts';
import { hasSuite, SUITE, suiteOf } from '../../../bench/plan/suite.ts';
import type { Plan, Sample } from '../../../bench/types.ts';
import { simulateSamples, testPlan, testSample } from './simulate.ts';

/** One measured burst a round: times in µs per box, rounds in order; a gap is a round without that box. */
function rows(block: number, times: Readonly<Record<string, readonly (number | null)[]>>, workload = 'fft'): Sample[] {
  return Object.entries(times).flatMap(([env, list]) =>
    list.flatMap((time, index) =>
      time === null ? [] : [testSample({ block, round: index + 1, env, workload, work: 2, wallNs: time * 2000 })],
    ),
  );
}

function table(plan: Plan, samples: Iterable<Sample>) {
  return contrastTable(groupSamples(samples), plan);
}

const ONE = testPlan({ workloads: ['fft'] });

describe('the value of a block', () => {
  it('is the mean of two medians of paired log ratios, one against each copy of the baseline', () => {
    const block = rows(1, {
      native: [100, 200, 400],
      'native@control': [110, 210, 380],
      docker: [120, 230, 440],
    });
    const againstBaseline = Math.log(230 / 200); // of 1.2, 1.15, 1.1
    const againstControl = Math.log(230 / 210); // of 1.0909, 1.0952, 1.1579
    const { rows: found, controlRows } = table(ONE, block);
    expect(found[0]).toMatchObject({ env: 'docker', baseline: 'native', workload: 'fft', blocks: 1, interval: null });
    expect(found[0]?.timeRatio).toBeCloseTo(Math.exp((againstBaseline + againstControl) / 2), 12);
    expect(controlRows[0]?.timeRatio).toBeCloseTo(210 / 200, 12); // of 1.1, 1.05, 0.95
    expect(found[0]?.controlRatio).toBe(controlRows[0]?.timeRatio);
    expect(found[0]?.throughputChangePercent).toBeCloseTo(100 * (1 / (found[0]?.timeRatio ?? 0) - 1), 12);
  });

  it('is the median against the baseline alone where the control is missing or has too few rounds', () => {
    const times = { native: [100, 200, 400], docker: [120, 230, 440] };
    for (const control of [[], [110, 210, null]]) {
      const [row] = table(ONE, rows(1, { ...times, 'native@control': control })).rows;
      expect(row?.timeRatio).toBeCloseTo(1.15, 12);
    }
  });

  it('is missing without the baseline, though the control is there', () => {
    const block = rows(1, { 'native@control': [100, 100, 100], docker: [120, 120, 120] });
    expect(table(ONE, block).rows).toEqual([]);
  });

  it('leaves out rounds without one of the sides, and needs three that have both', () => {
    const whole = rows(1, { native: [100, null, 100, 100], docker: [110, 900, 110, 110] });
    const [row] = table(ONE, whole).rows;
    expect(row?.timeRatio).toBeCloseTo(1.1, 12);
    expect(row?.pairedRounds).toBe(3);
    expect(table(ONE, rows(1, { native: [100, null, 100], docker: [110, 110, 110] })).rows).toEqual([]);
  });

  it('takes nothing but measured bursts with a right answer and a duration', () => {
    const good = rows(1, { native: [100, 100, 100], docker: [110, 110, 110] });
    const bad: Partial<Sample>[] = [
      { phase: 'lead' },
      { phase: 'warmup' },
      { phase: 'long' },
      { ok: false, mflops: null },
      { wallNs: 0 },
      { wallNs: Number.NaN },
      { work: 0 },
    ];
    const noise = bad.flatMap((change) =>
      [1, 2, 3].map((round) =>
        testSample({ block: 1, round, env: 'docker', workload: 'fft', work: 2, wallNs: 1e9, ...change }),
      ),
    );
    expect(table(ONE, [...good, ...noise]).rows[0]?.timeRatio).toBeCloseTo(1.1, 12);
  });

  it('compares time per pass when bursts are of different work', () => {
    const native = rows(1, { native: [100, 100, 100] });
    const docker = native.map((row) => ({ ...row, env: 'docker', work: row.work * 3, wallNs: row.wallNs * 3.3 }));
    expect(table(ONE, [...native, ...docker]).rows[0]?.timeRatio).toBeCloseTo(1.1, 12);
  });

  it('pairs by round whatever the order of the rows, so that a sequential session is read the same way', () => {
    const samples = [...simulateSamples(testPlan(), { seed: 5 })];
    const sequential = samples.toSorted((a, b) => a.block - b.block || a.env.localeCompare(b.env));
    const values = (list: readonly Sample[]) => table(testPlan(), list).rows.map((row) => row.timeRatio);
    expect(values(sequential)).toEqual(values(samples));
  });
});

describe('ratioOf', () => {
  it('gives the textbook interval of a mean', () => {
    const { ratio, interval } = ratioOf([0.01, 0.02, 0.03]);
    // s = 0.01, t(0.975, 2) = 4.30265273, √3.
    const halfWidth = (4.30265272974946 * 0.01) / Math.sqrt(3);
    expect(ratio).toBeCloseTo(Math.exp(0.02), 12);
    expect(interval?.low).toBeCloseTo(Math.exp(0.02 - halfWidth), 10);
    expect(interval?.high).toBeCloseTo(Math.exp(0.02 + halfWidth), 10);
  });

  it('gives no interval from one block', () => {
    expect(ratioOf([0.5])).toEqual({ ratio: Math.exp(0.5), interval: null });
  });
});

describe('contrasts', () => {
  const environments = [{ path: 'native' }, { path: 'docker' }, { path: 'uml' }];

  it('are every environment against the baseline, then the pairs asked for, none twice', () => {
    const contrasts = [
      { env: 'docker', baseline: 'native' },
      { env: 'uml', baseline: 'docker' },
      { env: 'uml', baseline: 'docker' },
      { env: 'docker', baseline: 'docker' },
    ];
    expect(sessionContrasts(testPlan({ environments, contrasts }))).toEqual([
      { env: 'docker', baseline: 'native' },
      { env: 'uml', baseline: 'native' },
      { env: 'uml', baseline: 'docker' },
    ]);
  });

  it('between two others are paired plainly, and the baseline against another is the inverse of the other way round', () => {
    const plan = testPlan({
      environments,
      workloads: ['fft'],
      contrasts: [
        { env: 'uml', baseline: 'docker' },
        { env: 'native', baseline: 'docker' },
      ],
    });
    const block = rows(1, {
      native: [100, 200, 400],
      'native@control': [110, 210, 380],
      docker: [120, 230, 440],
      uml: [130, 260, 410],
    });
    const ratioFor = (env: string, baseline: string) =>
      table(plan, block).rows.find((row) => row.env === env && row.baseline === baseline)?.timeRatio ?? Number.NaN;
    expect(ratioFor('uml', 'docker')).toBeCloseTo(130 / 120, 12); // of 1.083, 1.130, 0.932
    expect(ratioFor('native', 'docker')).toBeCloseTo(1 / ratioFor('docker', 'native'), 12);
  });

  it('recover the truth of a simulated session, per workload and for the suite', () => {
    const plan = testPlan({ environments, blocks: 12, rounds: 40 });
    const found = contrastResults(simulateSamples(plan, { seed: 11, ratios: { docker: 1.05, uml: 1.4 } }), plan);
    expect(found.map(({ env, workload }) => `${env} ${workload}`)).toEqual([
      'docker fft',
      'docker sor',
      'docker suite',
      'uml fft',
      'uml sor',
      'uml suite',
    ]);
    for (const row of found) {
      expect(Math.abs(row.timeRatio / (row.env === 'uml' ? 1.4 : 1.05) - 1)).toBeLessThan(0.01);
      expect(row.blocks).toBe(12);
      expect(row.hodgesLehmann?.ratio).toBeCloseTo(row.timeRatio, 2);
    }
  });

  it('have a typical start from six blocks on, and no interval from one', () => {
    const truth = { seed: 3 };
    const first = (blocks: number) => {
      const plan = testPlan({ blocks });
      return contrastResults(simulateSamples(plan, truth), plan)[0];
    };
    expect(first(5)?.hodgesLehmann).toBeNull();
    expect(first(6)?.hodgesLehmann?.interval.low).toBeLessThan(first(6)?.hodgesLehmann?.ratio ?? 0);
    expect(first(1)).toMatchObject({ blocks: 1, interval: null, hodgesLehmann: null, controlInterval: null });
    expect(first(2)?.interval).not.toBeNull();
  });
});

describe('the suite', () => {
  it('is the mean over workloads per block, of the blocks that have them all', () => {
    const plan = testPlan();
    const samples = [
      ...rows(1, { native: [100, 100, 100], docker: [110, 110, 110] }, 'fft'),
      ...rows(1, { native: [100, 100, 100], docker: [121, 121, 121] }, 'sor'),
      ...rows(2, { native: [100, 100, 100], docker: [300, 300, 300] }, 'fft'),
    ];
    const suite = table(plan, samples).rows.find(({ workload }) => workload === SUITE);
    expect(suite?.blocks).toBe(1);
    expect(suite?.timeRatio).toBeCloseTo(Math.sqrt(1.1 * 1.21), 12);
  });
});

describe('the suite of a session that also holds workloads outside it', () => {
  const samples = [
    ...rows(1, { native: [100, 100, 100], docker: [110, 110, 110] }, 'fft'),
    ...rows(1, { native: [100, 100, 100], docker: [121, 121, 121] }, 'sor'),
    ...rows(1, { native: [100, 100, 100], docker: [900, 900, 900] }, 'syscall'),
  ];
  const workloads = ['fft', 'sor', 'syscall'];
  const named = (plan: Plan) => table(plan, samples).rows.map(({ workload }) => workload);

  it('is the mean over the plan’s suite alone; the others have rows of their own', () => {
    const plan = testPlan({ workloads, suite: ['fft', 'sor'] });
    expect(named(plan)).toEqual([...workloads, SUITE]);
    expect(table(plan, samples).rows.at(-1)?.timeRatio).toBeCloseTo(Math.sqrt(1.1 * 1.21), 12);
  });

  it('keeps to the workloads of the plan, and is absent where none of them is in it', () => {
    const one = testPlan({ workloads: ['sor', 'syscall'], suite: ['fft', 'sor'] });
    expect(suiteOf(one)).toEqual(['sor']);
    expect(hasSuite(one)).toBe(false);
    expect(table(one, samples).rows.at(-1)?.timeRatio).toBeCloseTo(1.21, 12);
    expect(named(testPlan({ workloads: ['syscall'], suite: [] }))).toEqual(['syscall']);
  });
});

describe('flagged rounds', () => {
  it('stay in the ratio, are counted, and the ratio without them stands beside it', () => {
    const steady = [100, 101, 99, 100, 102, 98];
    const times = steady.map((time) => time * 1.1);
    const block = rows(1, { native: steady, docker: [...times.slice(0, 4), 5000, 4000] });
    const [row] = table(ONE, block).rows;
    expect(row).toMatchObject({ pairedRounds: 6, flaggedRounds: 2 });
    expect(row?.timeRatio).toBeCloseTo(1.1, 10);
    expect(row?.ratioWithoutFlagged).toBeCloseTo(1.1, 10);
    const worse = rows(1, { native: [100, 100, 101, 100, 99], docker: [110, 121, 122, 120, 5000] });
    const [kept] = table(ONE, worse).rows;
    expect(kept?.flaggedRounds).toBe(1);
    expect(kept?.timeRatio).toBeCloseTo(122 / 101, 10);
    expect(kept?.ratioWithoutFlagged).toBeCloseTo((1.2 * (122 / 101)) ** 0.5, 10);
  });

  it('are none where every burst takes the same time', () => {
    const [row] = table(ONE, rows(1, { native: [100, 100, 100, 101], docker: [100, 100, 100, 900] })).rows;
    expect(row).toMatchObject({ flaggedRounds: 0, ratioWithoutFlagged: null });
  });
});

describe('gaps', () => {
  const gaps: [string, Plan, Iterable<Sample>][] = [
    ['no samples', testPlan(), []],
    ['no workloads', testPlan({ workloads: [] }), simulateSamples(testPlan(), { seed: 1 })],
    ['no environments', testPlan({ environments: [] }), simulateSamples(testPlan(), { seed: 1 })],
    ['a workload nobody ran', testPlan({ workloads: ['lu'] }), simulateSamples(testPlan(), { seed: 1 })],
    [
      'an environment nobody started',
      testPlan({ environments: [{ path: 'qemu' }] }),
      simulateSamples(testPlan(), { seed: 1 }),
    ],
    ['an unknown contrast', testPlan({ environments: [], contrasts: [{ env: 'x', baseline: 'y' }] }), []],
  ];
  it.each(gaps)('give no row and no error: %s', (_, plan, samples) => {
    expect(contrastResults(samples, plan)).toEqual([]);
  });

  it('cost only what they touch: a baseline that misses a block, an environment that fails in another', () => {
    const plan = testPlan({ blocks: 6 });
    const samples = [...simulateSamples(plan, { seed: 2 })].filter(
      ({ block, env, workload }) =>
        !(block === 2 && env === 'native') && !(block === 4 && env === 'docker' && workload === 'sor'),
    );
    const { rows: found, controlRows } = table(plan, samples);
    expect(found.map(({ workload, blocks }) => `${workload} ${blocks}`)).toEqual(['fft 5', 'sor 4', 'suite 4']);
    expect(controlRows.map(({ workload, blocks }) => `${workload} ${blocks}`)).toEqual(['fft 5', 'sor 5', 'suite 5']);
  });

  it('fall to failed samples: an environment with wrong answers only has no ratio', () => {
    const samples = [...simulateSamples(testPlan(), { seed: 2 })].map((row) =>
      row.env === 'docker' ? { ...row, ok: false, mflops: null } : row,
    );
    expect(contrastResults(samples, testPlan())).toEqual([]);
  });
});

describe('coverage', () => {
  it('of the 95 % interval is 95 % over simulated sessions, for workload, suite, control and another pair', () => {
    const environments = [{ path: 'native' }, { path: 'docker' }, { path: 'uml' }];
    const contrasts = [{ env: 'uml', baseline: 'docker' }];
    // Five blocks, where a normal quantile in place of Student's would cover 88 %.
    const plan = testPlan({ environments, contrasts, blocks: 5, rounds: 8 });
    const sessions = 500;
    const truth: Readonly<Record<string, number>> = { native: 1, docker: 1, uml: 1.1 };
    const covered = new Map<string, number>();
    for (let seed = 1; seed <= sessions; seed++) {
      const found = table(plan, simulateSamples(plan, { seed, ratios: truth }));
      for (const row of [...found.rows, ...found.controlRows]) {
        if (row.workload === 'sor') continue;
        const ratio = (truth[row.env] ?? 1) / (truth[row.baseline] ?? 1);
        const inside = row.interval !== null && row.interval.low <= ratio && ratio <= row.interval.high;
        const key = `${row.env} ${row.baseline} ${row.workload}`;
        covered.set(key, (covered.get(key) ?? 0) + (inside ? 1 : 0));
      }
    }
    expect(covered.size).toBe(8);
    // Four standard deviations of a binomial count: ±3.9 %.
    const slack = 4 * Math.sqrt(0.95 * 0.05 * sessions);
    for (const [cell, count] of covered) {
      expect(count, cell).toBeGreaterThan(0.95 * sessions - slack);
      expect(count, cell).toBeLessThan(0.95 * sessions + slack);
    }
  });
});
