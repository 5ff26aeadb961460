/** Which commands the engines need, and which packages of which package manager bring them: tables, one row each. */

export const ENGINES = [
  'unshare',
  'bwrap',
  'runc',
  'crun',
  'docker',
  'podman',
  'nspawn',
  'gvisor',
  'lxc',
  'appc',
  'ssh',
  'uml',
  'qemu',
] as const;
export type Engine = (typeof ENGINES)[number];

/** Commands without which an engine can't run, by name. Presence of the command counts, not of the package: users install by other ways too. */
export function commandsOf(engine: Engine, architecture: string = process.arch): readonly string[] {
  const emulator = architecture === 'arm64' ? 'qemu-system-aarch64' : 'qemu-system-x86_64';
  const commands: Readonly<Record<Engine, readonly string[]>> = {
    unshare: ['unshare', 'nsenter', 'setpriv', 'taskset', 'mount', 'umount'],
    docker: ['docker', 'dockerd', 'containerd', 'runc'],
    bwrap: ['bwrap', 'taskset'],
    runc: ['runc', 'taskset'],
    crun: ['crun', 'taskset', 'unshare'],
    podman: ['podman', 'conmon', 'setpriv', 'taskset'],
    nspawn: ['systemd-nspawn', 'taskset'],
    gvisor: ['runsc', 'taskset'],
    lxc: ['lxc-start', 'lxc-attach', 'lxc-execute', 'busybox'],
    appc: ['systemd-nspawn', 'busybox'],
    ssh: ['ssh'],
    uml: ['linux.uml', 'busybox'],
    qemu: [emulator, 'busybox', 'mkfs.erofs'],
  };
  return commands[engine];
}

export interface EnginePackages {
  readonly packages: readonly string[];
  /** Installed too where the manager knows them: some releases split a package, others don't. */
  readonly optional?: readonly string[];
}

/** A package manager: how to call it, and what it calls the engines. */
export interface PackageManager {
  readonly name: string;
  /** The command whose presence says that this is the manager. */
  readonly command: string;
  readonly refresh: readonly string[];
  /** Package names are appended. Must not ask, upgrade, remove or add what is only recommended. */
  readonly install: readonly string[];
  /** Succeeds when a package (appended) is known. */
  readonly knows: readonly string[];
  /** Folder of the package lists, when they are kept apart from installing; `refresh` is called when they are old. */
  readonly lists?: string;
  /** Messages after which refreshing the lists and trying again helps. */
  readonly outdated: RegExp;
  /** What the program adds to the environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly engines: (architecture: string) => Readonly<Partial<Record<Engine, EnginePackages>>>;
}

/** Time in which another package manager may finish first, in seconds. */
const LOCK_SECONDS = 120;

export const PACKAGE_MANAGERS: readonly PackageManager[] = [
  {
    name: 'apt',
    command: 'apt-get',
    refresh: ['apt-get', '-q', 'update'],
    install: [
      ...['apt-get', '-q', '-y', '-o', `DPkg::Lock::Timeout=${LOCK_SECONDS}`, '-o', 'Dpkg::Options::=--force-confold'],
      ...['--no-install-recommends', '--no-upgrade', '--no-remove', 'install'],
    ],
    knows: ['apt-cache', 'show', '--no-all-versions'],
    lists: '/var/lib/apt/lists',
    outdated: /Unable to locate package|has no installation candidate|404 +Not Found|Unable to fetch|Failed to fetch/,
    env: {
      DEBIAN_FRONTEND: 'noninteractive',
      APT_LISTCHANGES_FRONTEND: 'none',
      NEEDRESTART_MODE: 'l',
      // Init scripts take this for single-user mode and start nothing.
      RUNLEVEL: '1',
    },
    engines: (architecture) => ({
      unshare: { packages: ['util-linux'] },
      docker: { packages: ['docker.io'], optional: ['docker-cli'] },
      bwrap: { packages: ['bubblewrap'] },
      runc: { packages: ['runc'] },
      crun: { packages: ['crun'] },
      // The runtime, and what it is rootless by.
      podman: { packages: ['podman', 'runc', 'uidmap', 'slirp4netns'], optional: ['golang-github-containers-common'] },
      nspawn: { packages: ['systemd-container'] },
      // In Debian; others have it from gVisor's own packages.
      gvisor: { packages: [], optional: ['runsc'] },
      lxc: { packages: ['lxc', 'busybox-static'] },
      appc: { packages: ['systemd-container', 'busybox-static'] },
      ssh: { packages: ['openssh-client'] },
      ...(architecture === 'x64' ? { uml: { packages: ['user-mode-linux', 'busybox-static'] } } : {}),
      qemu: {
        packages: [architecture === 'arm64' ? 'qemu-system-arm' : 'qemu-system-x86', 'busybox-static', 'erofs-utils'],
      },
    }),
  },
  {
    name: 'dnf',
    command: 'dnf',
    refresh: ['dnf', '-q', 'makecache'],
    install: ['dnf', '-q', '-y', '--setopt=install_weak_deps=False', 'install'],
    knows: ['dnf', '-q', 'info'],
    outdated: /No match for argument/,
    env: {},
    engines: (architecture) => ({
      unshare: { packages: ['util-linux'] },
      docker: { packages: ['moby-engine'], optional: ['docker-cli'] },
      bwrap: { packages: ['bubblewrap'] },
      runc: { packages: ['runc'] },
      crun: { packages: ['crun'] },
      podman: { packages: ['podman', 'crun', 'shadow-utils'] },
      nspawn: { packages: ['systemd-container'] },
      lxc: { packages: ['lxc', 'busybox'] },
      appc: { packages: ['systemd-container', 'busybox'] },
      ssh: { packages: ['openssh-clients'] },
      qemu: {
        packages: [
          architecture === 'arm64' ? 'qemu-system-aarch64-core' : 'qemu-system-x86-core',
          'busybox',
          'erofs-utils',
        ],
      },
    }),
  },
  {
    name: 'apk',
    command: 'apk',
    refresh: ['apk', 'update', '-q'],
    install: ['apk', 'add', '-q', '--no-progress'],
    knows: ['apk', 'info', '-e'],
    outdated: /unable to select packages|no such package/,
    env: {},
    engines: (architecture) => ({
      unshare: { packages: ['util-linux'] },
      docker: { packages: ['docker-engine', 'docker-cli'] },
      bwrap: { packages: ['bubblewrap'] },
      runc: { packages: ['runc'] },
      crun: { packages: ['crun'] },
      podman: { packages: ['podman', 'runc'] },
      lxc: { packages: ['lxc', 'busybox-static'] },
      ssh: { packages: ['openssh-client'] },
      qemu: {
        packages: [
          architecture === 'arm64' ? 'qemu-system-aarch64' : 'qemu-system-x86_64',
          'busybox-static',
          'erofs-utils',
        ],
      },
    }),
  },
  {
    name: 'zypper',
    command: 'zypper',
    refresh: ['zypper', '-q', '--non-interactive', 'refresh'],
    install: ['zypper', '-q', '--non-interactive', 'install', '--no-recommends'],
    knows: ['zypper', '-q', '--non-interactive', 'info'],
    outdated: /No provider of|not found in package names/,
    env: {},
    engines: (architecture) => ({
      unshare: { packages: ['util-linux'] },
      docker: { packages: ['docker'] },
      bwrap: { packages: ['bubblewrap'] },
      runc: { packages: ['runc'] },
      crun: { packages: ['crun'] },
      podman: { packages: ['podman', 'runc'] },
      nspawn: { packages: ['systemd-container'] },
      lxc: { packages: ['lxc', 'busybox-static'] },
      appc: { packages: ['systemd-container', 'busybox-static'] },
      ssh: { packages: ['openssh-clients'] },
      qemu: { packages: [architecture === 'arm64' ? 'qemu-arm' : 'qemu-x86', 'busybox-static', 'erofs-utils'] },
    }),
  },
];
