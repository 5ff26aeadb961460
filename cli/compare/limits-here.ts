/** The limits of a stored plan on this host, which may have other CPUs. */

import { BoxmarkError } from '../../bench/errors.ts';
import { mostCopies } from '../../bench/plan/copies.ts';
import type { Limits, Plan } from '../../bench/types.ts';
import { formatCpuList } from '../../bench/units.ts';
import { defaultLimits } from '../../runners/host/cpus.ts';

/** `cpu` is what the user asks for; it must be there. The plan's CPUs are taken where they are, else the default ones. */
export function limitsHere(
  plan: Plan,
  cpu: readonly number[] | undefined,
): { readonly limits: Limits; readonly note: string | null } {
  const { cpus, memoryBytes } = plan.limits;
  const threads = mostCopies(plan);
  if (cpu !== undefined) return { limits: defaultLimits(cpu, memoryBytes, threads), note: null };
  try {
    return { limits: defaultLimits(cpus, memoryBytes, threads), note: null };
  } catch (error) {
    if (!(error instanceof BoxmarkError)) throw error;
    const limits = defaultLimits(undefined, memoryBytes, threads);
    const note = `CPU ${formatCpuList(limits.cpus)} is measured on, because CPU ${formatCpuList(cpus)} of the session is not available here.`;
    return { limits, note };
  }
}
