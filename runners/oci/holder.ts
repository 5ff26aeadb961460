/** How a Docker container is relaxed so that it can hold another engine, and no further than that. */

import type { Box, BoxProcess, Limits } from '../../bench/types.ts';
import { cpuList } from '../kit/shell.ts';

export interface HolderShape {
  /** In the parent box: the image store, and a writable folder for the box alone. */
  readonly store: string;
  readonly scratch: string;
  /** The layer above needs to mount, make namespaces and write cgroups. */
  readonly relaxed: boolean;
}

/** The engine in the box has its own memory needs beside the payload's limit. */
const ENGINE_BYTES = 1 << 30;
const ENGINE_PIDS = 1024;

export const HOLDER_READY = 'boxmark-holder-ready';
const AHEAD_ENDED = 'boxmark-holder-ahead ';
const AHEAD_LIMIT_MS = 60_000;

/** Capabilities by their numbers in linux/capability.h. */
const CAPABILITIES = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE ' +
  'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN ' +
  'SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE ' +
  'MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
).split(' ');

/**
 * Init of the box. Docker mounts cgroups read-only: they are made writable, on v2 with this process in a leaf, because a
 * group with processes can't pass controllers on. Its arguments are a command that it begins, and says how it ended. Then it
 * blocks on its standard input without ever waking up; when the harness dies, that ends, and the box with it.
 */
export const HOLDER_INIT = `
if [ -w /sys/fs/cgroup ] || mount -o remount,bind,rw /sys/fs/cgroup 2>/dev/null; then
  if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    mkdir -p /sys/fs/cgroup/boxmark-init && echo 0 >/sys/fs/cgroup/boxmark-init/cgroup.procs &&
    for c in $(cat /sys/fs/cgroup/cgroup.controllers); do echo "+$c" >/sys/fs/cgroup/cgroup.subtree_control; done
  else
    for d in /sys/fs/cgroup/*; do [ -L "$d" ] || mount -o remount,bind,rw "$d"; done
  fi
fi
echo ${HOLDER_READY}
[ $# = 0 ] || { "$@" >/dev/null; echo "${AHEAD_ENDED}$?"; } </dev/null &
exec cat >/dev/null`;

/** The command line of the init, which begins `ahead` by itself (`OpenOptions.ahead`). */
export function holderArgv(ahead: readonly string[] = []): string[] {
  return ['sh', '-c', HOLDER_INIT, 'sh', ...ahead];
}

/** What the init says, line by line: `take` knows the line that the box is ready; `ahead` resolves like `Box.ahead`. */
export function initLines(init: BoxProcess): { take(line: string): true | undefined; ahead: Promise<boolean> } {
  let settle = (_succeeded: boolean): void => {};
  const ahead = new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), AHEAD_LIMIT_MS).unref();
    settle = (succeeded) => {
      clearTimeout(timer);
      resolve(succeeded);
    };
  });
  void init.exited.then(() => settle(false));
  const take = (line: string) => {
    if (line.startsWith(AHEAD_ENDED)) settle(line === `${AHEAD_ENDED}0`);
    return line === HOLDER_READY ? true : undefined;
  };
  return { take, ahead };
}

/** Flags of `docker run`. `missing` are the capabilities that the daemon itself hasn't got, which it can't give away. */
export function holderFlags(
  { store, scratch, relaxed }: HolderShape,
  { cpus, housekeeping, memoryBytes, pids }: Limits,
  missing: readonly string[],
): string[] {
  const all = [...new Set([...cpus, ...housekeeping])].sort((a, b) => a - b);
  const memory = String(memoryBytes + ENGINE_BYTES);
  return [
    ...['--cpuset-cpus', cpuList(all), '--memory', memory, '--memory-swap', memory],
    ...['--pids-limit', String(pids + ENGINE_PIDS), '--cgroupns', 'private', '--network', 'none'],
    ...['--tmpfs', '/tmp:size=64m,exec', '--tmpfs', '/run:exec', '--tmpfs', '/etc/docker'],
    // Unlike -v, --mount refuses a source that the daemon doesn't see instead of making an empty folder there.
    ...['--mount', `type=bind,source=${store},target=/boxmark/store,readonly`],
    ...['--mount', `type=bind,source=${scratch},target=/boxmark/scratch`],
    ...(relaxed ? relaxedFlags(missing) : ['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges']),
  ];
}

/** Less than --privileged: no devices of the host, and only those capabilities that there are. */
export function relaxedFlags(missing: readonly string[]): string[] {
  return [
    ...['--cap-add', 'ALL', ...missing.flatMap((name) => ['--cap-drop', name])],
    ...['seccomp', 'systempaths', 'apparmor'].flatMap((name) => ['--security-opt', `${name}=unconfined`]),
    ...['--device-cgroup-rule', 'a *:* rwm'],
  ];
}

/** Numbers of capabilities that are named without the prefix `CAP_`. */
export function capabilityNumbers(names: readonly string[]): number[] {
  return names.map((name) => CAPABILITIES.indexOf(name));
}

/** Capabilities outside the bounding set of a box, as Docker names them. */
export async function missingCapabilities(box: Pick<Box, 'exec'>): Promise<string[]> {
  const present = await presentCapabilities(box);
  return present === undefined ? [] : CAPABILITIES.filter((name) => !present.includes(name));
}

/** Those in the bounding set; undefined when the box doesn't show it. */
export async function presentCapabilities(box: Pick<Box, 'exec'>): Promise<string[] | undefined> {
  const { stdout } = await box.exec(['cat', '/proc/self/status']);
  const bounding = /^CapBnd:\s*([0-9a-f]+)$/m.exec(stdout)?.[1];
  if (bounding === undefined) return undefined;
  const set = BigInt(`0x${bounding}`);
  return CAPABILITIES.filter((_, bit) => (set & (1n << BigInt(bit))) !== 0n);
}
