/** The neighbours that a victim can be given: what each of them wears out, and the workload that does it. */

import { AGGRESSORS, type Aggressor, type Plan } from '../types.ts';
import { COMPOSITE_WORKLOADS, suiteOf } from './suite.ts';

interface AggressorSpec {
  /** In a list of choices. */
  readonly meaning: string;
  readonly workload: string;
  /** As many boxes as the plan has CPUs, so that no CPU is free for the victim; else one. */
  readonly everyCpu?: true;
}

/**
 * `cpu` has the smallest working set of all kernels, so that it takes CPU time and nothing else. `cache` writes all over a
 * table larger than the caches: each access brings a line in, and pushes another one out. `files` stays in memory: it is
 * the kernel's paths to files that are contended, not a device.
 */
export const AGGRESSOR_SPECS: Readonly<Record<Aggressor, AggressorSpec>> = {
  cpu: { meaning: 'arithmetic on every CPU', workload: 'monte-carlo', everyCpu: true },
  memory: { meaning: 'streams through memory', workload: 'memory' },
  cache: { meaning: 'writes all over a table larger than the caches', workload: 'random-access' },
  forks: { meaning: 'starts processes', workload: 'spawn' },
  files: { meaning: 'makes and removes files in memory', workload: 'file-write' },
  disk: { meaning: 'writes and syncs a file', workload: 'disk-write' },
};

/** Where none is named: all but the one that wears a device, with a gigabyte or more in each block. */
export const DEFAULT_AGGRESSORS: readonly Aggressor[] = AGGRESSORS.filter((name) => name !== 'disk');

/** What the neighbours of a plan run, each once. */
export function aggressorWorkloads({
  aggressors = [],
}: {
  readonly aggressors?: Plan['aggressors'] | undefined;
}): readonly string[] {
  return [...new Set(aggressors.map((name) => AGGRESSOR_SPECS[name].workload))];
}

/** Boxes of an aggressor at work. */
export function copiesOf(aggressor: Aggressor, { limits }: Pick<Plan, 'limits'>): number {
  return AGGRESSOR_SPECS[aggressor].everyCpu === true ? limits.cpus.length : 1;
}

/** The same plan for a box that runs these workloads of Boxmark's instead of the plan's. */
export function planOfBox({ commands: _, metrics: _m, ...plan }: Plan, workloads: readonly string[]): Plan {
  return { ...plan, workloads, suite: kernelsAmong(workloads) };
}

/** The same plan for whoever computes states again: of the victims and of their neighbours. */
export function planOfAll(plan: Plan): Plan {
  const further = aggressorWorkloads(plan).filter((id) => !plan.workloads.includes(id));
  return {
    ...plan,
    workloads: [...plan.workloads, ...further],
    suite: [...suiteOf(plan).filter((id) => !isProgram(plan, id)), ...kernelsAmong(further)],
  };
}

function kernelsAmong(workloads: readonly string[]): string[] {
  return COMPOSITE_WORKLOADS.filter((id) => workloads.includes(id));
}

function isProgram({ commands = [] }: Plan, workload: string): boolean {
  return commands.some(({ id }) => id === workload);
}
