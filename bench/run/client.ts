/** Talks to one payload: requests in turn or in a pipeline, a limit to its silence, and a plain reason when the box fails. */

import { messageOf } from '../errors.ts';
import { excerpt } from '../payload/excerpt.ts';
import {
  ANSWER_PREFIX,
  type Answer,
  type BodyOf,
  type Hello,
  type Op,
  PROTOCOL_VERSION,
  parseAnswer,
  parseBody,
  parseHello,
  type RequestOf,
} from '../payload/protocol.ts';
import { type BoxProcess, INTERRUPTED } from '../types.ts';
import { Pipeline, type PipelineOptions, type Reader } from './pipeline.ts';
import { HostAtLimit } from './watch/host-gauges.ts';
import type { Wait } from './watch/patience.ts';

/** A box that failed: it ended, stopped answering, or sent an invalid answer. Only its own data are lost. */
export class BoxFault extends Error {
  readonly status: 'failed' | 'timed-out';
  constructor(status: 'failed' | 'timed-out', reason: string) {
    super(reason);
    this.name = 'BoxFault';
    this.status = status;
  }
}

/** Any error as a fault of the box in which it happened. Throws what is no fault of a box: a host at its limit. */
export function faultOf(error: unknown): BoxFault {
  if (error instanceof HostAtLimit) throw error;
  return error instanceof BoxFault ? error : new BoxFault('failed', messageOf(error));
}

export interface Reply<O extends Op> {
  readonly body: BodyOf<O>;
  /** Monotonic time in the box at the end of the request, ns. */
  readonly boxNs: bigint;
  /** Host monotonic time when the request was written and when the answer arrived, ns. */
  readonly sentNs: bigint;
  readonly receivedNs: bigint;
}

export interface PayloadClient {
  readonly hello: Hello;
  readonly helloNs: bigint;
  /** Why it is over, once the box has ended or failed. */
  ended(): BoxFault | undefined;
  /** @param wait how long the box may be silent; a number is in ms */
  request<O extends Op>(op: O, params: RequestOf<O>, wait: Wait | number): Promise<Reply<O>>;
  /** The same, when the answer is there; what it gives reads it, and throws a `BoxFault` when it is none. */
  ask<O extends Op>(op: O, params: RequestOf<O>, wait: Wait | number): Promise<() => Reply<O>>;
  /** For many equal requests, which the payload answers in turn. Nothing else may be asked before it is closed. */
  pipeline<O extends Op>(op: O, params: RequestOf<O>, options: PipelineOptions<Piped<O>>): Pipeline<Piped<O>>;
}

/** An answer in a pipeline. */
export type Piped<O extends Op> = Omit<Reply<O>, 'sentNs'>;

/** Lines of other programs in the box (a kernel's log, an init) are ignored up to this many characters. */
const NOISE_LIMIT_CHARS = 1 << 20;

/** Waits for the payload's first line. Rejects with a `BoxFault`; the caller closes the box. */
export async function connect(child: BoxProcess, timeoutMs: number, signal: AbortSignal): Promise<PayloadClient> {
  const mailbox = new Mailbox(child, signal);
  const first = await mailbox.next({ limitMs: timeoutMs }, 'its first line');
  const hello = checked(() => parseHello(first.json), first.json);
  let id = 0;
  const read = <O extends Op>(op: O, asked: number, { json, atNs }: Message): Piped<O> => {
    const answer: Answer = checked(() => parseAnswer(json), json);
    if (answer.id !== asked) throw new BoxFault('failed', `answered request ${answer.id} when ${asked} was asked`);
    if (!answer.ok) throw new BoxFault('failed', `the payload refused "${op}": ${answer.error}`);
    const body = checked(() => parseBody(op, answer.body), json);
    return { body, boxNs: BigInt(answer.atNs), receivedNs: atNs };
  };
  const ask = async <O extends Op>(op: O, params: RequestOf<O>, wait: Wait | number) => {
    id += 1;
    const asked = id;
    const sentNs = process.hrtime.bigint();
    child.write(JSON.stringify({ v: PROTOCOL_VERSION, id, op, ...params }));
    const message = await mailbox.next(waitOf(wait), dueAnswer(op));
    return () => ({ ...read(op, asked, message), sentNs });
  };
  return {
    hello,
    helloNs: first.atNs,
    ended: () => mailbox.ended,
    ask,
    request: async (op, params, wait) => (await ask(op, params, wait))(),
    pipeline(op, params, options) {
      // Only the number differs between two of them.
      const rest = JSON.stringify({ op, ...params }).slice(1);
      const channel = {
        write: () => {
          id += 1;
          child.write(`{"v":${PROTOCOL_VERSION},"id":${id},${rest}`);
          return id;
        },
        read: (asked: number, message: Message) => read(op, asked, message),
        listen: (reader: Reader<Message> | undefined) => mailbox.listen(reader),
        timeOut: (limitMs: number) => mailbox.timeOut({ limitMs }, dueAnswer(op)),
      };
      return new Pipeline(channel, options);
    },
  };
}

function waitOf(wait: Wait | number): Wait {
  return typeof wait === 'number' ? { limitMs: wait } : wait;
}

function dueAnswer(op: Op): string {
  return `the answer to "${op}"`;
}

interface Message {
  readonly json: string;
  readonly atNs: bigint;
}

/** The lines of a payload, returned one at a time or as they come; other lines are noise. */
class Mailbox {
  readonly #child: BoxProcess;
  readonly #signal: AbortSignal;
  readonly #early: Message[] = [];
  #reader: Reader<Message> | undefined;
  #ended: BoxFault | undefined;
  #noiseChars = 0;

  get ended(): BoxFault | undefined {
    return this.#ended;
  }

  constructor(child: BoxProcess, signal: AbortSignal) {
    this.#child = child;
    this.#signal = signal;
    child.onLine((line, atNs) => this.#take(line, atNs));
    void child.exited.then(({ exitCode, signal: by }) => {
      const how = by === null ? `with code ${exitCode ?? 'unknown'}` : `by ${by}`;
      const printed = child.errorTail();
      this.#fail(
        new BoxFault('failed', `the box ended ${how}${printed === '' ? '' : `: ${plainExcerpt(printed.slice(-300))}`}`),
      );
    });
  }

  /** The next message. Rejects with a `BoxFault` once the box has ended, after the limit, and when interrupted. */
  async next(wait: Wait, what: string): Promise<Message> {
    const waiting = this.#early.shift();
    if (waiting !== undefined) return waiting;
    if (this.#ended !== undefined) throw this.#ended;
    const onAbort = () => this.#fail(new BoxFault('failed', INTERRUPTED));
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        const once =
          <T>(act: (value: T) => void) =>
          (value: T) => {
            this.#reader = undefined;
            act(value);
          };
        this.#reader = { take: once(resolve), fail: once(reject) };
        timer = setTimeout(() => this.timeOut(wait, what), wait.limitMs);
        if (this.#signal.aborted) onAbort();
        else this.#signal.addEventListener('abort', onAbort, { once: true });
      });
    } finally {
      clearTimeout(timer);
      this.#signal.removeEventListener('abort', onAbort);
    }
  }

  /** From now on every message goes to the reader, until it is undefined. A box that has ended fails it at once. */
  listen(reader: Reader<Message> | undefined): void {
    this.#reader = reader;
    if (this.#ended !== undefined) reader?.fail(this.#ended);
  }

  /** The box was silent for too long. */
  timeOut({ limitMs, longestMs }: Wait, what: string): void {
    const printed = this.#child.errorTail();
    const more = printed === '' ? '' : `; it printed: ${plainExcerpt(printed)}`;
    const promised = longestMs === undefined ? '' : `, which took ${seconds(longestMs)} at most before`;
    this.#fail(new BoxFault('timed-out', `silent for ${seconds(limitMs)} while ${what} was due${promised}${more}`));
  }

  #take(line: string, atNs: bigint): void {
    const start = line.indexOf(ANSWER_PREFIX);
    if (start < 0) {
      this.#countNoise(line);
      return;
    }
    const message = { json: line.slice(start + ANSWER_PREFIX.length), atNs };
    if (this.#reader === undefined) this.#early.push(message);
    else this.#reader.take(message);
  }

  #countNoise(line: string): void {
    this.#noiseChars += line.length;
    if (this.#noiseChars <= NOISE_LIMIT_CHARS) return;
    this.#fail(
      new BoxFault(
        'failed',
        `printed ${this.#noiseChars} characters that are not an answer, most recently: ${plainExcerpt(line)}`,
      ),
    );
    this.#child.kill();
  }

  #fail(fault: BoxFault): void {
    this.#ended ??= fault;
    this.#reader?.fail(this.#ended);
  }
}

function checked<T>(read: () => T, json: string): T {
  try {
    return read();
  } catch (error) {
    throw new BoxFault(
      'failed',
      `not an answer of this version: ${plainExcerpt(json)} (${plainExcerpt(messageOf(error))})`,
    );
  }
}

function seconds(ms: number): string {
  return `${Number((ms / 1000).toPrecision(3))} s`;
}

/** The same in characters that every terminal shows. */
export function plainExcerpt(text: string): string {
  return excerpt(text.replace(/[^\x20-\x7e\s]/g, '?'));
}
