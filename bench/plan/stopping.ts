/** How many blocks: the numbers a plan is given, and the rule that ends a session at a block's end. */

import { usageError } from '../errors.ts';
import type { Plan, Profile } from '../types.ts';
import { parseCount, parsePercent } from '../units.ts';
import { CAP_WITH_TARGET, LEAST_WITH_TARGET, PROFILE_NUMBERS } from './profiles.ts';

export type StoppingInput = {
  readonly [name in 'blocks' | 'min-blocks' | 'max-blocks' | 'target']?: string | undefined;
};

export type Stopping = Pick<Plan, 'minBlocks' | 'maxBlocks' | 'target'>;

/** Numbers of blocks from flags and profile. A combination that contradicts itself is a usage error. */
export function readStopping(input: StoppingInput, profile: Profile): Stopping {
  const own = PROFILE_NUMBERS[profile];
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
    return { minBlocks: own.minBlocks, maxBlocks: own.maxBlocks, target: null };
  }
  const minBlocks =
    least === undefined ? Math.max(LEAST_WITH_TARGET, own.minBlocks) : parseCount(least, '--min-blocks', 2);
  const cap = own.target === null ? CAP_WITH_TARGET : own.maxBlocks;
  const maxBlocks = most === undefined ? Math.max(cap, minBlocks) : parseCount(most, '--max-blocks', 2);
  if (maxBlocks < minBlocks) {
    throw usageError(
      '--min-blocks exceeds --max-blocks.',
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
  const maxBlocks = asked ?? Math.max(plan.maxBlocks, input.target === undefined ? 0 : completed + CAP_WITH_TARGET);
  return { ...plan, minBlocks: Math.min(least, maxBlocks), maxBlocks, target };
}
