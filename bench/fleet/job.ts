/** What a host of a fleet is given: a folder with `job.json` and the plan. */

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod';
import { usageError } from '../errors.ts';
import { readRegular } from '../session/files.ts';
import { FLEET_PLAN } from './info.ts';

export const JOB_FILE = 'job.json';
const JOB_LIMIT_BYTES = 1 << 16;
const PLAN_LIMIT_BYTES = 1 << 20;

const jobSchema = z.strictObject({
  schema: z.literal(1),
  /** Id of the fleet, which names whatever is made on its behalf. */
  fleet: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/),
  /** SHA-256 of the plan. */
  planDigest: z.string().regex(/^[0-9a-f]{64}$/),
  /** More words for `boxmark run`. */
  flags: z.array(z.string().max(1000)).max(100),
});
export type Job = Omit<z.infer<typeof jobSchema>, 'schema'> & { readonly plan: string };

export function digestOfText(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Names and contents of the files of a job's folder. */
export function jobFiles({ plan, ...job }: Job): Readonly<Record<string, string>> {
  return { [JOB_FILE]: `${JSON.stringify({ schema: 1, ...job })}\n`, [FLEET_PLAN]: plan };
}

/** Throws a usage error for a folder that is no job, and for a plan that is not the one that was meant. */
export function readJob(dir: string): Job {
  const remedy = 'a folder with job.json and plan.yaml, as boxmark fleet run makes it';
  let read: ReturnType<typeof jobSchema.safeParse>;
  let plan: string;
  try {
    read = jobSchema.safeParse(JSON.parse(readRegular(join(dir, JOB_FILE), JOB_LIMIT_BYTES)));
    plan = readRegular(join(dir, FLEET_PLAN), PLAN_LIMIT_BYTES);
  } catch {
    throw usageError('There is no job here: job.json or plan.yaml is missing or damaged.', dir, remedy);
  }
  if (!read.success) {
    const [issue] = read.error.issues;
    throw usageError(`The job is damaged: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}.`, dir, remedy);
  }
  const { schema: _, ...job } = read.data;
  const digest = digestOfText(plan);
  if (digest !== job.planDigest) {
    throw usageError('The plan is not the one that the job names.', `${digest}, not ${job.planDigest}`, remedy);
  }
  return { ...job, plan };
}
