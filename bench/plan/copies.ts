/** How many copies of a workload run at once: as many as the plan says of all, or as it says of a program. */

import type { CommandWorkload, Plan } from '../types.ts';
import { runOf } from './commands.ts';

type WithCopies = Pick<Plan, 'threads'> & { readonly commands?: readonly CommandWorkload[] | undefined };

/** Of a workload, or of the program that a metric belongs to. */
export function copiesOf({ threads = 1, commands = [] }: WithCopies, workload: string): number {
  const program = commands.find(
    ({ id, metrics = [] }) => id === workload || metrics.some((one) => one.id === workload),
  );
  return program?.threads ?? threads;
}

/** The most copies that a box runs at once: each needs a CPU of its own. */
export function mostCopies(plan: Pick<Plan, 'threads' | 'workloads' | 'commands' | 'metrics'>): number {
  const run = runOf(plan);
  return run.length === 0 ? (plan.threads ?? 1) : Math.max(...run.map((id) => copiesOf(plan, id)));
}

/** Programs that run as another number of copies than the other workloads, by name. */
export function ownCopies(plan: WithCopies): readonly { readonly id: string; readonly threads: number }[] {
  return (plan.commands ?? [])
    .map(({ id }) => ({ id, threads: copiesOf(plan, id) }))
    .filter(({ threads }) => threads !== (plan.threads ?? 1))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** `2 threads`, `2 threads of sort`; empty where each workload runs once. */
export function copiesText(plan: WithCopies): string {
  const { threads = 1 } = plan;
  const own = ownCopies(plan).map((one) => `${threadsText(one.threads)} of ${one.id}`);
  return [...(threads === 1 ? [] : [threadsText(threads)]), ...own].join(', ');
}

function threadsText(threads: number): string {
  return threads === 1 ? '1 thread' : `${threads} threads`;
}
