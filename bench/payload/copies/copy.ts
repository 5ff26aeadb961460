/** A copy of this payload on a CPU of its own: asked over pipes by the same lines as any payload. */

import { type ChildProcess, spawn } from 'node:child_process';
import {
  ANSWER_PREFIX,
  type BodyOf,
  type Op,
  PROTOCOL_VERSION,
  parseAnswer,
  parseBody,
  parseHello,
  type RequestOf,
} from '../protocol.ts';
import { COPY_ARGUMENT } from './arguments.ts';

export interface CopyPlace {
  /** Which one, from 1. */
  readonly index: number;
  /** The CPU that it is pinned to, by this box's number. */
  readonly cpu: number;
  /** The program that pins. */
  readonly pin: string;
  /** Command line of this payload, without what makes it a leader. */
  readonly argv: readonly string[];
}

/** A copy that was asked to quit gets this long. */
const GOODBYE_MS = 500;

export class Copy {
  /** `copy 2 (CPU 1)`. */
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #rest = '';
  #id = 0;
  #waiter: { resolve(json: string): void; reject(error: Error): void } | undefined;
  #ended: Error | undefined;

  private constructor({ index, cpu, pin, argv }: CopyPlace) {
    this.name = `copy ${index} (CPU ${cpu})`;
    this.#child = spawn(pin, [String(cpu), ...argv, `${COPY_ARGUMENT}${index}`], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child.stdin?.on('error', () => {});
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#take(chunk.toString('latin1')));
    this.#exited = new Promise((resolve) => {
      const end = (how: string) => {
        this.#fail(new Error(`${this.name} ended ${how}`));
        resolve();
      };
      this.#child.on('error', (error) => end(`before its start: ${error.message}`));
      this.#child.on('exit', (code, signal) => end(signal === null ? `with code ${code}` : `by ${signal}`));
    });
  }

  /** Starts it and waits for its first line. */
  static async start(place: CopyPlace): Promise<Copy> {
    const copy = new Copy(place);
    parseHello(await copy.#next());
    return copy;
  }

  /** Rejects with a reason that names the copy. */
  async ask<O extends Op>(op: O, params: RequestOf<O>): Promise<BodyOf<O>> {
    this.#id += 1;
    const id = this.#id;
    const line = JSON.stringify({ v: PROTOCOL_VERSION, id, op, ...params });
    const answered = this.#next();
    this.#child.stdin?.write(`${line}\n`);
    const answer = parseAnswer(await answered);
    if (answer.id !== id) throw new Error(`${this.name} answered request ${answer.id} when ${id} was asked`);
    if (answer.ok) return parseBody(op, answer.body);
    throw new Error(`${this.name}: ${answer.error}`);
  }

  /** Asks it to quit, and ends it when it does not. Never rejects. */
  async close(): Promise<void> {
    if (this.#ended === undefined) await Promise.race([this.ask('quit', {}).catch(() => {}), delay(GOODBYE_MS)]);
    this.#child.stdin?.destroy();
    await Promise.race([this.#exited, delay(GOODBYE_MS)]);
    this.#child.kill('SIGKILL');
    this.#child.stdout?.destroy();
    this.#child.unref();
  }

  #next(): Promise<string> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.startsWith(ANSWER_PREFIX)) continue;
      const waiter = this.#waiter;
      this.#waiter = undefined;
      waiter?.resolve(line.slice(ANSWER_PREFIX.length));
    }
  }

  #fail(error: Error): void {
    this.#ended ??= error;
    this.#waiter?.reject(error);
    this.#waiter = undefined;
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
