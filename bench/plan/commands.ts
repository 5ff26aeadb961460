/** What the workloads of a plan are: which are run, which are users' programs, which are figures beside another one's time. */

import type { CommandWorkload, Metric, Plan } from '../types.ts';
import { formatNs } from '../units.ts';

type WithCommands = Pick<Plan, 'workloads' | 'commands' | 'metrics'>;
type WithMetrics = Pick<Plan, 'commands' | 'metrics'>;

/** The workloads that are run in a box: all but the figures beside their times. */
export function runOf(plan: WithCommands): readonly string[] {
  const metrics = new Set(allMetrics(plan).map(({ id }) => id));
  return plan.workloads.filter((id) => !metrics.has(id));
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

/** What a burst of a workload takes on the baseline, ns: as long as planned, or one run of a program that takes longer. */
export function burstNsOf(plan: Pick<Plan, 'burstNs' | 'commands'>, workload: string): number {
  return Math.max(plan.burstNs, commandOf(plan, workload)?.runNs ?? 0);
}

/** Passes of a lead-in before a burst of `work`. */
export function leadPassesOf({ leadIn = 1 }: Pick<Plan, 'leadIn'>, work: number): number {
  return Math.max(1, Math.round(work * leadIn));
}

export function metricsOf({ metrics = [] }: Pick<CommandWorkload, 'metrics'>): readonly Metric[] {
  return metrics;
}

/** The figures beside the time of a workload that is run. */
export function metricsBeside(plan: WithMetrics, workload: string): readonly Metric[] {
  const command = commandOf(plan, workload);
  return command === undefined ? (plan.metrics?.[workload] ?? []) : metricsOf(command);
}

/** Every figure that is no time. */
export function allMetrics({ commands = [], metrics = {} }: WithMetrics): readonly Metric[] {
  return [...Object.values(metrics).flat(), ...commands.flatMap(metricsOf)];
}

/** The figure behind a workload; undefined for one that is a time. */
export function metricOf(plan: WithMetrics, workload: string): Metric | undefined {
  return allMetrics(plan).find(({ id }) => id === workload);
}

/** Share of a run from which on its start is worth a word. */
const MUCH_OF_A_RUN = 0.05;

/** How much of a short run is no work of the program's: `0.8 ms of each run is the start of a process`; undefined for a long one. */
export function startText({ runNs = 0, startNs = 0 }: Pick<CommandWorkload, 'runNs' | 'startNs'>): string | undefined {
  if (startNs === 0 || startNs < MUCH_OF_A_RUN * runNs) return undefined;
  return `${formatNs(Math.min(startNs, runNs))} of each run is the start of a process`;
}
