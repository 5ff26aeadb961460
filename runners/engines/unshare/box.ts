/** Boxes of the `unshare` runner: one that is a payload from start to end, and one that waits for others to be opened in it. */

import { dirname, relative } from 'node:path';
import { BoxmarkError } from '../../../bench/errors.ts';
import type { Box, BoxProcess, Limits, OpenOptions, Prepared, Workspace } from '../../../bench/types.ts';
import { type BoxGroup, openGroup } from '../../cgroup/box-group.ts';
import type { GroupLimits, Hierarchy } from '../../cgroup/tree.ts';
import { storeDir } from '../../image/image.ts';
import { dataOf, makeDataFolder, removeDataFolder } from '../../kit/data-folder.ts';
import { endProcess } from '../../kit/end-process.ts';
import { SCRATCH_MOUNT, STORE_MOUNT } from '../../kit/places.ts';
import { cpuList } from '../../kit/shell.ts';
import { type BoxSettings, limitsWith } from '../../stack/box-settings.ts';
import { withCauses } from '../../stack/call-causes.ts';
import type { BoxPrograms } from './programs.ts';
import { holderScript, namespaces, payloadScript, readyPid } from './script.ts';

const READY_LIMIT_MS = 30_000;
/** A box that holds others has their engines in it. */
const ENGINE_MEMORY_BYTES = 1 << 30;
const ENGINE_PIDS = 2048;

export interface UnshareSettings extends BoxSettings {
  readonly root?: 'bind' | 'overlay' | undefined;
}

/** What `open` finds in the box below; all paths as that box sees them. */
export interface PreparedUnshare extends Prepared {
  readonly settings: UnshareSettings;
  readonly capabilities: readonly string[];
  readonly workspace: Workspace;
  readonly hierarchies: readonly Hierarchy[];
  /** Mount point, in the new mount namespace only. */
  readonly newRoot: string;
  readonly mountTable: string;
  readonly cgroupTable: string;
  /** Words that run one of the tools in a payload's box. */
  readonly tool: (name: string) => string;
  /** In place of the script, where they can be used. */
  readonly programs?: BoxPrograms | undefined;
}

/** A box for a payload: each command is the first process of its own namespaces. */
export async function openPayloadBox(parent: Box, prepared: PreparedUnshare, options: OpenOptions): Promise<Box> {
  const { settings } = prepared;
  const limits = limitsWith(options.limits, settings);
  const group = await groupFor(parent, prepared, options, limits);
  const data = await makeDataFolder(parent, dirname(prepared.mountTable), options);
  const running = new Set<BoxProcess>();
  const runner = withCauses(parent);
  const command = (argv: readonly string[], env?: Readonly<Record<string, string>>): string[] => {
    const byPrograms = prepared.programs?.command({ argv, env, group, cpus: limits.cpus, data });
    if (byPrograms !== undefined) return byPrograms;
    const userns = settings.userns === 'yes';
    const script = payloadScript(prepared.mountTable, prepared.newRoot, prepared.tool, {
      ...(env && { env }),
      userns,
      data,
      capabilities: prepared.capabilities,
    });
    const made = [
      'taskset',
      '-c',
      cpuList(limits.cpus),
      'unshare',
      ...namespaces(settings),
      '--cgroup',
      '--',
      'sh',
      '-c',
      script,
      'sh',
      ...argv,
    ];
    return ['sh', '-c', `${group.enter} exec "$@"`, 'sh', ...made];
  };
  return {
    path: pathOn(parent),
    scratch: '/tmp',
    ...dataOf(data),
    ...(group.hostPath === undefined ? {} : { cgroup: group.hostPath }),
    exec: (argv, { env, ...rest } = {}) => runner.exec(command(argv, env), rest),
    spawn: async (argv, { env } = {}) => {
      const child = await runner.spawn(command(argv, env));
      running.add(child);
      return child;
    },
    put: async () => {
      throw new BoxmarkError({ what: "A payload's box does not see the image store.", value: pathOn(parent) });
    },
    close: async () => {
      for (const child of running) await endProcess(child);
      running.clear();
      await group.remove();
      await removeDataFolder(parent, data);
    },
  };
}

/** A box that holds others: a waiting first process, which all commands are joined to. */
export async function openHolderBox(parent: Box, prepared: PreparedUnshare, options: OpenOptions): Promise<Box> {
  const { limits } = options;
  const cpus = [...new Set([...limits.cpus, ...limits.housekeeping])].sort((a, b) => a - b);
  const group = await groupFor(parent, prepared, options, { ...roomForEngines(limits), cpus });
  const tables = [prepared.mountTable, ...(group.hierarchies.length > 0 ? [prepared.cgroupTable] : [])];
  // The leaf is entered between the two, when the box's group is the root of its cgroup namespace already.
  const inner = ['taskset', '-c', cpuList(cpus), 'unshare', ...namespaces(), '--', 'sh', '-c'];
  const name = `boxmark-${prepared.workspace.id}-${options.name}`;
  const init = await parent.spawn([
    ...['sh', '-c', `${group.enter} exec "$@"`, 'sh', 'unshare', '--cgroup', '--'],
    ...['sh', '-c', `${group.enterLeaf} exec "$@"`, 'sh'],
    ...[...inner, holderScript(tables, prepared.newRoot, name)],
  ]);
  const end = async (): Promise<void> => {
    await endProcess(init);
    await group.remove();
  };
  let pid: number;
  try {
    pid = await ready(init, pathOn(parent), options.signal);
  } catch (error) {
    await end();
    throw error;
  }
  const join = ['nsenter', '-t', String(pid), '-m', '-u', '-i', '-n', '-p', '-C', '--'];
  const prefix = ['sh', '-c', `${group.enterRunning} exec "$@"`, 'sh', 'taskset', '-c', cpuList(cpus), ...join];
  return {
    path: pathOn(parent),
    scratch: SCRATCH_MOUNT,
    ...(group.hostPath === undefined ? {} : { cgroup: group.hostPath }),
    exec: (argv, execOptions) => parent.exec([...prefix, ...argv], execOptions),
    spawn: (argv, spawnOptions) => parent.spawn([...prefix, ...argv], spawnOptions),
    put: async (storeFile) => `${STORE_MOUNT}/${relative(storeDir(), storeFile)}`.replace(/\/$/, ''),
    close: end,
  };
}

function groupFor(
  parent: Box,
  { hierarchies, workspace }: PreparedUnshare,
  { name, holds }: OpenOptions,
  limits: GroupLimits,
): Promise<BoxGroup> {
  return openGroup({ parent, hierarchies, workspace, name, limits, holds: holds !== undefined });
}

/** Memory and processes of a box that holds others: those of the boxes and of the engines in it. */
export function roomForEngines({ memoryBytes, pids }: Limits): GroupLimits {
  return { memoryBytes: memoryBytes + ENGINE_MEMORY_BYTES, pids: pids + ENGINE_PIDS };
}

/** Waits for the first process to report its id, as the box below sees it. */
function ready(init: BoxProcess, path: string, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      const remedy = 'boxmark doctor';
      reject(new BoxmarkError({ what: `The box ${path} did not start: ${why}.`, value: init.errorTail(), remedy }));
    };
    const abort = (): void => fail('interrupted');
    const timer = setTimeout(() => fail('it was not ready in time'), READY_LIMIT_MS);
    signal.addEventListener('abort', abort, { once: true });
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      act();
    };
    init.onLine((line) => {
      const pid = readyPid(line);
      if (pid !== undefined) settle(() => resolve(pid));
    });
    void init.exited.then(({ exitCode }) => settle(() => fail(`it ended with exit code ${exitCode}`)));
  });
}

function pathOn(parent: Box): string {
  return parent.path === 'host' ? 'unshare' : `${parent.path}/unshare`;
}
