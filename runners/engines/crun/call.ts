/** How crun is called: on hosts with cgroup v1 and v2 side by side, out of sight of the v2 mount, which it refuses. */

import type { Box } from '../../../bench/types.ts';
import { hierarchiesOf } from '../../cgroup/box-group.ts';
import { quote } from '../../kit/shell.ts';

/**
 * The words that call it, or another program that will call it, in a box. What they hide is hidden from that program alone, in
 * a separate mount namespace.
 */
export async function crunCall(box: Box, program = 'crun'): Promise<string[]> {
  const hierarchies = await hierarchiesOf(box);
  const hybrid = new Set(hierarchies.map(({ version }) => version)).size > 1;
  if (!hybrid) return [program];
  const mounts = hierarchies.filter(({ version }) => version === 2).map(({ mount }) => `umount ${quote(mount)};`);
  const script = `${mounts.join(' ')} exec ${program} "$@"`;
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, program];
}
