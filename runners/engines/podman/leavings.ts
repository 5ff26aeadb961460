/** What rootless podman leaves outside its folder: a process that keeps its user namespace, in no group of the run. */

import { lstatSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { endProcess, type HostProcess, listProcesses } from '../../host/processes.ts';
import { idInName, WORK_ROOT } from '../../host/workspace.ts';
import { type Leavings, leftover } from '../../upkeep/leftovers.ts';

/**
 * Folder of the podman of a run for which this process keeps the user namespace; null for every other process. Podman starts
 * it in that folder, as the user who owns the folder, with the folder as its home and a variable that nothing else has: only
 * all of this together counts, because the user's own podman has such a process as well.
 */
function folderKeptBy({ pid, argv }: HostProcess): string | null {
  if (!/^podman( |$)/.test(basename(argv[0] ?? ''))) return null;
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    const home = environment.find((line) => line.startsWith('HOME='))?.slice('HOME='.length) ?? '';
    const isOurs =
      dirname(dirname(home)) === WORK_ROOT &&
      /^boxmark-[0-9a-f]{8}$/.test(basename(dirname(home))) &&
      environment.includes(`XDG_RUNTIME_DIR=${home}/xdg`) &&
      environment.some((line) => line.startsWith('_PODMAN_PAUSE=')) &&
      readlinkSync(`/proc/${pid}/cwd`).replace(/ \(deleted\)$/, '') === home &&
      lstatSync(home).uid === statSync(`/proc/${pid}`).uid;
    return isOurs ? home : null;
  } catch {
    return null; // Ended, or another user's.
  }
}

/** Ends the process that keeps the user namespace of the podman in this folder. Never throws. */
export async function endKeeper(folder: string): Promise<void> {
  for (const found of listProcesses()) if (folderKeptBy(found) === folder) await endProcess(found);
}

export const podmanLeavings: Leavings = {
  find: async (isDead) =>
    listProcesses().flatMap((found) => {
      const folder = folderKeptBy(found);
      const id = folder === null ? null : idInName(basename(dirname(folder)));
      if (!isDead(id)) return [];
      const { pid, startTicks } = found;
      const detail = 'keeps the user namespace of a rootless podman';
      return [{ ...leftover('process', id, String(pid), detail), process: { pid, startTicks } }];
    }),
};
