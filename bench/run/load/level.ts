/** One level of load in real time: requests are sent when they are due, whatever became of the earlier ones. */

import { type ArrivalTimes, Collector, Generator, type Request } from '../../analysis/capacity/arrivals.ts';
import type { BodyOf } from '../../payload/protocol.ts';
import type { Piped } from '../client.ts';
import type { Pipeline } from '../pipeline.ts';
import type { Resident } from '../resident.ts';

/** What a request asks for: one burst. */
export interface Work {
  readonly workload: string;
  /** Passes. */
  readonly work: number;
  /** What it takes on the baseline, ns. */
  readonly burstNs: number;
}

export interface LevelRequest extends Work {
  readonly resident: Pick<Resident, 'inPipeline'>;
  readonly times: ArrivalTimes;
  readonly signal: AbortSignal;
  /** Is given every answer. What it throws fails the box. */
  check(body: BodyOf<'warmup'>): void;
}

export interface LevelResult {
  /** Those that were sent, or were to be sent when the level was stopped. */
  readonly requests: readonly Request[];
  /** Why it was stopped before every request had its answer; null for a level that ended by itself. */
  readonly stopped: string | null;
  /** What broke the box; null for one that still runs. */
  readonly fault: unknown;
}

/** Queues of a box that can't keep up grow without end: from so many requests on, more of them show nothing new. */
export const MOST_OPEN = 1000;
/** Nor does waiting longer, from so many times the length of the level on. */
export const OVERTIME = 2;

/** The box never waits for the harness while so much work is in its pipe. */
const PIPED_NS = 200e6;
const LEAST_WINDOW = 2;
/** About 80 bytes each; a console takes 4096. */
const MOST_WINDOW = 32;

/**
 * Timers of Node.js are whole milliseconds, and late by a little: the rest of the time is spent on looking at the clock.
 * Whoever looks at it all the time takes the CPU from an engine's helpers, and loses it when others want it.
 */
const SPIN_NS = 1.2e6;
/** For so long without letting answers in: a turn of the event loop for every look would fill the memory with garbage. */
const LOOK_NS = 20e3;
/** Between the last arrival and the last answer. */
const IDLE_MS = 5;

/** Requests that are in the pipe of a box at a time, at most. */
export function windowFor(burstNs: number): number {
  return Math.min(MOST_WINDOW, Math.max(LEAST_WINDOW, Math.ceil(PIPED_NS / burstNs)));
}

/** Runs a level to its end, and waits until the box is idle again. Throws when it is interrupted. */
export async function runLevel(request: LevelRequest): Promise<LevelResult> {
  const { resident, workload, work, burstNs, times, signal } = request;
  const collector = new Collector(times);
  const clock = newClock();
  let stopped: string | null = null;
  const onAnswer = ({ body, receivedNs }: Piped<'warmup'>) => {
    request.check(body);
    // Answers come in the order of the requests.
    collector.done(collector.answered, clock.at(receivedNs), body.bursts[0]?.[1] ?? 0);
  };
  const options = { window: windowFor(burstNs), onAnswer };
  let fault: unknown = null;
  try {
    await resident.inPipeline('warmup', { workload, work, bursts: 1 }, options, async (pipeline) => {
      stopped = await drive({ pipeline, collector, times, signal, nowNs: clock.nowNs });
    });
  } catch (error) {
    signal.throwIfAborted();
    fault = error;
  }
  return { requests: collector.requests(), stopped, fault };
}

/** Answers by which a rate is found, and how many requests are under way meanwhile: the box always has the next one. */
const LEAST_ANSWERS = 20;
const CLOSED_WINDOW = 4;

/** Requests a second that a box answers while it always has the next one: a closed loop for at least so long. */
export async function measureCapacity(
  resident: Pick<Resident, 'inPipeline'>,
  { workload, work }: Omit<Work, 'burstNs'>,
  { leastNs, signal }: { readonly leastNs: number; readonly signal: AbortSignal },
): Promise<number> {
  const clock = newClock();
  let answers = 0;
  let firstNs = 0;
  let lastNs = 0;
  let pipe: Pick<Pipeline<unknown>, 'post'> | undefined;
  const isOver = () => answers >= LEAST_ANSWERS && lastNs >= leastNs;
  const onAnswer = ({ receivedNs }: Piped<'warmup'>) => {
    lastNs = clock.at(receivedNs);
    if (answers === 0) firstNs = lastNs;
    answers += 1;
    if (!isOver()) pipe?.post();
  };
  const options = { window: CLOSED_WINDOW, onAnswer };
  await resident.inPipeline('warmup', { workload, work, bursts: 1 }, options, async (pipeline) => {
    pipe = pipeline;
    for (let i = 0; i < CLOSED_WINDOW; i++) pipeline.post();
    await eachTurn(() => {
      signal.throwIfAborted();
      pipeline.throwIfFailed();
      return pipeline.open === 0 ? null : IDLE_MS * 1e6;
    });
  });
  return ((answers - 1) * 1e9) / (lastNs - firstNs);
}

interface Drive {
  readonly pipeline: Pipeline<Piped<'warmup'>>;
  readonly collector: Collector;
  readonly times: ArrivalTimes;
  readonly signal: AbortSignal;
  readonly nowNs: () => number;
}

/** Sends until all are answered, or the level is stopped: then until the box has answered what it was sent. */
async function drive({ pipeline, collector, times, signal, nowNs }: Drive): Promise<string | null> {
  const generator = new Generator(times, nowNs, (arrival, atNs) => {
    collector.sent(arrival, atNs);
    pipeline.post();
  });
  const lengthNs = times.at(-1) ?? 0;
  let stopped: string | null = null;
  await eachTurn(() => {
    signal.throwIfAborted();
    pipeline.throwIfFailed();
    if (stopped === null) sendDue(generator, nowNs);
    stopped ??= stopReason(pipeline.open, nowNs() / lengthNs);
    if (stopped !== null) pipeline.drop();
    const waitNs = stopped === null ? generator.waitNs() : Number.POSITIVE_INFINITY;
    return waitNs === Number.POSITIVE_INFINITY && pipeline.open === 0 ? null : waitNs;
  });
  return stopped;
}

/** Sends what is due now or in a moment. */
function sendDue(generator: Generator, nowNs: () => number): void {
  const endNs = nowNs() + LOOK_NS;
  do generator.step();
  while (generator.waitNs() <= SPIN_NS && nowNs() < endNs);
}

function stopReason(open: number, lengths: number): string | null {
  if (open > MOST_OPEN) return `more than ${MOST_OPEN} requests were waiting`;
  if (open > 0 && lengths > OVERTIME) return `requests were still waiting after ${OVERTIME} times its length`;
  return null;
}

/** Calls `turn` until it returns null; else the ns until the next call at the latest. Answers come in between. */
async function eachTurn(turn: () => number | null): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const take = () => {
      try {
        const waitNs = turn();
        if (waitNs === null) resolve();
        else if (waitNs <= SPIN_NS + 1e6) setImmediate(take);
        else setTimeout(take, Math.min(IDLE_MS, Math.floor((waitNs - SPIN_NS) / 1e6)));
      } catch (error) {
        reject(error);
      }
    };
    take();
  });
}

/** Time since now, ns. `at` is for times of arrival, which the host's lines come with. */
function newClock(): { nowNs: () => number; at: (hostNs: bigint) => number } {
  const { beginNs, beginMs } = oneMoment();
  return {
    // A number, and no bigint: the clock is looked at a hundred thousand times a second.
    nowNs: () => Math.round((performance.now() - beginMs) * 1e6),
    at: (hostNs) => Number(hostNs - beginNs),
  };
}

const READINGS = 20;

/** The same moment by both clocks, which differ by a constant: whoever is interrupted between two readings tries again. */
function oneMoment(): { readonly beginNs: bigint; readonly beginMs: number } {
  let least: { readonly beginNs: bigint; readonly beginMs: number; readonly spanNs: bigint } | undefined;
  for (let reading = 0; reading < READINGS; reading++) {
    const beforeNs = process.hrtime.bigint();
    const beginMs = performance.now();
    const spanNs = process.hrtime.bigint() - beforeNs;
    if (least === undefined || spanNs < least.spanNs) least = { beginNs: beforeNs + spanNs / 2n, beginMs, spanNs };
  }
  return least as NonNullable<typeof least>;
}
