/** Cgroups of this host, v1 and v2: makes, reads, empties and removes the groups of a run, all below /boxmark/<workspace>. */

import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readdir, rmdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../bench/errors.ts';
import type { Usage } from '../../bench/types.ts';
import { parseKernelCpus, quote } from '../kit/shell.ts';
import {
  type GroupLimits,
  groupSteps,
  type Hierarchy,
  hierarchiesFor,
  LEAF,
  parseHierarchies,
  type Step,
} from './tree.ts';
import { accountOfPath } from './usage.ts';

export { usageOfPath, usageOfPid } from './usage.ts';

/** All groups of Boxmark are below this one. */
export const GROUP_ROOT = '/boxmark';
const REMOVE_LIMIT_MS = 5000;
/** Limits in bytes, which the kernel rounds to whole pages. */
const MEMORY_FILE = /\/memory\.[\w.]+$/;
const LARGEST_PAGE_BYTES = 65_536;

/** A group of this host, in one or several hierarchies. */
export interface Group {
  /** Path below the mount of each controller, such as `/boxmark/ab12/b1-unshare-1`. */
  readonly path: string;
  /** The `cgroup.procs` files, which list the group's processes. */
  readonly procsFiles: readonly string[];
  /** Command prefix that moves into the group and then becomes the command that follows, by shell built-ins only. */
  readonly enterArgvPrefix: readonly string[];
  /** Moves a running process. Throws when it has ended. */
  add(pid: number): void;
  /** CPU time and memory so far; a few small reads. */
  usage(): Usage;
  /** SIGKILL to every process in it and in groups below it. */
  kill(): Promise<void>;
  /** Ends what is left in it and removes it with all groups below it. Gives up silently after 5 s. */
  remove(): Promise<void>;
}

export interface GroupOptions {
  /** For a box that holds another: a group in every v1 hierarchy, so that inner engines stay below it. */
  readonly holds?: boolean;
  /** Called with the reason when the result is undefined. */
  readonly onUnavailable?: (reason: string) => void;
  readonly hierarchies?: readonly Hierarchy[];
}

/** The cgroup hierarchies mounted on this host, or those in another mountinfo file. Empty when there are none. */
export function hostHierarchies(mountinfoFile = '/proc/self/mountinfo'): Hierarchy[] {
  const controllersOf = (mount: string): string[] => words(text(`${mount}/cgroup.controllers`));
  return parseHierarchies(text(mountinfoFile), text('/proc/self/cgroup'), controllersOf);
}

/**
 * Are the groups that a daemon of the host makes in sight, so that they can be removed? In a container the mounts show its
 * own part, or can't be written to.
 */
export function seesHostGroups(hierarchies = hostHierarchies()): boolean {
  return hierarchies.some(({ root, mount }) => root === '/' && isWritable(mount));
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Makes /boxmark/<workspaceId>/<name> with its limits, or gives undefined where cgroups can't be written. Never throws. */
export async function createGroup(
  workspaceId: string,
  name: string,
  limits: GroupLimits,
  options: GroupOptions = {},
): Promise<Group | undefined> {
  const holds = options.holds ?? false;
  const hierarchies = hierarchiesFor(options.hierarchies ?? hostHierarchies(), holds);
  const path = `${GROUP_ROOT}/${workspaceId}/${name}`;
  if (hierarchies.length === 0) {
    options.onUnavailable?.('no cgroup controllers are mounted');
    return undefined;
  }
  try {
    for (const step of groupSteps(hierarchies, path, limits, holds)) runStep(step);
  } catch (error) {
    for (const { mount } of hierarchies) await removeTree(mount + path);
    options.onUnavailable?.(`cgroups can't be written: ${messageOf(error)}`);
    return undefined;
  }
  return groupAt(path, hierarchies);
}

/**
 * Gives the group of a box, made if need be, a CPU weight or a further quota; its other limits stay as they are. Throws what
 * the kernel answers, where no hierarchy limits CPU time, and for a group that is not Boxmark's: it belongs to somebody
 * else, such as systemd, which may reset it.
 */
export function shareGroup(
  path: string | undefined,
  limits: Pick<GroupLimits, 'quota' | 'cpuShares'>,
  hierarchies: readonly Hierarchy[] = hostHierarchies(),
): void {
  if (path === undefined) throw new Error('the box does not have its own cgroup');
  if (!path.startsWith(`${GROUP_ROOT}/`)) throw new Error(`its cgroup is not Boxmark's: ${path}`);
  const limiting = hierarchies.filter(({ controllers }) => controllers.includes('cpu'));
  if (limiting.length === 0) throw new Error('no hierarchy has the cpu controller');
  for (const step of groupSteps(limiting, path, limits, false)) runStep(step);
}

/**
 * Makes a group of this host without limits, in which an engine makes others: on v1 the cpuset of each level is filled, or
 * it would take no process. Never throws: the engine reports what is missing.
 */
export function makeGroup(path: string, hierarchies: readonly Hierarchy[] = hostHierarchies()): void {
  try {
    for (const step of groupSteps(hierarchiesFor(hierarchies, false), path, {}, false)) runStep(step);
  } catch {
    // Cgroups can't be written here.
  }
}

/** A handle on a group that exists. */
export function groupAt(path: string, hierarchies: readonly Hierarchy[]): Group {
  const folders = hierarchies.map(({ mount }) => mount + path);
  const procsFiles = folders.map((folder) => `${folder}/cgroup.procs`);
  return {
    path,
    procsFiles,
    enterArgvPrefix: ['sh', '-c', `${enterShell(entrancesOf(path, hierarchies))} exec "$@"`, 'sh'],
    add: (pid) => {
      for (const file of procsFiles) writeFileSync(file, String(pid));
    },
    usage: () => accountOfPath(path, hierarchies).usage(),
    kill: async () => {
      for (const folder of folders) await killTree(folder);
    },
    remove: async () => {
      await Promise.all(folders.map(removeTree));
    },
  };
}

/**
 * Files of a group in which a shell writes `0` to move itself. On v1 `tasks`, which moves the thread that writes, and a shell
 * has one only: to move whole processes (`cgroup.procs`) Linux first stops every other start and end of a process, which
 * takes it 7 to 20 ms (since 5.6, kernel/cgroup/cgroup.c, cgroup_procs_write_start). On v2 a group that holds processes
 * takes no threads alone.
 */
export function entrancesOf(path: string, hierarchies: readonly Hierarchy[]): string[] {
  return hierarchies.map(({ mount, version }) => `${mount}${path}/${entranceOf(version)}`);
}

export function entranceOf(version: Hierarchy['version']): string {
  return version === 1 ? 'tasks' : 'cgroup.procs';
}

/** Shell built-ins that move the shell into the groups; `0` means the writer, whatever its id is here. */
export function enterShell(entrances: readonly string[]): string {
  return entrances.map((file) => `echo 0 >${quote(file)} || exit 125;`).join(' ');
}

/** Ids of the workspaces that have groups on this host, with the groups' folders. */
export async function listWorkspaceGroups(hierarchies = hostHierarchies()): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const { mount } of hierarchies) {
    for (const id of await childGroups(mount + GROUP_ROOT)) {
      found.set(id, [...(found.get(id) ?? []), `${mount}${GROUP_ROOT}/${id}`]);
    }
  }
  return found;
}

/** Ends everything in the groups of a workspace and removes them; /boxmark too when it is empty then. Never throws. */
export async function removeWorkspaceGroups(workspaceId: string, hierarchies = hostHierarchies()): Promise<void> {
  for (const { mount } of hierarchies) {
    await removeTree(`${mount}${GROUP_ROOT}/${workspaceId}`);
    await rmdir(mount + GROUP_ROOT).catch(() => {}); // Another run may have groups there.
  }
}

function moveToLeaf(group: string): void {
  mkdirSync(`${group}/${LEAF}`, { recursive: true });
  for (const pid of words(text(`${group}/cgroup.procs`))) {
    try {
      writeFileSync(`${group}/${LEAF}/cgroup.procs`, pid);
    } catch {
      // Ended in between.
    }
  }
}

export function runStep(step: Step): void {
  switch (step.kind) {
    case 'mkdir':
      mkdirSync(step.path, { recursive: true });
      return;
    case 'inherit':
      if (text(step.file).trim() === '') writeFileSync(step.file, readFileSync(step.from));
      return;
    case 'enable': {
      const file = `${step.group}/cgroup.subtree_control`;
      const enabled = words(text(file));
      const missing = step.controllers.filter((controller) => !enabled.includes(controller));
      if (missing.length === 0) return;
      const write = (): void => writeFileSync(file, missing.map((controller) => `+${controller}`).join(' '));
      try {
        write();
      } catch (error) {
        // In a container the group at the top has processes, which only the real root may have beside groups.
        if (!step.top || (error as NodeJS.ErrnoException).code !== 'EBUSY') throw error;
        moveToLeaf(step.group);
        write();
      }
      return;
    }
    case 'write':
      try {
        writeFileSync(step.file, step.value);
        assertInForce(step);
      } catch (error) {
        if (!step.optional) throw error;
      }
  }
}

/** Kernels round, and mounts may be of something else than a kernel: a limit counts once it reads back. */
function assertInForce({ file, value }: Extract<Step, { kind: 'write' }>): void {
  const found = text(file).trim();
  const isSame =
    found === value ||
    (basename(file) === 'cpuset.cpus' && String(parseKernelCpus(found)) === String(parseKernelCpus(value))) ||
    (MEMORY_FILE.test(file) && found !== '' && Math.abs(Number(found) - Number(value)) < LARGEST_PAGE_BYTES);
  if (!isSame) throw new Error(`${file} is ${found || 'empty'} after ${value} was written to it`);
}

async function killTree(folder: string): Promise<void> {
  for (const child of await childGroups(folder)) await killTree(`${folder}/${child}`);
  for (const pid of words(text(`${folder}/cgroup.procs`)).map(Number)) {
    if (pid === process.pid || pid <= 0) continue; // 0: a process of an outer pid namespace, which Boxmark must not end.
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Ended in between.
    }
  }
}

/**
 * A group can be removed only when its last process is reaped, which takes some ms after a SIGKILL. Returns false for a group
 * that this user may not remove, which no waiting changes.
 */
async function removeTree(folder: string): Promise<boolean> {
  const giveUpAt = Date.now() + REMOVE_LIMIT_MS;
  for (let pauseMs = 1; ; pauseMs = Math.min(50, pauseMs * 2)) {
    for (const child of await childGroups(folder)) if (!(await removeTree(`${folder}/${child}`))) return false;
    const code = await rmdir(folder).then(
      () => 'ENOENT',
      (error: NodeJS.ErrnoException) => error.code,
    );
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return false;
    if (code === 'ENOENT' || Date.now() > giveUpAt) return true;
    await killTree(folder);
    await sleep(pauseMs);
  }
}

async function childGroups(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function words(line: string): string[] {
  return line.split(/\s+/).filter(Boolean);
}
