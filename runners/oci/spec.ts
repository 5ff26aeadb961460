/** The OCI runtime configuration (config.json) of a box: a pure function of what the box is to be. */

import { PAYLOAD_ENV } from '../kit/payload-env.ts';
import { SCRATCH_MOUNT, STORE_MOUNT } from '../kit/places.ts';
import { cpuList } from '../kit/shell.ts';
import type { BoxLimits } from '../stack/box-settings.ts';
import type { OciSeccomp } from './seccomp.ts';

export interface OciPlan {
  /** Root folder, as the runtime sees it; always read-only. */
  readonly root: string;
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Group of the box below the mounts of the controllers. */
  readonly cgroup: string;
  readonly limits: BoxLimits;
  /** A limit of the swap too, which fails where the kernel does not account swap. */
  readonly swap: boolean;
  readonly network?: 'none' | 'host' | undefined;
  readonly userns?: 'yes' | 'no' | undefined;
  /** That a payload keeps, such as `CAP_SETUID`; none when left out. */
  readonly capabilities?: readonly string[];
  readonly seccomp?: OciSeccomp;
  /** gVisor has no cgroup namespace. */
  readonly cgroupNamespace: boolean;
  /** Folder for the payload's data. */
  readonly data?: string | undefined;
  /** Set when the box is to hold another. */
  readonly holder?: OciHolder;
}

export interface OciHolder {
  readonly store: string;
  readonly scratch: string;
  /** Capabilities that there are, such as `CAP_SYS_ADMIN`. */
  readonly capabilities: readonly string[];
}

interface Mount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

const SETS = ['bounding', 'effective', 'permitted', 'inheritable', 'ambient'] as const;
const QUOTA_PERIOD_US = 100_000;
const SMALL = 'size=65536k';
/** What runc masks and keeps from being written, which Docker does too. */
const MASKED = [
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/sched_debug',
  '/proc/scsi',
];
const READ_ONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** The configuration. No resource limits (rlimits) are in it: raising one takes a privilege that a host may not have. */
export function ociSpec(plan: OciPlan): object {
  const { holder, network = 'none', userns = 'no' } = plan;
  const namespaces = [
    ...['pid', 'ipc', 'uts', 'mount'],
    ...(network === 'none' ? ['network'] : []),
    ...(plan.cgroupNamespace ? ['cgroup'] : []),
    ...(userns === 'yes' ? ['user'] : []),
  ];
  const identity = [{ containerID: 0, hostID: 0, size: 1 }];
  return {
    ociVersion: '1.0.2',
    hostname: 'boxmark',
    root: { path: plan.root, readonly: true },
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: plan.argv,
      env: Object.entries({ ...PAYLOAD_ENV, ...plan.env }).map(([name, value]) => `${name}=${value}`),
      cwd: '/',
      noNewPrivileges: holder === undefined,
      capabilities: Object.fromEntries(SETS.map((set) => [set, holder?.capabilities ?? plan.capabilities ?? []])),
    },
    mounts: holder === undefined ? [...payloadMounts(network, userns), ...dataMounts(plan.data)] : holderMounts(holder),
    linux: {
      namespaces: namespaces.map((type) => ({ type })),
      ...(userns === 'yes' ? { uidMappings: identity, gidMappings: identity } : {}),
      cgroupsPath: plan.cgroup,
      resources: resourcesOf(plan.limits, plan.swap, holder !== undefined),
      ...(plan.seccomp === undefined ? {} : { seccomp: plan.seccomp }),
      ...(holder === undefined ? { maskedPaths: [...MASKED, '/sys/firmware'], readonlyPaths: READ_ONLY } : {}),
    },
  };
}

function payloadMounts(network: 'none' | 'host', userns: 'yes' | 'no'): Mount[] {
  // A user namespace may mount the file system of its own network only.
  const borrowed = userns === 'yes' && network === 'host';
  return [
    mount('/proc', 'proc', []),
    mount('/dev', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', SMALL]),
    mount('/tmp', 'tmpfs', ['nosuid', 'nodev', 'mode=1777', SMALL]),
    borrowed
      ? { destination: '/sys', type: 'none', source: '/sys', options: ['rbind', 'nosuid', 'noexec', 'nodev', 'ro'] }
      : mount('/sys', 'sysfs', ['nosuid', 'noexec', 'nodev', 'ro']),
  ];
}

function dataMounts(folder: string | undefined): Mount[] {
  return folder === undefined ? [] : [bind(folder, SCRATCH_MOUNT, ['rw', 'nosuid', 'nodev', 'noexec'])];
}

function bind(source: string, destination: string, options: readonly string[] = []): Mount {
  return { destination, type: 'none', source, options: ['bind', ...options] };
}

function holderMounts({ store, scratch }: OciHolder): Mount[] {
  return [
    mount('/proc', 'proc', []),
    mount('/dev', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', SMALL]),
    mount('/dev/pts', 'devpts', ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620']),
    mount('/dev/shm', 'tmpfs', ['nosuid', 'nodev', 'noexec', 'mode=1777', SMALL]),
    mount('/sys', 'sysfs', ['nosuid', 'noexec', 'nodev']),
    mount('/sys/fs/cgroup', 'cgroup', ['nosuid', 'noexec', 'nodev', 'relatime']),
    mount('/run', 'tmpfs', ['nosuid', 'nodev', 'mode=755', 'size=262144k']),
    mount('/tmp', 'tmpfs', ['nosuid', 'nodev', 'mode=1777', SMALL]),
    bind(store, STORE_MOUNT, ['ro']),
    bind(scratch, SCRATCH_MOUNT),
  ];
}

function mount(destination: string, type: string, options: readonly string[]): Mount {
  return { destination, type, source: type, options };
}

function resourcesOf({ cpus, memoryBytes, pids, quota }: BoxLimits, swap: boolean, allDevices: boolean): object {
  return {
    cpu: {
      cpus: cpuList(cpus),
      ...(quota === undefined ? {} : { quota: Math.round(quota * QUOTA_PERIOD_US), period: QUOTA_PERIOD_US }),
    },
    ...(memoryBytes === undefined ? {} : { memory: { limit: memoryBytes, ...(swap ? { swap: memoryBytes } : {}) } }),
    ...(pids === undefined ? {} : { pids: { limit: pids } }),
    ...(allDevices ? { devices: [{ allow: true, access: 'rwm' }] } : {}),
  };
}
