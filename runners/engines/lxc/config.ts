/** The configuration of an LXC container, as definitions on its command line: no file, so that it can be started in any box. */

import { SCRATCH_MOUNT, STORE_MOUNT } from '../../kit/places.ts';

/** The filter of the distribution's container templates. */
export const SECCOMP_PROFILE = '/usr/share/lxc/config/common.seccomp';

export interface LxcShape {
  /** Root folder, as the box below sees it. */
  readonly root: string;
  /** Folder in it with init. */
  readonly system: string;
  /** Capabilities that a payload keeps, without their prefix. */
  readonly capabilities: readonly string[];
  /** Folder that a path without a leading slash is mounted on, for LXC's own use. */
  readonly rootMount?: string;
  /** Group of the box, below the controllers' mounts. */
  readonly group: string;
  /** File with the seccomp filter; none without. */
  readonly seccomp?: string;
  /** Folder for the payload's data, as the box below sees it. */
  readonly data?: string | undefined;
  /** Set when it is to hold another: the image store and a folder for the box alone, as the box below sees them. */
  readonly holds?: { readonly store: string; readonly scratch: string };
}

const TMPFS = 'rw,nosuid,nodev';
/** What a system container must not do to the host, as the distribution's templates have it. */
const DROPPED = 'sys_module sys_time sys_rawio mac_admin mac_override';

/** The group of the container itself, below the box's. */
export function containerGroup(group: string): string {
  return `${group}/container`;
}

/** Arguments of lxc-start and lxc-execute. */
export function lxcConfig({ root, system, capabilities, rootMount, group, seccomp, data, holds }: LxcShape): string[] {
  const below = group.replace(/^\//, '');
  return definitions([
    ['lxc.rootfs.path', `dir:${root}`],
    ['lxc.rootfs.options', 'ro'],
    ...(rootMount === undefined ? [] : [['lxc.rootfs.mount', rootMount] as const]),
    ['lxc.uts.name', 'boxmark'],
    ['lxc.net.0.type', 'empty'],
    ['lxc.tty.max', '0'],
    ['lxc.console.path', 'none'],
    ['lxc.autodev', '1'],
    ['lxc.init.cmd', `${system}/init`],
    ['lxc.cgroup.dir.container', containerGroup(below)],
    ['lxc.cgroup.dir.monitor', `${below}/monitor`],
    ['lxc.cgroup.dir.monitor.pivot', `${below}/pivot`],
    ...(seccomp === undefined ? [] : [['lxc.seccomp.profile', seccomp] as const]),
    ...(holds === undefined ? closed(capabilities) : relaxed(holds)),
    ...(data === undefined ? [] : [dataMount(data)]),
  ]);
}

function closed(capabilities: readonly string[]): (readonly [string, string])[] {
  return [
    ['lxc.mount.auto', 'proc:mixed sys:ro'],
    ['lxc.mount.entry', `tmpfs tmp tmpfs ${TMPFS},mode=1777,size=64m 0 0`],
    ['lxc.pty.max', '1'],
    ['lxc.cap.keep', capabilities.length === 0 ? 'none' : capabilities.join(' ').toLowerCase()],
    ['lxc.no_new_privs', '1'],
  ];
}

/**
 * With plain `cgroup:mixed` LXC mounts nothing where there are cgroup namespaces, and an engine inside would mount the
 * controllers otherwise than the host has them.
 */
function relaxed({ store, scratch }: { store: string; scratch: string }): (readonly [string, string])[] {
  return [
    ['lxc.mount.auto', 'proc:rw sys:mixed cgroup:mixed:force'],
    ['lxc.mount.entry', `tmpfs tmp tmpfs ${TMPFS},mode=1777,size=256m 0 0`],
    ['lxc.mount.entry', `tmpfs run tmpfs ${TMPFS},mode=755,size=256m 0 0`],
    ['lxc.mount.entry', `tmpfs dev/shm tmpfs ${TMPFS},mode=1777,size=256m,create=dir 0 0`],
    ['lxc.mount.entry', `${escaped(store)} ${STORE_MOUNT.slice(1)} none bind,ro,nosuid,nodev 0 0`],
    ['lxc.mount.entry', `${escaped(scratch)} ${SCRATCH_MOUNT.slice(1)} none bind,rw 0 0`],
    ['lxc.pty.max', '64'],
    ['lxc.cap.drop', DROPPED],
    ['lxc.apparmor.profile', 'unconfined'],
  ];
}

function dataMount(folder: string): readonly [string, string] {
  return ['lxc.mount.entry', `${escaped(folder)} ${SCRATCH_MOUNT.slice(1)} none bind,rw,nosuid,nodev,noexec 0 0`];
}

function definitions(entries: readonly (readonly [string, string])[]): string[] {
  return entries.flatMap(([name, value]) => ['-s', `${name}=${value}`]);
}

/** A field of fstab(5). */
function escaped(path: string): string {
  return path.replace(/[\s\\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
}
