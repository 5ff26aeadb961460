/** How many blocks: the numbers a plan is given, and the rule that ends a session at a block's end. */

import { usageError } from '../errors.ts';
import type { Plan, Profile } from '../types.ts';
import { formatPercent } from '../units.ts';
import { CAP_WITH_TARGET, LEAST_WITH_TARGET, PROFILE_NUMBERS } from './profiles.ts';
import type { PlanInput } from './read-flags.ts';

export type StoppingInput = Pick<PlanInput, 'blocks' | 'minBlocks' | 'maxBlocks' | 'target'>;

export type Stopping = Pick<Plan, 'minBlocks' | 'maxBlocks' | 'target'>;

/** Numbers of blocks from flags and profile. A combination that contradicts itself is a usage error. */
export function readStopping(input: StoppingInput, profile: Profile): Stopping {
  const own = PROFILE_NUMBERS[profile];
  if (input.blocks !== undefined) {
    assertFixed(input, input.blocks);
    return { minBlocks: input.blocks, maxBlocks: input.blocks, target: null };
  }
  const target = input.target ?? own.target;
  if (target === null) {
    assertNoBounds(input, profile);
    return { minBlocks: own.minBlocks, maxBlocks: own.maxBlocks, target };
  }
  const minBlocks = input.minBlocks ?? Math.max(LEAST_WITH_TARGET, own.minBlocks);
  const cap = own.target === null ? CAP_WITH_TARGET : own.maxBlocks;
  const maxBlocks = input.maxBlocks ?? Math.max(cap, minBlocks);
  if (maxBlocks < minBlocks) {
    const byDefault = input.minBlocks === undefined;
    throw usageError(
      '--min-blocks exceeds --max-blocks.',
      `at least ${minBlocks}${byDefault ? ' (by default)' : ''}, at most ${maxBlocks}`,
      byDefault
        ? `--max-blocks ${minBlocks}, or a smaller --min-blocks as well`
        : `--min-blocks ${LEAST_WITH_TARGET} --max-blocks ${CAP_WITH_TARGET}`,
    );
  }
  return { minBlocks, maxBlocks, target };
}

function assertFixed({ minBlocks, maxBlocks, target }: StoppingInput, blocks: number): void {
  const varying = { 'min-blocks': minBlocks, 'max-blocks': maxBlocks, target: target && formatPercent(target) };
  for (const [name, value] of Object.entries(varying)) {
    if (value === undefined) continue;
    throw usageError(
      `--blocks fixes the number of blocks, --${name} lets it vary: use only one of them.`,
      `--blocks ${blocks} --${name} ${value}`,
      'leave one of them out',
    );
  }
}

function assertNoBounds({ minBlocks, maxBlocks }: StoppingInput, profile: Profile): void {
  for (const [name, value] of Object.entries({ 'min-blocks': minBlocks, 'max-blocks': maxBlocks })) {
    if (value === undefined) continue;
    throw usageError(
      `--${name} needs a --target: the profile ${profile} has none, its number of blocks is fixed.`,
      `--${name} ${value}`,
      `--target 1%, or --blocks ${value}`,
    );
  }
}

/** The plan of a session that is resumed: new settings replace those of the plan. */
export function extendStopping(
  plan: Plan,
  completed: number,
  input: Pick<StoppingInput, 'target' | 'maxBlocks'>,
): Plan {
  const target = input.target ?? plan.target;
  if (input.maxBlocks !== undefined && input.maxBlocks <= completed) {
    throw usageError(
      `--max-blocks: ${completed} blocks are measured already, and none is removed.`,
      String(input.maxBlocks),
      `--max-blocks ${completed + 6}`,
    );
  }
  if (target === null) {
    const blocks = input.maxBlocks ?? plan.maxBlocks;
    return { ...plan, minBlocks: blocks, maxBlocks: blocks, target };
  }
  const least = plan.target === null ? LEAST_WITH_TARGET : plan.minBlocks;
  const more = input.target === undefined ? 0 : completed + CAP_WITH_TARGET;
  const maxBlocks = input.maxBlocks ?? Math.max(plan.maxBlocks, more);
  return { ...plan, minBlocks: Math.min(least, maxBlocks), maxBlocks, target };
}
