/** Speaks with one payload: one request in flight, a time limit on each, and a plain reason when the box fails. */

import { messageOf } from '../errors.ts';
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
import type { BoxProcess } from '../types.ts';

/** A box that failed: it ended, fell silent, or answered what is no answer. Costs its own data only. */
export class BoxFault extends Error {
  readonly status: 'failed' | 'timed-out';
  constructor(status: 'failed' | 'timed-out', reason: string) {
    super(reason);
    this.name = 'BoxFault';
    this.status = status;
  }
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
  request<O extends Op>(op: O, params: RequestOf<O>, timeoutMs: number): Promise<Reply<O>>;
}

/** Lines of other programs in the box (a kernel's log, an init) are let pass up to this many characters. */
const NOISE_LIMIT_CHARS = 1 << 20;

type Waiter = { resolve(line: { json: string; atNs: bigint }): void; reject(fault: BoxFault): void };

/** Waits for the payload's first line. Rejects with a `BoxFault`; the caller closes the box. */
export async function connect(child: BoxProcess, timeoutMs: number, signal: AbortSignal): Promise<PayloadClient> {
  const mailbox = openMailbox(child, signal);
  const first = await mailbox.next(timeoutMs, 'its first line');
  const hello = checked(() => parseHello(first.json), first.json);
  let id = 0;
  return {
    hello,
    helloNs: first.atNs,
    async request(op, params, limitMs) {
      id += 1;
      const sentNs = process.hrtime.bigint();
      child.write(JSON.stringify({ v: PROTOCOL_VERSION, id, op, ...params }));
      const { json, atNs } = await mailbox.next(limitMs, `the answer to "${op}"`);
      const answer: Answer = checked(() => parseAnswer(json), json);
      if (answer.id !== id) throw new BoxFault('failed', `answered request ${answer.id} when ${id} was asked`);
      if (!answer.ok) throw new BoxFault('failed', `the payload refused "${op}": ${answer.error}`);
      const body = checked(() => parseBody(op, answer.body), json);
      return { body, boxNs: BigInt(answer.atNs), sentNs, receivedNs: atNs };
    },
  };
}

function openMailbox(child: BoxProcess, signal: AbortSignal) {
  let waiter: Waiter | undefined;
  let ended: BoxFault | undefined;
  let noiseChars = 0;
  const early: { json: string; atNs: bigint }[] = [];
  const fail = (fault: BoxFault) => {
    ended ??= fault;
    waiter?.reject(fault);
    waiter = undefined;
  };
  child.onLine((line, atNs) => {
    const start = line.indexOf(ANSWER_PREFIX);
    if (start < 0) {
      noiseChars += line.length;
      if (noiseChars > NOISE_LIMIT_CHARS) {
        fail(new BoxFault('failed', `printed ${noiseChars} characters that are no answer, lately: ${excerpt(line)}`));
        child.kill();
      }
      return;
    }
    const message = { json: line.slice(start + ANSWER_PREFIX.length), atNs };
    if (waiter === undefined) early.push(message);
    else waiter.resolve(message);
    waiter = undefined;
  });
  void child.exited.then(({ exitCode, signal: by }) => {
    const how = by === null ? `with code ${exitCode ?? 'unknown'}` : `by ${by}`;
    const said = child.errorTail();
    fail(new BoxFault('failed', `the box ended ${how}${said === '' ? '' : `: ${excerpt(said.slice(-300))}`}`));
  });

  async function next(timeoutMs: number, what: string): Promise<{ json: string; atNs: bigint }> {
    const waiting = early.shift();
    if (waiting !== undefined) return waiting;
    if (ended !== undefined) throw ended;
    let timer: NodeJS.Timeout | undefined;
    const onAbort = () => fail(new BoxFault('failed', 'interrupted'));
    try {
      return await new Promise((resolve, reject) => {
        waiter = { resolve, reject };
        timer = setTimeout(() => {
          const said = child.errorTail();
          fail(
            new BoxFault(
              'timed-out',
              `silent for ${timeoutMs / 1000} s while ${what} was due${said === '' ? '' : `; it said: ${excerpt(said)}`}`,
            ),
          );
        }, timeoutMs);
        if (signal.aborted) onAbort();
        else signal.addEventListener('abort', onAbort, { once: true });
      });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }
  return { next };
}

function checked<T>(read: () => T, json: string): T {
  try {
    return read();
  } catch (error) {
    throw new BoxFault('failed', `not an answer of this version: ${excerpt(json)} (${excerpt(messageOf(error))})`);
  }
}

/** A short, printable piece of what a box said. */
function excerpt(text: string): string {
  const flat = text.replace(/\s+/g, ' ').replace(/[^\x20-\x7e]/g, '?');
  return flat.length > 160 ? `${flat.slice(0, 160)}…` : flat;
}
