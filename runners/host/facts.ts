/** Host facts: the hardware, the software stack on it, and the fingerprint that says which sessions may be compared. */

import { createHash } from 'node:crypto';
import { fingerprintOf } from '../../bench/box/machine.ts';
import { type HardwareFacts, readHardware } from './hardware.ts';
import { bracketed, fieldOf, joinDistinct, type KernelFiles, kernelFiles } from './kernel-files.ts';

/** What may change with a boot, an update or a setting. */
export interface StackFacts {
  readonly kernelRelease: string | null;
  readonly kernelVersion: string | null;
  /** Boot parameters that bear on speed; the others may name private things. */
  readonly kernelParameters: readonly string[];
  /** Vulnerability → state, as the kernel words it. */
  readonly mitigations: Readonly<Record<string, string>>;
  readonly microcode: string | null;
  /** Over all flags, also those that the kernel makes up. */
  readonly cpuFlagsSha256: string;
  readonly frequencyDriver: string | null;
  readonly governor: string | null;
  readonly turbo: boolean | null;
  readonly transparentHugepages: string | null;
  readonly clocksource: string | null;
  readonly cgroups: 'v1' | 'v2' | 'hybrid' | null;
  readonly nodeVersion: string;
  readonly v8Version: string;
  /** PRETTY_NAME of os-release. */
  readonly distribution: string | null;
}

export interface HostFacts {
  readonly hardware: HardwareFacts;
  readonly stack: StackFacts;
  /** Digest of `hardware` without flags that updates switch, 64 hex digits. */
  readonly fingerprint: string;
}

const SPEED_PARAMETERS =
  /^(mitigations|nosmt|isolcpus|nohz|nohz_full|rcu_nocbs|idle|intel_pstate|amd_pstate|processor\.max_cstate|intel_idle\.max_cstate|transparent_hugepage|clocksource|tsc|pti|nopti|spectre_v2|nospectre_v[12]|spec_store_bypass_disable|l1tf|mds|retbleed|preempt|hugepages)(=|$)/;

export interface HostQuestion {
  /** CPUs that are to be measured: their kind is part of the hardware where it has several. */
  readonly cpus: readonly number[];
  readonly root?: string;
  readonly architecture?: string;
}

/** Reads the facts of this host. Only reads files; what can't be read is null or empty. */
export async function readHost({ cpus, root, architecture = process.arch }: HostQuestion): Promise<HostFacts> {
  const files = kernelFiles(root);
  const hardware = readHardware(files, architecture, cpus);
  return { hardware, stack: readStack(files), fingerprint: fingerprintOf(hardware, hardware.cpuFlags) };
}

/** Is turbo (boost) on? Null where the kernel has no switch for it. */
export function turboState(files: KernelFiles): boolean | null {
  const off = files.number('/sys/devices/system/cpu/intel_pstate/no_turbo');
  if (off !== null) return off === 0;
  const boost = files.number('/sys/devices/system/cpu/cpufreq/boost');
  return boost === null ? null : boost !== 0;
}

/** Governors of these CPUs (of all by default), distinct; null where frequency is out of this kernel's hands. */
export function governorOf(files: KernelFiles, cpus?: readonly number[]): string | null {
  return joinDistinct(frequencyFiles(files, 'scaling_governor', cpus));
}

function readStack(files: KernelFiles): StackFacts {
  const cpuinfo = files.text('/proc/cpuinfo');
  const flags = fieldOf(cpuinfo, 'flags') ?? fieldOf(cpuinfo, 'Features') ?? '';
  const vulnerabilities = '/sys/devices/system/cpu/vulnerabilities';
  return {
    kernelRelease: files.text('/proc/sys/kernel/osrelease'),
    kernelVersion: files.text('/proc/sys/kernel/version'),
    kernelParameters: (files.text('/proc/cmdline') ?? '').split(/\s+/).filter((word) => SPEED_PARAMETERS.test(word)),
    mitigations: Object.fromEntries(
      files.names(vulnerabilities).map((name) => [name, files.text(`${vulnerabilities}/${name}`) ?? 'unreadable']),
    ),
    microcode: fieldOf(cpuinfo, 'microcode'),
    cpuFlagsSha256: sha256(flags.split(/\s+/).sort().join(' ')),
    frequencyDriver: joinDistinct(frequencyFiles(files, 'scaling_driver')),
    governor: governorOf(files),
    turbo: turboState(files),
    transparentHugepages: bracketed(files.text('/sys/kernel/mm/transparent_hugepage/enabled')),
    clocksource: files.text('/sys/devices/system/clocksource/clocksource0/current_clocksource'),
    cgroups: cgroupVersion(files.text('/proc/mounts') ?? ''),
    nodeVersion: process.version,
    v8Version: process.versions.v8,
    distribution: distribution(files.text('/etc/os-release') ?? files.text('/usr/lib/os-release') ?? ''),
  };
}

function frequencyFiles(files: KernelFiles, name: string, cpus?: readonly number[]): (string | null)[] {
  const online = cpus ?? files.cpus('/sys/devices/system/cpu/online') ?? [];
  return online.map((cpu) => files.text(`/sys/devices/system/cpu/cpu${cpu}/cpufreq/${name}`));
}

function cgroupVersion(mounts: string): StackFacts['cgroups'] {
  const types = new Set(mounts.split('\n').map((line) => line.split(' ')[2]));
  if (types.has('cgroup') && types.has('cgroup2')) return 'hybrid';
  return types.has('cgroup2') ? 'v2' : types.has('cgroup') ? 'v1' : null;
}

function distribution(osRelease: string): string | null {
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(osRelease)?.[1] ?? null;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
