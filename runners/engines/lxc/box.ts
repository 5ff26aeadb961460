/** LXC boxes: a system container that commands are attached to, and an application container for each command. */

import { writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { BoxmarkError } from '../../../bench/errors.ts';
import type { Box, BoxProcess, ExecOptions, Image, OpenOptions, Prepared, Workspace } from '../../../bench/types.ts';
import { type BoxGroup, openGroup } from '../../cgroup/box-group.ts';
import { GROUP_ROOT, groupAt, hostHierarchies } from '../../cgroup/group.ts';
import type { Hierarchy } from '../../cgroup/tree.ts';
import { storeDir } from '../../image/image.ts';
import { dataOf, makeDataFolder, removeDataFolder } from '../../kit/data-folder.ts';
import { endProcess } from '../../kit/end-process.ts';
import { PAYLOAD_ENV } from '../../kit/payload-env.ts';
import { SCRATCH_MOUNT, STORE_MOUNT } from '../../kit/places.ts';
import { readyLine } from '../../kit/ready.ts';
import { cpuList, quote } from '../../kit/shell.ts';
import { type BoxSettings, limitsWith } from '../../stack/box-settings.ts';
import { capabilitiesFor } from '../../stack/user-root.ts';
import { roomForEngines } from '../unshare/box.ts';
import { containerGroup, lxcConfig } from './config.ts';
import { removeLocks } from './leftovers.ts';
import { SYSTEM_READY, systemFolder } from './system-image.ts';

const READY_LIMIT_MS = 30_000;

/** What `open` finds in the box below; all paths as that box sees them. */
export interface PreparedLxc extends Prepared {
  readonly workspace: Workspace;
  readonly settings: BoxSettings;
  readonly hierarchies: readonly Hierarchy[];
  readonly root: Image;
  readonly rootMount: string;
  /** Folder that becomes the box's scratch; set when it holds another. */
  readonly scratch?: string;
  readonly seccomp?: string;
}

/**
 * Starts the container and ends it when the input ends, so that it does not outlive whoever opened it. Init speaks through
 * the same output.
 */
const GUARD = `exec 3<&0
"$@" </dev/null & container=$!
{ cat <&3 >/dev/null; kill -9 $container 2>/dev/null; } &
wait $container`;

/** A system container: init as its first process, commands attached to it. */
export async function openSystemBox(parent: Box, prepared: PreparedLxc, options: OpenOptions): Promise<Box> {
  const { limits, holds } = options;
  const cpus =
    holds === undefined ? limits.cpus : [...new Set([...limits.cpus, ...limits.housekeeping])].sort(ascending);
  const group = await groupFor(parent, prepared, options, cpus);
  const name = containerName(prepared.workspace, options);
  const store = holds === undefined ? undefined : await parent.put(storeDir());
  const data = await makeDataFolder(parent, dirname(prepared.rootMount), options);
  const config = lxcConfig({ ...shapeOf(prepared, options), data, ...holdsOf(store, prepared.scratch) });
  const start = ['lxc-start', '-F', '-P', parent.scratch, '-n', name, '-f', '/dev/null', ...config];
  const guard = await parent.spawn(['taskset', '-c', cpuList(cpus), 'sh', '-c', GUARD, 'sh', ...start]);
  const attached = new Set<BoxProcess>();
  const end = once(async () => {
    // The container goes with its monitor, and with it all that was attached.
    await endProcess(guard);
    for (const child of attached) await endProcess(child);
    attached.clear();
    await removeGroup(parent, group);
    await removeDataFolder(parent, data);
  });
  try {
    const match = (line: string): true | undefined => (line === SYSTEM_READY ? true : undefined);
    await readyLine(guard, match, { path: pathOn(parent), limitMs: READY_LIMIT_MS, signal: options.signal });
  } catch (error) {
    await end();
    throw error;
  }
  const attach = (argv: readonly string[], env: Readonly<Record<string, string>> = {}): string[] => {
    const variables = Object.entries(env).flatMap(([key, value]) => ['-v', `${key}=${value}`]);
    const command = ['lxc-attach', '-P', parent.scratch, '-n', name, '--clear-env', ...variables, '--'];
    // LXC adds a variable, which no other payload has.
    const words = holds === undefined ? [...withEnv(prepared.root, env), ...argv] : argv;
    return ['taskset', '-c', cpuList(cpus), ...command, ...words];
  };
  const holderEnv = holds === undefined ? {} : HOLDER_ENV;
  return {
    ...common(parent, group),
    ...dataOf(data),
    scratch: holds === undefined ? '/tmp' : SCRATCH_MOUNT,
    exec: (argv, { env, ...rest }: ExecOptions = {}) => parent.exec(attach(argv, { ...holderEnv, ...env }), rest),
    spawn: async (argv, { env } = {}) => {
      const child = await parent.spawn(attach(argv, { ...holderEnv, ...env }));
      attached.add(child);
      if (holds !== undefined) return child;
      // What was attached outlives the command that attached it, but not its container.
      const kill = (): void => {
        child.kill();
        guard.kill();
      };
      return { ...child, kill };
    },
    put: async (storeFile) => {
      if (holds === undefined) throw noStore(parent);
      return `${STORE_MOUNT}/${relative(storeDir(), storeFile)}`.replace(/\/$/, '');
    },
    close: end,
  };
}

/** An application container: each command in a fresh one, under LXC's own small init. */
export async function openAppBox(parent: Box, prepared: PreparedLxc, options: OpenOptions): Promise<Box> {
  const { cpus } = options.limits;
  const group = await groupFor(parent, prepared, options, cpus);
  const data = await makeDataFolder(parent, dirname(prepared.rootMount), options);
  const config = lxcConfig({ ...shapeOf(prepared, options), data });
  const running = new Set<BoxProcess>();
  let count = 0;
  const execute = (argv: readonly string[], env?: Readonly<Record<string, string>>): string[] => {
    const name = `${containerName(prepared.workspace, options)}-${count++}`;
    const command = ['lxc-execute', '-P', parent.scratch, '-n', name, '-f', '/dev/null', ...config, '--'];
    return ['taskset', '-c', cpuList(cpus), ...command, ...withEnv(prepared.root, env), ...argv];
  };
  return {
    ...common(parent, group),
    ...dataOf(data),
    scratch: '/tmp',
    exec: (argv, { env, ...rest }: ExecOptions = {}) => parent.exec(execute(argv, env), rest),
    spawn: async (argv, { env } = {}) => {
      const child = await parent.spawn(execute(argv, env));
      running.add(child);
      return child;
    },
    put: async () => {
      throw noStore(parent);
    },
    close: once(async () => {
      for (const child of running) await endProcess(child);
      await removeGroup(parent, group);
      await removeDataFolder(parent, data);
    }),
  };
}

/** What engines in the box expect of a system's environment. */
const HOLDER_ENV: Readonly<Record<string, string>> = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/' };

/** Words that leave the payload's environment as the only variables. */
function withEnv(root: Image, env: Readonly<Record<string, string>> = {}): string[] {
  const variables = Object.entries({ ...PAYLOAD_ENV, ...env });
  return [`${systemFolder(root)}/env`, '-i', ...variables.map(([name, value]) => `${name}=${value}`)];
}

function shapeOf({ root, rootMount, seccomp, workspace }: PreparedLxc, { name }: OpenOptions) {
  return {
    root: root.root,
    system: systemFolder(root),
    capabilities: capabilitiesFor(root),
    rootMount,
    group: `${GROUP_ROOT}/${workspace.id}/${name}`,
    ...(seccomp === undefined ? {} : { seccomp }),
  };
}

function holdsOf(store: string | undefined, scratch: string | undefined) {
  return store === undefined || scratch === undefined ? {} : { holds: { store, scratch } };
}

/**
 * LXC makes groups in all hierarchies, so the box's own is in all of them too. Those that it makes below find their CPUs
 * by copying; without, no process can enter them.
 */
async function groupFor(
  parent: Box,
  { hierarchies, workspace, settings }: PreparedLxc,
  { name, limits, holds }: OpenOptions,
  cpus: readonly number[],
): Promise<BoxGroup> {
  const room = holds === undefined ? limitsWith(limits, settings) : roomForEngines(limits);
  const group = await openGroup({ parent, hierarchies, workspace, name, limits: { ...room, cpus }, holds: true });
  for (const { version, controllers, mount } of group.hierarchies) {
    if (version !== 1 || !controllers.includes('cpuset')) continue;
    const file = `${mount}${GROUP_ROOT}/${workspace.id}/${name}/cgroup.clone_children`;
    if (parent.path === 'host') writeFileSync(file, '1');
    else await parent.exec(['sh', '-c', `echo 1 >${quote(file)}`]);
  }
  return group;
}

async function removeGroup(parent: Box, group: BoxGroup): Promise<void> {
  await group.remove();
  if (parent.path !== 'host') return;
  if (group.hostPath !== undefined) await groupAt(group.hostPath, hostHierarchies()).remove();
  await removeLocks(parent.scratch);
}

function common(parent: Box, group: BoxGroup): Pick<Box, 'path' | 'cgroup'> {
  return { path: pathOn(parent), ...(group.hostPath === undefined ? {} : { cgroup: containerGroup(group.hostPath) }) };
}

function containerName(workspace: Workspace, { name }: OpenOptions): string {
  return `boxmark-${workspace.id}-${name}`;
}

function pathOn(parent: Box): string {
  return parent.path === 'host' ? 'lxc' : `${parent.path}/lxc`;
}

function noStore(parent: Box): BoxmarkError {
  return new BoxmarkError({ what: "A payload's box does not see the image store.", value: pathOn(parent) });
}

function ascending(a: number, b: number): number {
  return a - b;
}

function once(act: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= act();
    return done;
  };
}
