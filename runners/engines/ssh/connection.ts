/** One connection to another host, kept open for the run: every command on it is a separate session. */

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BoxmarkError } from '../../../bench/errors.ts';
import type { Box, BoxProcess, ExecOptions, ExecResult } from '../../../bench/types.ts';
import { endProcess } from '../../kit/end-process.ts';
import { quote } from '../../kit/shell.ts';

const CONNECT_LIMIT_MS = 20_000;
const EXEC_LIMIT_MS = 60_000;

/** The target as typed for ssh, which also reads the user's own configuration. */
export interface Target {
  readonly host: string;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  readonly identity?: string | undefined;
  /** Another configuration file than the user's. */
  readonly config?: string | undefined;
}

export interface Connection {
  /** Runs a command there to its end; never rejects. A time limit ends it there too. */
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  spawn(argv: readonly string[], env?: Readonly<Record<string, string>>): Promise<BoxProcess>;
  /** Sends a file of this host to the standard input of a command there. */
  send(file: string, argv: readonly string[], timeoutMs: number): Promise<ExecResult>;
  close(): Promise<void>;
}

/** Connects, without ever asking for anything. Throws `BoxmarkError` with the message of ssh. */
export async function connect(parent: Box, target: Target, folder: string): Promise<Connection> {
  // The path of a socket has little room.
  const socket = join(folder, `ssh-${randomBytes(4).toString('hex')}`);
  const base = sshArgv(target, socket);
  const master = await parent.spawn([...base, '-o', 'ControlMaster=yes', '-N', ...addressOf(target)]);
  let ended = false;
  void master.exited.then(() => {
    ended = true;
  });
  const close = async (): Promise<void> => {
    await endProcess(master);
    await parent.exec(['rm', '-f', socket]);
  };
  const giveUpAt = Date.now() + CONNECT_LIMIT_MS;
  for (;;) {
    const asked = await parent.exec([...base, '-O', 'check', ...addressOf(target)], { timeoutMs: CONNECT_LIMIT_MS });
    if (asked.exitCode === 0) break;
    if (ended || Date.now() > giveUpAt) {
      await close();
      const message = master.errorTail().split('\n').slice(-2).join('; ');
      throw new BoxmarkError({
        what: `There is no connection to ${target.host}: ${message || 'no answer in time'}`,
        remedy: `make this work without a prompt: ssh ${[...optionsOf(target), ...addressOf(target)].join(' ')} true`,
      });
    }
    await sleep(25);
  }
  const session = [...base, '-o', 'ControlMaster=no'];
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
    close,
  };
}

function sshArgv(target: Target, socket: string): string[] {
  return [
    ...['ssh', '-T', '-S', socket, ...optionsOf(target)],
    ...['-o', 'BatchMode=yes', '-o', `ConnectTimeout=${CONNECT_LIMIT_MS / 1000}`, '-o', 'ControlPersist=no'],
    ...['-o', 'ServerAliveInterval=15', '-o', 'ServerAliveCountMax=4', '-o', 'ForwardAgent=no', '-o', 'ForwardX11=no'],
    // Small lines back and forth: none may wait for the next one.
    ...['-o', 'IPQoS=lowdelay', '-o', 'LogLevel=ERROR'],
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
