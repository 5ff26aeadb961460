/** One connection to another host, kept open for as long as it is used: every command on it is a separate session. */

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BoxmarkError } from '../../../bench/errors.ts';
import type { Box, BoxProcess, ExecOptions, ExecResult } from '../../../bench/types.ts';
import { endProcess } from '../end-process.ts';
import { quote } from '../shell.ts';
import type { Target } from './target.ts';

const CONNECT_LIMIT_MS = 20_000;
const EXEC_LIMIT_MS = 60_000;
/** Each look is a process of its own. */
const FIRST_LOOK_MS = 25;
const LONGEST_LOOK_MS = 250;

export interface ConnectOptions {
  /** Seconds between two signs of life, and how many may be missing in a row before the connection counts as dead. */
  readonly alive?: { readonly seconds: number; readonly missing: number };
  /** More variables for ssh itself, such as where the user's agent listens. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface Connection {
  /** Runs a command there to its end; never rejects. A time limit ends it there too. */
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  spawn(argv: readonly string[], env?: Readonly<Record<string, string>>): Promise<BoxProcess>;
  /** Sends a file of this host to the standard input of a command there. */
  send(file: string, argv: readonly string[], timeoutMs: number): Promise<ExecResult>;
  /** Resolves with the last words of ssh when the connection is gone, for whatever reason. */
  readonly gone: Promise<string>;
  close(): Promise<void>;
}

/** Connects, without ever asking for anything. Throws `BoxmarkError` with the message of ssh. */
export async function connect(
  parent: Pick<Box, 'exec' | 'spawn'>,
  target: Target,
  folder: string,
  options: ConnectOptions = {},
): Promise<Connection> {
  // The path of a socket has little room.
  const socket = join(folder, `ssh-${randomBytes(4).toString('hex')}`);
  const base = sshArgv(target, socket, options.alive);
  // Why it ends is no error to ssh.
  const loud = ['-o', 'LogLevel=INFO', '-o', 'ControlMaster=yes', '-N', ...addressOf(target)];
  const master = await parent.spawn([...base, ...loud], { env: options.env ?? {} });
  const gone = master.exited.then(() => lastWords(master));
  const close = async (): Promise<void> => {
    await endProcess(master);
    await parent.exec(['rm', '-f', socket]);
  };
  try {
    await untilOpen(parent, [...base, '-O', 'check', ...addressOf(target)], master, target, options.signal);
  } catch (error) {
    await close();
    throw error;
  }
  // Where the connection is gone, ssh would make one of its own for every command.
  const session = [...base, '-o', 'LogLevel=ERROR', '-o', 'ControlMaster=no', '-o', 'ProxyCommand=false'];
  const words = (argv: readonly string[], env: Readonly<Record<string, string>> = {}): string[] => [
    ...session,
    ...addressOf(target),
    [...envWords(env), ...argv].map(quote).join(' '),
  ];
  return {
    exec: (argv, { env, timeoutMs = EXEC_LIMIT_MS, input } = {}) => {
      // Of a client that is killed the command there hears nothing.
      const limited = ['timeout', '-s', 'KILL', String(timeoutMs / 1000), ...argv];
      const options = { timeoutMs: timeoutMs + 2000, ...(input === undefined ? {} : { input }) };
      return parent.exec(words(limited, env), options);
    },
    spawn: (argv, env) => parent.spawn(words(argv, env)),
    send: (file, argv, timeoutMs) => parent.exec(['sh', '-c', 'exec "$@" <"$0"', file, ...words(argv)], { timeoutMs }),
    gone,
    close,
  };
}

/** Throws `BoxmarkError` when it ends or does not open in time. */
async function untilOpen(
  parent: Pick<Box, 'exec'>,
  check: readonly string[],
  master: BoxProcess,
  target: Target,
  signal: AbortSignal | undefined,
): Promise<void> {
  let ended = false;
  void master.exited.then(() => {
    ended = true;
  });
  const giveUpAt = Date.now() + CONNECT_LIMIT_MS;
  for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(waitMs * 1.3, LONGEST_LOOK_MS)) {
    signal?.throwIfAborted();
    const asked = await parent.exec(check, { timeoutMs: CONNECT_LIMIT_MS });
    if (asked.exitCode === 0) return;
    if (ended || Date.now() > giveUpAt) {
      throw new BoxmarkError({
        what: `There is no connection to ${target.host}: ${lastWords(master) || 'no answer in time'}`,
        remedy: `make this work without a prompt: ssh ${[...optionsOf(target), ...addressOf(target)].join(' ')} true`,
      });
    }
    await sleep(waitMs);
  }
}

function lastWords(master: BoxProcess): string {
  return master.errorTail().split('\n').slice(-2).join('; ');
}

function sshArgv(target: Target, socket: string, { seconds, missing } = { seconds: 15, missing: 4 }): string[] {
  return [
    ...['ssh', '-T', '-S', socket, ...optionsOf(target)],
    ...['-o', 'BatchMode=yes', '-o', `ConnectTimeout=${CONNECT_LIMIT_MS / 1000}`, '-o', 'ControlPersist=no'],
    ...['-o', `ServerAliveInterval=${seconds}`, '-o', `ServerAliveCountMax=${missing}`],
    // Whatever the user's configuration has for work at a terminal.
    ...['-o', 'ForwardAgent=no', '-o', 'ForwardX11=no', '-o', 'ClearAllForwardings=yes', '-o', 'RemoteCommand=none'],
    // Small lines back and forth: none may wait for the next one.
    ...['-o', 'IPQoS=lowdelay'],
  ];
}

function optionsOf({ port, user, identity, config }: Target): string[] {
  return [
    ...(config === undefined ? [] : ['-F', config]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(user === undefined ? [] : ['-l', user]),
    ...(identity === undefined ? [] : ['-i', identity, '-o', 'IdentitiesOnly=yes']),
  ];
}

/** After `--`, so that no name is taken for an option. */
function addressOf({ host }: Target): string[] {
  return ['--', host];
}

function envWords(env: Readonly<Record<string, string>>): string[] {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return variables.length === 0 ? [] : ['env', ...variables];
}
