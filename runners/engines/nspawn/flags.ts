/** The flags with which systemd-nspawn isolates a payload: the same for its own layer and for the pods that it starts. */

import { PAYLOAD_ENV } from '../../kit/payload-env.ts';
import { SCRATCH_MOUNT } from '../../kit/places.ts';

/** systemd-nspawn(1), `--capability=`, without those of a system that it boots. */
const DEFAULT = [
  ...['AUDIT_CONTROL', 'AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'IPC_OWNER'],
  ...['KILL', 'LEASE', 'LINUX_IMMUTABLE', 'MKNOD', 'NET_ADMIN', 'NET_BIND_SERVICE', 'NET_BROADCAST', 'NET_RAW'],
  ...['SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_ADMIN', 'SYS_BOOT', 'SYS_CHROOT', 'SYS_NICE', 'SYS_PTRACE'],
  ...['SYS_RESOURCE', 'SYS_TTY_CONFIG'],
].map((name) => `CAP_${name}`);
const TMP_BYTES = 64 << 20;

export interface NspawnWish {
  /** Folder with the root file system. */
  readonly root: string;
  /** Unique name, at most 64 characters. */
  readonly machine: string;
  readonly network: 'none' | 'host';
  /** Capabilities that the payload keeps; none when left out. */
  readonly capabilities?: readonly string[];
  /** Folders of the host, each with its place in the box; read-only. */
  readonly bind: readonly (readonly [folder: string, place: string])[];
  /** Folder of the host for the payload's data. */
  readonly data?: string | undefined;
}

export function nspawnFlags({ root, machine, network, capabilities = [], bind, data }: NspawnWish): string[] {
  return [
    ...['--quiet', '--directory', root, '--machine', machine, '--hostname=boxmark', '--read-only'],
    ...(network === 'host' ? [] : ['--private-network']),
    // No request to a service manager, which may not be there, and none of the host's files.
    ...['--register=no', '--keep-unit', '--as-pid2', '--settings=no', '--timezone=off', '--resolv-conf=off'],
    ...['--link-journal=no', '--console=pipe', '--no-new-privileges=yes'],
    `--drop-capability=${droppedCapabilities(capabilities)}`,
    `--tmpfs=/tmp:size=${TMP_BYTES},mode=1777`,
    ...bind.map(([folder, place]) => `--bind-ro=${escaped(folder)}:${place}`),
    ...(data === undefined ? [] : [`--bind=${escaped(data)}:${SCRATCH_MOUNT}`]),
  ];
}

/** Of those that it gives by default, all but some: `all` would win over what is to stay. */
function droppedCapabilities(kept: readonly string[]): string {
  return kept.length === 0 ? 'all' : DEFAULT.filter((name) => !kept.includes(name)).join(',');
}

/** Behind a busybox: the payload's environment alone, where nspawn adds half a dozen variables. */
export function onlyEnv(env: Readonly<Record<string, string>>): string[] {
  return ['-i', ...Object.entries({ ...PAYLOAD_ENV, ...env }).map(([name, value]) => `${name}=${value}`)];
}

/** A colon would end the path. */
function escaped(path: string): string {
  return path.replace(/[\\:]/g, '\\$&');
}
