/** What `summary.json` promises: its fields by name and type. New fields may come; these stay while `schema` is 1. */

import * as z from 'zod';
import { VERDICTS } from '../../bench/types.ts';

const figure = z.number().nullable();
const text = z.string();
const interval = z.object({ low: z.number(), high: z.number() }).nullable();
const estimate = z.looseObject({ ratio: z.number(), interval, blocks: z.int() }).nullable();

const contrast = z.looseObject({
  env: text,
  baseline: text,
  workload: text.describe('A workload, or suite: the mean over all of the session.'),
  blocks: z.int().positive(),
  timeRatio: z.number().positive().describe('Time of env over time of baseline, typical burst; above 1 takes longer.'),
  interval: interval.describe('Of 95 %, over blocks; null with one block.'),
  throughputChangePercent: z.number(),
  hodgesLehmann: z.looseObject({ ratio: z.number(), interval }).nullable(),
  controlRatio: figure,
  controlInterval: interval,
  verdict: z.enum(VERDICTS).nullable().describe('Null for the control, about which nothing is decided.'),
  total: estimate.describe('Ratio of the sums of measured bursts.'),
  sustained: estimate.describe('Ratio of the sums over long visits.'),
  wakeupRatio: figure,
  intermittent: z.boolean(),
  judgement: z
    .looseObject({
      reasons: z.array(z.looseObject({ kind: text })),
      additions: z.array(text),
      more: z.object({ blocks: z.int().nullable(), minutes: figure }).nullable(),
    })
    .nullable(),
});

const level = z.looseObject({
  workload: text,
  bursts: z.int(),
  wrongAnswers: z.int(),
  medianNsPerPass: figure,
  medianMflops: figure,
  wakeupRatio: figure,
});

export const summarySchema = z.looseObject({
  schema: z.literal(1).describe('Raised when a field changes its meaning or goes.'),
  session: z.looseObject({
    id: text,
    program: text,
    command: text,
    host: text,
    startedAt: text,
    finishedAt: text.nullable(),
    stopReason: text.nullable(),
    blocks: z.int().describe('Blocks with data.'),
    bursts: z.int().describe('Measured bursts with a right answer.'),
  }),
  answer: text.describe('The one-sentence answer.'),
  control: z.looseObject({ env: text, sentence: text, contrasts: z.array(contrast) }),
  trust: z.looseObject({ session: z.boolean(), workloads: z.array(text) }),
  open: z
    .looseObject({
      count: z.int(),
      beyond: z.int(),
      blocks: z.int().nullable(),
      minutes: figure,
      sentence: text,
      command: text.nullable(),
    })
    .nullable()
    .describe('Verdicts that are open for width, and what would decide them; null when there are none.'),
  unequal: z.record(text, z.array(z.looseObject({ fact: text, label: text, avoidable: z.boolean() }))),
  hostTimed: z.array(text),
  notes: z.array(text),
  plan: z.looseObject({ baseline: text, workloads: z.array(text), seed: z.number() }),
  environments: z.array(
    z.looseObject({
      env: text,
      role: z.enum(['baseline', 'control', 'environment']),
      alias: text.nullable(),
      labels: z.array(text),
      versions: z.record(text, text),
      compositeMflops: figure,
      wallOverCpu: figure,
      workloads: z.array(level),
    }),
  ),
  contrasts: z.array(contrast),
  starts: z.array(
    z.looseObject({
      env: text,
      completed: z.int(),
      failed: z.int(),
      skipped: z.int(),
      spawnMs: figure,
      firstInstructionMs: figure,
      readyMs: figure,
      teardownMs: figure,
    }),
  ),
  failures: z.array(z.looseObject({ env: text, status: text, reason: text, blocks: z.array(z.int()) })),
  unavailable: z.array(z.looseObject({ path: text, reason: text, remedy: text })),
  events: z.looseObject({ count: z.int(), byKind: z.array(z.object({ kind: text, count: z.int() })) }),
});

/** The JSON Schema that is shipped as schemas/summary.schema.json. */
export function summaryJsonSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(summarySchema);
  return { $schema, title: "A session's figures: boxmark run --json and report/summary.json", ...schema };
}
