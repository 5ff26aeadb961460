import { describe, expect, it } from 'vitest';
import { contrastResults } from '../../../bench/analysis/contrast/ratio.ts';
import { thresholdResults } from '../../../bench/analysis/thresholds.ts';
import { THRESHOLD } from '../../../bench/plan/threshold.ts';
import type { ContrastResult } from '../../../bench/types.ts';
import { simulateSamples, testPlan } from './simulate.ts';

const plan = testPlan({
  environments: [{ path: 'native' }, { path: 'docker' }],
  workloads: ['fft', 'sor'],
  blocks: 10,
});
const rowsOf = (docker: number, more: object = {}) =>
  contrastResults(simulateSamples(plan, { seed: 11, ratios: { docker }, ...more }), plan);
const answers = (rows: readonly ContrastResult[], ...texts: string[]) => answersFor(plan, rows, ...texts);
const answersFor = (own: typeof plan, rows: readonly ContrastResult[], ...texts: string[]) =>
  thresholdResults(THRESHOLD.parse(texts, '--fail-if'), rows, own).map(({ answer }) => answer);

const row = (changes: Partial<ContrastResult>): ContrastResult => ({
  ...({
    env: 'docker',
    baseline: 'native',
    workload: 'fft',
    blocks: 6,
    timeRatio: 1,
    verdict: 'equivalent',
  } as ContrastResult),
  ...{
    interval: { low: 0.99, high: 1.01 },
    controlInterval: { low: 0.995, high: 1.005 },
    total: null,
    sustained: null,
  },
  ...changes,
});

describe('a threshold of --fail-if', () => {
  it('is exceeded, ruled out or open, by the interval', () => {
    const slow = rowsOf(1.06);
    expect(answers(slow, 'suite > 2%', 'suite > 6%', 'suite > 12%')).toEqual(['exceeded', 'open', 'kept']);
    expect(answers(rowsOf(0.9), 'any > 2%')).toEqual(['kept']);
  });

  it('names one environment and one workload, or any of them', () => {
    const rows = [
      row({}),
      row({ workload: 'sor', interval: { low: 1.04, high: 1.06 } }),
      row({ env: 'uml', interval: { low: 1.08, high: 1.1 } }),
    ];
    expect(
      answers(rows, 'docker on fft > 2%', 'fft > 2%', 'docker on any > 2%', 'sor > 2%', 'docker on sor > 10%'),
    ).toEqual(['kept', 'exceeded', 'exceeded', 'exceeded', 'kept']);
  });

  it('on the suite of one workload is on that workload, and on none where there is no suite', () => {
    const rows = [row({ interval: { low: 1.04, high: 1.06 } }), row({ workload: 'syscall' })];
    const on = (suite: readonly string[]) =>
      thresholdResults(THRESHOLD.parse(['suite > 2%'], '--fail-if'), rows, {
        ...plan,
        workloads: ['fft', 'syscall'],
        suite,
      });
    expect(on(['fft'])).toMatchObject([{ answer: 'exceeded', rows: [{ row: { workload: 'fft' } }] }]);
    expect(on([])).toMatchObject([{ answer: 'open', rows: [] }]);
  });

  it('counts time that is lost by rare long bursts, and is not ruled out while that is open', () => {
    const lost = row({ total: { ratio: 1.3, interval: { low: 1.2, high: 1.4 }, blocks: 6 } });
    expect(answers([lost], 'fft > 2%')).toEqual(['exceeded']);
    expect(
      answers([row({ total: { ratio: 1.02, interval: { low: 0.9, high: 1.1 }, blocks: 6 } })], 'fft > 2%'),
    ).toEqual(['open']);
    expect(
      answers([row({ sustained: { ratio: 1.3, interval: { low: 1.2, high: 1.4 }, blocks: 6 } })], 'fft > 2%'),
    ).toEqual(['open']);
  });

  it('says which figure leaves it open', () => {
    const wideTotal = { total: { ratio: 1.02, interval: { low: 0.9, high: 1.1 }, blocks: 6 } };
    const by = (one: ContrastResult) => {
      const [result] = thresholdResults(THRESHOLD.parse(['fft > 2%'], '--fail-if'), [one], plan);
      return result?.rows.map((found) => [found.answer, found.by]);
    };
    expect(by(row(wideTotal))).toEqual([['open', 'total']]);
    expect(by(row({ ...wideTotal, interval: { low: 0.9, high: 1.1 } }))).toEqual([['open', 'typical']]);
    expect(by(row({ interval: { low: 0.9, high: 1.1 } }))).toEqual([['open', 'typical']]);
  });

  it('is open where two equal boxes differ as much, where a row is untrusted, and without a figure', () => {
    const slow = { interval: { low: 1.03, high: 1.05 } };
    expect(answers([row(slow)], 'fft > 2%')).toEqual(['exceeded']);
    expect(answers([row({ ...slow, controlInterval: { low: 0.94, high: 1.02 } })], 'fft > 2%')).toEqual(['open']);
    expect(answers([row({ ...slow, verdict: 'untrusted' })], 'fft > 2%')).toEqual(['open']);
    expect(answers([row({ interval: null })], 'fft > 2%')).toEqual(['open']);
    expect(answers([], 'fft > 2%')).toEqual(['open']);
  });

  it('is never kept by short visits alone', () => {
    const short = { ...plan, longVisits: 0 };
    expect(answersFor(short, rowsOf(0.9), 'any > 2%')).toEqual(['open']);
    expect(answersFor({ ...short, singleBursts: true }, rowsOf(0.9), 'any > 2%')).toEqual(['kept']);
    expect(answersFor(short, rowsOf(1.2), 'any > 2%')).toEqual(['exceeded']);
  });

  it('is exceeded in at most 5 % of sessions whose true change is exactly the limit', () => {
    const count = 200;
    const small = { ...plan, workloads: ['fft'] };
    const hits = Array.from({ length: count }, (_, seed) =>
      contrastResults(simulateSamples(small, { seed: seed + 1, ratios: { docker: 1.05 } }), small),
    ).filter((rows) => answers(rows, 'docker on fft > 5%')[0] === 'exceeded').length;
    expect(hits).toBeLessThanOrEqual(count * 0.05 + 3 * Math.sqrt(count * 0.05));
    expect(hits).toBeGreaterThan(0);
  });
});
