/** A plan as the settings of a plan file that makes it again. */

import type { Plan } from '../types.ts';

type Setting = string | number | boolean | readonly string[] | readonly number[];

/** By the names of the flags. Environments are those that were measured, whatever alias they were asked for by. */
export function writtenPlan(plan: Plan): Readonly<Record<string, Setting>> {
  const { limits, measure = 'workloads', maxTimeMs } = plan;
  return {
    env: plan.environments.map(({ path }) => path),
    baseline: plan.baseline,
    measure,
    profile: plan.profile,
    ...contrastsOf(plan),
    ...(measure === 'workloads' ? workloadSettings(plan) : { blocks: plan.maxBlocks }),
    ...(measure === 'startup' ? { rounds: plan.rounds, cold: plan.cold !== false } : {}),
    ...(plan.instances === undefined ? {} : { instances: plan.instances }),
    ...(plan.allowUnequal === true ? { 'allow-unequal': true } : {}),
    seed: plan.seed,
    cpu: limits.cpus.join(','),
    memory: `${limits.memoryBytes}b`,
    timeout: timeText(plan.timeoutMs),
    ...(maxTimeMs === undefined ? {} : { 'max-time': timeText(maxTimeMs) }),
  };
}

function workloadSettings(plan: Plan): Readonly<Record<string, Setting>> {
  const { minBlocks, maxBlocks, target, margin } = plan;
  return {
    workload: plan.workloads,
    size: plan.size,
    kernels: plan.kernels,
    schedule: plan.schedule,
    rounds: plan.rounds,
    burst: `${plan.burstNs}ns`,
    ...(margin === undefined ? {} : { margin: percentText(margin) }),
    ...(target === null
      ? { blocks: maxBlocks }
      : { target: percentText(target), 'min-blocks': minBlocks, 'max-blocks': maxBlocks }),
  };
}

/** Those that no plan has by itself. */
function contrastsOf({ contrasts, baseline }: Plan): { contrast?: readonly string[] } {
  const own = contrasts.filter((pair) => pair.baseline !== baseline);
  return own.length === 0 ? {} : { contrast: own.map((pair) => `${pair.env}..${pair.baseline}`) };
}

/** Without the last digits of a multiplication. */
function percentText(share: number): string {
  return `${Number((share * 100).toPrecision(12))}%`;
}

function timeText(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}
