/** The daemon that serves all Docker boxes of a run on the host: the user's when it answers, else a private one, shared and counted. */

import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { BoxmarkError } from '../../../bench/errors.ts';
import type { Box, Workspace } from '../../../bench/types.ts';
import { groupAt, hostHierarchies } from '../../cgroup/group.ts';
import { identify } from '../../host/processes.ts';
import { userDockerEnv } from '../../kit/user-docker-env.ts';
import { newPool } from '../../stack/pool.ts';
import { type DockerClient, hostClientFile } from './client.ts';
import { clientOf, type DaemonFacts, type OwnDaemon, startDaemon, stopDaemon } from './daemon.ts';
import {
  forgetOutside,
  hostDaemonDir,
  hostDockerGroup,
  killDaemon,
  killLeftovers,
  rememberOutside,
} from './leftovers.ts';
import { runtimeOf } from './runtime.ts';
import { type DaemonWish, variantOf } from './settings.ts';
import { findUsersDaemon } from './users-daemon.ts';

/** Where a daemon of the host listens. */
const SOCKETS = ['/run/docker.sock', '/var/run/docker.sock'];
const STOP_LIMIT_MS = 15_000;

export interface HostDaemon {
  readonly client: DockerClient;
  readonly facts: DaemonFacts;
  /** Set when the daemon is private. */
  readonly own?: OwnDaemon;
  /** Images in use by this run: id → how many environments. */
  readonly images: Map<string, { users: number; ready: Promise<string> }>;
  /** Restarts a private daemon that has died. */
  ensureRunning(): Promise<void>;
  /** Removes what a private daemon left when it died: its containers live on without it. */
  clearIfDead(): Promise<void>;
  stop(): Promise<void>;
}

const daemons = newPool<HostDaemon>((daemon) => daemon.stop());

/** The run's daemon, found or started once, however many ask at the same time. Every success takes one `releaseDaemon`. */
export function acquireDaemon(box: Box, workspace: Workspace, wish: DaemonWish = {}): Promise<HostDaemon> {
  return daemons.acquire(keyOf(workspace, wish), () => findDaemon(box, workspace, wish));
}

/** The last one stops a private daemon and removes what it left. */
export function releaseDaemon(workspace: Workspace, wish: DaemonWish = {}): Promise<void> {
  return daemons.release(keyOf(workspace, wish));
}

/** Facts of the run's daemon, or of one found or started for the question only. Throws `BoxmarkError` with the reason. */
export async function probeDaemon(box: Box, workspace: Workspace, wish: DaemonWish = {}): Promise<DaemonFacts> {
  const running = daemons.find(keyOf(workspace, wish));
  if (running !== undefined) return (await running).facts;
  const client = hostClient(workspace);
  const found = await findUsersDaemon(box, client, wish);
  if (found !== undefined) return found;
  const daemon: OwnDaemon = {
    ...(await ownDaemon(box, client, workspace, wish)),
    dir: hostDaemonDir(workspace, 'probe'),
  };
  rememberOutside(workspace.dir);
  try {
    return await startDaemon(box, daemon);
  } finally {
    await killDaemon(daemon.dir); // Nothing ran in it: no need to wait for an orderly stop.
    await box.exec(['rm', '-rf', '--one-file-system', daemon.dir]);
    await forgetOutside(workspace.dir);
  }
}

async function findDaemon(box: Box, workspace: Workspace, wish: DaemonWish): Promise<HostDaemon> {
  const variant = variantOf(wish);
  const client = hostClient(workspace);
  const images: HostDaemon['images'] = new Map();
  const found = await findUsersDaemon(box, client, wish);
  if (found !== undefined) {
    const nothing = async () => {};
    const stop = () => groupAt(hostDockerGroup(workspace, variant), hostHierarchies()).remove();
    return { client, facts: found, images, ensureRunning: nothing, clearIfDead: nothing, stop };
  }
  const own = await ownDaemon(box, client, workspace, wish);
  rememberOutside(workspace.dir);
  const facts = await startDaemon(box, own).catch(async (error: unknown) => {
    await killLeftovers(workspace, variant);
    await forgetOutside(workspace.dir);
    throw error;
  });
  let pid = await pidOf(box, own);
  workspace.note({ kind: 'docker-daemon', version: facts.version, storage: facts.storage, pid });
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
        workspace.note({ kind: 'docker-daemon-died', pid });
        await killLeftovers(workspace, variant);
        await startDaemon(box, own);
        pid = await pidOf(box, own);
      }),
    clearIfDead: () => inTurn(() => killLeftovers(workspace, variant)),
    stop: async () => {
      await stopDaemon(box, own, STOP_LIMIT_MS);
      await killLeftovers(workspace, variant);
      // A process that was just ended may hold a file for a moment.
      for (let attempt = 0; attempt < 3; attempt++) {
        if ((await box.exec(['rm', '-rf', '--one-file-system', own.dir])).exitCode === 0) break;
        await sleep(100);
      }
      await forgetOutside(workspace.dir);
    },
  };
}

function keyOf(workspace: Workspace, wish: DaemonWish): string {
  return `${workspace.id} ${variantOf(wish)}`;
}

function hostClient(workspace: Workspace): DockerClient {
  const file = hostClientFile();
  if (file !== undefined) return { file, env: userDockerEnv(), cpus: workspace.limits.housekeeping };
  const socket = SOCKETS.find((place) => existsSync(place));
  throw new BoxmarkError(
    socket === undefined
      ? { what: 'The docker command is not installed.', remedy: 'boxmark setup' }
      : {
          what: `A Docker daemon listens at ${socket}, but its docker command is in no folder of the PATH.`,
          remedy: 'add its folder to the PATH, such as PATH=/snap/bin:$PATH',
        },
  );
}

async function ownDaemon(box: Box, client: DockerClient, workspace: Workspace, wish: DaemonWish): Promise<OwnDaemon> {
  return {
    dir: hostDaemonDir(workspace, variantOf(wish)),
    docker: client.file,
    group: hostDockerGroup(workspace, variantOf(wish)),
    cpus: workspace.limits.housekeeping,
    storage: wish.storage,
    runtime: await runtimeOf(box, wish.runtime, workspace),
  };
}

async function pidOf(box: Box, daemon: OwnDaemon): Promise<number | undefined> {
  const { stdout } = await box.exec(['cat', `${daemon.dir}/pid`]);
  return Number.parseInt(stdout, 10) || undefined;
}
