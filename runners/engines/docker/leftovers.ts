/** What a private Docker daemon leaves on the host when it is killed, and the files that it makes outside its folder. */

import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Workspace } from '../../../bench/types.ts';
import { GROUP_ROOT, groupAt, hostHierarchies } from '../../cgroup/group.ts';
import { allowedCpus } from '../../host/cpus.ts';
import { mountsBelow, unmount } from '../../host/mounts.ts';
import { readOwnFile } from '../../host/ownership.ts';
import { endProcess, listProcesses, ownLine } from '../../host/processes.ts';
import { hostExec } from '../../kit/process.ts';
import { userDockerEnv } from '../../kit/user-docker-env.ts';
import { type IsDead, type Leavings, type Leftover, leftover } from '../../upkeep/leftovers.ts';
import { hostClientFile } from './client.ts';
import { emptyScratch, scratchFolders } from './scratch.ts';

/** Helpers may start others while they are being ended. */
const KILL_ROUNDS = 5;
const PROGRAMS = /^(?:dockerd|containerd|containerd-shim[-\w]*|runc|docker)$/;
/** Where dockerd and containerd write whatever their settings are, deepest first. */
export const OUTSIDE = [
  '/etc/docker/key.json',
  '/etc/docker',
  '/run/docker/plugins',
  '/run/docker',
  '/run/containerd/s',
  '/run/containerd',
  '/opt/containerd/lib',
  '/opt/containerd/bin',
  '/opt/containerd',
];

/** Folder of the run's own daemon on the host; there is one for each variant in use (`variantOf`). */
export function hostDaemonDir(workspace: Pick<Workspace, 'dir'>, variant = ''): string {
  return join(workspace.dir, named(variant));
}

/** Group of the Docker boxes of a run on this host that are in the care of one daemon. */
export function hostDockerGroup(workspace: Pick<Workspace, 'id'>, variant = ''): string {
  return `${GROUP_ROOT}/${workspace.id}/${named(variant)}`;
}

function named(variant: string): string {
  return variant === '' ? 'docker' : `docker-${variant}`;
}

/** Folders of daemons in a work folder. */
export function daemonDirs(dir: string): string[] {
  try {
    const entries = readdirSync(dir, { withFileTypes: true });
    return entries.filter((it) => it.isDirectory() && /^docker(-|$)/.test(it.name)).map((it) => join(dir, it.name));
  } catch {
    return [];
  }
}

/**
 * Ends what is left of the run's own daemon (daemon, containerd, shims, containers) and takes its mounts and groups down.
 * Needs no daemon that answers. Never throws.
 */
export async function killLeftovers(workspace: Pick<Workspace, 'id' | 'dir'>, variant = ''): Promise<void> {
  await killDaemon(hostDaemonDir(workspace, variant));
  await groupAt(hostDockerGroup(workspace, variant), hostHierarchies()).remove();
  for (const path of mountsBelow(hostDaemonDir(workspace, variant))) await unmount(path);
}

/** SIGKILL to the engine's programs that name this daemon's folder, and their sockets and mounts away. Never throws. */
export async function killDaemon(dir: string): Promise<void> {
  const sockets = shimSockets(dir);
  for (let round = 0; round < KILL_ROUNDS; round++) {
    const found = daemonProcesses(dir);
    if (found.length === 0) break;
    await Promise.all(found.map((identity) => endProcess(identity)));
  }
  for (const socket of sockets) await rm(socket, { force: true }).catch(() => {});
  for (const path of mountsBelow(dir)) await unmount(path);
}

/** Name of the list in the work folder, for `boxmark clean` after a kill. */
const OUTSIDE_LIST = 'docker-outside.json';

/** Notes which files outside the folder are absent before the first daemon of the run, which makes them. */
export function rememberOutside(dir: string): void {
  if (existsSync(join(dir, OUTSIDE_LIST))) return;
  const absent = OUTSIDE.filter((path) => !existsSync(path));
  writeFileSync(join(dir, OUTSIDE_LIST), JSON.stringify(absent), { mode: 0o600 });
}

/** Removes those of the noted files that nobody else uses, once no daemon of the run is left. Never throws. */
export async function forgetOutside(dir: string): Promise<void> {
  if (daemonDirs(dir).some((folder) => daemonProcesses(folder).length > 0)) return;
  const list = join(dir, OUTSIDE_LIST);
  let absent: unknown;
  try {
    absent = JSON.parse(readOwnFile(list) ?? 'null');
  } catch {
    return;
  }
  await rm(list, { force: true });
  // A list that was changed must not cause anything else to be removed.
  const noted = OUTSIDE.filter((path) => Array.isArray(absent) && absent.includes(path));
  for (const path of noted) {
    if (path.endsWith('.json')) await rm(path, { force: true }).catch(() => {});
    else await rmdir(path).catch(() => {}); // Not empty: another daemon uses it.
  }
  // Of two runs at the same time, each may take these for the other's. They are empty, and engines make them when they start.
  if (listProcesses().some(({ argv }) => PROGRAMS.test(basename(argv[0] ?? '')))) return;
  for (const path of OUTSIDE.filter((place) => place.startsWith('/run/'))) await rmdir(path).catch(() => {});
}

function daemonProcesses(dir: string) {
  const spared = ownLine();
  return listProcesses().filter(
    ({ pid, argv }) =>
      !spared.has(pid) && PROGRAMS.test(basename(argv[0] ?? '')) && argv.some((part) => part.includes(`${dir}/`)),
  );
}

/** What containerd calls the socket of a shim; anything else in an `address` is ignored. */
const SHIM_ADDRESS = /^unix:\/\/\/run\/containerd\/s\/[0-9a-f]{64}$/;

/** A killed shim can't remove its socket, which is outside the daemon's folder; each container's folder names it. */
function shimSockets(dir: string): string[] {
  const tasks = join(dir, 'exec/containerd/daemon/io.containerd.runtime.v2.task/moby');
  try {
    return readdirSync(tasks).flatMap((id) => {
      const address = readOwnFile(join(tasks, id, 'address'))?.trim() ?? '';
      return SHIM_ADDRESS.test(address) ? [address.slice('unix://'.length)] : [];
    });
  } catch {
    return [];
  }
}

const DOCKER_SOCKET = '/var/run/docker.sock';
const DOCKER_TIMEOUT_MS = 10_000;

/** Labelled objects of the host's own Docker daemon. A daemon private to a run goes with its processes and its folder. */
async function dockerObjects(isDead: IsDead, dead: ReadonlySet<string>): Promise<Leftover[]> {
  if (!existsSync(DOCKER_SOCKET) && !process.env.DOCKER_HOST) return [];
  const rows = async (argv: readonly string[]): Promise<string[][]> => {
    const { exitCode, stdout } = await hostExec(['docker', ...argv], {
      timeoutMs: DOCKER_TIMEOUT_MS,
      env: userDockerEnv(),
    });
    return exitCode === 0
      ? stdout
          .split('\n')
          .filter(Boolean)
          .map((line) => line.split('\t'))
      : [];
  };
  const found: Leftover[] = [];
  const label = '{{.Label "boxmark"}}';
  const containers = ['ps', '-a', '--no-trunc', '--filter', 'label=boxmark', '--format'];
  for (const [id = '', run = '', status = '', name = ''] of await rows([
    ...containers,
    `{{.ID}}\t${label}\t{{.Status}}\t{{.Names}}`,
  ])) {
    // The label may be anybody's, and the daemon may serve runs of another machine, whose folders aren't here.
    if (isDead(run)) found.push(leftover('container', run, id, `${name} (${status})`));
  }
  for (const [name = '', run = ''] of await rows([
    ...['volume', 'ls', '--filter', 'label=boxmark', '--format'],
    `{{.Name}}\t${label}`,
  ])) {
    if (isDead(run)) found.push(leftover('volume', run, name, 'volume of a dead run'));
  }
  for (const run of dead) {
    for (const [id = ''] of await rows(['images', '-q', '--no-trunc', '--filter', `reference=boxmark:*-${run}`])) {
      found.push(leftover('image', run, id, 'image of a dead run'));
    }
  }
  return found;
}

export const dockerLeavings: Leavings = {
  find: dockerObjects,
  beforeImage: async (image, run, dir) => {
    const file = hostClientFile();
    if (file === undefined) return;
    const client = { file, env: userDockerEnv(), cpus: allowedCpus() };
    for (const folder of scratchFolders(dir)) await emptyScratch(folder, { client, image, run });
  },
  beforeFolder: async (dir) => {
    for (const daemon of daemonDirs(dir)) await killDaemon(daemon);
    for (const path of mountsBelow(dir)) await unmount(path);
    await forgetOutside(dir);
  },
};
