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

export interface GuestAgent {
  /** Called for each line of the machine that is no answer. */
  onNoise(listener: (line: string) => void): void;
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  spawn(argv: readonly string[], env?: Readonly<Record<string, string>>): BoxProcess;
  /** Asks the agent to end, and with it the machine. */
  end(): void;
  /** Resolves when the agent listens. */
  readonly ready: Promise<void>;
}

interface Running {
  output(data: Buffer, atNs: bigint): void;
  error(data: Buffer): void;
  exited(status: ExitStatus): void;
}

/** Takes the machine's one listener. */
export function guestAgent(machine: BoxProcess): GuestAgent {
  const running = new Map<number, Running>();
  const queue: string[] = [];
  let waiting = false;
  let lastId = 0;
  let noise: (line: string) => void = () => {};
  let isReady = (): void => {};
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });

  const pump = (): void => {
    const line = waiting ? undefined : queue.shift();
    if (line === undefined) return;
    waiting = true;
    machine.write(line);
  };
  const request = (content: Readonly<Record<string, unknown>>): void => {
    const text = Buffer.from(JSON.stringify(content)).toString('base64');
    for (let at = 0; at < text.length; at += PIECE_CHARS) {
      queue.push(`${at + PIECE_CHARS < text.length ? '+' : '.'}${text.slice(at, at + PIECE_CHARS)}`);
    }
    pump();
  };
  machine.onLine((line, atNs) => {
    const [mark, id = '', data = '', more = ''] = line.split(' ');
    const command = running.get(Number(id));
    if (mark === '@a') {
      waiting = false;
      pump();
    } else if (mark === AGENT_READY) isReady();
    else if (mark === '@o') command?.output(Buffer.from(data, 'base64'), atNs);
    else if (mark === '@e') command?.error(Buffer.from(data, 'base64'));
    else if (mark === '@x') {
      running.delete(Number(id));
      command?.exited({ exitCode: data === '-' ? null : Number(data), signal: more === '-' ? null : more });
    } else noise(line);
  });
  void machine.exited.then(() => {
    for (const command of running.values()) command.exited({ exitCode: null, signal: 'SIGKILL' });
    running.clear();
  });
  const start = (
    argv: readonly string[],
    env: Readonly<Record<string, string>> | undefined,
    command: Running,
  ): number => {
    const id = ++lastId;
    running.set(id, command);
    request({ op: 'run', id, argv, env: { ...ENV, ...env } });
    return id;
  };

  return {
    ready,
    onNoise: (listener) => {
      noise = listener;
    },
    exec: (argv, { env, input, timeoutMs = EXEC_LIMIT_MS } = {}) =>
      new Promise((resolve) => {
        const [out, err]: [Buffer[], Buffer[]] = [[], []];
        let timedOut = false;
        const finish = ({ exitCode }: ExitStatus): void => {
          clearTimeout(timer);
          const [stdout, stderr] = [out, err].map((parts) => Buffer.concat(parts).toString()) as [string, string];
          resolve({ exitCode, stdout, stderr, timedOut });
        };
        const id = start(argv, env, {
          output: (data) => out.push(data),
          error: (data) => err.push(data),
          exited: finish,
        });
        const timer = setTimeout(() => {
          timedOut = true;
          request({ op: 'kill', id });
          running.delete(id);
          finish({ exitCode: null, signal: 'SIGKILL' });
        }, timeoutMs);
        request({ op: 'input', id, end: true, ...(input === undefined ? {} : { text: input }) });
      }),
    spawn: (argv, env) => spawnIn(argv, env, start, request),
    end: () => request({ op: 'end' }),
  };
}

function spawnIn(
  argv: readonly string[],
  env: Readonly<Record<string, string>> | undefined,
  start: (argv: readonly string[], env: Readonly<Record<string, string>> | undefined, command: Running) => number,
  request: (content: Readonly<Record<string, unknown>>) => void,
): BoxProcess {
  const decoder = new StringDecoder('utf8');
  const early: [string, bigint][] = [];
  let listener: ((line: string, atNs: bigint) => void) | undefined;
  let rest = '';
  let tail = '';
  let ended = (_status: ExitStatus): void => {};
  const exited = new Promise<ExitStatus>((resolve) => {
    ended = resolve;
  });
  const id = start(argv, env, {
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
