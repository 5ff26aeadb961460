/** `session.json`: what was planned, where it ran, what was found inside the boxes, why it stopped. */

import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { planOfAnyVersionSchema } from '../plan/plan-schema.ts';
import {
  type BoxFacts,
  type Environment,
  type Inequality,
  type Plan,
  TRAITS,
  type Traits,
  type Unavailable,
  WARMUP_CLASSES,
  type Warmup,
} from '../types.ts';
import { inequalitySchema } from './events.ts';

/** Raised whenever a file of a session changes its meaning. */
export const SESSION_SCHEMA = 1;

/**
 * Raised whenever the same rows give other figures or verdicts, so that `check` does not take an old rule for a change.
 * 2: stalls are counted, the total ratio contains those of lead-ins, `equivalent` needs the total ratio, `slower` looks at
 * the control.
 */
export const FIGURES = 2;

export const STOP_REASONS = ['running', 'precision', 'blocks', 'time', 'interrupted', 'failed'] as const;
export type StopReason = (typeof STOP_REASONS)[number];

export interface SessionEnvironment {
  readonly path: string;
  readonly labels: readonly string[];
  readonly traits: Traits;
  readonly versions: Readonly<Record<string, string>>;
  /** What runs in it, when that is not the session's image. */
  readonly image?: NonNullable<Environment['image']>;
  /** Read inside the box in the first block; null before that. */
  readonly facts: BoxFacts | null;
  /** Facts in which its box is not like the baseline's; absent before they were compared. */
  readonly inequalities?: readonly Inequality[];
}

/** One time that a session was resumed. */
export interface Resumption {
  readonly at: string;
  readonly program: string;
  readonly command: string;
  /** Number of whole blocks before; the next one was the first after it. */
  readonly blocksKept: number;
}

export interface SessionInfo {
  readonly schema: typeof SESSION_SCHEMA;
  readonly session: string;
  readonly program: string;
  readonly command: string;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly stopReason: StopReason;
  readonly seed: number;
  readonly plan: Plan;
  /** Passes in a burst of each copy, by workload; empty until calibrated. */
  readonly work: Readonly<Record<string, number>>;
  /** Of a session of load: arrivals a second at each level, ascending, by workload; absent before they are known. */
  readonly rates?: Readonly<Record<string, readonly number[]>>;
  /** What the pilot decided; null before its end. */
  readonly warmup: Warmup | null;
  /** The host in two parts: `hardware` is stable across reboots, `stack` is what may be under test. */
  readonly host: {
    readonly name: string;
    readonly fingerprint: string;
    readonly hardware: object;
    readonly stack: object;
  };
  readonly image: { readonly digest: string; readonly node: string; readonly payload: string };
  readonly environments: readonly SessionEnvironment[];
  readonly unavailable: readonly Unavailable[];
  /** By which rules its figures were computed; absent where they were the first. */
  readonly figures?: number;
  readonly blocksCompleted: number;
  /** Duration of the whole blocks, ms: unlike `finishedAt` minus `startedAt`, without preparation and pauses. */
  readonly measuredMs: number;
  readonly resumed: readonly Resumption[];
  /** Of an anonymised copy: the seal of the session that it was made of. */
  readonly anonymised?: { readonly seal: string | null };
}

/** Those of another version may be others than `FACTS`. */
const anyFacts = z.record(z.string(), z.nullable(z.union([z.string(), z.number(), z.boolean()])));
/**
 * The same: a session has two hundred facts, and thousands are read at once. So the schema, which takes several times as
 * long, is only asked what is wrong.
 */
const facts = z.unknown().check(({ value, issues }) => {
  if (areFacts(value)) return;
  for (const issue of anyFacts.safeParse(value).error?.issues ?? []) {
    issues.push({ ...issue, input: value } as z.core.$ZodRawIssue);
  }
});

function areFacts(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every(
    (one) => one === null || typeof one === 'string' || typeof one === 'boolean' || Number.isFinite(one),
  );
}
const image = z.object({ digest: z.string(), node: z.string(), payload: z.string() });

/** It becomes the name of a folder and of files, and appears in commands to copy. */
const SESSION_NAME = /^[A-Za-z0-9][\w.-]{0,199}$/;
/** Absent in sessions of earlier versions, as each trait may be. */
const traits = z.looseObject(Object.fromEntries(TRAITS.map((name) => [name, z.boolean().optional()]))).optional();

const stretch = z.looseObject({ start: z.number(), level: z.number() });
const bursts = z.number().int().min(0);
const warmup = z.looseObject({
  length: bursts,
  lengths: z.record(z.string(), bursts).optional(),
  series: z.array(
    z.looseObject({
      env: z.string(),
      workload: z.string(),
      class: z.enum(WARMUP_CLASSES),
      length: z.number(),
      bursts: z.number(),
      segments: z.array(stretch),
    }),
  ),
});
const resumption = z.looseObject({
  at: z.string(),
  program: z.string(),
  command: z.string(),
  blocksKept: z.number(),
});

/** Every field that is known: a reader relies on it, and `check` finds what is wrong. Further keys are allowed. */
export const sessionSchema = z.looseObject({
  schema: z.literal(SESSION_SCHEMA),
  session: z.string().regex(SESSION_NAME, 'is no name of a session'),
  program: z.string(),
  command: z.string(),
  startedAt: z.string(),
  finishedAt: z.nullable(z.string()),
  stopReason: z.enum(STOP_REASONS),
  seed: z.number(),
  plan: planOfAnyVersionSchema,
  work: z.record(z.string(), z.number()),
  rates: z.record(z.string(), z.array(z.number().positive()).min(1)).optional(),
  host: z.looseObject({
    name: z.string(),
    fingerprint: z.string(),
    hardware: z.looseObject({}),
    stack: z.looseObject({}),
  }),
  image,
  environments: z.array(
    z.looseObject({
      path: z.string(),
      labels: z.array(z.string()),
      traits,
      versions: z.record(z.string(), z.string()),
      image: image.optional(),
      facts: z.nullable(facts),
      inequalities: z.array(inequalitySchema).optional(),
    }),
  ),
  unavailable: z
    .array(z.looseObject({ path: z.string(), alias: z.string().optional(), reason: z.string(), remedy: z.string() }))
    .optional(),
  figures: z.number().int().min(1).optional(),
  blocksCompleted: z.number(),
  measuredMs: z.number().optional(),
  warmup: warmup.nullable().optional(),
  resumed: z.array(resumption).optional(),
  anonymised: z
    .object({
      seal: z
        .string()
        .regex(/^[0-9a-f]{64}$/, 'is no seal')
        .nullable(),
    })
    .optional(),
});

/** `20261123T170000Z-ab12cd`: UTC time and a short id. */
export function sessionId(now: Date): string {
  const stamp = now.toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
  return `${stamp}-${randomBytes(3).toString('hex')}`;
}
