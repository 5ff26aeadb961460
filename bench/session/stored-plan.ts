/** The plan of a stored session, checked before it is measured again: it may come from elsewhere. */

import * as z from 'zod';
import { usageError } from '../errors.ts';
import { MOST_INSTANCES } from '../plan/cost-plan.ts';
import { nearest } from '../plan/plan.ts';
import { COST_MEASURES, KERNELS, type Plan, PROFILES, SIZES } from '../types.ts';
import type { SessionInfo } from './info.ts';

const count = (most: number) => z.number().int().min(1).max(most);
const name = z.string().min(1).max(400);

/** Bounds are far beyond what anyone would plan; they keep a damaged number from filling the memory. */
const planSchema = z
  .looseObject({
    schema: z.literal(1),
    seed: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
    profile: z.enum(PROFILES),
    environments: z
      .array(z.object({ path: name, alias: name.optional() }))
      .min(1)
      .max(64),
    baseline: name,
    workloads: z.array(name).max(64),
    measure: z.enum(COST_MEASURES).optional(),
    cold: z.boolean().optional(),
    instances: z.array(count(MOST_INSTANCES)).min(1).max(64).optional(),
    suite: z.array(name).max(64).optional(),
    size: z.enum(SIZES),
    kernels: z.enum(KERNELS),
    contrasts: z.array(z.object({ env: name, baseline: name })).max(1000),
    schedule: z.enum(['interleaved', 'sequential']),
    minBlocks: count(100_000),
    maxBlocks: count(100_000),
    target: z.number().positive().max(1).nullable(),
    margin: z.number().positive().max(1),
    allowUnequal: z.boolean().default(false),
    rounds: count(100_000),
    pilotBursts: count(10_000),
    burstNs: count(1e12),
    longNs: z.number().int().min(0).max(1e12),
    longVisits: z.enum(['all', 'rotate']),
    maxTimeMs: z.number().positive().optional(),
    timeoutMs: z.number().positive().max(1e8),
    limits: z.object({
      cpus: z.array(z.number().int().min(0)).min(1).max(4096),
      housekeeping: z.array(z.number().int().min(0)).max(4096),
      memoryBytes: count(Number.MAX_SAFE_INTEGER),
      pids: count(1e7),
    }),
  })
  .refine(({ measure, workloads }) => measure !== undefined || workloads.length > 0, {
    path: ['workloads'],
    message: 'none',
  });

/**
 * The plan and the work per burst that a session was measured with. Work is empty when the session did not come that
 * far, or not to every workload. Throws a usage error for a plan that this version can't run.
 */
export function storedPlan(
  info: SessionInfo,
  dir: string,
  workloads: readonly string[],
): { plan: Plan; work: Record<string, number> } {
  const checked = planSchema.safeParse(info.plan);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw usageError(
      `The plan of the session (written by version ${info.program}) can't be run again: ${issue?.path.join('.')}: ${issue?.message}.`,
      dir,
      'a session of this version: boxmark run',
    );
  }
  const plan = checked.data as unknown as Plan;
  for (const id of plan.workloads) {
    if (workloads.includes(id)) continue;
    throw usageError(`There is no workload of this name${nearest(id, workloads)}.`, id, workloads.join(', '));
  }
  if (!plan.environments.some(({ path }) => path === plan.baseline)) {
    throw usageError('The baseline is not among the environments of the session.', plan.baseline);
  }
  const work = Object.fromEntries(
    plan.workloads.flatMap((id) => {
      const passes = info.work[id];
      return Number.isSafeInteger(passes) && (passes ?? 0) > 0 ? [[id, passes as number]] : [];
    }),
  );
  return { plan, work: Object.keys(work).length === plan.workloads.length ? work : {} };
}
