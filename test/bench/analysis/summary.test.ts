/** Medians, wake-up cost, composite and start-up times, with their gaps. */

import { describe, expect, it } from 'vitest';
import { groupSamples } from '../../../bench/analysis/contrast/group.ts';
import { summarizeEnvironment, summarizeStarts } from '../../../bench/analysis/summary.ts';
import { COMPOSITE_WORKLOADS } from '../../../bench/plan/suite.ts';
import { simulateSamples, testPlan, testSample, testStart } from './simulate.ts';

describe('summarizeEnvironment', () => {
  it('takes medians over the measured bursts of all blocks, and the wake-up cost visit by visit', () => {
    const samples = [10, 20, 60].flatMap((ms, index) => {
      const at = { block: index + 1, round: 1, work: 10, wallNs: ms * 1e6, mflops: 600 / ms };
      return [testSample({ ...at, phase: 'lead', wallNs: ms * 1e6 * [1.5, 1.1, 1.2][index]! }), testSample(at)];
    });
    const { workloads } = summarizeEnvironment(groupSamples(samples), 'native', ['fft', 'lu']);
    expect(workloads[0]).toMatchObject({
      workload: 'fft',
      bursts: 3,
      wrongAnswers: 0,
      untimedBursts: 0,
      medianNsPerPass: 2e6,
      medianMflops: 30,
    });
    expect(workloads[0]?.wakeupRatio).toBeCloseTo(1.2, 12);
    expect(workloads[1]).toEqual({
      workload: 'lu',
      bursts: 0,
      wrongAnswers: 0,
      untimedBursts: 0,
      medianNsPerPass: null,
      unit: null,
      medianRate: null,
      better: null,
      medianMflops: null,
      wakeupRatio: null,
      spread: null,
    });
  });

  it('gives rates in the unit of the workload, as MFLOPS only where they are', () => {
    const samples = [
      testSample({ mflops: 300, rate: 300 }),
      testSample({ workload: 'syscall', mflops: null, unit: 'calls/s', rate: 4e6 }),
    ];
    expect(summarizeEnvironment(groupSamples(samples), 'native', ['fft', 'syscall']).workloads).toMatchObject([
      { unit: 'MFLOPS', medianRate: 300, medianMflops: 300 },
      { unit: 'calls/s', medianRate: 4e6, medianMflops: null },
    ]);
  });

  it('gives the arithmetic mean of the five as composite', () => {
    const workloads = [...COMPOSITE_WORKLOADS];
    const samples = workloads.map((workload, index) => testSample({ workload, mflops: 100 * (index + 1) }));
    expect(summarizeEnvironment(groupSamples(samples), 'native', workloads).compositeMflops).toBe(300);
  });

  it('gives no composite when a kernel is missing or any answer was wrong', () => {
    const workloads = [...COMPOSITE_WORKLOADS];
    const samples = workloads.map((workload) => testSample({ workload }));
    const wrong = testSample({ workload: 'lu', round: 2, phase: 'long', ok: false, mflops: null });
    expect(summarizeEnvironment(groupSamples(samples.slice(1)), 'native', workloads).compositeMflops).toBeNull();
    const refuted = summarizeEnvironment(groupSamples([...samples, wrong]), 'native', workloads);
    expect(refuted.compositeMflops).toBeNull();
    expect(refuted.workloads[4]).toMatchObject({ workload: 'lu', bursts: 1, wrongAnswers: 1 });
  });

  it('counts the blocks and bursts of a whole session', () => {
    const plan = testPlan();
    const groups = groupSamples(simulateSamples(plan, { seed: 4 }));
    expect(groups.blocks).toEqual([1, 2, 3, 4, 5, 6]);
    expect(groups.bursts).toBe(plan.blocks * plan.rounds * plan.workloads.length * 3);
  });
});

describe('summarizeStarts', () => {
  it('gives medians over completed starts, counts the others, and keeps unread figures empty', () => {
    const starts = [
      testStart({ readyMs: 50, teardownMs: null }),
      testStart({ block: 2, readyMs: 70, teardownMs: null }),
      testStart({ block: 3, readyMs: 60, teardownMs: null }),
      testStart({ block: 4, status: 'failed', reason: 'it broke', readyMs: 9000 }),
      testStart({ block: 5, status: 'timed-out', reason: 'silent' }),
      testStart({ block: 6, status: 'skipped', reason: 'given up' }),
      testStart({ env: 'docker', status: 'failed', reason: 'no' }),
    ];
    const [native, docker] = summarizeStarts(starts);
    expect(native).toMatchObject({ env: 'native', completed: 3, failed: 2, skipped: 1, readyMs: 60, teardownMs: null });
    expect(docker).toMatchObject({ env: 'docker', completed: 0, failed: 1, readyMs: null });
    expect(summarizeStarts([])).toEqual([]);
  });
});
