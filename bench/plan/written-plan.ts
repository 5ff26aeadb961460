/** A plan as the settings of a plan file that makes it again. */

import type { CommandWorkload, Metric, Plan } from '../types.ts';
import { plainDecimal } from '../units.ts';
import { ownOf } from './commands.ts';
import { takes } from './cost-plan.ts';
import { LEAST_LEAD_IN } from './profiles.ts';

type Setting = string | number | boolean | readonly (number | string)[] | readonly object[];

/** By the names of the flags. Environments are those that were measured, whatever alias they were asked for by. */
export function writtenPlan(plan: Plan): Readonly<Record<string, Setting>> {
  const { limits, measure = 'workloads', maxTimeMs } = plan;
  const settings = {
    env: plan.environments.map(({ path }) => path),
    baseline: plan.baseline,
    measure,
    profile: plan.profile,
    ...contrastsOf(plan),
    ...workloadSettings(plan),
    rounds: plan.rounds,
    cold: plan.cold !== false,
    ...blocksOf(plan),
    ...(plan.instances === undefined ? {} : { instances: plan.instances }),
    ...(plan.recoverNs === undefined ? {} : { recover: timeText(plan.recoverNs / 1e6) }),
    ...(plan.windowNs === undefined ? {} : { window: `${plan.windowNs}ns` }),
    ...loadSettings(plan),
    ...(plan.aggressors === undefined ? {} : { aggressors: plan.aggressors }),
    ...(plan.allowUnequal === true ? { 'allow-unequal': true } : {}),
    seed: plan.seed,
    cpu: limits.cpus.join(','),
    memory: `${limits.memoryBytes}b`,
    timeout: timeText(plan.timeoutMs),
    ...(maxTimeMs === undefined ? {} : { 'max-time': timeText(maxTimeMs) }),
  };
  return Object.fromEntries(Object.entries(settings).filter(([name]) => takes(name, measure)));
}

function blocksOf({ minBlocks, maxBlocks, target }: Plan): Readonly<Record<string, Setting>> {
  if (target === null) return { blocks: maxBlocks };
  return { target: percentText(target), 'min-blocks': minBlocks, 'max-blocks': maxBlocks };
}

function loadSettings({ rates, levelNs, levelArrivals }: Plan): Readonly<Record<string, Setting>> {
  return {
    ...(rates === undefined ? {} : { rates: rates.map(plainNumber) }),
    ...(levelNs === undefined || levelArrivals !== 1 ? {} : { level: `${levelNs}ns` }),
  };
}

function workloadSettings(plan: Plan): Readonly<Record<string, Setting>> {
  const { margin, commands = [] } = plan;
  const own = ownOf(plan);
  return {
    ...(own.length === 0 ? {} : { workload: own }),
    ...(commands.length === 0 ? {} : { workloads: commands.map(writtenProgram) }),
    ...(plan.with === undefined ? {} : { with: plan.with }),
    ...(plan.root === undefined ? {} : { root: plan.root.source }),
    size: plan.size,
    kernels: plan.kernels,
    schedule: plan.schedule,
    burst: `${plan.burstNs}ns`,
    // A stored plan may have less than a plan file.
    'lead-in': percentText(Math.max(LEAST_LEAD_IN, plan.leadIn ?? 1)),
    ...(plan.threads === undefined ? {} : { threads: plan.threads }),
    ...(margin === undefined ? {} : { margin: percentText(margin) }),
  };
}

/** As an entry of `workloads`; what a trial finds out is found out again. */
function writtenProgram(command: CommandWorkload): object {
  const {
    id,
    command: words,
    shell,
    argv: _,
    output: _o,
    runNs: _r,
    startNs: _s,
    metrics,
    timeoutMs,
    ...rest
  } = command;
  return {
    id,
    ...(shell === true ? { shell: words[0] } : { command: words }),
    ...rest,
    ...(timeoutMs === undefined ? {} : { timeout: timeText(timeoutMs) }),
    ...(metrics === undefined ? {} : { metrics: metrics.map((one) => writtenMetric(id, one)) }),
  };
}

function writtenMetric(program: string, { id, ...rest }: Metric): object {
  return { name: id.slice(program.length + 1), ...rest };
}

/** Those that no plan has by itself. */
function contrastsOf({ contrasts, baseline }: Plan): { contrast?: readonly string[] } {
  const own = contrasts.filter((pair) => pair.baseline !== baseline);
  return own.length === 0 ? {} : { contrast: own.map((pair) => `${pair.env}..${pair.baseline}`) };
}

/** Without the last digits of a multiplication. */
function percentText(share: number): string {
  return `${plainDecimal(Number((share * 100).toPrecision(12)))}%`;
}

/** As a text where a reader would find an exponent. */
function plainNumber(value: number): number | string {
  const text = plainDecimal(value);
  return text === String(value) ? value : text;
}

function timeText(ms: number): string {
  return ms % 1000 === 0 ? `${plainDecimal(ms / 1000)}s` : `${plainDecimal(ms)}ms`;
}
