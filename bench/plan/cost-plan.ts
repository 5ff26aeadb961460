/** Plans of sessions that measure something other than ratios of workloads: which flags they take, how much they measure. */

import { usageError } from '../errors.ts';
import type { CostMeasure, Plan, Profile } from '../types.ts';
import type { Measure } from './flag.ts';
import { loadSettings } from './load-plan.ts';
import { blocksOf, PROFILE_NUMBERS } from './profiles.ts';
import { defaultFor, keyOf, PLAN_FLAGS, type PlanInput } from './read-flags.ts';

/** What replaces the settings of workloads. */
export type CostSettings = Partial<Plan>;

interface CostScope {
  readonly profile: Profile;
}

/** Settings that only one kind of measurement has. */
const OWN_SETTINGS: Readonly<Record<CostMeasure, (input: PlanInput, scope: CostScope) => CostSettings>> = {
  startup: (input, { profile }) => ({
    rounds: input.rounds ?? PROFILE_NUMBERS[profile].startup.starts,
    cold: input.cold !== false,
  }),
  footprint: (input) => ({ rounds: 1, instances: readInstances(input.instances) }),
  load: loadSettings,
};

/** What replaces the settings of workloads; null when those are measured. A flag without effect is a usage error. */
export function costSettings(input: PlanInput, profile: Profile): CostSettings | null {
  const measure = input.measure ?? 'workloads';
  assertAllCount(input, measure);
  if (measure === 'workloads') return null;
  const blocks = input.blocks ?? blocksOf(measure, profile);
  return {
    ...{ measure, minBlocks: blocks, maxBlocks: blocks, target: null },
    ...(runsWorkloads(measure) ? {} : { workloads: [] }),
    ...OWN_SETTINGS[measure](input, { profile }),
  };
}

/** Does a kind of measurement run workloads? */
export function runsWorkloads(measure: Measure): boolean {
  return takes('workload', measure);
}

/** Has a setting of a plan an effect on what is measured? */
export function takes(setting: string, measure: Measure): boolean {
  return PLAN_FLAGS.find(({ name }) => name === setting)?.kinds?.includes(measure) ?? true;
}

/** Every setting that was given has an effect on what is measured. */
function assertAllCount(input: PlanInput, measure: Measure): void {
  for (const { name, kinds, value } of PLAN_FLAGS) {
    const given = input[keyOf(name) as keyof PlanInput];
    if (given === undefined || kinds === undefined || kinds.includes(measure)) continue;
    throw usageError(
      `--${name} has no effect with --measure ${measure}.`,
      value.format(given),
      `${kinds.map((kind) => `--measure ${kind}`).join(' or ')}, or without --${name}`,
    );
  }
}

/** Two numbers at least, because a slope needs them. */
function readInstances(given: readonly number[] | undefined): readonly number[] {
  const numbers = given ?? defaultFor('run', 'instances');
  if (numbers.length >= 2) return numbers;
  throw usageError(
    '--instances takes two numbers or more: a slope needs them.',
    numbers.join(','),
    '--instances 1,2,4,8',
  );
}
