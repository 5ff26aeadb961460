/** Messages of engines and programs whose cause is known and is not what `boxmark doctor` finds. */

const FAULTS: readonly (readonly [message: RegExp, remedy: string])[] = [
  [
    /ip_unprivileged_port_start[\s\S]*permission denied/i,
    'update LXC, Incus or Proxmox on the outer host (its AppArmor profile stops runc since 1.2.8, 1.3.3 and 1.4), or set lxc.apparmor.profile = unconfined for this container',
  ],
  [
    /ENOSPC[\s\S]*\/dev\/shm|ENOSPC[\s\S]*'\/tmp\//,
    'make room in the memory file system (df /dev/shm /tmp), or name the files by their absolute paths: those are not copied into it',
  ],
  [
    /inappropriate ioctl|\/dev\/tty|\bTERM\b|not a (?:tty|terminal)|tty get|no(?: controlling)? (?:tty|terminal)/i,
    'a flag with which the program runs without a terminal: boxes have none',
  ],
];

/** What to try when an engine ends with this message; undefined where nothing better is known than to look. */
export function knownRemedy(message: string): string | undefined {
  return FAULTS.find(([known]) => known.test(message))?.[1];
}
