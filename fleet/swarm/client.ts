/** Docker's own client, asked as the user would, with what the user's environment says of the daemon. */

import { BoxmarkError, EXIT } from '../../bench/errors.ts';
import type { BoxProcess, ExecResult } from '../../bench/types.ts';
import { hostExec, hostSpawn } from '../../runners/kit/process.ts';

const LIMIT_MS = 60_000;
const PASSED = /^(HOME|SSH_AUTH_SOCK|DOCKER_(HOST|CONTEXT|CONFIG|CERT_PATH|TLS|TLS_VERIFY|API_VERSION))$/;

function env(): Record<string, string> {
  const given = Object.entries(process.env).filter(([name]) => PASSED.test(name));
  return Object.fromEntries(given.map(([name, value]) => [name, value ?? '']));
}

export function tryDocker(
  words: readonly string[],
  options: { input?: string; timeoutMs?: number } = {},
): Promise<ExecResult> {
  return hostExec(['docker', ...words], { timeoutMs: LIMIT_MS, ...options, env: env() });
}

export function spawnDocker(words: readonly string[]): Promise<BoxProcess> {
  return hostSpawn(['docker', ...words], { env: env() });
}

/** The output of a command. Throws `BoxmarkError` with the client's words when it fails. */
export async function docker(
  words: readonly string[],
  options: { input?: string; timeoutMs?: number } = {},
): Promise<string> {
  const { exitCode, stdout, stderr, timedOut } = await tryDocker(words, options);
  if (exitCode === 0) return stdout;
  const said = timedOut ? 'it did not answer in time' : lastWords(stderr);
  throw new BoxmarkError({
    what: `docker ${words.slice(0, 2).join(' ')} failed: ${said}.`,
    value: process.env.DOCKER_HOST ?? 'the daemon of this host',
    remedy: 'docker info, as the user who runs this',
  });
}

export function lastWords(stderr: string): string {
  const lines = stderr
    .trim()
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('Run '));
  return (lines.at(-1) ?? 'it said nothing')
    .replace(/^(docker: )?(Error response from daemon: )?/, '')
    .replace(/\.$/, '');
}

interface SwarmInfo {
  readonly NodeID: string;
  readonly LocalNodeState: string;
  readonly ControlAvailable: boolean;
  readonly RemoteManagers: readonly { readonly Addr: string }[] | null;
}

/** Throws `BoxmarkError` with exit code 2 where no Swarm can be asked. */
export async function assertManager(): Promise<void> {
  const { exitCode, stdout, stderr } = await tryDocker(['info', '--format', '{{json .Swarm}}']);
  if (exitCode !== 0 || stdout.trim() === '') throw unreachable(lastWords(stderr));
  const { LocalNodeState, ControlAvailable, RemoteManagers } = JSON.parse(stdout) as SwarmInfo;
  if (LocalNodeState !== 'active') {
    throw refused(
      'The Docker daemon is in no Swarm.',
      LocalNodeState,
      'docker swarm init or join; or --inventory FILE, over ssh',
    );
  }
  if (ControlAvailable) return;
  const managers = (RemoteManagers ?? []).map(({ Addr }) => Addr).join(', ');
  throw refused(
    'The Docker daemon is a worker of its Swarm, and only a manager knows the others.',
    'worker',
    `DOCKER_HOST of a manager (${managers})`,
  );
}

function unreachable(said: string): BoxmarkError {
  const isDenied = /permission denied/i.test(said);
  const what = isDenied ? 'The socket of the Docker daemon may not be used by this user' : 'No Docker daemon answers';
  const remedy = isDenied
    ? 'as root, or a user of the group docker'
    : 'start it, or point DOCKER_HOST at a manager of the Swarm; or --host ssh:HOST, which needs no Swarm';
  return refused(`${what}: ${said.replace(/[.?!]+$/, '')}.`, process.env.DOCKER_HOST ?? '/var/run/docker.sock', remedy);
}

function refused(what: string, value: string, remedy: string): BoxmarkError {
  return new BoxmarkError({ what, value, remedy }, EXIT.usage);
}
