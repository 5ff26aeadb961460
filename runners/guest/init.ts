/** The first program of a guest kernel, and its orders on the kernel command line. */

import { BoxmarkError } from '../../bench/errors.ts';
import { SCRATCH_MOUNT } from '../kit/places.ts';

/** How the lines of the guest's first program begin. The first one appears as soon as the guest has its console. */
export const GUEST_MARK = 'boxmark-guest';

export interface GuestOrders {
  /** Name of the start; shows in the process list of the host. */
  readonly name: string;
  /** What carries standard input and output: a device below /dev, or `port:` and the name of a virtio port. */
  readonly console: string;
  /** How the machine is ended: whatever ends its process on the host at once. */
  readonly end: 'reboot' | 'poweroff';
  /** File system and device of the root; without one the guest says its line and ends (a probe). */
  readonly root?: { readonly type: 'erofs' | 'hostfs'; readonly device: string };
  /** Device with an ext4 for the payload's data, which is mounted in the root. */
  readonly data?: string;
  /** Command to run in the root. */
  readonly argv?: readonly string[];
}

/** Kernel parameters for the orders, without spaces in any of them. Throws `BoxmarkError` for what can't be carried. */
export function orderParameters(orders: GuestOrders): string[] {
  const parameters = [
    `boxmark.name=${encodeArgument(orders.name)}`,
    `boxmark.console=${orders.console}`,
    `boxmark.end=${orders.end}`,
  ];
  if (orders.root !== undefined) parameters.push(`boxmark.root=${orders.root.type}:${orders.root.device}`);
  if (orders.data !== undefined) parameters.push(`boxmark.data=${orders.data}`);
  if (orders.argv !== undefined) parameters.push(`boxmark.argv=${encodeArgv(orders.argv)}`);
  return parameters;
}

/** Joins kernel parameters. Throws `BoxmarkError` when the line is longer than the kernel takes: it would cut it silently. */
export function kernelLine(parameters: readonly string[], limitChars: number): string {
  const line = parameters.join(' ');
  if (line.length < limitChars) return line;
  throw new BoxmarkError({
    what: `The command is too long for a guest kernel's command line of ${limitChars} characters.`,
    value: `${line.length} characters`,
    remedy: 'shorten the arguments',
  });
}

/** Every argument ends with a comma, so that empty ones survive; bytes that the kernel or the shell could take apart are written %XX. */
function encodeArgv(argv: readonly string[]): string {
  return argv.map((argument) => `${encodeArgument(argument)},`).join('');
}

function encodeArgument(argument: string): string {
  if (argument.includes('\0')) throw new BoxmarkError({ what: 'An argument holds a NUL character.', value: argument });
  const hex = (byte: number) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`;
  return argument.replace(/[^A-Za-z0-9/._=-]/gu, (char) => [...Buffer.from(char)].map(hex).join(''));
}

/** Programs of busybox that the script calls. */
export const INIT_APPLETS = [
  'cat',
  'chroot',
  'env',
  'insmod',
  'mount',
  'poweroff',
  'reboot',
  'sed',
  'sh',
  'sleep',
  'stty',
];

/** Mounts file systems, each "type folder options", with one program: to start another takes a guest milliseconds. */
export const MOUNT_ALL = `mount_all() {
  for mount in "$@"; do
    set -- $mount
    echo "$1 $2 $1 $3 0 0"
  done >/etc/fstab
  mount -a
}`;

/** Shell script run as /init. A terminal is made raw: an ordinary one echoes, and cuts a line at 4096 bytes. */
export const INIT_SCRIPT = `#!/bin/sh
${MOUNT_ALL}
mount_all 'proc /proc defaults' 'sysfs /sys defaults' 'devtmpfs /dev defaults'

name= console=console end=reboot root= data= argv=
read -r line </proc/cmdline
for word in $line; do
  case $word in
    boxmark.name=*) name=\${word#*=} ;;
    boxmark.console=*) console=\${word#*=} ;;
    boxmark.end=*) end=\${word#*=} ;;
    boxmark.root=*) root=\${word#*=} ;;
    boxmark.data=*) data=\${word#*=} ;;
    boxmark.argv=*) argv=\${word#*=} ;;
  esac
done

finish() {
  echo "${GUEST_MARK} ended: $*"
  "$end" -f
  sleep 60
}

for module in /modules/*.ko; do
  [ ! -e "$module" ] || insmod "$module"
done

find_console() {
  device=/dev/$console
  for port in /sys/class/virtio-ports/*; do
    called=
    [ ! -r "$port/name" ] || read -r called <"$port/name"
    [ "port:$called" != "$console" ] || device=/dev/\${port##*/}
  done
}

tries=0
find_console
while [ ! -c "$device" ] && [ $tries -lt 250 ]; do
  sleep 0.02
  tries=$((tries + 1))
  find_console
done
# Opened once, for both ways: a port refuses a second opener.
exec 0<>"$device" 1>&0 2>&0
[ ! -t 0 ] || stty raw -echo

read -r up rest </proc/uptime
read -r clock </sys/devices/system/clocksource/clocksource0/current_clocksource
read -r kernel </proc/sys/kernel/osrelease
echo "${GUEST_MARK} $name up=$up kernel=$kernel clock=$clock"
[ -n "$root" ] || finish probe

tries=0
until mount -t "\${root%%:*}" -o ro "\${root#*:}" /root 2>/error; do
  tries=$((tries + 1))
  [ $tries -lt 250 ] || finish "no root file system: $(cat /error)"
  sleep 0.02
done
mount_all 'proc /root/proc defaults' 'sysfs /root/sys defaults' 'devtmpfs /root/dev defaults' \\
  'tmpfs /root/tmp size=64m,mode=1777'
[ -z "$data" ] || mount -t ext4 -o nosuid,nodev,noexec "$data" /root${SCRATCH_MOUNT} || finish "no data disk"

set -f
set --
IFS=,
for word in $argv; do
  case $word in
    *%*)
      word=$(printf '%b.' "$(printf %s "$word" | sed 's/%\\(..\\)/\\\\x\\1/g')")
      word=\${word%.}
      ;;
  esac
  set -- "$@" "$word"
done
unset IFS
env -i PATH=/usr/bin:/bin HOME=/ chroot /root "$@"
finish "status $?"
`;
