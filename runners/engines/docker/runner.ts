/** The runner `docker`: containers of a Docker daemon, on the host or in any box that can hold an engine. */

import { mkdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { BoxmarkError, messageOf } from '../../../bench/errors.ts';
import type { Box, Image, Needs, OpenOptions, Prepared, Probe, Runner, Workspace } from '../../../bench/types.ts';
import { groupAt, hostHierarchies, makeGroup } from '../../cgroup/group.ts';
import { dockerArchive, holderImage, storeDir } from '../../image/image.ts';
import { writeInBox } from '../../kit/box-files.ts';
import { removeTree } from '../../kit/remove.ts';
import { missingCapabilities } from '../../oci/holder.ts';
import { profileIn } from '../../oci/seccomp-profile.ts';
import { payloadOnly } from '../../stack/box-settings.ts';
import { relaxation } from '../../stack/relaxation.ts';
import { capabilitiesFor } from '../../stack/user-root.ts';
import { GVISOR_TRAITS } from '../gvisor/platform.ts';
import { type ContainerPlan, holderBox, payloadBox } from './box.ts';
import { hostClientFile } from './client.ts';
import {
  clientOf,
  type DaemonFacts,
  daemonAhead,
  type OwnDaemon,
  runtimeByName,
  startDaemon,
  stopDaemon,
} from './daemon.ts';
import { dockerDisk } from './disk.ts';
import { hostGroup } from './group.ts';
import { acquireDaemon, type HostDaemon, probeDaemon, releaseDaemon } from './host.ts';
import { acquireImage, loadArchive, releaseImage } from './image.ts';
import { placeLabels, placeOf } from './place.ts';
import { type Runtime, runtimeCommands, runtimeOf } from './runtime.ts';
import { emptyScratch, newScratchName } from './scratch.ts';
import { DOCKER_ABLATIONS, type DockerSettings, dockerSettings, variantOf } from './settings.ts';

const STOP_LIMIT_MS = 15_000;

interface PreparedDocker extends Prepared {
  /** Image id in the daemon. */
  readonly image: string;
  readonly workspace: Workspace;
  /** The daemon of the host; absent where each opened box below gets its own daemon. */
  readonly host?: HostDaemon;
  /** Capabilities that the daemon can't give away; found by the first start. */
  readonly missing: { names?: Set<string> };
  /** Folder that becomes the box's scratch, relative to the parent's; set when it holds another. */
  readonly scratch?: string;
  readonly settings: DockerSettings;
  readonly capabilities: readonly string[];
  /** The seccomp setting, with a profile as a path in the box below. */
  readonly seccomp: string | undefined;
  /** In a box; on the host its daemon has it. */
  readonly runtime?: Runtime | undefined;
}

export const docker: Runner = dockerWith({});

function dockerWith(settings: DockerSettings): Runner {
  const gvisor = settings.runtime === 'runsc';
  return {
    name: 'docker',
    kind: gvisor ? 'guest-kernel' : 'container',
    summary: 'a Docker container with its default seccomp profile, without capabilities and network',
    get needs(): Needs {
      return { privileges: 'container-engine', commands: engineCommands(settings) };
    },
    holds: !gvisor,
    guestKernel: gvisor,
    storage: 'a volume of the daemon, without a name: where images of databases keep their data',
    posture: { rootDaemon: true, signedImage: false },
    ablations: DOCKER_ABLATIONS,
    settings: dockerSettings(dockerWith),
    probe: (parent, workspace) => probe(settings, parent, workspace),
    // For an answer alone, a daemon is started and ended.
    probedByPrepare: true,
    prepare: (parent, image, workspace, holds) => prepare(settings, parent, image, workspace, holds),
    open,
  };
}

/** The engine's own programs of this host, so that inner and outer engine are the same bytes. */
function engineCommands({ runtime }: DockerSettings): string[] {
  const tools = ['sh', 'mount', 'mkdir', 'cat', 'rm', 'sleep', 'taskset'];
  return [
    hostClientFile() ?? 'docker',
    'dockerd',
    'containerd',
    'containerd-shim-runc-v2',
    'runc',
    ...runtimeCommands(runtime),
    ...tools,
  ];
}

async function probe(settings: DockerSettings, parent: Box, workspace: Workspace): Promise<Probe> {
  try {
    assertNetwork(settings);
    const facts =
      parent.path === 'host'
        ? await probeDaemon(parent, workspace, settings)
        : // It stays for `prepare`, and goes with the box.
          await startDaemon(
            parent,
            innerDaemon(parent, workspace, settings, await runtimeOf(parent, settings.runtime, workspace)),
          );
    return {
      available: true,
      version: facts.version,
      labels: [...daemonLabels(facts), ...storageLabels(facts.storage)],
    };
  } catch (error) {
    const known = error instanceof BoxmarkError ? error : undefined;
    return { available: false, reason: known?.what ?? messageOf(error), remedy: known?.remedy ?? 'boxmark doctor' };
  }
}

/** gVisor's own network stack would take the addresses of the host's interfaces. */
function assertNetwork({ runtime, network }: DockerSettings): void {
  if (runtime !== 'runsc' || network !== 'host') return;
  throw new BoxmarkError({ what: 'gVisor under Docker is not run on the host’s network.', remedy: 'network=none' });
}

type Common = Omit<PreparedDocker, 'image' | 'host' | 'onDisk' | 'version' | 'labels' | 'dispose' | 'runtime'>;

async function prepare(
  settings: DockerSettings,
  parent: Box,
  image: Image,
  workspace: Workspace,
  holds?: Needs,
): Promise<PreparedDocker> {
  assertNetwork(settings);
  payloadOnly('docker', settings, holds, ['storage', 'runtime']);
  const seccomp = await profileIn(parent, workspace, settings.seccomp);
  const imageOf = async () => (holds === undefined ? image : await holderImage(image, holds.commands));
  const relaxed = relaxation(holds);
  const extra = [...relaxed.labels, ...(settings.network === 'host' ? ['host network'] : [])];
  const traits = { ...relaxed.traits, ...(settings.runtime === 'runsc' ? GVISOR_TRAITS : {}) };
  const scratch = holds === undefined ? undefined : newScratchName();
  const slowness = settings.runtime === 'runsc' ? 2 : 1;
  const common: Common = {
    capabilities: capabilitiesFor(image),
    traits,
    slowness,
    workspace,
    missing: {},
    settings,
    seccomp,
    ...(scratch === undefined ? {} : { scratch }),
  };
  if (parent.path !== 'host') {
    const own = await imageOf();
    const runtime = await runtimeOf(parent, settings.runtime, workspace);
    const daemon = innerDaemon(parent, workspace, settings, runtime);
    const facts = await startDaemon(parent, daemon);
    try {
      const id = await loadArchive(parent, clientOf(daemon), await dockerArchive(own), facts.containerdStore);
      const labels = [...extra, ...(runtime?.labels ?? []), ...storageLabels(facts.storage)];
      const onDisk = await dockerDisk(parent, clientOf(daemon), id);
      return {
        ...common,
        ...{ runtime, image: id, version: facts.version, labels, onDisk },
        ahead: daemonAhead(daemon, facts),
        dispose: async () => {},
      };
    } finally {
      // With nothing to hold, its box is closed next, which ends it as the end of every start does: a second less.
      await stopDaemon(parent, daemon, holds === undefined ? 0 : STOP_LIMIT_MS);
    }
  }
  return onHostDaemon(parent, imageOf, common, extra);
}

/**
 * By the host's daemon, or a private one, which is shared with other environments of the run. The daemon comes first: why
 * there is none is said in its own words, and before an image is built.
 */
async function onHostDaemon(
  parent: Box,
  imageOf: () => Promise<Image>,
  common: Common,
  extra: readonly string[],
): Promise<PreparedDocker> {
  const { workspace, settings, scratch } = common;
  const host = await acquireDaemon(parent, workspace, settings);
  try {
    if (scratch !== undefined) await mkdir(`${workspace.dir}/${scratch}`, { mode: 0o700 });
    const own = await imageOf();
    const id = await acquireImage(parent, host, own, workspace);
    const where = await placeOn(parent, host, common, own, id);
    let disposed = false;
    return {
      ...common,
      image: id,
      host,
      onDisk: await dockerDisk(parent, host.client, id),
      version: host.facts.version,
      labels: [
        ...extra,
        ...where,
        ...daemonLabels(host.facts),
        ...runtimeLabels(host, settings),
        ...storageLabels(host.facts.storage),
      ],
      dispose: async () => {
        if (disposed) return;
        disposed = true;
        if (scratch !== undefined)
          await emptyScratch(`${workspace.dir}/${scratch}`, { client: host.client, image: id, run: workspace.id });
        await releaseImage(parent, host, own, workspace);
        await releaseDaemon(workspace, settings);
        if (scratch !== undefined) await removeTree(`${workspace.dir}/${scratch}`);
      },
    };
  } catch (error) {
    await releaseDaemon(workspace, settings);
    throw error;
  }
}

/** A private daemon is where Boxmark is. */
async function placeOn(parent: Box, host: HostDaemon, common: Common, own: Image, image: string): Promise<string[]> {
  if (host.own !== undefined) return [];
  const { workspace, scratch } = common;
  const tools = scratch !== undefined;
  // gVisor makes up an id of the boot.
  const runtime = runtimeByName(host.facts, {});
  const place = await placeOf(parent, { client: host.client, workspace, image, tools, runtime });
  try {
    return placeLabels(place, tools);
  } catch (error) {
    await releaseImage(parent, host, own, workspace);
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
    await writeInBox(parent, [scratch], {});
    const hostStore = storeDir();
    const relaxed = options.holds.privileges === 'container-engine';
    const store = await parent.put(hostStore);
    own.missing.names ??= new Set(await missingCapabilities(parent));
    return await holderBox({ ...plan, store, scratch, hostStore, relaxed }, own.missing.names);
  } catch (error) {
    await plan.afterRemoval(true);
    throw error;
  }
}

/** On the host the daemon stays from start to start; each box has its own cgroup parent, where its use is read. */
async function hostPlan(
  parent: Box,
  own: PreparedDocker,
  host: HostDaemon,
  options: OpenOptions,
): Promise<ContainerPlan> {
  await host.ensureRunning();
  const variant = variantOf(own.settings);
  // A daemon without root makes its groups below those of its user.
  const driver = host.facts.rootless ? 'none' : host.facts.cgroupDriver;
  const group = hostGroup(own.workspace, variant, driver, options.name);
  // runsc makes no groups above its own that the cpuset controller accepts processes in.
  const runtime = runtimeByName(host.facts, own.settings);
  if (runtime !== undefined && group !== undefined) makeGroup(group.path);
  return {
    parent,
    client: host.client,
    image: own.image,
    run: own.workspace.id,
    groupParent: group?.parent,
    hostGroup: group?.path,
    options,
    settings: { ...own.settings, runtime, seccomp: own.seccomp, capabilities: own.capabilities },
    afterRemoval: async (answered) => {
      if (!answered) await host.clearIfDead();
      if (group !== undefined) await groupAt(group.path, hostHierarchies()).remove();
    },
  };
}

/** Elsewhere the box below is fresh, and so is the daemon in it; only the images in its scratch are kept. */
async function innerPlan(parent: Box, own: PreparedDocker, options: OpenOptions): Promise<ContainerPlan> {
  const daemon = innerDaemon(parent, own.workspace, own.settings, own.runtime);
  if (!(await parent.ahead)) await startDaemon(parent, daemon);
  const group = `${daemon.group}/${options.name}`;
  return {
    parent,
    client: clientOf(daemon),
    image: own.image,
    run: own.workspace.id,
    groupParent: group,
    hostGroup: parent.cgroup === undefined ? undefined : parent.cgroup + group,
    options,
    settings: { ...own.settings, seccomp: own.seccomp, capabilities: own.capabilities },
    // Only asked: the box below ends it, or lets it end; the next start waits for it. An orderly end takes a second.
    afterRemoval: () => stopDaemon(parent, daemon, 0),
  };
}

function innerDaemon(
  parent: Box,
  { id, limits }: Workspace,
  settings: DockerSettings,
  runtime: Runtime | undefined,
): OwnDaemon {
  return {
    storage: settings.storage,
    runtime,
    dir: `${parent.scratch}/docker`,
    docker: basename(hostClientFile() ?? 'docker'),
    group: `/boxmark/${id}/docker`,
    cpus: limits.housekeeping,
    boxed: true,
  };
}

/** Of a daemon of the user's the platform isn't known. */
function runtimeLabels({ own, facts }: HostDaemon, { runtime }: DockerSettings): readonly string[] {
  if (runtime === undefined && runtimeByName(facts, {}) !== undefined)
    return [`runtime runc, not the daemon's default ${facts.defaultRuntime}`];
  if (own?.runtime !== undefined) return own.runtime.labels;
  return runtime === 'runsc' ? ['user-space kernel (gVisor)'] : [];
}

/** A daemon without root can limit only what systemd hands on to its user. */
function daemonLabels({ rootless, unlimited }: DaemonFacts): string[] {
  return [
    ...(rootless ? ['rootless'] : []),
    ...(unlimited.length > 0 ? [`no limit of ${unlimited.join(', ')} (Delegate=cpu cpuset io memory pids)`] : []),
  ];
}

function storageLabels(storage: string): string[] {
  return storage === 'vfs' ? ['storage vfs'] : [];
}
