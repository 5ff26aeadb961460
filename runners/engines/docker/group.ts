/** The group of one container on the host, as Docker's flag names it and as a path below the mounts. */

import type { Workspace } from '../../../bench/types.ts';
import { seesHostGroups } from '../../cgroup/group.ts';
import { hostDockerGroup } from './leftovers.ts';

/**
 * Where systemd keeps the groups, a parent is a slice, whose name spells out the path, and systemd removes it. Otherwise root's
 * daemon makes the parent for whoever names it and leaves it: who could not remove it, as an ordinary user or from a
 * container with the daemon's socket, names none.
 */
export function hostGroup(
  workspace: Pick<Workspace, 'id'>,
  variant: string,
  cgroupDriver: string,
  name: string,
): { parent: string; path: string } | undefined {
  if (cgroupDriver === 'cgroupfs') {
    if (process.getuid?.() !== 0 || !seesHostGroups()) return undefined;
    const path = `${hostDockerGroup(workspace, variant)}/${name}`;
    return { parent: path, path };
  }
  if (cgroupDriver !== 'systemd') return undefined;
  const levels = ['boxmark', workspace.id, 'docker', name.replaceAll('-', '_')];
  const slices = levels.map((_, index) => `${levels.slice(0, index + 1).join('-')}.slice`);
  return { parent: slices.at(-1) ?? '', path: `/${slices.join('/')}` };
}
