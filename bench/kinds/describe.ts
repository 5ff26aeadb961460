/** Lines that the descriptions of several kinds have in common. */

import { ownOf } from '../plan/commands.ts';
import { commandText } from '../plan/exec.ts';
import type { CommandWorkload, Plan } from '../types.ts';

/** What is run in boxes: Boxmark's own workloads, and programs of the user's. */
export function workloadLines(plan: Plan): string[] {
  const own = ownOf(plan);
  return [
    ...(own.length === 0 ? [] : [`workloads     ${own.join(', ')} (${plan.size}, kernels: ${plan.kernels})`]),
    ...(plan.commands ?? []).map((command) => `program       ${command.id}: ${programText(command)}`),
  ];
}

/** The command as it was typed, and the figures that are read from what it prints. */
function programText({ command, shell, metrics = [] }: CommandWorkload): string {
  const figures = metrics.map(({ id, unit, better }) => `${id} (${unit}, ${better} is better)`);
  return [shell === true ? `sh -c ${commandText(command)}` : commandText(command), ...figures].join('; ');
}
