/** Processes of the host: the root box that every other box is opened on. The one import of execa. */

import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { execa, type Options } from 'execa';
import { messageOf, noDescriptors } from '../../bench/errors.ts';
import type { Box, BoxProcess, ExecOptions, ExecResult, ExitStatus, Workspace } from '../../bench/types.ts';
import { commandFolders } from './commands.ts';

/** Children get this and nothing else: variables such as NODE_EXTRA_CA_CERTS cost more than half of Node's start. */
const CLEAN_ENV: Readonly<Record<string, string>> = {
  PATH: commandFolders().join(':'),
  HOME: '/',
  LC_ALL: 'C',
};

const ERROR_TAIL_CHARS = 4000;
/** Of Node.js itself. */
const NEW_PROCESSES = 'child_process';
/** A line longer than this is not a payload's answer; it is cut, so a flood of output can't fill the memory. */
const LINE_LIMIT_CHARS = 1 << 20;

/** Runs a command of the host to its end and captures it. Never rejects on a failing or missing command (exit code 127). */
export async function hostExec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
  const [file = ''] = argv;
  let child: ReturnType<typeof begin>;
  try {
    child = begin(argv, {
      ...base(options.env),
      stripFinalNewline: false,
      maxBuffer: 64 << 20,
      ...(options.input === undefined ? stdio('ignore') : { ...stdio('pipe'), input: options.input }),
    });
  } catch (error) {
    return { exitCode: null, stdout: '', stderr: messageOf(error), timedOut: false };
  }
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup(child.pid);
  }, options.timeoutMs ?? 60_000);
  const result = await child;
  clearTimeout(timer);
  const missing = 'code' in result && result.code === 'ENOENT';
  return {
    exitCode: missing ? 127 : (result.exitCode ?? null),
    stdout: String(result.stdout ?? ''),
    stderr: missing ? `${file}: not found` : String(result.stderr ?? ''),
    timedOut,
  };
}

/** Starts a command of the host in its own process group and exchanges lines with it. */
export async function hostSpawn(argv: readonly string[], options: Pick<ExecOptions, 'env'> = {}): Promise<BoxProcess> {
  const [file = ''] = argv;
  const child = begin(argv, { ...base(options.env), buffer: false, ...stdio('pipe') });
  let tail = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-ERROR_TAIL_CHARS);
  });
  child.stdin?.on('error', () => {}); // The box may end during a write: `exited` reports it.
  return {
    pid: child.pid,
    write: (line) => void child.stdin?.write(`${line}\n`),
    onLine: (listener) => splitLines(child.stdout, listener),
    errorTail: () => tail.trim(),
    exited: child.then((result): ExitStatus => {
      if ('code' in result && result.code === 'ENOENT') tail = `${file}: not found`;
      return { exitCode: result.exitCode ?? null, signal: result.signal ?? null };
    }),
    kill: () => killGroup(child.pid),
  };
}

/**
 * Where no descriptor is left for its pipes, a process has no streams, over which execa throws before it listens to the
 * process's own error; that would end the program. Throws `EMFILE` then.
 */
function begin([file = '', ...args]: readonly string[], options: Options) {
  let begun: ChildProcess | undefined;
  const hear = (message: unknown) => {
    begun = (message as { readonly process: ChildProcess }).process;
    begun.on('error', () => {});
  };
  subscribe(NEW_PROCESSES, hear);
  try {
    return execa(file, args, { ...options, detached: true });
  } catch (error) {
    throw begun !== undefined && begun.stdio === undefined ? noDescriptors(`spawn ${file}`) : error;
  } finally {
    unsubscribe(NEW_PROCESSES, hear);
  }
}

/** The root box: the host itself. */
export function hostBox(workspace: Workspace): Box {
  return {
    path: 'host',
    scratch: workspace.dir,
    exec: hostExec,
    spawn: hostSpawn,
    put: async (storeFile) => storeFile,
    close: async () => {},
  };
}

/** SIGKILL to the process group of a command; silent when it is gone. */
export function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}

function base(env: Readonly<Record<string, string>> | undefined) {
  return { env: { ...CLEAN_ENV, ...env }, extendEnv: false, reject: false } as const;
}

/** Streams of a process, and `/dev/null` wherever it would inherit a descriptor that this program was started with. */
function stdio(stdin: 'ignore' | 'pipe'): Pick<Options, 'stdio'> {
  covers ??= coversOf(findLastInherited());
  // The types of execa leave descriptors out from the fourth on; it passes them to Node.js.
  return { stdio: [stdin, 'pipe', 'pipe', ...covers] as Options['stdio'] };
}

/** `ignore` would leave them as they are. */
function coversOf(last: number): readonly number[] {
  if (last === STDERR) return [];
  fillUpTo(last);
  return new Array<number>(last - STDERR).fill(openSync('/dev/null', 'r'));
}

/**
 * Takes every free descriptor up to `last`. libuv hears of a failed exec through a pipe; a child that is to cover the
 * descriptor of that pipe would lose it, and a missing program would be one that ended with code 127. Takes none where
 * fewer than `SPARE` would be left. Returns what it took.
 */
export function fillUpTo(last: number): readonly number[] {
  const taken: number[] = [];
  let given = last;
  try {
    while ((taken.at(-1) ?? 0) < last + SPARE) taken.push(openSync('/dev/null', 'r'));
  } catch {
    given = 0; // There are too few: they are needed for more than a message.
  }
  for (const descriptor of taken) if (descriptor > given) closeSync(descriptor);
  return taken.filter((descriptor) => descriptor <= given);
}

const STDERR = 2;
/** Descriptors for files and for pipes of boxes. */
const SPARE = 128;
/** fcntl.h: set on all that Node.js opens itself. */
const CLOSE_ON_EXEC = 0o2000000;
/** Found once: nothing is added after the start. */
let covers: readonly number[] | undefined;

/** The greatest descriptor that an exec leaves open. A box that got one could read and write what root opened. */
function findLastInherited(): number {
  const all = readdirSync('/proc/self/fd').map(Number);
  return Math.max(STDERR, ...all.filter((descriptor) => (flagsOf(descriptor) & CLOSE_ON_EXEC) === 0));
}

function flagsOf(descriptor: number): number {
  try {
    const [, octal = ''] = /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8')) ?? [];
    return Number.parseInt(octal, 8);
  } catch {
    return CLOSE_ON_EXEC; // Closed by now: that of the folder itself.
  }
}

function splitLines(stream: Readable | null, listener: (line: string, atNs: bigint) => void): void {
  let rest = '';
  stream?.setEncoding('utf8').on('data', (text: string) => {
    const atNs = process.hrtime.bigint();
    const lines = (rest + text).split('\n');
    rest = (lines.pop() ?? '').slice(0, LINE_LIMIT_CHARS);
    for (const line of lines) listener(line.replace(/\r$/, ''), atNs);
  });
}
