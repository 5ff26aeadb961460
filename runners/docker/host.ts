/** The daemon that serves all Docker boxes of a run on the host: the user's when it answers, else a private one, shared and counted. */

import { release as kernelRelease } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { BoxmarkError } from '../../bench/errors.ts';
import type { Box, Workspace } from '../../bench/types.ts';
import { groupAt, hostHierarchies } from '../cgroup/group.ts';
import { identify } from '../host/processes.ts';
import { findCommand } from '../image/layout.ts';
import { type DockerClient, dockerError, hostClientFile, tryDocker, userDockerEnv } from './client.ts';
import {
  clientOf,
  type DaemonFacts,
  FACTS_FORMAT,
  type OwnDaemon,
  parseFacts,
  startDaemon,
  stopDaemon,
} from './daemon.ts';
import {
  forgetOutside,
  hostDaemonDir,
  hostDockerGroup,
  killDaemon,
  killLeftovers,
  rememberOutside,
} from './leftovers.ts';

const STOP_LIMIT_MS = 15_000;

export interface HostDaemon {
  readonly client: DockerClient;
  readonly facts: DaemonFacts;
  /** Set when the daemon is ours. */
  readonly own?: OwnDaemon;
  /** Images in use by this run: id → how many environments. */
  readonly images: Map<string, { users: number; ready: Promise<string> }>;
  /** Starts a daemon of ours again that died meanwhile. */
  ensureRunning(): Promise<void>;
  /** Removes what a daemon of ours left that died: its containers live on without it. */
  clearIfDead(): Promise<void>;
  stop(): Promise<void>;
}

interface Shared {
  users: number;
  readonly daemon: Promise<HostDaemon>;
  closing?: Promise<void>;
}

const shared = new Map<string, Shared>();

/** The run's daemon, found or started once, however many ask at the same time. Every success takes one `releaseDaemon`. */
export async function acquireDaemon(box: Box, workspace: Workspace): Promise<HostDaemon> {
  for (;;) {
    let entry = shared.get(workspace.id);
    if (entry?.closing !== undefined) {
      await entry.closing;
      continue;
    }
    if (entry === undefined) {
      entry = { users: 0, daemon: findDaemon(box, workspace) };
      shared.set(workspace.id, entry);
    }
    entry.users++;
    try {
      return await entry.daemon;
    } catch (error) {
      if (shared.get(workspace.id) === entry) shared.delete(workspace.id);
      throw error;
    }
  }
}

/** The last one stops a daemon of ours and removes what it left. */
export async function releaseDaemon(workspace: Workspace): Promise<void> {
  const entry = shared.get(workspace.id);
  if (entry === undefined) return;
  entry.users--;
  if (entry.users > 0) return;
  entry.closing = entry.daemon.then((daemon) => daemon.stop()).finally(() => shared.delete(workspace.id));
  await entry.closing;
}

/** Facts of the run's daemon, or of one found or started for the question only. Throws `BoxmarkError` with the reason. */
export async function probeDaemon(box: Box, workspace: Workspace): Promise<DaemonFacts> {
  const running = shared.get(workspace.id);
  if (running !== undefined && running.closing === undefined) return (await running.daemon).facts;
  const client = hostClient(workspace);
  const found = await findUsersDaemon(box, client);
  if (found !== undefined) return found;
  const daemon: OwnDaemon = { ...ownDaemon(client, workspace), dir: `${workspace.dir}/docker-probe` };
  rememberOutside(workspace.dir);
  try {
    return await startDaemon(box, daemon);
  } finally {
    await killDaemon(daemon.dir); // Nothing ran in it: no need to wait for an orderly stop.
    await box.exec(['rm', '-rf', '--one-file-system', daemon.dir]);
    await forgetOutside(workspace.dir);
  }
}

async function findDaemon(box: Box, workspace: Workspace): Promise<HostDaemon> {
  const client = hostClient(workspace);
  const images: HostDaemon['images'] = new Map();
  const found = await findUsersDaemon(box, client);
  if (found !== undefined) {
    const nothing = async () => {};
    const stop = () => groupAt(hostDockerGroup(workspace), hostHierarchies()).remove();
    return { client, facts: found, images, ensureRunning: nothing, clearIfDead: nothing, stop };
  }
  const own = ownDaemon(client, workspace);
  rememberOutside(workspace.dir);
  const facts = await startDaemon(box, own).catch(async (error: unknown) => {
    await killLeftovers(workspace);
    await forgetOutside(workspace.dir);
    throw error;
  });
  let pid = await pidOf(box, own);
  workspace.note('docker-daemon', { version: facts.version, storage: facts.storage, pid });
  const isDead = () => pid === undefined || identify(pid) === null;
  // One after the other: a daemon that is just being started again must not be taken for a leftover.
  let last: Promise<void> = Promise.resolve();
  const inTurn = (act: () => Promise<void>) => {
    last = last.catch(() => {}).then(() => (isDead() ? act() : undefined));
    return last;
  };
  return {
    client: clientOf(own),
    facts,
    own,
    images,
    ensureRunning: () =>
      inTurn(async () => {
        workspace.note('docker-daemon-died', { pid });
        await killLeftovers(workspace);
        await startDaemon(box, own);
        pid = await pidOf(box, own);
      }),
    clearIfDead: () => inTurn(() => killLeftovers(workspace)),
    stop: async () => {
      await stopDaemon(box, own, STOP_LIMIT_MS);
      await killLeftovers(workspace);
      // A process that was just ended may hold a file for a moment.
      for (let attempt = 0; attempt < 3; attempt++) {
        if ((await box.exec(['rm', '-rf', '--one-file-system', own.dir])).exitCode === 0) break;
        await sleep(100);
      }
      await forgetOutside(workspace.dir);
    },
  };
}

/** The daemon that the user's own docker command talks to; undefined when there is none and we may start one. */
async function findUsersDaemon(box: Box, client: DockerClient): Promise<DaemonFacts | undefined> {
  const asked = await tryDocker(box, client, ['version', '-f', '{{.Server.Version}}'], { timeoutMs: 10_000 });
  if (asked.exitCode === 0) {
    const told = await tryDocker(box, client, ['info', '-f', FACTS_FORMAT]);
    const facts = parseFacts(told.stdout);
    if (told.exitCode !== 0 || facts.version === '') throw dockerError('The Docker daemon gives no information', told);
    if (facts.kernel === kernelRelease()) return facts;
    throw new BoxmarkError({
      what: `The Docker daemon that answers runs on another kernel (${facts.kernel}), in a virtual machine or on another host.`,
      remedy: 'point DOCKER_HOST at a daemon of this kernel, or unset it and stop Docker Desktop',
    });
  }
  if (/permission denied/i.test(asked.stderr)) {
    throw new BoxmarkError({
      what: 'The socket of the Docker daemon may not be used by this user.',
      remedy: 'run as root, or join the group docker (sudo usermod -aG docker $USER) and log in again',
    });
  }
  const chosen = process.env.DOCKER_HOST ?? process.env.DOCKER_CONTEXT;
  if (chosen || asked.timedOut) {
    throw new BoxmarkError({
      what: chosen
        ? 'The Docker daemon that DOCKER_HOST or DOCKER_CONTEXT names does not answer.'
        : 'The Docker daemon hangs.',
      ...(chosen ? { value: chosen } : {}),
      remedy: chosen ? 'start it, or unset the variable' : 'restart it',
    });
  }
  if (process.getuid?.() !== 0) {
    throw new BoxmarkError({
      what: 'No Docker daemon answers, and only root can start one.',
      remedy: 'start it (sudo systemctl start docker), or run as root',
    });
  }
  const missing = ['dockerd', 'containerd', 'runc'].find((name) => findCommand(name) === undefined);
  if (missing === undefined) return undefined;
  throw new BoxmarkError({
    what: `No Docker daemon answers, and ${missing} is not installed.`,
    remedy: 'boxmark setup, or start the daemon',
  });
}

function hostClient(workspace: Workspace): DockerClient {
  const file = hostClientFile();
  if (file !== undefined) return { file, env: userDockerEnv(), cpus: workspace.limits.housekeeping };
  throw new BoxmarkError({ what: 'The docker command is not installed.', remedy: 'boxmark setup' });
}

function ownDaemon(client: DockerClient, workspace: Workspace): OwnDaemon {
  return {
    dir: hostDaemonDir(workspace),
    docker: client.file,
    group: hostDockerGroup(workspace),
    cpus: workspace.limits.housekeeping,
  };
}

async function pidOf(box: Box, daemon: OwnDaemon): Promise<number | undefined> {
  const { stdout } = await box.exec(['cat', `${daemon.dir}/pid`]);
  return Number.parseInt(stdout, 10) || undefined;
}
