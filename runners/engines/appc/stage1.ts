/** What starts a pod: rkt itself, or systemd-nspawn, which rkt's own stage1 used; here only their command lines. */

import { join } from 'node:path';
import { STORE_MOUNT } from '../../kit/places.ts';
import { quote } from '../../kit/shell.ts';
import { nspawnFlags, onlyEnv } from '../nspawn/flags.ts';
import { SET_UP_FAILED } from '../unshare/script.ts';

export const STAGE1S = ['rkt', 'nspawn'] as const;
export type Stage1 = (typeof STAGE1S)[number];

/** One launch. */
export interface Pod {
  /** RFC 4122, version 4. */
  readonly uuid: string;
  /** Folder of the pod, which goes with it. */
  readonly dir: string;
  /** Unique name for systemd-nspawn, at most 64 characters. */
  readonly machine: string;
  /** The verified archive. */
  readonly aci: string;
  /** Folder with its unpacked root, shared by all pods, each of which gets its own file system. */
  readonly tree: string;
  /** Folder with the static busybox, whose `env` gives the payload its environment and no more. */
  readonly tools: string;
  /** Folder for the payload's data. */
  readonly data?: string | undefined;
}

/**
 * The pod's root is an overlay over the tree, in a separate mount namespace: it disappears with the pod, however that ends.
 */
export function nspawnCommand(pod: Pod, argv: readonly string[], env: Readonly<Record<string, string>> = {}): string[] {
  const fresh = join(pod.dir, 'fresh');
  const root = join(pod.dir, 'root');
  const layers = `lowerdir=${option(pod.tree)},upperdir=${option(fresh)}/upper,workdir=${option(fresh)}/work`;
  const script = [
    `mount -t tmpfs -o mode=755,size=64m tmpfs ${quote(fresh)} || exit ${SET_UP_FAILED}`,
    `mkdir ${quote(`${fresh}/upper`)} ${quote(`${fresh}/work`)} || exit ${SET_UP_FAILED}`,
    `mount -t overlay -o ${quote(layers)} overlay ${quote(root)} || exit ${SET_UP_FAILED}`,
    'exec systemd-nspawn "$@"',
  ].join('\n');
  const bind = [[pod.tools, STORE_MOUNT]] as const;
  return [
    ...['unshare', '--mount', 'sh', '-c', script, 'sh'],
    ...[
      `--uuid=${pod.uuid}`,
      ...nspawnFlags({ root, machine: pod.machine, network: 'none', bind, data: pod.data }),
      '--',
    ],
    ...[`${STORE_MOUNT}/usr/bin/busybox`, 'env', ...onlyEnv(env), ...argv],
  ];
}

/** The archive was verified before, by the same key that signed it; rkt knows only signatures of GnuPG. */
export function rktCommand(pod: Pod, argv: readonly string[], env: Readonly<Record<string, string>> = {}): string[] {
  const [exec = '', ...args] = argv;
  return [
    ...['rkt', `--dir=${join(pod.dir, 'rkt')}`, 'run', '--insecure-options=image', '--net=none', '--hostname=boxmark'],
    ...['--interactive', `--uuid-file-save=${join(pod.dir, 'uuid')}`],
    ...Object.entries(env).map(([name, value]) => `--set-env=${name}=${value}`),
    ...[pod.aci, '--readonly-rootfs=true', '--caps-retain=', `--exec=${exec}`, '--', ...args],
  ];
}

/** Removes what rkt keeps of a pod that has ended. */
export function rktRemoval(pod: Pod): string[] {
  return ['rkt', `--dir=${join(pod.dir, 'rkt')}`, 'rm', `--uuid-file=${join(pod.dir, 'uuid')}`];
}

/** The overlay's options are split at commas and colons. */
function option(path: string): string {
  return path.replace(/[\\,:]/g, '\\$&');
}
