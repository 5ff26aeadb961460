/** A plan written as a plan file: whoever runs that file has the same plan. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkPlanInput, makePlan, planSettings } from '../../bench/plan/plan.ts';
import type { PlanInput } from '../../bench/plan/read-flags.ts';
import { writtenPlan } from '../../bench/plan/written-plan.ts';
import { KERNEL_ENGINES, type Plan, PROFILES, SIZES } from '../../bench/types.ts';
import { plainDecimal } from '../../bench/units.ts';
import '../fuzz/seed.ts';

const ENVIRONMENTS = ['native', 'docker', 'docker/docker', 'qemu:tcg'];
const WORKLOADS = ['fft', 'sor', 'lu'];

function planOf(input: PlanInput): Plan {
  const settings = planSettings(input, {
    workloads: WORKLOADS,
    system: ['syscall'],
    seed: 1,
    limitsFor: (cpus, memoryBytes) => ({ cpus: [...(cpus ?? [0])], housekeeping: [1], memoryBytes, pids: 512 }),
  });
  return makePlan(
    settings,
    settings.requested.map((path) => ({ path })),
    settings.baseline,
  );
}

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const share = fc.oneof(
  fc.integer({ min: 1, max: 5000 }).map((part) => part / 10_000),
  // As small as a flag takes it.
  fc.double({ min: Number.MIN_VALUE, max: 0.5, noNaN: true }),
);
const common = {
  env: fc.shuffledSubarray(ENVIRONMENTS.slice(1)).map((others) => ['native', ...others]),
  profile: fc.constantFrom(...PROFILES),
  seed: fc.maxSafeNat(),
  cpu: fc.uniqueArray(fc.nat(64), { minLength: 1, maxLength: 4 }).map((cpus) => cpus.toSorted((a, b) => a - b)),
  memory: fc.integer({ min: 1 << 20, max: 2 ** 40 }),
  timeout: fc.integer({ min: 1, max: 86_400_000 }).map((ms) => ms * 1e6),
  maxTime: optional(
    fc.oneof(
      fc.integer({ min: 1, max: 1e7 }).map((ms) => ms * 1e6),
      fc.constantFrom(1, 12, 3.6e30),
    ),
  ),
  allowUnequal: optional(fc.constant(true)),
};
const stopping = fc.oneof(
  fc.record({ blocks: fc.integer({ min: 1, max: 1000 }) }),
  fc.record({ target: share, minBlocks: fc.integer({ min: 2, max: 30 }), maxBlocks: fc.integer({ min: 30, max: 99 }) }),
);
const workloads = fc
  .record({
    ...common,
    stopping,
    workload: fc.subarray([...WORKLOADS, 'syscall'], { minLength: 1 }),
    size: fc.constantFrom(...SIZES),
    kernels: fc.constantFrom(...KERNEL_ENGINES),
    threads: optional(fc.integer({ min: 1, max: 64 })),
    schedule: fc.constantFrom('interleaved' as const, 'sequential' as const),
    rounds: fc.integer({ min: 1, max: 200 }),
    burst: fc.integer({ min: 1000, max: 1e12 }),
    leadIn: fc.integer({ min: 100, max: 10_000 }).map((part) => part / 10_000),
    margin: share,
  })
  .map(({ stopping: numbers, ...rest }) => ({ ...rest, ...numbers }));
const startup = fc.record({
  ...common,
  measure: fc.constant('startup' as const),
  blocks: fc.integer({ min: 1, max: 99 }),
  rounds: fc.integer({ min: 1, max: 99 }),
  cold: fc.constantFrom(true, false),
});
const footprint = fc.record({
  ...common,
  measure: fc.constant('footprint' as const),
  blocks: fc.integer({ min: 1, max: 99 }),
  instances: fc.constantFrom([1, 2], [1, 2, 4, 8], [3, 5, 256]),
});
const density = fc.record({
  ...common,
  measure: fc.constant('density' as const),
  blocks: fc.integer({ min: 1, max: 99 }),
  max: fc.integer({ min: 1, max: 1024 }),
});
const storm = fc.record({
  ...common,
  measure: fc.constant('storm' as const),
  workload: fc.constantFrom(['fft'], ['syscall']),
  size: fc.constantFrom(...SIZES),
  kernels: fc.constantFrom(...KERNEL_ENGINES),
  burst: fc.integer({ min: 1000, max: 1e12 }),
  blocks: fc.integer({ min: 1, max: 99 }),
  instances: fc.constantFrom([50], [10, 100]),
});

const load = fc.record(
  {
    ...common,
    measure: fc.constant('load' as const),
    blocks: fc.integer({ min: 1, max: 99 }),
    rates: fc.constantFrom([0.5], [10, 50, 100], [1.5e-7, 2]),
    level: fc.constantFrom(2e9, 5e8),
    burst: fc.constantFrom(5e6, 1e3),
  },
  { requiredKeys: ['measure', 'blocks'] },
);

describe('a written plan', () => {
  it('is read to the same plan, whatever is measured', () => {
    fc.assert(
      fc.property(fc.oneof(workloads, startup, footprint, density, storm, load), (input) => {
        const plan = planOf(input);
        const again = planOf(checkPlanInput(JSON.parse(JSON.stringify(writtenPlan(plan))), 'plan.yaml'));
        expect({ ...again, target: null, margin: 0 }).toEqual({ ...plan, target: null, margin: 0 });
        expect(again.margin).toBeCloseTo(plan.margin, 12);
        if (plan.target === null) expect(again.target).toBeNull();
        else expect(again.target).toBeCloseTo(plan.target, 12);
      }),
    );
  });

  it('has no exponents, which no flag takes, and no lead-in below the least that one takes', () => {
    const plan = planOf({ env: ['native'] });
    for (const [leadIn, written] of [
      [1e-9, '1%'],
      [0.01, '1%'],
      [1 / 3, '33.3333333333%'],
    ] as const) {
      expect(writtenPlan({ ...plan, leadIn })).toMatchObject({ 'lead-in': written });
    }
    for (const given of ['0.99%', '0.0000001%', '101%']) {
      expect(() => checkPlanInput({ 'lead-in': given }, 'plan.yaml')).toThrow(
        /lead-in takes a percentage from 1 to 100 %/,
      );
    }
    fc.assert(
      fc.property(fc.double({ min: Number.MIN_VALUE, max: 1, noNaN: true }), (value) => {
        const written = writtenPlan({ ...plan, leadIn: value, target: value, margin: value });
        for (const name of ['lead-in', 'target', 'margin']) expect(written[name]).toMatch(/^\d+(\.\d+)?%$/);
        expect(Number(plainDecimal(value))).toBe(value);
      }),
    );
    expect([1e21, 1.25e22, 1e-7, 1.5e-9, 0.1, 12].map(plainDecimal)).toEqual([
      '1000000000000000000000',
      '12500000000000000000000',
      '0.0000001',
      '0.0000000015',
      '0.1',
      '12',
    ]);
  });

  it('keeps the pairs that were asked for', () => {
    const plan = planOf({ env: ENVIRONMENTS, contrast: [{ env: 'docker/docker', baseline: 'docker' }] });
    expect(writtenPlan(plan)).toMatchObject({ contrast: ['docker/docker..docker'] });
    expect(planOf(checkPlanInput(writtenPlan(plan), 'plan.yaml')).contrasts).toEqual(plan.contrasts);
  });
});
