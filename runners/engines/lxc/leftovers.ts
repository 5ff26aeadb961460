/** What LXC leaves on the host outside the work folder: empty folders for its locks, named after the path of its containers. */

import { rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { idInName, WORK_ROOT } from '../../host/workspace.ts';
import { type Leavings, leftover, namesIn } from '../../upkeep/leftovers.ts';

/** Where LXC, as root, keeps a folder for each path of containers. */
export const LXC_LOCKS = '/run/lxc/lock';

/** Removes the folders for the locks of a path of containers as far as they are empty, and the empty ones above. Never throws. */
export async function removeLocks(containers: string): Promise<void> {
  for (let folder = join(LXC_LOCKS, containers); folder.startsWith('/run/lxc'); folder = dirname(folder)) {
    const gone = await rmdir(folder).then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
    );
    if (!gone) return;
  }
}

export const lxcLeavings: Leavings = {
  emptyFolders: [join(LXC_LOCKS, WORK_ROOT), join(LXC_LOCKS, dirname(WORK_ROOT)), LXC_LOCKS, dirname(LXC_LOCKS)],
  find: async (isDead) => {
    const folder = join(LXC_LOCKS, WORK_ROOT);
    return namesIn(folder).flatMap((name) => {
      const id = idInName(name);
      return isDead(id) ? [leftover('file', id, join(folder, name), 'locks of LXC for a dead run')] : [];
    });
  },
};
