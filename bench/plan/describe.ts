/** A plan as a reader sees it before it is run: its lines, and the time that it should take. */

import type { Plan } from '../types.ts';
import { formatSpan } from '../units.ts';
import { type CostGuess, describeCostPlan, estimateCostSeconds } from './cost-plan.ts';
import { blocksText } from './profiles.ts';
import { boxesOf } from './schedule.ts';

/** Warm-up bursts of the blocks after the pilot are only known when it is done; half of its own is a middling guess. */
const LATER_WARMUP_SHARE = 0.5;

/** Seconds that this many blocks should take, from guesses that are replaced by real figures once a block is done. */
export function estimateSeconds(plan: Plan, guess: (box: string) => CostGuess, blocks = plan.maxBlocks): number {
  if (plan.measure !== undefined) return estimateCostSeconds(plan, guess, blocks);
  const longWorkloads = plan.longVisits === 'all' ? plan.workloads.length : 1;
  let seconds = 0;
  for (const box of boxesOf(plan)) {
    const { startSeconds, factor } = guess(box);
    const warmups = plan.pilotBursts * (1 + (blocks - 1) * LATER_WARMUP_SHARE);
    const bursts = plan.workloads.length * (warmups + blocks * 2 * plan.rounds);
    seconds += blocks * (startSeconds + (longWorkloads * plan.longNs) / 1e9) + (bursts * plan.burstNs * factor) / 1e9;
  }
  return seconds;
}

/** The plan as lines for a reader. */
export function describePlan(plan: Plan, guess: (box: string) => CostGuess): string[] {
  if (plan.measure !== undefined) return describeCostPlan(plan, guess);
  const envs = plan.environments.map(({ path, alias }) => (alias === undefined ? path : `${path} (${alias})`));
  return [
    `environments  ${envs.join(', ')}`,
    `control       a second ${plan.baseline}`,
    `workloads     ${plan.workloads.join(', ')} (${plan.size}, kernels: ${plan.kernels})`,
    `design        ${blocksText(plan)} blocks × ${plan.rounds} rounds, ${plan.schedule}, bursts of ${plan.burstNs / 1e6} ms`,
    `margin        ±${percent(plan.margin)}: differences up to that count as none`,
    `ends          ${endOf(plan)}`,
    `limits        CPU ${plan.limits.cpus.join(',')}, ${plan.limits.memoryBytes / 2 ** 20} MiB, no network`,
    `seed          ${plan.seed}`,
    `estimate      ${estimateOf(plan, guess)}`,
    ...(plan.maxTimeMs === undefined ? [] : [`time limit    ${formatSpan(plan.maxTimeMs / 1000)}`]),
  ];
}

function endOf({ target, minBlocks, maxBlocks }: Plan): string {
  if (target === null) return `after ${maxBlocks} ${maxBlocks === 1 ? 'block' : 'blocks'}`;
  return `when every interval is ±${percent(target)} at most, from ${minBlocks} blocks on`;
}

function estimateOf(plan: Plan, guess: (box: string) => CostGuess): string {
  const span = (blocks: number) => formatSpan(estimateSeconds(plan, guess, blocks));
  if (plan.minBlocks === plan.maxBlocks) return `about ${span(plan.maxBlocks)}`;
  return `about ${span(plan.minBlocks)} to ${span(plan.maxBlocks)}; no data yet to say which`;
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}
