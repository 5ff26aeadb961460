/** The runner `native`: the payload as a plain process of the host, on the same CPUs and under the same limits as the boxes. */

import { join } from 'node:path';
import { BoxmarkError } from '../../../bench/errors.ts';
import { isMemoryFolder, MEMORY_FOLDERS } from '../../../bench/payload/image-files.ts';
import type { Box, BoxProcess, Image, OpenOptions, Prepared, Probe, Runner, Workspace } from '../../../bench/types.ts';
import { type BoxGroup, hierarchiesOf, openGroup } from '../../cgroup/box-group.ts';
import type { Hierarchy } from '../../cgroup/tree.ts';
import { isOwnEntry } from '../../host/ownership.ts';
import { imageOnDisk } from '../../image/size.ts';
import { findCommand } from '../../kit/commands.ts';
import { makeDataFolder, removeDataFolder } from '../../kit/data-folder.ts';
import { endProcess } from '../../kit/end-process.ts';
import { envShell, PAYLOAD_ENV } from '../../kit/payload-env.ts';
import { removeTree } from '../../kit/remove.ts';
import { cpuList } from '../../kit/shell.ts';
import { withCauses } from '../../stack/call-causes.ts';
import { type EnterProgram, enterProgram } from '../../stack/enter-program.ts';
import { namesIn } from '../../upkeep/leftovers.ts';
import { Chroot } from './chroot.ts';

interface PreparedNative extends Prepared {
  readonly image: Image;
  readonly workspace: Workspace;
  readonly hierarchies: readonly Hierarchy[];
  /** Where the root is one that the user brings. */
  readonly chroot: Chroot | undefined;
  readonly program: EnterProgram;
}

export const native: Runner = {
  name: 'native',
  kind: 'process',
  summary: 'a process of the host, without isolation: the usual baseline',
  needs: { privileges: 'none', commands: [] },
  holds: false,
  guestKernel: false,
  storage: 'a folder of the host, in /var/tmp',
  posture: { rootDaemon: false, signedImage: false },
  probe,
  prepare,
  open,
};

async function prepare(parent: Box, image: Image, workspace: Workspace): Promise<PreparedNative> {
  const chroot = image.userRoot === undefined ? undefined : await Chroot.prepare(image, workspace);
  const hierarchies = await hierarchiesOf(parent);
  const program = await enterProgram(parent, workspace.dir, hierarchies, workspace.limits.cpus);
  return {
    ...(chroot === undefined ? { labels: [] } : { labels: ['chroot'], traits: { chroot: true } }),
    version: process.version,
    slowness: 1,
    onDisk: await imageOnDisk(image.root),
    dispose: async () => {
      await chroot?.dispose();
      await program.dispose();
    },
    image,
    workspace,
    hierarchies,
    chroot,
    program,
  };
}

async function probe(parent: Box): Promise<Probe> {
  if (parent.path !== 'host') {
    return { available: false, reason: 'native can only be the first layer', remedy: 'use native by itself' };
  }
  const tried = await parent.exec(['sh', '-c', 'taskset -c -p $$'], { timeoutMs: 10_000 });
  if (tried.exitCode === 0) return { available: true, version: process.version, labels: [] };
  return { available: false, reason: "taskset can't be run", remedy: 'install util-linux' };
}

async function open(parent: Box, prepared: Prepared, options: OpenOptions): Promise<Box> {
  if (parent.path !== 'host') throw new BoxmarkError({ what: "native can't be nested.", value: parent.path });
  const { image, workspace, hierarchies, chroot, program } = prepared as PreparedNative;
  const { cpus, memoryBytes, pids } = options.limits;
  const group: BoxGroup = await openGroup({
    parent,
    hierarchies,
    workspace,
    name: options.name,
    limits: { cpus, memoryBytes, pids },
    holds: false,
  });
  const data = await makeDataFolder(parent, workspace.dir, options);
  const running = new Set<BoxProcess>();
  const runner = withCauses(parent);
  const command = (argv: readonly string[], env?: Readonly<Record<string, string>>): string[] => {
    // By its path: the payload's PATH is set before it runs, and may not have it.
    const pin = [findCommand('taskset') ?? 'taskset', '-c', cpuList(cpus)];
    if (chroot !== undefined && isPayload(argv, image)) {
      return ['sh', '-c', `${group.enter} exec "$@"`, 'sh', ...pin, ...chroot.command(argv, env)];
    }
    const own = onHost(argv, image);
    const byProgram = program.command({ group, cpus, env: { ...PAYLOAD_ENV, ...env }, argv: own });
    if (byProgram !== undefined) return byProgram;
    const pinned = [...pin, ...own];
    return ['sh', '-c', `${group.enter} ${envShell(env)} exec "$@"`, 'sh', ...pinned];
  };
  return {
    path: 'native',
    scratch: workspace.dir,
    ...(data === undefined ? {} : { data: { path: data, behindCache: false } }),
    ...(group.hostPath === undefined ? {} : { cgroup: group.hostPath }),
    exec: (argv, { env, ...rest } = {}) => runner.exec(command(argv, env), rest),
    spawn: async (argv, { env } = {}) => {
      const child = await runner.spawn(command(argv, env));
      running.add(child);
      return child;
    },
    put: (storeFile) => parent.put(storeFile),
    close: async () => {
      for (const child of running) await endProcess(child);
      running.clear();
      await removeMemoryFolders(`${workspace.id}-${options.name}`);
      await group.remove();
      await removeDataFolder(parent, data);
    },
  };
}

/** Working folders of programs, which a payload that was ended did not remove; in a box they go with its file systems. */
async function removeMemoryFolders(start: string): Promise<void> {
  for (const folder of MEMORY_FOLDERS) {
    const paths = namesIn(folder).filter((name) => isMemoryFolder(name, start));
    for (const path of paths.map((name) => join(folder, name)).filter(isOwnEntry)) await removeTree(path);
  }
}

/** The image's command for boxes becomes its command for the host; other commands stay as they are. */
function onHost(argv: readonly string[], image: Image): readonly string[] {
  return isPayload(argv, image) ? [...image.nativeArgv, ...argv.slice(image.payloadArgv.length)] : argv;
}

function isPayload(argv: readonly string[], image: Image): boolean {
  return image.payloadArgv.every((part, index) => argv[index] === part);
}
