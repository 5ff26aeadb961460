/** The engines' own commands, as one would type them: what a start through Boxmark is compared with. */

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Image, Workspace } from '../../bench/types.ts';
import { enterShell, entrancesOf, hostHierarchies, makeGroup } from '../../runners/cgroup/group.ts';
import { crunCall } from '../../runners/engines/crun/call.ts';
import { findPlatform, runscCall } from '../../runners/engines/gvisor/platform.ts';
import { sideGroup } from '../../runners/engines/nspawn/group.ts';
import { dockerArchive } from '../../runners/image/image.ts';
import { hostBox } from '../../runners/kit/process.ts';
import { ociSpec } from '../../runners/oci/spec.ts';
import { dockerByHand, nestedByHand } from './bare-docker.ts';
import type { BareStart } from './bare-start.ts';

/** Environments whose engine is one command. */
export const BARE_STARTS = [
  'native',
  'unshare',
  'bwrap',
  'runc',
  'crun',
  'docker',
  'docker/docker',
  'podman',
  'nspawn',
  'gvisor',
];

/** For each environment how its engine is called; a text where it can't be. Asked when the environment is prepared. */
export function bareCommands(image: Image, workspace: Workspace): Record<string, () => Promise<BareStart | string>> {
  const { dir, limits } = workspace;
  const payload = [...image.payloadArgv];
  const pin = ['taskset', '-c', limits.cpus.join(',')];
  const fixed =
    (...argv: string[]): BareStart =>
    () => ({ argv });
  return {
    native: async () => fixed(...pin, ...image.nativeArgv),
    unshare: async () =>
      fixed(
        ...pin,
        ...['unshare', '-muinpC', '--fork', '--kill-child', `--root=${image.root}`, '--mount-proc', '--wd=/'],
        ...payload,
      ),
    bwrap: async () =>
      fixed(
        ...pin,
        ...['bwrap', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-net', '--unshare-cgroup'],
        ...['--die-with-parent', '--ro-bind', image.root, '/', '--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp'],
        ...['--', ...payload],
      ),
    runc: async () => bundle(image, workspace, 'runc', ['runc']),
    crun: async () => bundle(image, workspace, 'crun', await crunCall(hostBox(workspace))),
    docker: () => dockerByHand(image, dir),
    'docker/docker': () => nestedByHand(image, workspace),
    podman: () => podman(image, dir),
    nspawn: async () => nspawn(image, workspace),
    gvisor: async () => {
      const found = await findPlatform(hostBox(workspace), workspace, undefined);
      return 'reason' in found ? found.reason : bundle(image, workspace, 'runsc', runscCall(found.platform));
    },
  };
}

/** A bundle written once; only the name changes. */
function bundle(image: Image, { id, dir, limits }: Workspace, name: string, call: readonly string[]): BareStart {
  const folder = join(dir, `bare-${name}`);
  const cgroup = `/boxmark/${id}/bare-${name}`;
  makeGroup(cgroup);
  const { cpus, memoryBytes, pids } = limits;
  const spec = ociSpec({
    root: image.root,
    argv: image.payloadArgv,
    cgroup: `${cgroup}/box`,
    limits: { cpus, memoryBytes, pids },
    swap: true,
    cgroupNamespace: name !== 'runsc',
  });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.json'), JSON.stringify(spec));
  return (count) => ({
    argv: [...call, '--root', join(folder, 'state'), 'run', '--bundle', folder, `bare-${id}-${count}`],
    env: { XDG_RUNTIME_DIR: folder },
  });
}

/** With the storage of the run's preparation. */
async function podman(image: Image, dir: string): Promise<BareStart | string> {
  const folder = ['pm-runc-overlay', 'pm-crun-overlay'].map((name) => join(dir, name)).find(existsSync);
  if (folder === undefined) return 'no storage of the run';
  const runtime = join(folder, 'bin', folder.includes('runc') ? 'runc' : 'crun');
  const { id } = await dockerArchive(image);
  const own = [
    ...['--log-level', 'error', '--root', join(folder, 'root'), '--runroot', join(folder, 'run'), '--runtime', runtime],
    ...['--tmpdir', join(folder, 'tmp'), '--storage-driver', 'overlay', '--cgroup-manager', 'cgroupfs'],
  ];
  const flags = [
    ...['--rm', '-i', '--pull', 'never', '--network', 'none', '--read-only', '--cgroups', 'no-conmon'],
    ...['--ulimit', 'nofile=1024:4096', '--ulimit', 'nproc=4096:4096'],
  ];
  return () => ({
    argv: ['podman', ...own, 'run', ...flags, id.replace('sha256:', ''), ...image.payloadArgv],
    env: { CONTAINERS_CONF: join(folder, 'containers.conf'), HOME: folder },
  });
}

/** In a group of its own, because it makes others below the one that it is in. */
function nspawn(image: Image, { id, limits }: Workspace): BareStart {
  const path = `/boxmark/${id}/bare-nspawn`;
  makeGroup(path, hostHierarchies());
  const hierarchies = hostHierarchies().filter(({ version, controllers }) => version === 1 && controllers.length > 0);
  for (const { mount } of hierarchies) mkdirSync(mount + path, { recursive: true });
  const named = hierarchies.filter(({ controllers }) => controllers.every((name) => name.startsWith('name=')));
  const side = sideGroup({ path: 'host' } as Parameters<typeof sideGroup>[0], path, hierarchies);
  const enter = `${enterShell(entrancesOf(path, named))} ${side.enter} exec "$@"`;
  const flags = [
    ...['-q', '-D', image.root, '--read-only', '--private-network', '--register=no', '--keep-unit', '--as-pid2'],
    ...['--console=pipe', '--timezone=off', '--resolv-conf=off', '--link-journal=no'],
  ];
  const pin = ['taskset', '-c', limits.cpus.join(',')];
  return (count) => ({
    argv: [
      'sh',
      '-c',
      enter,
      'sh',
      ...pin,
      'systemd-nspawn',
      ...flags,
      '-M',
      `bare-${id}-${count}`,
      ...image.payloadArgv,
    ],
  });
}
