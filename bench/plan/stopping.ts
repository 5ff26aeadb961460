/** How many blocks: the numbers a plan is given, and the rule that ends a session at a block's end. */

import { usageError } from '../errors.ts';
import type { Plan, Profile } from '../types.ts';
import { parseCount, parsePercent } from '../units.ts';

/** Blocks of each profile, and the half-width that ends it early; why these: docs/method.md, "Profiles". */
const PROFILE_BLOCKS: Readonly<Record<Profile, { least: number; most: number; target: number | null }>> = {
  quick: { least: 6, most: 6, target: null },
  standard: { least: 10, most: 30, target: 0.0099 },
  publish: { least: 12, most: 40, target: 0.005 },
};

/** With fewer blocks, stopping at a width leaves the intervals too narrow: 91 % instead of 95 % from six on (simulated). */
export const LEAST_WITH_TARGET = 10;
/** Where a target is asked for and the profile has no cap. */
const DEFAULT_CAP = 30;

export type StoppingInput = {
  readonly [name in 'blocks' | 'min-blocks' | 'max-blocks' | 'target']?: string | undefined;
};

export type Stopping = Pick<Plan, 'minBlocks' | 'maxBlocks' | 'target'>;

/** Numbers of blocks from flags and profile. A combination that contradicts itself is a usage error. */
export function readStopping(input: StoppingInput, profile: Profile): Stopping {
  const own = PROFILE_BLOCKS[profile];
  const { blocks, 'min-blocks': least, 'max-blocks': most, target } = input;
  if (blocks !== undefined) {
    for (const name of ['min-blocks', 'max-blocks', 'target'] as const) {
      if (input[name] === undefined) continue;
      throw usageError(
        `--blocks fixes the number of blocks, --${name} lets it vary: only one of them can hold.`,
        `--blocks ${blocks} --${name} ${input[name]}`,
        'leave one of them out',
      );
    }
    const fixed = parseCount(blocks, '--blocks');
    return { minBlocks: fixed, maxBlocks: fixed, target: null };
  }
  const halfWidth = target === undefined ? own.target : parsePercent(target, '--target');
  if (halfWidth === null) {
    for (const name of ['min-blocks', 'max-blocks'] as const) {
      if (input[name] === undefined) continue;
      throw usageError(
        `--${name} needs a --target: the profile ${profile} has none, its number of blocks is fixed.`,
        `--${name} ${input[name]}`,
        `--target 1%, or --blocks ${input[name]}`,
      );
    }
    return { minBlocks: own.least, maxBlocks: own.most, target: null };
  }
  const minBlocks = least === undefined ? Math.max(LEAST_WITH_TARGET, own.least) : parseCount(least, '--min-blocks', 2);
  const cap = own.target === null ? DEFAULT_CAP : own.most;
  const maxBlocks = most === undefined ? Math.max(cap, minBlocks) : parseCount(most, '--max-blocks', 2);
  if (maxBlocks < minBlocks) {
    throw usageError(
      'There are more blocks at least than at most.',
      `at least ${minBlocks}${least === undefined ? ' (by default)' : ''}, at most ${maxBlocks}`,
      least === undefined
        ? `--max-blocks ${minBlocks}, or a smaller --min-blocks as well`
        : '--min-blocks 10 --max-blocks 30',
    );
  }
  return { minBlocks, maxBlocks, target: halfWidth };
}

/** The plan of a session that goes on: what was asked for anew takes the place of what was planned. */
export function extendStopping(
  plan: Plan,
  completed: number,
  input: Pick<StoppingInput, 'target' | 'max-blocks'>,
): Plan {
  const target = input.target === undefined ? plan.target : parsePercent(input.target, '--target');
  const asked = input['max-blocks'] === undefined ? undefined : parseCount(input['max-blocks'], '--max-blocks', 2);
  if (asked !== undefined && asked <= completed) {
    throw usageError(
      `--max-blocks: ${completed} blocks are measured already, and none is taken away.`,
      String(asked),
      `--max-blocks ${completed + 6}`,
    );
  }
  if (target === null) {
    const blocks = asked ?? plan.maxBlocks;
    return { ...plan, minBlocks: blocks, maxBlocks: blocks, target };
  }
  const least = plan.target === null ? LEAST_WITH_TARGET : plan.minBlocks;
  const maxBlocks = asked ?? Math.max(plan.maxBlocks, input.target === undefined ? 0 : completed + DEFAULT_CAP);
  return { ...plan, minBlocks: Math.min(least, maxBlocks), maxBlocks, target };
}
