import { describe, expect, it } from 'vitest';
import { kernelLevels, rateText, systemLevels } from '../../reports/levels.ts';
import { buildModel } from '../../reports/model.ts';
import { render } from '../../reports/terminal.ts';
import { type TestPlan, testPlan, testSample } from '../bench/analysis/simulate.ts';
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

describe('levels on a terminal', () => {
  const mixed = modelOf(testPlan({ workloads: ['fft', 'sor', 'syscall'], suite: ['fft', 'sor'] }));

  it('stand side by side for kernels, and one below the other for what has a unit of its own', () => {
    expect(kernelLevels(mixed, 80).join('\n')).toMatch(/^ +fft +sor\n/);
    expect(kernelLevels(mixed, 80).join('\n')).not.toMatch(/syscall/);
    const lines = systemLevels(mixed, 80);
    expect(lines.filter((line) => line.includes('syscall'))).toEqual([
      expect.stringMatching(/^ {2}syscall +1\.00 ms +4\.21 M calls\/s +–$/),
      expect.stringMatching(/^ {2}syscall +1\.25 ms +3\.37 M calls\/s +–$/),
    ]);
  });

  it('have a section each, and neither without workloads of its kind', () => {
    const whole = render(mixed);
    expect(whole).toMatch(/One pass: median time, MFLOPS/);
    expect(whole).toMatch(/One pass of what asks the system/);
    expect(whole).toMatch(/mean of 2 kernels/);
    expect(render(modelOf(testPlan()))).not.toMatch(/asks the system/);
    const alone = render(modelOf(testPlan({ workloads: ['syscall'], suite: [] })));
    expect(alone).not.toMatch(/MFLOPS|suite/);
    expect(alone).toMatch(/\(syscall\)/);
  });

  it.each([
    [{ medianRate: 4_212_345, unit: 'calls/s' }, '4.21 M calls/s'],
    [{ medianRate: 52_345, unit: 'files/s' }, '52.3 k files/s'],
    [{ medianRate: 812.3, unit: 'processes/s' }, '812 processes/s'],
    [{ medianRate: 11_237.2, unit: 'MB/s' }, '11237 MB/s'],
    [{ medianRate: null, unit: 'MB/s' }, '–'],
    [{ medianRate: null, unit: null }, '–'],
  ])('print %j as %s', (summary, text) => expect(rateText(summary)).toBe(text));
});
