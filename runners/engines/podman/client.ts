/** The podman command with the run's own storage and settings, as root or as an unprivileged user. */

import { join } from 'node:path';
import type { Box, ExecOptions, ExecResult } from '../../../bench/types.ts';
import type { BoxGroup } from '../../cgroup/box-group.ts';
import { cpuList } from '../../kit/shell.ts';

export const RUNTIMES = ['runc', 'crun'] as const;
export const STORAGES = ['overlay', 'vfs'] as const;

/** What decides the storage that images are loaded into, and how podman is called. */
export interface PodmanWish {
  readonly rootless?: 'yes' | 'no' | undefined;
  readonly runtime?: (typeof RUNTIMES)[number] | undefined;
  readonly storage?: (typeof STORAGES)[number] | undefined;
}

export interface PodmanClient {
  /** Folder of everything that podman keeps. */
  readonly folder: string;
  /** Words that call it: podman itself, or out of sight of what its runtime refuses. */
  readonly call: readonly string[];
  readonly runtime: string;
  readonly storage: string;
  /** User and group that it is run as, when it isn't who Boxmark is run as. */
  readonly user?: number | undefined;
  /** Without root no limits can be set by podman: it is started in the box's group then. */
  readonly rootless: boolean;
  /** Group of what serves several boxes. */
  readonly group?: BoxGroup | undefined;
  readonly cpus: readonly number[];
  /** Folders elsewhere that were not there before. */
  readonly outside: readonly string[];
}

/** The settings that replace the host's: nothing of the host's changes what is measured, or is written to. */
export const CONTAINERS_CONF = `[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
`;

/**
 * The script that calls the runtime with its notes in our folder. As a flag podman would forget that when it removes a
 * container, and crun makes a folder in /run unless it has a run-time folder.
 */
export function runtimeScript(folder: string, runtime: string): string {
  return `#!/bin/sh\nexport XDG_RUNTIME_DIR=${folder}/xdg\nexec ${runtime} --root ${folder}/runtime "$@"\n`;
}

/** The user that Boxmark, run as root, runs rootless podman as: one that is on every host and has no privilege. */
export const UNPRIVILEGED = 65534;

/** The command line of a call. `enter` are shell built-ins to run first, as root; `cpus` what it may run on. */
export function podmanArgv(
  client: PodmanClient,
  args: readonly string[],
  { enter = client.group?.enter ?? '', cpus = client.cpus }: { enter?: string; cpus?: readonly number[] } = {},
): string[] {
  const { folder, call, runtime, storage, user } = client;
  const become =
    user === undefined ? [] : ['setpriv', '--reuid', String(user), '--regid', String(user), '--clear-groups'];
  const own = [
    ...['--log-level', 'error', '--root', join(folder, 'root'), '--runroot', join(folder, 'run')],
    ...['--tmpdir', join(folder, 'tmp'), '--storage-driver', storage, '--cgroup-manager', 'cgroupfs'],
    ...['--runtime', join(folder, 'bin', runtime)],
  ];
  // From a folder that the user may not enter podman does not start.
  const shell = `cd ${folder} || exit 125; ${enter} exec "$@"`;
  return ['sh', '-c', shell, 'sh', 'taskset', '-c', cpuList(cpus), ...become, ...call, ...own, ...args];
}

export function podmanEnv({ folder }: PodmanClient): Record<string, string> {
  return {
    HOME: folder,
    XDG_RUNTIME_DIR: join(folder, 'xdg'),
    CONTAINERS_CONF: join(folder, 'containers.conf'),
    TMPDIR: join(folder, 'tmp'),
  };
}

export function podman(
  box: Box,
  client: PodmanClient,
  args: readonly string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  return box.exec(podmanArgv(client, args), { timeoutMs: 60_000, ...options, env: podmanEnv(client) });
}

/** The end of its output, without the prefixes of its log. */
export function lastWords({ stderr, stdout, timedOut }: ExecResult): string {
  if (timedOut) return 'it took too long';
  const line = (stderr.trim() || stdout.trim()).split('\n').at(-1) ?? '';
  return line.replace(/^Error: /, '').slice(0, 400);
}
