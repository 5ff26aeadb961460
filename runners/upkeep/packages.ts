/** Which package managers there are, and how an engine says what it needs from them. */

/** Package managers by the names that engines use. */
export type ManagerName = 'apt' | 'dnf' | 'apk' | 'zypper';

export interface EnginePackages {
  readonly packages: readonly string[];
  /** Installed too where the manager knows them: some releases split a package, others don't. */
  readonly optional?: readonly string[];
}

/** How set-up gets an engine. */
export interface Installation {
  /** The engine, as `boxmark setup --for` takes it. */
  readonly name: string;
  /** Commands without which it can't run. Presence of the command counts, not of the package: users install by other ways too. */
  commands(architecture: string): readonly string[];
  /** Packages of each manager that has them for this architecture. */
  packages(architecture: string): Readonly<Partial<Record<ManagerName, EnginePackages>>>;
  /** It boots a kernel that set-up fetches. */
  readonly guestKernel?: boolean;
}

/** A package manager and how to call it. */
export interface PackageManager {
  readonly name: ManagerName;
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
  },
  {
    name: 'dnf',
    command: 'dnf',
    refresh: ['dnf', '-q', 'makecache'],
    install: ['dnf', '-q', '-y', '--setopt=install_weak_deps=False', 'install'],
    knows: ['dnf', '-q', 'info'],
    outdated: /No match for argument/,
    env: {},
  },
  {
    name: 'apk',
    command: 'apk',
    refresh: ['apk', 'update', '-q'],
    install: ['apk', 'add', '-q', '--no-progress'],
    knows: ['apk', 'info', '-e'],
    outdated: /unable to select packages|no such package/,
    env: {},
  },
  {
    name: 'zypper',
    command: 'zypper',
    refresh: ['zypper', '-q', '--non-interactive', 'refresh'],
    install: ['zypper', '-q', '--non-interactive', 'install', '--no-recommends'],
    knows: ['zypper', '-q', '--non-interactive', 'info'],
    outdated: /No provider of|not found in package names/,
    env: {},
  },
];
