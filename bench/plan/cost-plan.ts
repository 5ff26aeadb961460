/** Plans of start-up and footprint sessions: which flags they take, how much they measure, how they read, how long they take. */

import { usageError } from '../errors.ts';
import { COST_MEASURES, type Plan, type Profile } from '../types.ts';
import { formatSpan, parseCount } from '../units.ts';
import { blocksOf, PROFILE_NUMBERS } from './profiles.ts';
import { boxesOf } from './schedule.ts';

/** What a start and a burst are expected to cost in an environment, for the time estimate only. */
export interface CostGuess {
  readonly startSeconds: number;
  /** Time of a burst in it over the time natively. */
  readonly factor: number;
}

/** Values of `--measure`. */
export const MEASURES = ['workloads', ...COST_MEASURES] as const;
export type Measure = (typeof MEASURES)[number];

const INSTANCES = [1, 2, 4, 8] as const;
const MOST_INSTANCES = 256;

/** What of a plan's input says something about starts and footprints, or can't be said of them. */
export type CostInput = {
  readonly measure?: Measure | undefined;
  readonly cold?: boolean | undefined;
  readonly instances?: readonly string[] | undefined;
  readonly rounds?: string | undefined;
  readonly blocks?: string | undefined;
} & { readonly [name in (typeof OF_WORKLOADS)[number]]?: unknown };

/** Flags of workloads and their stopping rule, which mean nothing where there are none. */
const OF_WORKLOADS = [
  'workload',
  'size',
  'target',
  'min-blocks',
  'max-blocks',
  'margin',
  'burst',
  'schedule',
  'kernels',
] as const;

export type CostSettings = Pick<
  Plan,
  'measure' | 'cold' | 'instances' | 'minBlocks' | 'maxBlocks' | 'target' | 'rounds' | 'workloads'
>;

/** What replaces the settings of workloads; null when workloads are measured. A flag that means nothing then is a usage error. */
export function costSettings(input: CostInput, profile: Profile): CostSettings | null {
  const { measure = 'workloads' } = input;
  if (measure === 'workloads') {
    if (input.instances !== undefined) {
      throw usageError('--instances belongs to the footprint.', input.instances.join(','), '--measure footprint');
    }
    return null;
  }
  const foreign = OF_WORKLOADS.find((name) => input[name] !== undefined);
  if (foreign !== undefined) {
    throw usageError(
      `--${foreign} is about workloads, and --measure ${measure} runs none.`,
      `--measure ${measure} --${foreign} ${input[foreign]}`,
      'leave one of them out',
    );
  }
  if (measure === 'startup' && input.instances !== undefined) {
    throw usageError('--instances belongs to the footprint.', input.instances.join(','), '--measure footprint');
  }
  if (measure === 'footprint' && input.rounds !== undefined) {
    throw usageError(
      '--rounds is about starts; the footprint has none.',
      input.rounds,
      '--blocks, or --instances 1,2,4',
    );
  }
  const blocks = input.blocks === undefined ? blocksOf(measure, profile) : parseCount(input.blocks, '--blocks');
  const common = { measure, minBlocks: blocks, maxBlocks: blocks, target: null, workloads: [] };
  if (measure === 'footprint') return { ...common, rounds: 1, instances: readInstances(input.instances) };
  const rounds =
    input.rounds === undefined ? PROFILE_NUMBERS[profile].startup.starts : parseCount(input.rounds, '--rounds');
  return { ...common, rounds, cold: input.cold !== false };
}

/** Ascending, each once; two at least, because a slope needs them. */
function readInstances(texts: readonly string[] | undefined): readonly number[] {
  if (texts === undefined) return INSTANCES;
  const numbers = [...new Set(texts.map((text) => parseCount(text, '--instances')))].sort((a, b) => a - b);
  if (numbers.length < 2 || (numbers.at(-1) ?? 0) > MOST_INSTANCES) {
    const remedy = `two numbers or more, up to ${MOST_INSTANCES}: --instances 1,2,4,8`;
    throw usageError('--instances takes numbers of idle boxes held at a time.', texts.join(','), remedy);
  }
  return numbers;
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
