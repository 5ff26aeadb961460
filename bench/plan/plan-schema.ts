/** A stored plan: validates a session from elsewhere before anything is measured with it. */

import * as z from 'zod';
import {
  AGGRESSORS,
  COST_MEASURES,
  type CommandWorkload,
  KERNEL_ENGINES,
  type Plan,
  PROFILES,
  SIZES,
} from '../types.ts';
import { MOST_METRICS, metricFields, programFields } from './program-fields.ts';
import { MOST_BLOCKS, MOST_INSTANCES, MOST_RATE, MOST_THREADS } from './what-flags.ts';

const count = (most: number) => z.number().int().min(1).max(most);
const name = z.string().min(1).max(400);
const names = z.array(name).max(64);

const word = z.string().max(1 << 17);
/** Of a program, or of a figure that it prints. */
const id = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/);

/** A program of a user's, which is run only by whoever allows it. */
const command = z.object({
  id,
  command: z.array(word).min(1).max(1000),
  shell: z.exactOptional(z.boolean()),
  argv: z.array(word).max(1000),
  env: z.exactOptional(z.record(z.string().max(400), word)),
  ...programFields,
  timeoutMs: z.exactOptional(z.number().positive().max(1e8)),
  output: z.exactOptional(z.string().regex(/^[0-9a-f]{16}$/)),
  runNs: z.exactOptional(z.number().min(0).max(1e15)),
  startNs: z.exactOptional(z.number().min(0).max(1e15)),
  metrics: z.exactOptional(z.array(z.object({ id, ...metricFields })).max(MOST_METRICS)),
}) satisfies z.ZodType<CommandWorkload>;

/** Bounds are far beyond what anyone would plan; they keep a damaged number from filling the memory. */
const fields = {
  schema: z.literal(1),
  seed: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  profile: z.enum(PROFILES),
  environments: z
    .array(z.object({ path: name, alias: z.exactOptional(name) }))
    .min(1)
    .max(64),
  baseline: name,
  workloads: names,
  suite: z.exactOptional(names),
  commands: z.exactOptional(z.array(command).max(64)),
  with: z.exactOptional(z.array(word).max(1000)),
  metrics: z.exactOptional(z.record(id, z.array(z.object({ id, ...metricFields })).max(MOST_METRICS))),
  root: z.exactOptional(
    z.object({
      source: word,
      digest: z.string().regex(/^[0-9a-f]{64}$/),
      id: z.exactOptional(z.string().regex(/^[0-9a-f]{64}$/)),
      entrypoint: z.array(word).max(1000),
    }),
  ),
  size: z.enum(SIZES),
  kernels: z.enum(KERNEL_ENGINES),
  contrasts: z.array(z.object({ env: name, baseline: name })).max(1000),
  schedule: z.enum(['interleaved', 'sequential']),
  minBlocks: count(MOST_BLOCKS),
  maxBlocks: count(MOST_BLOCKS),
  target: z.number().positive().max(1).nullable(),
  margin: z.number().positive().max(1),
  allowUnequal: z.boolean().default(false),
  rounds: count(MOST_BLOCKS),
  singleBursts: z.exactOptional(z.literal(true)),
  pilotBursts: z.number().int().min(0).max(10_000),
  burstNs: count(1e12),
  leadIn: z.exactOptional(z.number().positive().max(1)),
  longNs: z.number().int().min(0).max(1e12),
  // Early versions gave every workload a visit at the end of a block, or one of them in rotation.
  longVisits: z.union([z.enum(['all', 'rotate']).transform(() => 1), z.number().int().min(0).max(1000)]),
  maxTimeMs: z.exactOptional(z.number().positive()),
  timeoutMs: z.number().positive().max(1e8),
  limits: z.object({
    cpus: z.array(z.number().int().min(0)).min(1).max(4096),
    housekeeping: z.array(z.number().int().min(0)).max(4096),
    memoryBytes: count(Number.MAX_SAFE_INTEGER),
    pids: count(1e7),
  }),
  threads: z.exactOptional(count(MOST_THREADS)),
  measure: z.exactOptional(z.enum(COST_MEASURES)),
  cold: z.exactOptional(z.boolean()),
  instances: z.exactOptional(z.array(count(MOST_INSTANCES)).min(1).max(64)),
  windowNs: z.exactOptional(count(1e12)),
  storms: z.exactOptional(z.array(count(MOST_INSTANCES)).min(1).max(64)),
  recoverNs: z.exactOptional(count(Number.MAX_SAFE_INTEGER)),
  rates: z.exactOptional(z.array(z.number().positive().max(MOST_RATE)).min(1).max(64)),
  levelNs: z.exactOptional(count(1e13)),
  levelArrivals: z.exactOptional(count(1e7)),
  aggressors: z.exactOptional(z.array(z.enum(AGGRESSORS)).min(1).max(64)),
} satisfies Readonly<Record<keyof Plan, z.ZodType>>;

/** Further keys are let through: a later version may have them. */
export const planSchema = z.looseObject(fields);

/** What every version has written, and readers of a session rely on. */
const CORE = {
  schema: true,
  environments: true,
  baseline: true,
  workloads: true,
  contrasts: true,
  limits: true,
  size: true,
  seed: true,
  profile: true,
  schedule: true,
  maxBlocks: true,
  rounds: true,
  burstNs: true,
  timeoutMs: true,
} as const;

/** The plan of any version: what an early one does not have may be missing, what is there is valid. */
export const planOfAnyVersionSchema = planSchema.partial().required(CORE);
