/** Plans of start-up and footprint sessions: which flags they take, how much they measure, how they read, how long they take. */

import { usageError } from '../errors.ts';
import type { Plan, Profile } from '../types.ts';
import { formatSpan } from '../units.ts';
import type { Measure } from './flag.ts';
import { blocksOf, PROFILE_NUMBERS } from './profiles.ts';
import { defaultFor, keyOf, PLAN_FLAGS, type PlanInput } from './read-flags.ts';
import { boxesOf } from './schedule.ts';

/** What a start and a burst are expected to cost in an environment, for the time estimate only. */
export interface CostGuess {
  readonly startSeconds: number;
  /** Time of a burst in it over the time natively. */
  readonly factor: number;
}

export type CostSettings = Pick<
  Plan,
  'measure' | 'cold' | 'instances' | 'minBlocks' | 'maxBlocks' | 'target' | 'rounds' | 'workloads'
>;

/** What replaces the settings of workloads; null when workloads are measured. A flag that means nothing then is a usage error. */
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

/** The plan as lines for a reader. */
export function describeCostPlan(plan: Plan, guess: (box: string) => CostGuess): string[] {
  const envs = plan.environments.map(({ path, alias }) => (alias === undefined ? path : `${path} (${alias})`));
  const blocks = `${plan.maxBlocks} ${plan.maxBlocks === 1 ? 'block' : 'blocks'}`;
  const design =
    plan.measure === 'footprint'
      ? `${blocks} of ${plan.instances?.join(', ')} idle instances of each`
      : `${blocks} × ${plan.rounds} warm starts${plan.cold ? ' and a cold one' : ''} of each, one box at a time`;
  return [
    `environments  ${envs.join(', ')}`,
    `control       a second ${plan.baseline}`,
    `measures      ${plan.measure === 'footprint' ? 'memory and disk of idle instances' : 'starts, without workloads'}`,
    `design        ${design}, in random order`,
    `limits        CPU ${plan.limits.cpus.join(',')}, ${plan.limits.memoryBytes / 2 ** 20} MiB, no network`,
    `seed          ${plan.seed}`,
    `estimate      about ${formatSpan(estimateCostSeconds(plan, guess, plan.maxBlocks))}`,
    ...(plan.maxTimeMs === undefined ? [] : [`time limit    ${formatSpan(plan.maxTimeMs / 1000)}`]),
  ];
}

/** A start and its removal, as often as the plan has them; idle instances settle twice. */
export function estimateCostSeconds(plan: Plan, guess: (box: string) => CostGuess, blocks: number): number {
  const numbers = plan.instances ?? [];
  const starts =
    plan.measure === 'footprint' ? numbers.reduce((sum, n) => sum + n, 0) : plan.rounds + (plan.cold ? 2 : 0);
  const pauses = plan.measure === 'footprint' ? 1.4 * numbers.length : 0;
  return boxesOf(plan).reduce((sum, box) => sum + blocks * (starts * guess(box).startSeconds + pauses), 0);
}
