/** What a session notes in `events.jsonl`: each kind once, with its details, what it means, and whether it is harmless. */

import * as z from 'zod';
import type { Inequality } from '../types.ts';

const count = z.number().int().min(0);
const block = z.number().int().min(1);
export const inequalitySchema: z.ZodType<Inequality> = z.object({
  fact: z.string(),
  label: z.string(),
  baseline: z.union([z.string(), z.number()]),
  env: z.union([z.string(), z.number()]),
  avoidable: z.boolean(),
  why: z.string(),
});

interface EventSpec<Shape extends z.ZodRawShape> {
  /** True if it only records how something was done: no reader has to act on it. */
  readonly expected: boolean;
  /** A plain sentence, without its full stop. */
  readonly meaning: string;
  /** Sentences in Markdown for the data dictionary alone. */
  readonly detail?: string;
  readonly keys: z.ZodObject<Shape>;
}

function harmless<Shape extends z.ZodRawShape>(meaning: string, keys: Shape, detail?: string): EventSpec<Shape> {
  return { expected: true, meaning, keys: z.object(keys), ...(detail === undefined ? {} : { detail }) };
}

function notable<Shape extends z.ZodRawShape>(meaning: string, keys: Shape, detail?: string): EventSpec<Shape> {
  return { ...harmless(meaning, keys, detail), expected: false };
}

export const EVENTS = {
  unavailable: notable("an environment can't run here, or a candidate of an alias was passed over", {
    env: z.string(),
    reason: z.string(),
    remedy: z.string(),
  }),
  'harness-not-pinned': notable('the harness could not be moved off the measured CPUs', { reason: z.string() }),
  'shared-core': notable('measured CPUs are siblings of one core, and take speed from each other', {
    reason: z.string(),
  }),
  'other-run': notable(
    'another run measured on this host at the same time, as the user allowed: the ratios include its work',
    { run: z.string() },
  ),
  'host-at-limit': notable(
    'the host was short of memory or disk, or overloaded, when a box was to start: the start waited',
    { of: z.enum(['memory', 'disk', 'load']), reason: z.string(), waitedMs: count, over: z.boolean() },
    "`over`: the host had recovered when the wait ended. If not, the session ends here, or with `--measure density` the environment's series; after a wait for load it continues",
  ),
  'no-cgroup': notable('a box runs without its own cgroup: pinned, but without limits and accounts', {
    start: z.string(),
    box: z.string().optional(),
    reason: z.string(),
  }),
  'docker-daemon': harmless('no Docker daemon answered, and the run started a private one', {
    version: z.string(),
    storage: z.string(),
    pid: z.number().optional(),
  }),
  'docker-daemon-died': notable("the run's own Docker daemon had ended and was started again", {
    pid: z.number().optional(),
  }),
  'uml-memory': notable('the memory of a User-mode Linux guest is a file on the disk, which is slower', {
    reason: z.string(),
  }),
  aci: harmless('an App Container Image was packed, signed and verified', { id: z.string(), bytes: count }),
  failed: notable(
    'a box failed, or the session ended with an error',
    {
      env: z.string().optional(),
      block: block.optional(),
      instances: count.optional(),
      reason: z.string(),
    },
    'The row of the box in `starts.csv` says the same. Without an `env`: the session',
  ),
  'workload-refused': notable('a box can not run a workload, which has no figures there; the others do', {
    env: z.string(),
    block,
    workload: z.string(),
    reason: z.string(),
  }),
  'timed-out': notable('a box was silent for too long', {
    env: z.string(),
    block,
    instances: count.optional(),
    reason: z.string(),
  }),
  'checksum-mismatch': notable('the state of a box differs from a replay of the same passes', {
    env: z.string(),
    block,
    workload: z.string(),
    passes: count,
    checksum: z.string(),
    expected: z.string(),
  }),
  unequal: harmless(
    "facts in which a box differs from the baseline's",
    { env: z.string(), block, inequalities: z.array(inequalitySchema).readonly() },
    'Each once, before anything is timed',
  ),
  'clock-drift': notable("a guest's clock is unreliable; its contrasts are timed by the host from this block on", {
    env: z.string(),
    block,
    reason: z.string(),
    clockRatio: z.number().nullable(),
    clockStepNs: count,
  }),
  steal: notable("more than 1 % of the block's time was stolen from the host's CPUs, taken together", {
    block,
    stealMs: z.number(),
    share: z.number(),
  }),
  pressure: notable("in more than 10 % of the block's time some task of the host waited for a CPU", {
    block,
    waitedMs: z.number(),
    share: z.number(),
  }),
  'idle-cpu': notable('a box used more than 0.1 % of its life on the CPU outside its own requests', {
    env: z.string(),
    block,
    idleCpuMs: z.number(),
    share: z.number(),
  }),
  'no-steady-state': notable(
    'a series of the pilot block did not settle; it does not decide the length of the warm-up',
    {
      env: z.string(),
      block,
      workload: z.string(),
      bursts: count,
    },
  ),
  resumed: harmless(
    'the session resumes here',
    {
      blocksKept: count,
      stoppedBy: z.string(),
      planChanged: z.array(z.string()),
      hardwareChanged: z.array(z.string()),
      stackChanged: z.array(z.string()),
      enginesChanged: z.array(z.string()),
    },
    'With the reason why it had stopped, and the names of what has changed',
  ),
  'control-difference': harmless(
    'the control differs from the baseline at 5 %, adjusted by Holm over the workloads',
    { workload: z.string(), ratio: z.number(), pValue: z.number(), disqualifies: z.boolean() },
    '`disqualifies`: by more than half the margin, so verdicts on this workload are untrusted',
  ),
  'page-cache-kept': notable(
    'the page cache could not be dropped: cold starts are the first ones since the image was prepared',
    { reason: z.string() },
  ),
  'missed-beat': notable(
    'a thread of the harness that only sleeps got no CPU for more than a second, which ended a storm of starts',
    { env: z.string(), block, instances: count, cell: z.string(), longestGapMs: z.number(), missed: count },
    '`cell`: how the boxes were started',
  ),
  'too-little-memory': notable('a number of instances was left out', { env: z.string(), block, reason: z.string() }),
  'load-stopped': notable('a level of load was stopped: the box did not keep up', {
    env: z.string(),
    block,
    workload: z.string(),
    rate: z.number(),
    unanswered: count,
    reason: z.string(),
  }),
  'load-late': notable(
    'the harness sent more than 1 % of the requests of a level late; the level is not judged',
    { env: z.string(), block, workload: z.string(), rate: z.number(), late: count, arrivals: count },
    'By more than 1 ms, or a tenth of a burst if that is longer',
  ),
  'given-up': notable('a box failed in two blocks in a row and is skipped from here on', {
    env: z.string(),
    block,
    reason: z.string(),
  }),
};

export type EventKind = keyof typeof EVENTS;
type Detail<Kind extends EventKind> = z.infer<(typeof EVENTS)[Kind]['keys']>;

/** An event as recorded. */
export type NewEvent = { readonly [Kind in EventKind]: Readonly<{ kind: Kind } & Detail<Kind>> }[EventKind];

/** Of a block that was cut, `cutBlock` is the number that the block had. */
interface Stored {
  readonly at: string;
  readonly env?: string | undefined;
  readonly block?: number | undefined;
  readonly cutBlock?: number | undefined;
}

type KnownEvent = {
  readonly [Kind in EventKind]: Readonly<Stored & { kind: Kind } & Omit<Detail<Kind>, 'block'>>;
}[EventKind];

/** Of a kind that only a later version has: `of`. */
interface LaterEvent extends Stored {
  readonly kind: 'later';
  readonly of: string;
}

/** One line of `events.jsonl`. */
export type SessionEvent = KnownEvent | LaterEvent;

const storedSchema = z.object({
  at: z.string(),
  kind: z.string(),
  env: z.string().optional(),
  block: block.optional(),
  cutBlock: block.optional(),
});

/** The kind as written. */
export function eventKind(event: SessionEvent): string {
  return event.kind === 'later' ? event.of : event.kind;
}

/** Does an event of this kind only record how something was done? */
export function isExpected(kind: string): boolean {
  return Object.hasOwn(EVENTS, kind) && EVENTS[kind as EventKind].expected;
}

/** What an event of this kind means; null for a kind of a later version. */
export function meaningOf(kind: string): string | null {
  return Object.hasOwn(EVENTS, kind) ? EVENTS[kind as EventKind].meaning : null;
}

/** Reads a line of `events.jsonl`. Kinds of later versions are kept. Throws for what is no event, with the reason. */
export function readEvent(line: string): SessionEvent {
  const content: unknown = JSON.parse(line);
  const { kind, block, cutBlock } = checked(storedSchema, content);
  if (!Object.hasOwn(EVENTS, kind)) return { ...(content as Stored), kind: 'later', of: kind };
  const numbered = block === undefined && cutBlock !== undefined ? { block: cutBlock } : {};
  checked(EVENTS[kind as EventKind].keys as z.ZodType, { ...(content as object), ...numbered });
  return content as SessionEvent;
}

function checked<T>(schema: z.ZodType<T>, content: unknown): T {
  const result = schema.safeParse(content);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Error(`${issue?.path.join('.') || 'the whole'}: ${issue?.message}`);
}
