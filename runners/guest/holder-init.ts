/** The first program of a guest that holds engines: what these expect of a system, then the agent that runs commands. */

import { GUEST_MARK, MOUNT_ALL } from './init.ts';

/** Programs of busybox that the script calls, besides those of a payload's guest. */
export const HOLDER_APPLETS = ['cp', 'ip', 'kill', 'mkdir', 'umount'];
export const AGENT_FILE = 'agent.cjs';

/**
 * Its orders are kernel parameters: boxmark.name, boxmark.console, boxmark.root and boxmark.store (paths that hostfs shows),
 * boxmark.disk. Every controller that the kernel has gets a separate hierarchy, as container engines expect.
 */
export const HOLDER_SCRIPT = `#!/bin/sh
${MOUNT_ALL}
mount_all 'proc /proc defaults' 'sysfs /sys defaults' 'devtmpfs /dev defaults'

name= console=console root= store= disk=
read -r line </proc/cmdline
for word in $line; do
  case $word in
    boxmark.name=*) name=\${word#*=} ;;
    boxmark.console=*) console=\${word#*=} ;;
    boxmark.root=*) root=\${word#*=} ;;
    boxmark.store=*) store=\${word#*=} ;;
    boxmark.disk=*) disk=\${word#*=} ;;
  esac
done
for module in /modules/*.ko; do
  [ ! -e "$module" ] || insmod "$module"
done
exec 0<>"/dev/$console" 1>&0 2>&0
[ ! -t 0 ] || stty raw -echo
read -r up rest </proc/uptime
read -r kernel </proc/sys/kernel/osrelease
echo "${GUEST_MARK} $name up=$up kernel=$kernel"

finish() {
  echo "${GUEST_MARK} ended: $*"
  kill -9 -1
  # What was killed may still be ending.
  n=0
  until umount /root/boxmark/scratch 2>/dev/null || [ $n -ge 100 ]; do
    n=$((n + 1))
    sleep 0.02
  done
  poweroff -f
  sleep 60
}

mount -t hostfs -o "ro,$root" none /root || finish "no root file system"
mount_all 'proc /root/proc defaults' 'sysfs /root/sys defaults' 'devtmpfs /root/dev defaults'
mkdir -p /root/dev/pts /root/dev/shm
mount_all 'devpts /root/dev/pts newinstance,ptmxmode=0666,mode=0620' 'tmpfs /root/dev/shm mode=1777,size=64m' \\
  'tmpfs /root/tmp mode=1777,size=256m' 'tmpfs /root/run mode=755,size=256m'
mount -t tmpfs -o mode=755,size=1m tmpfs /root/sys/fs/cgroup || finish "no place for control groups"
while read -r controller hierarchy groups enabled; do
  [ "$enabled" = 1 ] || continue
  mkdir "/root/sys/fs/cgroup/$controller"
  mount -t cgroup -o "$controller" cgroup "/root/sys/fs/cgroup/$controller"
done </proc/cgroups
mount -t hostfs -o "ro,$store" none /root/boxmark/store || finish "no image store"
mount -t ext4 "$disk" /root/boxmark/scratch || finish "no disk"
ip link set lo up
cp /${AGENT_FILE} /root/run/${AGENT_FILE}
env -i PATH=/usr/bin:/bin HOME=/ chroot /root /usr/bin/node /run/${AGENT_FILE}
finish "status $?"
`;
