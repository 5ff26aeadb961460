/** The runner `docker`: containers of a Docker daemon, on the host or in any box that can hold an engine. */

import { mkdir, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { BoxmarkError, messageOf } from '../bench/errors.ts';
import type { Box, Image, Needs, OpenOptions, Prepared, Probe, Runner, Workspace } from '../bench/types.ts';
import { groupAt, hostHierarchies } from './cgroup/group.ts';
import { type ContainerPlan, holderBox, payloadBox } from './docker/box.ts';
import { hostClientFile } from './docker/client.ts';
import { clientOf, type OwnDaemon, startDaemon, stopDaemon } from './docker/daemon.ts';
import { lackingCapabilities } from './docker/holder.ts';
import { acquireDaemon, type HostDaemon, probeDaemon, releaseDaemon } from './docker/host.ts';
import { acquireImage, loadArchive, releaseImage } from './docker/image.ts';
import { hostDockerGroup } from './docker/leftovers.ts';
import { dockerArchive, holderImage, storeDir } from './image.ts';

const STOP_LIMIT_MS = 15_000;

interface PreparedDocker extends Prepared {
  /** Image id in the daemon. */
  readonly image: string;
  readonly workspace: Workspace;
  /** The daemon of the host; absent where each opened box below gets a daemon of its own. */
  readonly host?: HostDaemon;
  /** Capabilities that the daemon can't give away; found by the first start. */
  readonly lacking: { names?: Set<string> };
  /** Folder that becomes the box's scratch, relative to the parent's; set when it holds another. */
  readonly scratch?: string;
}

export const docker: Runner = {
  name: 'docker',
  kind: 'container',
  summary: 'a Docker container with its default seccomp profile, without capabilities and network',
  get needs(): Needs {
    return { privileges: 'container-engine', commands: engineCommands() };
  },
  holds: true,
  guestKernel: false,
  probe,
  prepare,
  open,
};

/** The engine's own programs of this host, so that inner and outer engine are the same bytes. */
function engineCommands(): string[] {
  const tools = ['sh', 'mount', 'mkdir', 'cat', 'rm', 'sleep', 'taskset'];
  return [hostClientFile() ?? 'docker', 'dockerd', 'containerd', 'containerd-shim-runc-v2', 'runc', ...tools];
}

async function probe(parent: Box, workspace: Workspace): Promise<Probe> {
  try {
    const facts =
      parent.path === 'host'
        ? await probeDaemon(parent, workspace)
        : // It stays for `prepare`, and goes with the box.
          await startDaemon(parent, innerDaemon(parent, workspace));
    return { available: true, version: facts.version, labels: storageLabels(facts.storage) };
  } catch (error) {
    const known = error instanceof BoxmarkError ? error : undefined;
    return { available: false, reason: known?.what ?? messageOf(error), remedy: known?.remedy ?? 'boxmark doctor' };
  }
}

async function prepare(parent: Box, image: Image, workspace: Workspace, holds?: Needs): Promise<PreparedDocker> {
  const own = holds === undefined ? image : await holderImage(image, holds.commands);
  const relaxed = holds?.privileges === 'container-engine' ? ['relaxed outer'] : [];
  const scratch = holds === undefined ? undefined : `docker-scratch-${Math.random().toString(36).slice(2, 10)}`;
  const common = { slowness: 1, workspace, lacking: {}, ...(scratch === undefined ? {} : { scratch }) };
  if (parent.path !== 'host') {
    const daemon = innerDaemon(parent, workspace);
    const facts = await startDaemon(parent, daemon);
    try {
      const id = await loadArchive(parent, clientOf(daemon), await dockerArchive(own), facts.containerdStore);
      const labels = [...relaxed, ...storageLabels(facts.storage)];
      return { ...common, image: id, version: facts.version, labels, dispose: async () => {} };
    } finally {
      await stopDaemon(parent, daemon, STOP_LIMIT_MS);
    }
  }
  const host = await acquireDaemon(parent, workspace);
  try {
    if (scratch !== undefined) await mkdir(`${workspace.dir}/${scratch}`, { mode: 0o700 });
    const id = await acquireImage(parent, host, own, workspace);
    let disposed = false;
    return {
      ...common,
      image: id,
      host,
      version: host.facts.version,
      labels: [...relaxed, ...storageLabels(host.facts.storage)],
      dispose: async () => {
        if (disposed) return;
        disposed = true;
        await releaseImage(parent, host, own, workspace);
        await releaseDaemon(workspace);
        if (scratch !== undefined) await rm(`${workspace.dir}/${scratch}`, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await releaseDaemon(workspace);
    throw error;
  }
}

async function open(parent: Box, prepared: Prepared, options: OpenOptions): Promise<Box> {
  const own = prepared as PreparedDocker;
  options.signal.throwIfAborted();
  const plan =
    own.host === undefined ? await innerPlan(parent, own, options) : await hostPlan(parent, own, own.host, options);
  if (options.holds === undefined) return payloadBox(plan);
  try {
    const scratch = `${parent.scratch}/${own.scratch}`;
    await parent.exec(['mkdir', '-p', scratch]);
    const hostStore = storeDir();
    const relaxed = options.holds.privileges === 'container-engine';
    const store = await parent.put(hostStore);
    own.lacking.names ??= new Set(await lackingCapabilities(parent));
    return await holderBox({ ...plan, store, scratch, hostStore, relaxed }, own.lacking.names);
  } catch (error) {
    await plan.afterRemoval(true);
    throw error;
  }
}

/** On the host the daemon stays from start to start; each box has a cgroup parent of its own, where its use is read. */
async function hostPlan(
  parent: Box,
  own: PreparedDocker,
  host: HostDaemon,
  options: OpenOptions,
): Promise<ContainerPlan> {
  await host.ensureRunning();
  const group = hostGroup(own.workspace, host, options.name);
  return {
    parent,
    client: host.client,
    image: own.image,
    run: own.workspace.id,
    groupParent: group?.parent,
    hostGroup: group?.path,
    options,
    afterRemoval: async (answered) => {
      if (!answered) await host.clearIfDead();
      if (group !== undefined) await groupAt(group.path, hostHierarchies()).remove();
    },
  };
}

/** Elsewhere the box below is fresh, and so is the daemon in it; only the images in its scratch are kept. */
async function innerPlan(parent: Box, own: PreparedDocker, options: OpenOptions): Promise<ContainerPlan> {
  const daemon = innerDaemon(parent, own.workspace);
  await startDaemon(parent, daemon);
  const group = `${daemon.group}/${options.name}`;
  return {
    parent,
    client: clientOf(daemon),
    image: own.image,
    run: own.workspace.id,
    groupParent: group,
    hostGroup: parent.cgroup === undefined ? undefined : parent.cgroup + group,
    options,
    // Only asked: the box below ends it, or lets it end; the next start waits for it. An orderly end takes a second.
    afterRemoval: () => stopDaemon(parent, daemon, 0),
  };
}

function innerDaemon(parent: Box, { id, limits }: Workspace): OwnDaemon {
  return {
    dir: `${parent.scratch}/docker`,
    docker: basename(hostClientFile() ?? 'docker'),
    group: `/boxmark/${id}/docker`,
    cpus: limits.housekeeping,
    boxed: true,
  };
}

/** Where systemd keeps the groups, a parent is a slice, whose name spells out the path. */
function hostGroup(workspace: Workspace, host: HostDaemon, name: string): { parent: string; path: string } | undefined {
  const { cgroupDriver } = host.facts;
  if (cgroupDriver === 'cgroupfs') {
    const path = `${hostDockerGroup(workspace)}/${name}`;
    return { parent: path, path };
  }
  if (cgroupDriver !== 'systemd') return undefined;
  const levels = ['boxmark', workspace.id, 'docker', name.replaceAll('-', '_')];
  const slices = levels.map((_, index) => `${levels.slice(0, index + 1).join('-')}.slice`);
  return { parent: slices.at(-1) ?? '', path: `/${slices.join('/')}` };
}

function storageLabels(storage: string): string[] {
  return storage === 'vfs' ? ['storage vfs'] : [];
}
