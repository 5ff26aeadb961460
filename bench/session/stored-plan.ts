/** The plan of a stored session, checked before it is measured again: it may come from elsewhere. */

import { nearest, usageError } from '../errors.ts';
import { aggressorWorkloads } from '../plan/aggressors.ts';
import { commandOf, runOf } from '../plan/commands.ts';
import { planSchema } from '../plan/plan-schema.ts';
import type { Plan } from '../types.ts';
import type { SessionInfo } from './info.ts';

const runnableSchema = planSchema.refine(({ measure, workloads }) => measure !== undefined || workloads.length > 0, {
  path: ['workloads'],
  message: 'none',
});

/**
 * The plan, the work per burst and the rates of load that a session was measured with. Work and rates are empty when the
 * session did not come that far, or not to every workload; a neighbour that did not run there has no work. Throws a usage
 * error for a plan that this version can't run.
 */
export function storedPlan(
  info: SessionInfo,
  dir: string,
  workloads: readonly string[],
): { plan: Plan; work: Record<string, number>; rates: NonNullable<SessionInfo['rates']> } {
  const checked = runnableSchema.safeParse(info.plan);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    const key = ['plan', ...(issue?.path ?? [])].join('.');
    throw usageError(
      `The plan of the session (written by version ${info.program}) can't be run again: session.json: ${key}: ${issue?.message}.`,
      dir,
      'a session of this version: boxmark run',
    );
  }
  const plan: Plan = checked.data;
  const run = runOf(plan);
  for (const id of run) {
    if (workloads.includes(id) || commandOf(plan, id) !== undefined) continue;
    throw usageError(`There is no workload of this name${nearest(id, workloads)}.`, id, workloads.join(', '));
  }
  if (!plan.environments.some(({ path }) => path === plan.baseline)) {
    throw usageError('The baseline is not among the environments of the session.', plan.baseline);
  }
  const work = Object.fromEntries(
    [...new Set([...run, ...aggressorWorkloads(plan)])].flatMap((id) => {
      const passes = info.work[id];
      return Number.isSafeInteger(passes) && (passes ?? 0) > 0 ? [[id, passes as number]] : [];
    }),
  );
  const { rates = {} } = info;
  const isWhole = run.every((id) => work[id] !== undefined);
  return {
    plan,
    work: isWhole ? work : {},
    // Rates are shares of what so much work takes.
    rates: isWhole && run.every((id) => Object.hasOwn(rates, id)) ? rates : {},
  };
}
