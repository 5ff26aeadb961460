import { describe, expect, it } from 'vitest';
import { buildModel } from '../../reports/model/model.ts';
import { answerOf } from '../../reports/sections/answer.ts';
import { levels, rateText } from '../../reports/sections/levels.ts';
import { type TestPlan, testPlan, testSample } from '../bench/analysis/simulate.ts';
import { rowsOf } from './document.ts';
import { fixtureInput } from './fixture.ts';

function modelOf(plan: TestPlan) {
  const { session } = fixtureInput();
  const samples = [1, 2, 3].flatMap((round) =>
    plan.environments.flatMap(({ path: env }) =>
      plan.workloads.map((workload) => {
        const slow = env === 'docker' ? 1.25 : 1;
        const times = { round, env, workload, wallNs: Math.round(1e7 * slow) };
        return workload === 'syscall'
          ? testSample({ ...times, mflops: null, unit: 'calls/s', rate: 4_212_345 / slow })
          : testSample({ ...times, mflops: 1500 / slow });
      }),
    ),
  );
  return buildModel({ session: { ...session, plan }, samples, starts: [], events: [], unavailable: [] });
}

describe('levels', () => {
  it('have each workload in its own unit, environment by environment', () => {
    const mixed = modelOf(testPlan({ workloads: ['fft', 'syscall'], suite: ['fft'] }));
    const shown = rowsOf(levels(mixed)).map((row) => row.slice(0, 5));
    expect(shown).toEqual([
      ['native', 'fft', '1.00 ms', '1500 MFLOPS', '–'],
      ['native', 'syscall', '1.00 ms', '4.21 M calls/s', '–'],
      ['docker (container)', 'fft', '1.25 ms', '1200 MFLOPS', '–'],
      ['docker (container)', 'syscall', '1.25 ms', '3.37 M calls/s', '–'],
    ]);
  });

  it('of several kernels are led by their mean, of one workload by itself', () => {
    const suite = testPlan({ workloads: ['fft', 'sor', 'syscall'], suite: ['fft', 'sor'] });
    expect(answerOf(modelOf(suite))).toMatch(/mean of 2 kernels/);
    expect(answerOf(modelOf(testPlan({ workloads: ['syscall'], suite: [] })))).toMatch(/\(syscall\)/);
  });

  it.each([
    [{ medianRate: 4_212_345, unit: 'calls/s' }, '4.21 M calls/s'],
    [{ medianRate: 52_345, unit: 'files/s' }, '52.3 k files/s'],
    [{ medianRate: 812.3, unit: 'processes/s' }, '812 processes/s'],
    [{ medianRate: 11_237.2, unit: 'MB/s' }, '11237 MB/s'],
    [{ medianRate: null, unit: 'MB/s' }, '–'],
    [{ medianRate: null, unit: null }, '–'],
  ])('print %j as %s', (summary, text) => expect(rateText({ better: null, ...summary })).toBe(text));

  it('leave the unit of a figure that a program prints as it is', () => {
    const printed = { medianRate: 1_196_023.4, unit: 'kB/s', better: 'higher' as const };
    expect(rateText(printed)).toBe('1196000 kB/s');
  });
});
