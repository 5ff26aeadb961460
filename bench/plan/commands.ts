/** Users' programs among the workloads of a plan: which are run, which only read what another one prints. */

import type { CommandWorkload, Metric, Plan } from '../types.ts';
import { formatNs } from '../units.ts';

type WithCommands = Pick<Plan, 'workloads' | 'commands'>;

/** The workloads that are run in a box: all but the figures that programs print. */
export function runOf({ workloads, commands = [] }: WithCommands): readonly string[] {
  const metrics = new Set(commands.flatMap((command) => metricsOf(command).map(({ id }) => id)));
  return workloads.filter((id) => !metrics.has(id));
}

/** Those of them that are Boxmark's own. */
export function ownOf(plan: WithCommands): readonly string[] {
  return runOf(plan).filter((id) => commandOf(plan, id) === undefined);
}

/** Size and engine of kernels say nothing about a plan of programs alone. */
export function isOfPrograms(plan: WithCommands): boolean {
  return plan.commands !== undefined && ownOf(plan).length === 0;
}

/** The program behind a workload; undefined for any other. */
export function commandOf({ commands = [] }: Pick<Plan, 'commands'>, workload: string): CommandWorkload | undefined {
  return commands.find(({ id }) => id === workload);
}

export function metricsOf({ metrics = [] }: Pick<CommandWorkload, 'metrics'>): readonly Metric[] {
  return metrics;
}

/** The figure of a program behind a workload; undefined for one that is a time. */
export function metricOf({ commands = [] }: Pick<Plan, 'commands'>, workload: string): Metric | undefined {
  return commands.flatMap(metricsOf).find(({ id }) => id === workload);
}

/** Share of a run from which on its start is worth a word. */
const MUCH_OF_A_RUN = 0.05;

/** How much of a short run is no work of the program's: `0.8 ms of each run is the start of a process`; undefined for a long one. */
export function startText({ runNs = 0, startNs = 0 }: Pick<CommandWorkload, 'runNs' | 'startNs'>): string | undefined {
  if (startNs === 0 || startNs < MUCH_OF_A_RUN * runNs) return undefined;
  return `${formatNs(Math.min(startNs, runNs))} of each run is the start of a process`;
}
