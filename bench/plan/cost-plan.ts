/** Plans of start-up and footprint sessions: which flags they take, how much they measure. */

import { usageError } from '../errors.ts';
import { COST_MEASURES, type CostMeasure, type Plan, type Profile } from '../types.ts';
import { parseCount } from '../units.ts';

/** Values of `--measure`. */
export const MEASURES = ['workloads', ...COST_MEASURES] as const;
export type Measure = (typeof MEASURES)[number];

/** Warm starts of each box in a block, before they are rounded up to a balanced number. */
const START_ROUNDS: Readonly<Record<Profile, number>> = { quick: 4, standard: 8, publish: 12 };
const BLOCKS: Readonly<Record<CostMeasure, Readonly<Record<Profile, number>>>> = {
  startup: { quick: 6, standard: 10, publish: 20 },
  footprint: { quick: 3, standard: 6, publish: 10 },
};
const INSTANCES = [1, 2, 4, 8] as const;
/** Idle instances that are held at a time at most. */
export const MOST_INSTANCES = 256;

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
  const blocks = input.blocks === undefined ? BLOCKS[measure][profile] : parseCount(input.blocks, '--blocks');
  const common = { measure, minBlocks: blocks, maxBlocks: blocks, target: null, workloads: [] };
  if (measure === 'footprint') return { ...common, rounds: 1, instances: readInstances(input.instances) };
  const rounds = input.rounds === undefined ? START_ROUNDS[profile] : parseCount(input.rounds, '--rounds');
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
