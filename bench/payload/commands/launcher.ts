/** A resident shell that starts one program again and again: a shell is small to fork, Node.js is not. */

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';

export interface LauncherOptions {
  /** Words that start the shell. */
  readonly shell: readonly string[];
  /** Program and arguments, which no shell reads. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Who the shell and the program run as; as this process when left out. */
  readonly identity?: { readonly uid: number; readonly gid: number } | undefined;
  /** File for standard input. */
  readonly stdin: string;
  /** Keep what it prints? Else it goes to /dev/null, and costs nothing. */
  readonly keepsOutput: boolean;
}

/** One run of the program. */
export interface Run {
  readonly startNs: bigint;
  readonly wallNs: number;
  /** As the shell has it: 128 and more after a signal. */
  readonly status: number;
  readonly output: Buffer;
}

/** More than this of one run's output is kept nowhere. */
export const MOST_OUTPUT_BYTES = 64 * 2 ** 20;
const KEPT_ERROR_CHARS = 2000;

/**
 * Waits for a line, runs the program, writes how it ended. The program is in the positional parameters, so no word of it
 * is parsed; the mark is unknown to it, so nothing that it prints can pass for an ending.
 */
function scriptOf(mark: string, keepsOutput: boolean): string {
  const to = keepsOutput ? '' : ' >/dev/null';
  return `in=$1; shift; while IFS= read -r go; do "$@" <"$in"${to}; printf '${mark}%s\\n' "$?"; done`;
}

export class Launcher {
  readonly #child: ChildProcess;
  readonly #mark: Buffer;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #tail: Buffer = Buffer.alloc(0);
  #errors = '';
  #waiter: { resolve(status: number, atNs: bigint): void; reject(error: Error): void } | undefined;
  #ended: Error | undefined;

  constructor({ shell, argv, env, cwd, identity, stdin, keepsOutput }: LauncherOptions) {
    const mark = `\n@ended-${randomBytes(12).toString('hex')} `;
    this.#mark = Buffer.from(mark);
    const script = scriptOf(mark.replace('\n', '\\n'), keepsOutput);
    // A shell that is one of many programs in a file goes by the name it is called by.
    const [file = '', ...words] = shell;
    const options = { env, cwd, ...identity };
    this.#child = spawn(file, [...words, '-c', script, 'sh', stdin, ...argv], { argv0: 'sh', ...options });
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#take(chunk, process.hrtime.bigint()));
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#errors = `${this.#errors}${chunk.toString()}`.slice(-KEPT_ERROR_CHARS);
    });
    this.#child.stdin?.on('error', () => {});
    this.#child.on('error', (error) => this.#fail(new Error(`the shell of the command can't be started: ${error}`)));
    this.#child.on('exit', (code, signal) =>
      this.#fail(new Error(`the shell of the command ended (${signal ?? code})`)),
    );
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** One run. Rejects when the shell ended, the output is too long to keep, or the run takes too long. */
  async run(timeoutMs?: number): Promise<Run> {
    if (this.#ended !== undefined) throw this.#ended;
    this.#chunks = [];
    this.#bytes = 0;
    this.#tail = Buffer.alloc(0);
    this.#errors = '';
    const done = new Promise<{ status: number; atNs: bigint }>((resolve, reject) => {
      this.#waiter = { resolve: (status, atNs) => resolve({ status, atNs }), reject };
    });
    const startNs = process.hrtime.bigint();
    this.#child.stdin?.write('\n');
    const { status, atNs } = await (timeoutMs === undefined ? done : this.#within(done, timeoutMs));
    return { startNs, wallNs: Number(atNs - startNs), status, output: Buffer.concat(this.#chunks) };
  }

  /** The program itself goes with its box, which a failed run closes. */
  async #within<T>(done: Promise<T>, timeoutMs: number): Promise<T> {
    const timer = setTimeout(() => {
      this.#child.kill('SIGKILL');
      this.#fail(new Error(`it runs for longer than its timeout of ${timeoutMs / 1000} s`));
    }, timeoutMs);
    try {
      return await done;
    } finally {
      clearTimeout(timer);
    }
  }

  /** End of what the last run printed as errors, once the rest of it has arrived. */
  async errorTail(): Promise<string> {
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    return this.#errors.trim();
  }

  /** The shell ends by itself at the end of its input; a program that still runs is ended with the box. */
  close(): void {
    this.#ended ??= new Error('the launcher is closed');
    this.#child.stdin?.destroy();
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    this.#child.unref();
  }

  #take(chunk: Buffer, atNs: bigint): void {
    this.#bytes += chunk.length;
    if (this.#bytes > MOST_OUTPUT_BYTES) {
      this.#chunks = [];
      // The program ends when it writes into a pipe that nobody reads.
      this.#child.stdout?.destroy();
      this.#child.kill('SIGKILL');
      this.#fail(
        new Error(
          `it prints more than ${MOST_OUTPUT_BYTES / 2 ** 20} MiB: write that to a file, or --expect any, which keeps nothing`,
        ),
      );
      return;
    }
    this.#chunks.push(chunk);
    // The end comes last, and may come in two pieces.
    const end = Buffer.concat([this.#tail, chunk]).subarray(-(this.#mark.length + 8));
    this.#tail = end;
    if (end.at(-1) !== 10) return;
    const at = end.lastIndexOf(this.#mark);
    if (at < 0) return;
    const status = Number(end.toString('latin1', at + this.#mark.length).trim());
    const extra = end.length - at;
    const output = Buffer.concat(this.#chunks);
    this.#chunks = [output.subarray(0, output.length - extra)];
    this.#waiter?.resolve(status, atNs);
    this.#waiter = undefined;
  }

  #fail(error: Error): void {
    this.#ended ??= error;
    this.#waiter?.reject(error);
    this.#waiter = undefined;
  }
}
