/** What is known of a box, each fact once: read by the payload inside it, and as `host_…` on the host. Import the types from `types.ts`. */

interface FactWords {
  /** A few words, as a report names it beside a result. */
  readonly words: string;
  /** A plain sentence, without its full stop. */
  readonly meaning: string;
}

const asHost = (words: string): FactWords => ({
  words: `${words} seen by the host`,
  meaning: `${words} as the host sees it; of a guest kernel, for the machine that it runs in`,
});
const namespace = (kind: string): FactWords => ({
  words: `${kind} namespace`,
  meaning: `its ${kind} namespace, by the number that the kernel gives it`,
});
const hostNamespace = (kind: string): FactWords => ({
  words: `${kind} namespace of the host`,
  meaning: `${kind} namespace of the host, where the kernel is shared`,
});

/** In the order of the data dictionary. What a box does not show is null. */
export const FACTS = {
  node_version: { words: 'Node.js', meaning: 'version of Node.js' },
  v8_version: { words: 'V8', meaning: 'version of V8' },
  libc: { words: 'C library', meaning: 'C library and its version' },
  pid: { words: 'process id', meaning: 'process id of the payload' },
  uid: { words: 'user id', meaning: 'user id of the payload' },
  uid_map: { words: 'user ids', meaning: 'user ids inside and outside, as the kernel maps them' },
  kernel: { words: 'kernel', meaning: 'release of the kernel that the box runs on' },
  clocksource: { words: 'clock', meaning: 'clock source of that kernel' },
  cpu_model: { words: 'CPU model', meaning: 'processor that the box sees' },
  cpu_flags: { words: 'CPU flags', meaning: 'its flags, sorted; a session keeps their digest only' },
  cpu_flags_sha256: { words: 'CPU flags', meaning: 'SHA-256 of its flags' },
  cpus_allowed: { words: 'CPUs', meaning: 'CPUs that the process may use' },
  cpuset: { words: 'cpuset', meaning: 'CPUs of its cgroup' },
  cpu_quota: {
    words: 'CPU quota',
    meaning: "CPUs' worth of time that its cgroups allow, the tightest of all levels in sight; none for no limit",
  },
  cpu_period_us: { words: 'quota period', meaning: 'period of that quota, µs; none for no limit' },
  memory_limit_bytes: {
    words: 'memory limit',
    meaning: 'memory that its cgroups allow, the tightest of all levels in sight; none for no limit',
  },
  host_cpus_allowed: asHost('CPUs'),
  host_cpuset: asHost('cpuset'),
  host_cpu_quota: asHost('CPU quota'),
  host_cpu_period_us: asHost('quota period'),
  host_memory_limit_bytes: asHost('memory limit'),
  mitigations: { words: 'mitigations', meaning: 'name and state of each vulnerability that the kernel lists' },
  speculation_store_bypass: {
    words: 'speculation control (SSBD)',
    meaning: 'state of the mitigation that a seccomp filter may switch on',
  },
  memory_total_kib: { words: 'memory', meaning: 'memory that the kernel of the box has, KiB' },
  transparent_hugepages: { words: 'huge pages', meaning: 'setting of transparent huge pages, the choice in brackets' },
  seccomp: { words: 'seccomp mode', meaning: '0 off, 1 strict, 2 filter' },
  seccomp_filters: { words: 'seccomp filters', meaning: 'number of seccomp filters' },
  no_new_privs: { words: 'no new privileges', meaning: "1 when programs can't gain privileges" },
  capabilities_effective: { words: 'capabilities', meaning: 'mask of capabilities in effect' },
  capabilities_bounding: { words: 'capabilities at most', meaning: 'mask of capabilities that it can ever have' },
  security_label: { words: 'security label', meaning: 'label of AppArmor or SELinux' },
  root_filesystem: { words: 'root file system', meaning: 'type and mode of the root' },
  scratch_fs: { words: 'scratch', meaning: 'file system of the folder that workloads of the disk write to' },
  scratch_device: { words: 'scratch on', meaning: 'kind of the block device that it is on; none where it is on none' },
  scratch_options: { words: 'scratch options', meaning: 'options of that mount, without paths and owners' },
  devices: {
    words: 'devices',
    meaning: 'device files in the folder dev and one folder below, without terminals',
  },
  preloaded: {
    words: 'preloaded libraries',
    meaning: 'libraries of the file ld.so.preload that are loaded into it, such as an agent of a monitoring system',
  },
  namespace_user: namespace('user'),
  namespace_mnt: namespace('mount'),
  namespace_pid: namespace('process id'),
  namespace_net: namespace('network'),
  namespace_ipc: namespace('IPC'),
  namespace_uts: namespace('host name'),
  namespace_cgroup: namespace('cgroup'),
  host_namespace_user: hostNamespace('user'),
  host_namespace_mnt: hostNamespace('mount'),
  host_namespace_pid: hostNamespace('process id'),
  host_namespace_net: hostNamespace('network'),
  host_namespace_ipc: hostNamespace('IPC'),
  host_namespace_uts: hostNamespace('host name'),
  host_namespace_cgroup: hostNamespace('cgroup'),
  host_namespace_time: hostNamespace('time'),
  host_kernel_shared: { words: "the host's kernel", meaning: "true when the box runs on the host's kernel" },
  engine_root_daemon: {
    words: 'a daemon that runs as root',
    meaning: 'true when a daemon that runs as root starts the box',
  },
  image_signature_verified: { words: 'image signature', meaning: 'true when a signature of the image was verified' },
  known_slowdown: { words: 'known slowdown', meaning: 'share of extra passes under the layer slow; absent elsewhere' },
  payload_sha256: { words: 'payload', meaning: 'SHA-256 of the payload that runs' },
  node_sha256: { words: 'Node.js binary', meaning: 'SHA-256 of the Node.js binary; read in the first block only' },
  image_matches: {
    words: 'image digests',
    meaning: 'true when Node.js, its libraries and the payload are those of the image; read in the first block only',
  },
  image_mismatch: { words: 'changed files', meaning: 'those of them that are not' },
} satisfies Readonly<Record<string, FactWords>>;

/** Names of inequalities that are read from several facts. */
const JOINED: Readonly<Record<string, string>> = {
  cpus: FACTS.cpus_allowed.words,
  host_cpus: FACTS.host_cpus_allowed.words,
  memory: FACTS.memory_total_kib.words,
};

/** What a fact is called in a report, or an inequality of one; those of another version go by their own name. */
export function factWords(fact: string): string {
  if (Object.hasOwn(FACTS, fact)) return FACTS[fact as Fact].words;
  return (Object.hasOwn(JOINED, fact) ? JOINED[fact] : undefined) ?? fact;
}

/** What the facts of a host are called. */
export const HOST_FACTS = {
  hardware: {
    architecture: 'architecture',
    cpuVendor: 'CPU vendor',
    cpuModel: 'CPU',
    cpuFamily: 'CPU family',
    cpuModelNumber: 'CPU model number',
    cpuStepping: 'CPU stepping',
    cpuFlags: 'CPU flags',
    cpuFlagsSha256: 'digest of the CPU flags',
    sockets: 'sockets',
    cores: 'cores',
    threads: 'threads',
    smt: 'more than one thread to a core',
    caches: 'caches',
    coreKind: 'kind of cores',
    memoryGib: 'memory (GiB)',
    virtualised: 'virtualised',
    hypervisor: 'hypervisor',
  },
  stack: {
    kernelRelease: 'kernel',
    kernelVersion: 'kernel build',
    kernelParameters: 'boot parameters',
    mitigations: 'mitigations',
    microcode: 'microcode',
    cpuFlagsSha256: 'CPU flags as the kernel shows them',
    frequencyDriver: 'frequency driver',
    governor: 'frequency governor',
    turbo: 'turbo',
    transparentHugepages: 'huge pages',
    clocksource: 'clock',
    cgroups: 'cgroup version',
    nodeVersion: 'Node.js',
    v8Version: 'V8',
    distribution: 'distribution',
    kernels: 'kernel engine',
  },
} as const;

/** What a fact of a host is called; one of another version goes by its own name. */
export function hostFactWords(part: keyof typeof HOST_FACTS, fact: string): string {
  const words: Readonly<Record<string, string>> = HOST_FACTS[part];
  return (Object.hasOwn(words, fact) ? words[fact] : undefined) ?? fact;
}

export type Fact = keyof typeof FACTS;
type KindOf<Name> = Name extends `namespace_${infer Kind}` ? Kind : never;
/** Kinds of namespaces that a box reads, as the kernel names them. */
export type NamespaceKind = KindOf<Fact>;

export type FactValue = string | number | boolean | null;

/** Null where the box does not show it. A session of another version may have further facts. */
export type BoxFacts = Readonly<Partial<Record<Fact, FactValue>>>;
