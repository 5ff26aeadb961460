/** The shell scripts and mount tables of the `unshare` runner: what makes a box of new namespaces. */

import { basename } from 'node:path';
import type { Hierarchy } from '../../cgroup/tree.ts';
import { DEVICES } from '../../image/layout.ts';
import type { Mount } from '../../kit/mount-table.ts';
import { envShell } from '../../kit/payload-env.ts';
import { SCRATCH_MOUNT, STORE_MOUNT } from '../../kit/places.ts';
import { quote } from '../../kit/shell.ts';
import type { BoxSettings } from '../../stack/box-settings.ts';

/** Exit code of a script that could not make the box. */
export const SET_UP_FAILED = 125;

/** Namespaces of a box, and that nothing outlives `unshare`. The cgroup namespace is asked for apart. */
export function namespaces({ network, userns }: Pick<BoxSettings, 'network' | 'userns'> = {}): string[] {
  const user = userns === 'yes' ? ['--user', '--map-root-user'] : [];
  const net = network === 'host' ? [] : ['--net'];
  return [...user, '--mount', '--uts', '--ipc', ...net, '--pid', '--fork', '--kill-child'];
}

const READY = 'boxmark-ready ';
const PLAIN_DEVICES = ['null', 'zero', 'full', 'random', 'urandom'];
const READ_ONLY = 'ro,nosuid,nodev,noexec';

/** The folder that becomes the root, bound, or through an overlay file system over a second, empty folder. */
export interface RootKind {
  readonly folder: string;
  readonly over?: string;
}

/** The mount table of a payload's box: nothing in it can be written but /tmp, not even the host's settings in /proc. */
export function payloadMounts(
  root: RootKind,
  tools: string,
  { network, userns }: Pick<BoxSettings, 'network' | 'userns'> = {},
): Mount[] {
  // A user namespace may mount the file system of its own network only.
  const borrowed = userns === 'yes' && network === 'host';
  return [
    rootMount(root),
    ['proc', '/proc', 'proc', READ_ONLY],
    borrowed ? ['/sys', '/sys', 'none', `rbind,${READ_ONLY}`] : ['sysfs', '/sys', 'sysfs', READ_ONLY],
    ...PLAIN_DEVICES.map((name): Mount => [`/dev/${name}`, `/dev/${name}`, 'none', 'bind']),
    ['tmpfs', '/tmp', 'tmpfs', 'nosuid,nodev,mode=1777,size=64m'],
    [tools, STORE_MOUNT, 'none', 'bind,ro,nosuid,nodev'],
  ];
}

function rootMount({ folder, over }: RootKind): Mount {
  if (over === undefined) return [folder, '', 'none', 'bind,ro,nosuid,nodev'];
  const lower = [folder, over].map((path) => path.replace(/[\\:,]/g, '\\$&')).join(':');
  return ['overlay', '', 'overlay', `ro,nosuid,nodev,lowerdir=${lower}`];
}

/** The mount table of a box that holds others: still a read-only root, but with all that container engines expect. */
export function holderMounts(root: string, store: string, scratch: string): Mount[] {
  return [
    [root, '', 'none', 'bind,ro,nodev'],
    ['proc', '/proc', 'proc', 'nosuid,nodev,noexec'],
    ['sysfs', '/sys', 'sysfs', 'nosuid,nodev,noexec'],
    ...PLAIN_DEVICES.map((name): Mount => [`/dev/${name}`, `/dev/${name}`, 'none', 'bind']),
    // The others are not on every host, nor in every box.
    ...DEVICES.filter((name) => !PLAIN_DEVICES.includes(name)).map(
      (name): Mount => [`/dev/${name}`, `/dev/${name}`, 'none', 'bind,nofail'],
    ),
    ['devpts', '/dev/pts', 'devpts', 'nosuid,noexec,newinstance,ptmxmode=0666,mode=0620'],
    ['tmpfs', '/dev/shm', 'tmpfs', 'nosuid,nodev,mode=1777,size=256m'],
    ['tmpfs', '/tmp', 'tmpfs', 'nosuid,nodev,mode=1777,size=256m'],
    ['tmpfs', '/run', 'tmpfs', 'nosuid,nodev,mode=755,size=256m'],
    [store, STORE_MOUNT, 'none', 'bind,ro,nosuid,nodev'],
    [scratch, SCRATCH_MOUNT, 'none', 'bind'],
  ];
}

/** Mounts of the cgroup hierarchies, which show the box's own group as their root when made in its cgroup namespace. */
export function cgroupMounts(hierarchies: readonly Hierarchy[]): Mount[] {
  const top = '/sys/fs/cgroup';
  if (hierarchies.every(({ version }) => version === 2)) return [['cgroup2', top, 'cgroup2', 'nosuid,nodev,noexec']];
  return [
    ['tmpfs', top, 'tmpfs', 'nosuid,nodev,noexec,mode=755,size=1m'],
    ...hierarchies.map(({ mount, version, controllers }): Mount => {
      const place = `${top}/${basename(mount)}`;
      if (version === 2) return ['cgroup2', place, 'cgroup2', 'nosuid,nodev,noexec,x-mount.mkdir'];
      // A hierarchy without controllers (`name=systemd`) has to be asked for so.
      const named = controllers.every((name) => name.startsWith('name='));
      const options = [...(named ? ['none'] : []), ...controllers, 'nosuid,nodev,noexec,x-mount.mkdir'].join(',');
      return ['cgroup', place, 'cgroup', options];
    }),
  ];
}

export interface PayloadWish {
  readonly env?: Readonly<Record<string, string>>;
  readonly userns?: boolean;
  /** That it keeps, without their prefix. */
  readonly capabilities?: readonly string[];
  /** Folder for the payload's data, of this start alone. */
  readonly data?: string | undefined;
}

function bindData(folder: string, newRoot: string): string {
  const place = quote(newRoot + SCRATCH_MOUNT);
  return `mount -o bind,nosuid,nodev,noexec ${quote(folder)} ${place} || exit ${SET_UP_FAILED}`;
}

/**
 * What runs as the first process in a payload's namespaces: mounts, changes the root, gives up all privileges, and becomes
 * the payload. After the change only the image and the tools are in sight.
 * @param tool words that run a tool by its name behind the change of root
 */
export function payloadScript(
  table: string,
  newRoot: string,
  tool: (name: string) => string,
  { env = {}, userns = false, capabilities = [], data }: PayloadWish = {},
): string {
  // With one user id alone the kernel allows no change of groups.
  const groups = userns ? '' : '--clear-groups ';
  const bounds = ['-all', ...capabilities.map((name) => `+${name.toLowerCase()}`)].join(',');
  return [
    'echo boxmark 2>/dev/null >/proc/sys/kernel/hostname',
    `mount -a -T ${quote(table)} || exit ${SET_UP_FAILED}`,
    ...(data === undefined ? [] : [bindData(data, newRoot)]),
    changeRoot(newRoot, tool('umount')),
    envShell(env),
    `exec ${tool('setpriv')} --nnp ${groups}--inh-caps=-all --ambient-caps=-all --bounding-set=${bounds} -- "$@"`,
  ].join('\n');
}

/**
 * What runs as the first process of a box that holds others: it reports its process id as the box below sees it, then waits
 * for the end of its input, so that the box ends with whoever opened it. A child does the waiting, because a shell that
 * waits for a child also reaps the orphans of the box.
 */
export function holderScript(tables: readonly string[], newRoot: string, name: string): string {
  const wait = 'echo "$1"; cat >/dev/null; exit 0';
  return [
    'read -r pid rest </proc/self/stat',
    'echo boxmark 2>/dev/null >/proc/sys/kernel/hostname',
    ...tables.map((table) => `mount -a -T ${quote(table)} || exit ${SET_UP_FAILED}`),
    changeRoot(newRoot, 'umount'),
    envShell(),
    `exec sh -c ${quote(wait)} ${quote(name)} "${READY}$pid"`,
  ].join('\n');
}

/** Process id in the line with which a box that holds others reports itself ready. */
export function readyPid(line: string): number | undefined {
  const found = line.startsWith(READY) ? Number(line.slice(READY.length)) : Number.NaN;
  return Number.isSafeInteger(found) && found > 0 ? found : undefined;
}

/** With both arguments alike the old root comes to lie over the new one, so that no folder is needed to put it. */
function changeRoot(newRoot: string, umount: string): string {
  return `cd ${quote(newRoot)} && pivot_root . . && ${umount} -l . && cd / || exit ${SET_UP_FAILED}`;
}
