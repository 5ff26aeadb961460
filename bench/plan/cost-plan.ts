/** Plans of start-up and footprint sessions: which flags they take, how much they measure. */

import { usageError } from '../errors.ts';
import type { Plan, Profile } from '../types.ts';
import type { Measure } from './flag.ts';
import { blocksOf, PROFILE_NUMBERS } from './profiles.ts';
import { defaultFor, keyOf, PLAN_FLAGS, type PlanInput } from './read-flags.ts';

export type CostSettings = Pick<
  Plan,
  'measure' | 'cold' | 'instances' | 'minBlocks' | 'maxBlocks' | 'target' | 'rounds' | 'workloads'
>;

/** What replaces the settings of workloads; null when workloads are measured. A flag without effect is a usage error. */
export function costSettings(input: PlanInput, profile: Profile): CostSettings | null {
  const measure = input.measure ?? 'workloads';
  assertAllCount(input, measure);
  if (measure === 'workloads') return null;
  const blocks = input.blocks ?? blocksOf(measure, profile);
  const common = { measure, minBlocks: blocks, maxBlocks: blocks, target: null, workloads: [] };
  if (measure === 'footprint') return { ...common, rounds: 1, instances: readInstances(input.instances) };
  const rounds = input.rounds ?? PROFILE_NUMBERS[profile].startup.starts;
  return { ...common, rounds, cold: input.cold !== false };
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
