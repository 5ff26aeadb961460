/** What runs in an emulated host: its first program, and a script of steps whose output leaves on a disk. */

import type { FirstProgram } from '../../runners/guest/initramfs.ts';
import type { EmulatedHost } from './hosts.ts';

export interface Step {
  readonly name: string;
  readonly argv: readonly string[];
  readonly limitSeconds: number;
}

/** How the lines on the console begin that are for the program outside. */
export const MARK = 'boxmark-lab';
/** Where the steps leave their output: NAME.out, NAME.err, and whatever they write there. */
export const OUT = '/out';
const LOADED = ['virtio_pci', 'virtio_blk', 'virtio_rng', 'ext4'];

/** Modules that the first program loads. */
export const FIRST_MODULES: readonly string[] = LOADED;

/** Disks: the root, an archive of the program that goes over it, and an empty one for what comes out. */
export const FIRST: FirstProgram = {
  applets: ['cat', 'insmod', 'mount', 'poweroff', 'sh', 'sleep', 'switch_root', 'tar', 'umount'],
  files: {},
  script: `#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
exec </dev/console >/dev/console 2>&1
for module in /modules/*.ko; do insmod "$module"; done
tries=0
until [ -b /dev/vdc ] || [ $tries -gt 300 ]; do sleep 0.1; tries=$((tries + 1)); done
mount -t ext4 -o noatime /dev/vda /root && tar x -f /dev/vdb -C /root || {
  echo "${MARK} failed no root"
  poweroff -f
}
umount /sys /proc
exec switch_root /root /lab/job
`,
};

/** The script of the steps. Whatever one of them does, the others run, and the machine ends. */
export function jobScript({ kvmModule }: Pick<EmulatedHost, 'kvmModule'>, steps: readonly Step[]): string {
  const lines = steps.map(
    ({ name, argv, limitSeconds }) => `step ${name} ${limitSeconds} ${argv.map(quote).join(' ')}`,
  );
  return `#!/bin/sh
export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C BOXMARK_CACHE=/var/cache/boxmark
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
exec </dev/console >/dev/console 2>&1
mkdir -p /dev/pts /dev/shm ${OUT}
mount -t devpts devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ip link set lo up
echo emulated >/proc/sys/kernel/hostname
uptime_of() { read -r up rest </proc/uptime; echo "\${up%.*}"; }
step() {
  name=$1 limit=$2 begun=$(uptime_of)
  shift 2
  echo "${MARK} begin $name"
  : >${OUT}/"$name".err
  tail -f ${OUT}/"$name".err &
  follower=$!
  timeout -k 20 "$limit" "$@" >${OUT}/"$name".out 2>>${OUT}/"$name".err </dev/null
  code=$?
  kill $follower
  echo "${MARK} end $name $code $(($(uptime_of) - begun))"
}
${kvmModule === undefined ? '' : `modprobe ${kvmModule}\n`}[ -c /dev/kvm ] && kvm=yes || kvm=no
echo "${MARK} up $(uname -rm) kvm=$kvm"
cd /root
${lines.join('\n')}
dmesg >${OUT}/dmesg.out 2>&1
tar c -f /dev/vdc -C ${OUT} . && sync && echo "${MARK} saved"
busybox poweroff -f
`;
}

export type Report =
  | { readonly kind: 'up'; readonly text: string }
  | { readonly kind: 'begin'; readonly name: string }
  | { readonly kind: 'end'; readonly name: string; readonly code: number; readonly seconds: number }
  | { readonly kind: 'saved' }
  | { readonly kind: 'failed'; readonly text: string };

/** What a line of the console says; null for the kernel's and other programs' lines. */
export function readReport(line: string): Report | null {
  const [, kind, rest = ''] = new RegExp(`^${MARK} (up|begin|end|saved|failed) ?(.*)$`).exec(line.trim()) ?? [];
  const [name = '', code, seconds] = rest.split(' ');
  switch (kind) {
    case 'up':
    case 'failed':
      return { kind, text: rest };
    case 'begin':
      return { kind, name };
    case 'end':
      return { kind, name, code: Number(code), seconds: Number(seconds) };
    case 'saved':
      return { kind };
    default:
      return null;
  }
}

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
