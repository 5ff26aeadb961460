/** The docker command: which one is called, how it reaches its daemon, and errors from its output. */

import { dirname, join } from 'node:path';
import { BoxmarkError } from '../../../bench/errors.ts';
import type { Box, ExecOptions, ExecResult } from '../../../bench/types.ts';
import { startsWithHashBang } from '../../image/layout.ts';
import { commandFiles, findCommand } from '../../kit/commands.ts';
import { cpuList } from '../../kit/shell.ts';

/** Time that a daemon gets for a question; one that hangs must not hang the run. */
const ANSWER_LIMIT_MS = 20_000;

export interface DockerClient {
  /** Path of the command in the box where it is called. */
  readonly file: string;
  /** Socket of a private daemon; without one the client finds its daemon by itself, as the user's does. */
  readonly socket?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** CPUs for the client itself, so that it stays away from the workload. */
  readonly cpus: readonly number[];
}

/** The command line of a call. */
export function dockerArgv(client: DockerClient, args: readonly string[]): string[] {
  const host = client.socket === undefined ? [] : ['-H', `unix://${client.socket}`];
  return ['taskset', '-c', cpuList(client.cpus), client.file, ...host, ...args];
}

/** Calls docker in a box and captures the answer; never rejects. */
export function tryDocker(
  box: Box,
  client: DockerClient,
  args: readonly string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  const env = client.env === undefined ? {} : { env: client.env };
  return box.exec(dockerArgv(client, args), { timeoutMs: ANSWER_LIMIT_MS, ...env, ...options });
}

/** The same, giving standard output. Throws `BoxmarkError` with docker's message. */
export async function callDocker(
  box: Box,
  client: DockerClient,
  args: readonly string[],
  what: string,
  options: ExecOptions = {},
): Promise<string> {
  const done = await tryDocker(box, client, args, options);
  if (done.exitCode === 0) return done.stdout.trim();
  throw dockerError(what, done);
}

/** An error with the engine's own message, or that it did not answer in time. */
export function dockerError(what: string, done: ExecResult): BoxmarkError {
  const why = done.timedOut ? 'no answer in time' : done.stderr.trim() || done.stdout.trim();
  return new BoxmarkError({ what: `${what}: ${lastLines(why, 3)}`, remedy: 'boxmark doctor' });
}

/** The end of a log, on one line. */
export function lastLines(text: string, count: number): string {
  return text.trim().split('\n').slice(-count).join('; ').slice(-600);
}

/**
 * The docker command of this host. The one installed beside the daemon comes first: another one on the path may be of a
 * version that the daemon refuses to talk to.
 */
export function hostClientFile(): string | undefined {
  const daemon = findCommand('dockerd');
  const beside = daemon === undefined ? [] : [dirname(daemon), join(dirname(dirname(daemon)), 'bin')];
  const files = [...commandFiles('docker', beside), ...commandFiles('docker')];
  // Podman's stand-in is a script.
  return files.find((file) => !startsWithHashBang(file)) ?? files[0];
}
