/** Removes leftovers of killed runs, users before what they use: processes, containers, mounts, cgroups, files. */

import { existsSync, readdirSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BoxmarkError, messageOf } from '../../bench/errors.ts';
import { cgroupMounts, mountsBelow, unmount } from '../host/mounts.ts';
import { endProcess } from '../host/processes.ts';
import { liveRuns, ownerState, removeWorkspaceDir, workspaceDir } from '../host/workspace.ts';
import { hostExec } from '../kit/process.ts';
import { removeTree } from '../kit/remove.ts';
import { userDockerEnv } from '../kit/user-docker-env.ts';
import { hasProcesses, LEFTOVER_KINDS, type Leavings, type Leftover, processesOf } from './leftovers.ts';

export interface CleanUp {
  readonly removed: readonly Leftover[];
  readonly failed: readonly { readonly leftover: Leftover; readonly reason: string }[];
}

/** Daemons start helpers while they are being ended; a few rounds catch those. */
const KILL_ROUNDS = 5;
const CGROUP_WAIT_MS = 3000;

/** Removes what `findLeftovers` found. Looks again before each step; never throws: what can't be removed is returned with the reason. */
export async function removeLeftovers(
  list: readonly Leftover[],
  engines: readonly { readonly leavings?: Leavings }[],
): Promise<CleanUp> {
  const leavings = engines.flatMap((engine): Leavings[] => (engine.leavings === undefined ? [] : [engine.leavings]));
  const ordered = [...list].sort((a, b) => LEFTOVER_KINDS.indexOf(a.kind) - LEFTOVER_KINDS.indexOf(b.kind));
  const removed: Leftover[] = [];
  const failed: { leftover: Leftover; reason: string }[] = [];
  const named = [...new Set(list.map((leftover) => leftover.run))].filter((run) => run !== '');
  const runs = new Set(named.filter((run) => ownerState(run) === 'dead'));
  // Their groups may go while they are empty; no process is ended on the word of a group's name.
  const abandoned = new Set(named.filter((run) => ownerState(run) === 'absent'));
  for (const leftover of ordered.filter(({ kind }) => kind === 'process')) {
    if (!runs.has(leftover.run) || leftover.process === undefined) continue;
    if (await endProcess(leftover.process)) removed.push(leftover);
    else failed.push({ leftover, reason: 'it could not be ended' });
  }
  for (let round = 0; round < KILL_ROUNDS; round++) {
    const late = processesOf(runs);
    if (late.length === 0) break;
    for (const { process: identity } of late) if (identity !== undefined) await endProcess(identity);
  }
  const mayGo = ({ run, kind }: Leftover) =>
    run === '' || runs.has(run) || (abandoned.has(run) && kind === 'cgroup' && !hasProcesses(run));
  for (const leftover of ordered.filter(({ kind }) => kind !== 'process')) {
    try {
      if (!mayGo(leftover)) throw new Error('its run is still alive');
      await remove(leftover, leavings);
      removed.push(leftover);
    } catch (error) {
      failed.push({ leftover, reason: error instanceof BoxmarkError ? error.what : messageOf(error) });
    }
  }
  await removeEmptyParents(leavings);
  return { removed, failed };
}

async function remove({ kind, target, run }: Leftover, leavings: readonly Leavings[]): Promise<void> {
  switch (kind) {
    case 'container':
      return docker(['rm', '-f', '-v', target]);
    case 'volume':
      return docker(['volume', 'rm', '-f', target]);
    case 'image':
      for (const { beforeImage } of leavings) await beforeImage?.(target, run, workspaceDir(run));
      return docker(['image', 'rm', '-f', target]);
    case 'namespace':
      await unmount(target);
      return rm(target, { force: true });
    case 'mount':
      if (!(await unmount(target))) throw new Error('it could not be unmounted');
      return;
    case 'cgroup':
      return removeCgroup(target);
    case 'folder':
      if (run !== '') for (const { beforeFolder } of leavings) await beforeFolder?.(target);
      // Removing reaches through mounts, so there must be none, not even those that came after the list was made.
      if (run !== '') for (const path of mountsBelow(target)) await unmount(path);
      return removeWorkspaceDir(target);
    default:
      return removeTree(target);
  }
}

async function docker(argv: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await hostExec(['docker', ...argv], { timeoutMs: 60_000, env: userDockerEnv() });
  if (exitCode !== 0 && !/no such/i.test(stderr)) throw new Error(stderr.trim() || 'docker failed');
}

/** Groups below go first; a group whose processes have just ended is busy for a moment. */
async function removeCgroup(path: string): Promise<void> {
  if (!existsSync(path)) return;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeCgroup(join(path, entry.name));
  }
  for (const deadline = Date.now() + CGROUP_WAIT_MS; ; ) {
    try {
      return await rmdir(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return;
      if (code !== 'EBUSY' || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** The group above the runs' groups goes with the last of them, but not while a live run may be about to use it. */
async function removeEmptyParents(leavings: readonly Leavings[]): Promise<void> {
  if (liveRuns().length > 0) return;
  for (const mount of cgroupMounts()) await rmdir(join(mount, 'boxmark')).catch(() => {});
  for (const path of leavings.flatMap(({ emptyFolders = [] }) => emptyFolders)) await rmdir(path).catch(() => {});
}
