/** Which CPUs a run may use, keeping the harness off them, and the counters of the host that are read between starts. */

import { usageError } from '../../bench/errors.ts';
import type { Limits } from '../../bench/types.ts';
import { ownCpuset } from '../cgroup/limits.ts';
import { hostExec } from '../kit/process.ts';
import { cpuList, parseKernelCpus } from '../kit/shell.ts';
import { type CoreKind, coreKinds, fastest, physicalCores, spreadOut } from './cores.ts';
import { fieldOf, type KernelFiles, kernelFiles, memoryField } from './kernel-files.ts';

/** Room for Node.js's threads and an init, not for a runaway; and for those of each further copy. */
const PIDS = 512;
const PIDS_OF_COPY = 32;

/** The CPUs of this host, as far as a run may use them; ascending. */
export interface HostCpus {
  /** That this process was started on: its affinity mask. */
  readonly allowed: readonly number[];
  /** That it may move to: `taskset`, `isolcpus=` and systemd's CPUAffinity= narrow the mask, only a cpuset binds. */
  readonly usable: readonly number[];
  /** Those of them that the kernel keeps free of other work (`isolcpus=`, isolated partitions). */
  readonly isolated: readonly number[];
  /** Kinds of cores, the fastest first; empty where all are alike. */
  readonly kinds: readonly CoreKind[];
  /** Those of one core together. */
  readonly cores: readonly (readonly number[])[];
}

/** Ask before `pinSelf`, which narrows the mask. */
export function hostCpus(root = '/'): HostCpus {
  const files = kernelFiles(root);
  const mask = parseKernelCpus(fieldOf(files.text('/proc/self/status'), 'Cpus_allowed_list') ?? '');
  const cpuset = ownCpuset((file) => files.text(file));
  // A process that was never restricted shows every CPU that could be plugged in, present or not.
  const online = files.cpus('/sys/devices/system/cpu/online');
  const present = (cpus: readonly number[]) => (online === null ? cpus : cpus.filter((cpu) => online.includes(cpu)));
  const allowed = present(mask);
  const bound = present(cpuset === null ? mask : parseKernelCpus(cpuset));
  const usable = [...new Set([...allowed, ...bound])].sort((a, b) => a - b);
  const isolated = files.cpus('/sys/devices/system/cpu/isolated') ?? [];
  return {
    allowed: allowed.length > 0 ? allowed : [0],
    usable: usable.length > 0 ? usable : [0],
    isolated: isolated.filter((cpu) => usable.includes(cpu)),
    kinds: coreKinds(files),
    cores: physicalCores(files, usable),
  };
}

/** CPUs that this process was started on, ascending. */
export function allowedCpus(root = '/'): readonly number[] {
  return hostCpus(root).allowed;
}

/**
 * The limits of a run. By default it measures on the last CPU of the fastest kind, because the first one serves most
 * interrupts, and on an isolated one where there are any.
 * @param cpus what the user asked for (`--cpu`)
 * @param memoryBytes memory of each box
 * @param copies that run at once (`--threads`), each on a CPU of its own; `all` takes every CPU
 * @throws `BoxmarkError` (usage, code 2) naming the usable CPUs when one can't be used, or there are too few
 */
export function defaultLimits(
  cpus: readonly number[] | undefined,
  memoryBytes: number,
  copies: number | 'all' = 1,
  host: HostCpus = hostCpus(),
): Limits {
  const { allowed, usable, isolated } = host;
  const threads = copies === 'all' ? 1 : copies;
  const wanted = cpus ?? (copies === 'all' ? allowed : chosenCpus(host, threads));
  const refused = wanted.filter((cpu) => !usable.includes(cpu));
  if (refused.length > 0 || wanted.length === 0) {
    throw usageError(
      'A requested CPU may not be used here.',
      `--cpu ${wanted.join(',')}`,
      `one or more of ${usable.join(',')}`,
    );
  }
  const measured = [...new Set(wanted)].sort((a, b) => a - b);
  if (measured.length < threads) {
    throw usageError(
      `${threads} copies need a CPU each, and --cpu names ${measured.length}.`,
      `--threads ${threads} --cpu ${cpuList(measured)}`,
      `--threads ${measured.length}, or more CPUs of ${cpuList(usable)}`,
    );
  }
  const others = allowed.filter((cpu) => !measured.includes(cpu));
  const plain = others.filter((cpu) => !isolated.includes(cpu));
  const housekeeping = [plain, others, measured].find((group) => group.length > 0) ?? measured;
  return { cpus: measured, housekeeping, memoryBytes, pids: PIDS + (threads - 1) * PIDS_OF_COPY };
}

/** Of different cores while there are any, the last ones first, and of one kind; the first CPU, with the harness, comes last. */
function chosenCpus({ allowed, isolated, kinds, cores }: HostCpus, threads: number): readonly number[] {
  if (threads > allowed.length) {
    throw usageError(
      `${threads} copies need a CPU each, and this host has ${allowed.length} for a run (${cpuList(allowed)}).`,
      `--threads ${threads}`,
      `--threads ${allowed.length}`,
    );
  }
  const pools = [...(isolated.length > 0 ? [fastest(kinds, isolated)] : []), fastest(kinds, allowed), allowed];
  const pool = pools.find((cpus) => cpus.length >= threads) ?? allowed;
  return spreadOut(cores, pool).slice(0, threads);
}

export interface Pinned {
  /** Why the harness stays where it is; null when it was moved. */
  readonly note: string | null;
  /** Gives all threads back the CPUs that they had. Idempotent. */
  restore(): Promise<void>;
}

/** Moves the harness with all its threads to `cpus`. Never throws: a harness that can't be moved costs precision, not the run. */
export async function pinSelf(cpus: readonly number[]): Promise<Pinned> {
  const before = fieldOf(kernelFiles().text('/proc/self/status'), 'Cpus_allowed_list');
  const move = (list: string) => hostExec(['taskset', '-a', '-p', '-c', list, String(process.pid)]);
  const nothing = async () => {};
  if (before === null || cpus.length === 0)
    return { note: 'the harness has no list of allowed CPUs', restore: nothing };
  const moved = await move(cpus.join(','));
  if (moved.exitCode !== 0) {
    const why = moved.exitCode === 127 ? 'taskset is not installed' : moved.stderr.trim() || 'taskset failed';
    return { note: `the harness shares the measured CPU: ${why}`, restore: nothing };
  }
  let restored = false;
  return {
    note: null,
    restore: async () => {
      if (restored) return;
      restored = true;
      await move(before);
    },
  };
}

/**
 * Time stolen by the hypervisor since boot, in ticks of 10 ms (USER_HZ); null where the kernel doesn't say.
 * @param cpus count these only; all by default
 */
export function stealTicks(cpus?: readonly number[], root = '/'): number | null {
  const names = cpus === undefined ? ['cpu'] : cpus.map((cpu) => `cpu${cpu}`);
  const found = (kernelFiles(root).text('/proc/stat') ?? '')
    .split('\n')
    .map((line) => line.split(/\s+/))
    .filter((fields) => names.includes(fields[0] ?? '') && fields.length > 8);
  if (found.length < names.length || found.length === 0) return null;
  return found.reduce((sum, fields) => sum + Number(fields[8]), 0);
}

/** Time since boot in which some task of the host waited for a CPU, in ms; null where the kernel keeps no pressure figures. */
export function cpuPressureMs(root = '/'): number | null {
  const some = /^some .*total=(\d+)/m.exec(kernelFiles(root).text('/proc/pressure/cpu') ?? '')?.[1];
  return some === undefined ? null : Number(some) / 1000;
}

/**
 * Memory available without swapping: MemAvailable, and the free pages on the CPUs' own lists, which no
 * figure of /proc/meminfo has. Kernels from 6.7 on let the lists grow to tens of MiB after something has ended, and the
 * next to start is served from them at no visible cost. Null where the kernel doesn't say.
 */
export function availableMemoryBytes(root = '/'): number | null {
  const files = kernelFiles(root);
  const available = memoryField(files, 'MemAvailable');
  return available === null ? null : available + listedBytes(files);
}

function listedBytes(files: KernelFiles): number {
  const lists = (files.text('/proc/zoneinfo') ?? '').matchAll(/^ +count: +(\d+)$/gm);
  const pages = [...lists].reduce((sum, [, count]) => sum + Number(count), 0);
  return pages * (memoryField(files, 'KernelPageSize', '/proc/self/smaps') ?? 0);
}
