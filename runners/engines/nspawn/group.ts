/** The group that systemd-nspawn wants in a v2 hierarchy that limits nothing, as hosts with both versions have it. */

import { mkdirSync } from 'node:fs';
import type { Box } from '../../../bench/types.ts';
import { enterShell, groupAt } from '../../cgroup/group.ts';
import { type Hierarchy, hierarchiesFor } from '../../cgroup/tree.ts';
import { cgroupMounts } from '../../host/mounts.ts';

export interface SideGroup {
  /** Shell built-ins that move the shell into it. */
  readonly enter: string;
  remove(): Promise<void>;
}

/**
 * Makes the group wherever the box's own has none: nspawn makes two groups below the one that it is in, and leaves them.
 * In the root they would be everybody's.
 */
export function sideGroup(parent: Box, path: string, hierarchies: readonly Hierarchy[]): SideGroup {
  const own = hierarchiesFor(hierarchies, true).map(({ mount }) => mount);
  const others = parent.path === 'host' ? cgroupMounts().filter((mount) => !own.includes(mount)) : [];
  const made: string[] = [];
  for (const mount of others) {
    try {
      mkdirSync(mount + path, { recursive: true });
      made.push(mount);
    } catch {
      // Read-only, or not allowed: nspawn reports it if that matters.
    }
  }
  const groups = made.map((mount): Hierarchy => ({ mount, root: '/', version: 2, controllers: [] }));
  return {
    enter: enterShell(made.map((mount) => `${mount}${path}/cgroup.procs`)),
    remove: () => groupAt(path, groups).remove(),
  };
}
