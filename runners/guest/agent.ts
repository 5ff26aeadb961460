/** The host's end of a guest that holds engines: commands in it, each with its own input, output and end, over one console. */

import { StringDecoder } from 'node:string_decoder';
import type { BoxProcess, ExecOptions, ExecResult, ExitStatus } from '../../bench/types.ts';
import { AGENT_READY } from './agent-program.ts';

/** Half of what a terminal's queue takes. */
const PIECE_CHARS = 2000;
const EXEC_LIMIT_MS = 60_000;
const TAIL_CHARS = 4000;

/** The environment of commands in a guest. */
const ENV: Readonly<Record<string, string>> = { PATH: '/usr/bin:/bin', HOME: '/' };

interface Running {
  output(data: Buffer, atNs: bigint): void;
  error(data: Buffer): void;
  exited(status: ExitStatus): void;
}

type Request = (content: Readonly<Record<string, unknown>>) => void;

/** Runs commands in a machine, over its console. Takes the machine's one listener. */
export class GuestAgent {
  /** Resolves when the agent listens. */
  readonly ready: Promise<void>;
  readonly #machine: BoxProcess;
  readonly #running = new Map<number, Running>();
  readonly #queue: string[] = [];
  #waiting = false;
  #lastId = 0;
  #onNoise: (line: string) => void = () => {};
  #isReady: () => void = () => {};

  constructor(machine: BoxProcess) {
    this.#machine = machine;
    this.ready = new Promise<void>((resolve) => {
      this.#isReady = resolve;
    });
    machine.onLine((line, atNs) => this.#read(line, atNs));
    void machine.exited.then(() => {
      for (const command of this.#running.values()) command.exited({ exitCode: null, signal: 'SIGKILL' });
      this.#running.clear();
    });
  }

  /** Called for each line of the machine that is no answer. */
  onNoise(listener: (line: string) => void): void {
    this.#onNoise = listener;
  }

  exec(argv: readonly string[], { env, input, timeoutMs = EXEC_LIMIT_MS }: ExecOptions = {}): Promise<ExecResult> {
    return new Promise((resolve) => {
      const [out, err]: [Buffer[], Buffer[]] = [[], []];
      let timedOut = false;
      const finish = ({ exitCode }: ExitStatus): void => {
        clearTimeout(timer);
        const [stdout, stderr] = [out, err].map((parts) => Buffer.concat(parts).toString()) as [string, string];
        resolve({ exitCode, stdout, stderr, timedOut });
      };
      const id = this.#start(argv, env, {
        output: (data) => out.push(data),
        error: (data) => err.push(data),
        exited: finish,
      });
      const timer = setTimeout(() => {
        timedOut = true;
        this.#request({ op: 'kill', id });
        this.#running.delete(id);
        finish({ exitCode: null, signal: 'SIGKILL' });
      }, timeoutMs);
      this.#request({ op: 'input', id, end: true, ...(input === undefined ? {} : { text: input }) });
    });
  }

  spawn(argv: readonly string[], env?: Readonly<Record<string, string>>): BoxProcess {
    return processOf(
      (command) => this.#start(argv, env, command),
      (content) => this.#request(content),
    );
  }

  /** Asks the agent to end, and with it the machine. */
  end(): void {
    this.#request({ op: 'end' });
  }

  #start(argv: readonly string[], env: Readonly<Record<string, string>> | undefined, command: Running): number {
    const id = ++this.#lastId;
    this.#running.set(id, command);
    this.#request({ op: 'run', id, argv, env: { ...ENV, ...env } });
    return id;
  }

  #request(content: Parameters<Request>[0]): void {
    const text = Buffer.from(JSON.stringify(content)).toString('base64');
    for (let at = 0; at < text.length; at += PIECE_CHARS) {
      this.#queue.push(`${at + PIECE_CHARS < text.length ? '+' : '.'}${text.slice(at, at + PIECE_CHARS)}`);
    }
    this.#pump();
  }

  /** Writes the next piece once the agent has taken the last one. */
  #pump(): void {
    const line = this.#waiting ? undefined : this.#queue.shift();
    if (line === undefined) return;
    this.#waiting = true;
    this.#machine.write(line);
  }

  #read(line: string, atNs: bigint): void {
    const [mark, id = '', data = '', more = ''] = line.split(' ');
    const command = this.#running.get(Number(id));
    if (mark === '@a') {
      this.#waiting = false;
      this.#pump();
    } else if (mark === AGENT_READY) this.#isReady();
    else if (mark === '@o') command?.output(Buffer.from(data, 'base64'), atNs);
    else if (mark === '@e') command?.error(Buffer.from(data, 'base64'));
    else if (mark === '@x') {
      this.#running.delete(Number(id));
      command?.exited({ exitCode: data === '-' ? null : Number(data), signal: more === '-' ? null : more });
    } else this.#onNoise(line);
  }
}

function processOf(start: (command: Running) => number, request: Request): BoxProcess {
  const decoder = new StringDecoder('utf8');
  const early: [string, bigint][] = [];
  let listener: ((line: string, atNs: bigint) => void) | undefined;
  let rest = '';
  let tail = '';
  let ended = (_status: ExitStatus): void => {};
  const exited = new Promise<ExitStatus>((resolve) => {
    ended = resolve;
  });
  const id = start({
    output: (data, atNs) => {
      const lines = (rest + decoder.write(data)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (listener === undefined) early.push([line, atNs]);
        else listener(line, atNs);
      }
    },
    error: (data) => {
      tail = (tail + data.toString()).slice(-TAIL_CHARS);
    },
    exited: ended,
  });
  return {
    pid: undefined,
    write: (line) => request({ op: 'input', id, text: `${line}\n` }),
    onLine: (wanted) => {
      listener = wanted;
      for (const [line, atNs] of early.splice(0)) wanted(line, atNs);
    },
    errorTail: () => tail.trim(),
    exited,
    kill: () => request({ op: 'kill', id }),
  };
}
