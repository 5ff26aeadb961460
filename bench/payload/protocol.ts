/** The protocol of a payload in its box: one request per line, one answer per line, versioned and checked at both ends. */

import * as z from 'zod/mini';
import { DIRECTIONS, EXPECTATIONS, KERNEL_ENGINES, SIZES } from '../types.ts';

/** Raised whenever a request or an answer changes its meaning. */
export const PROTOCOL_VERSION = 1;

/** Answers carry this prefix, because a guest kernel and its init write to the same console. */
export const ANSWER_PREFIX = '@boxmark ';

/** The state of a command of which no output is compared. */
export const NOTHING_COMPARED = '0'.repeat(16);

const count = z.number().check(z.int(), z.gte(0));
const positive = z.number().check(z.int(), z.gte(1));
const workload = z.string().check(z.minLength(1), z.maxLength(64));
const hex16 = z.string().check(z.regex(/^[0-9a-f]{16}$/));
const head = { v: z.literal(PROTOCOL_VERSION), id: count };

const decimal = z.string().check(z.regex(/^\d+$/));

const word = z.string().check(z.maxLength(1 << 17));

/** A program of the user's. */
const command = z.object({
  id: workload,
  argv: z.array(word).check(z.minLength(1)),
  env: z.optional(z.record(z.string(), word)),
  workdir: z.optional(word),
  stdin: z.optional(word),
  setup: z.optional(word),
  prepare: z.optional(word),
  cleanup: z.optional(word),
  exit: z.optional(z.array(count)),
  timeoutMs: z.optional(z.number().check(z.gt(0))),
  /** `unknown` in a trial, which finds out whether it prints the same every time. */
  expect: z.enum([...EXPECTATIONS, 'unknown']),
  /** In a trial: measure what starting a process takes, too. */
  timesStart: z.optional(z.boolean()),
  metrics: z.optional(
    z.array(
      z.object({
        id: workload,
        pattern: z.optional(word),
        json: z.optional(word),
        unit: word,
        better: z.enum(DIRECTIONS),
      }),
    ),
  ),
});

const requestSchema = z.discriminatedUnion('op', [
  /** Lays out the heap, prepares every workload from a fresh generator and runs one pass of each. */
  z.object({
    ...head,
    op: z.literal('prepare'),
    size: z.enum(SIZES),
    workloads: z.array(workload),
    /** Payloads of early versions know `reference` only and ignore it. */
    kernels: z.optional(z.enum(KERNEL_ENGINES)),
    /** Those of the workloads that are programs of the user's. */
    commands: z.optional(z.array(command)),
    /** Of those that run as fewer copies than the payload leads; 1: by the payload itself, as where there are no copies. */
    threads: z.optional(z.record(workload, positive)),
  }),
  /** `bursts` bursts of `work` passes, each in a separate call. */
  z.object({
    ...head,
    op: z.literal('warmup'),
    workload,
    work: positive,
    bursts: positive,
    /** Asked of a copy: begin at this CLOCK_MONOTONIC of the box, ns as a decimal string; offsets then count from it. */
    atNs: z.optional(decimal),
    /** The bursts are one stretch of time, as those of a long visit are. */
    stretch: z.optional(z.boolean()),
  }),
  /** A lead-in of `lead` passes and a measured burst, back to back. Payloads of early versions give both `work` passes. */
  z.object({ ...head, op: z.literal('visit'), workload, work: positive, lead: z.optional(positive) }),
  /** Bursts back to back for at least `leastNs`. */
  z.object({ ...head, op: z.literal('long'), workload, work: positive, leastNs: positive }),
  z.object({ ...head, op: z.literal('checksum'), workload }),
  /** Asked of a copy: do what a program needs before a burst, which is not timed. */
  z.object({ ...head, op: z.literal('arm'), workload }),
  /** Checksums after each of the ascending pass counts, from a fresh preparation. */
  z.object({ ...head, op: z.literal('replay'), size: z.enum(SIZES), workload, passes: z.array(positive) }),
  z.object({ ...head, op: z.literal('facts'), digests: z.boolean() }),
  z.object({ ...head, op: z.literal('quit') }),
]);

/** A burst: nanoseconds from the start of the request to its start, wall time, CPU time of the process. */
const burst = z.tuple([count, count, count]);

const bursts = z.object({
  bursts: z.array(burst),
  /** Of a visit: passes of the lead-in that was run; absent: as many as of the measured burst. */
  lead: z.optional(positive),
  passes: count,
  checksum: hex16,
  /** Figures that a command printed, or that a workload of the system has beside its rate: for each metric one a burst. */
  metrics: z.optional(z.record(workload, z.array(z.number().check(z.gt(0))))),
  /** CPU time spent on waiting at the barrier, of all copies. */
  spunNs: z.optional(count),
  /** Of copies: `bursts` has makespans and sums over all of them. */
  copies: z.optional(
    z.object({
      /** Of each burst the wall times of the copies. */
      wallNs: z.array(z.array(count)),
      /** Of each burst, how long after the barrier the last copy began. */
      lateNs: z.array(count),
      /** Time of the request outside its bursts. */
      asideNs: count,
    }),
  ),
});

/** The body of the answer to each request. */
const bodySchemas = {
  prepare: z.object({
    /** The engine that was prepared; absent in answers of payloads that have `reference` only. */
    kernels: z.optional(z.string()),
    workloads: z.array(
      z.object({
        id: workload,
        flops: z.number(),
        /** What is counted and how much of it a pass is, where that is not MFLOPS. */
        unit: z.optional(z.string().check(z.minLength(1), z.maxLength(32))),
        perPass: z.optional(z.number().check(z.gt(0))),
        input: hex16,
        first: hex16,
        reference: hex16,
        /** Of a command: did its first runs print the same, what, and how long did the shortest take? */
        output: z.optional(z.enum(['same', 'varied', 'long'])),
        excerpt: z.optional(z.string()),
        runNs: z.optional(z.number()),
        startNs: z.optional(z.number()),
      }),
    ),
    /** Those that the box can't run, and why; absent when there are none. */
    refused: z.optional(z.array(z.object({ id: workload, reason: z.string() }))),
  }),
  warmup: bursts,
  visit: bursts,
  long: bursts,
  checksum: z.object({ passes: count, checksum: hex16 }),
  arm: z.object({}),
  replay: z.object({ checksums: z.array(hex16) }),
  facts: z.object({ facts: z.record(z.string(), z.nullable(z.union([z.string(), z.number(), z.boolean()]))) }),
  quit: z.object({}),
} as const;

const helloSchema = z.object({
  v: z.literal(PROTOCOL_VERSION),
  hello: z.object({
    /** CLOCK_MONOTONIC of the payload's first statement, ns as a decimal string. */
    firstNs: decimal,
    node: z.string(),
    pid: count,
    /** Smallest step seen of the monotonic clock. */
    clockStepNs: count,
  }),
});

const answerSchema = z.union([
  z.object({
    ...head,
    ok: z.literal(true),
    /** Monotonic time in the box at the end of the request, ns as a decimal string. */
    atNs: decimal,
    body: z.unknown(),
  }),
  z.object({ ...head, ok: z.literal(false), error: z.string() }),
]);

export type Request = z.infer<typeof requestSchema>;
export type Op = Request['op'];
/** A request without its envelope. */
export type RequestOf<O extends Op> = Omit<Extract<Request, { op: O }>, 'v' | 'id' | 'op'>;
export type BodyOf<O extends Op> = z.infer<(typeof bodySchemas)[O]>;
export type CommandRequest = z.infer<typeof command>;
export type Burst = z.infer<typeof burst>;
export type Hello = z.infer<typeof helloSchema>['hello'];
export type Answer = z.infer<typeof answerSchema>;

/** Reads a request line; throws with the reason when it is not one of this version. */
export function parseRequest(line: string): Request {
  return requestSchema.parse(JSON.parse(line));
}

/** Reads the JSON of an answer line (prefix taken off). */
export function parseAnswer(json: string): Answer {
  return answerSchema.parse(JSON.parse(json));
}

/** Reads the first line that a payload writes. */
export function parseHello(json: string): Hello {
  return helloSchema.parse(JSON.parse(json)).hello;
}

/** Checks the body of an answer against what was asked. */
export function parseBody<O extends Op>(op: O, body: unknown): BodyOf<O> {
  return bodySchemas[op].parse(body) as BodyOf<O>;
}
