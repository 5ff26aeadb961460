/** Kinds of cores in one machine: performance and efficiency cores of hybrid processors, big and little ones of ARM. */

import type { KernelFiles } from './kernel-files.ts';

export interface CoreKind {
  readonly name: string;
  readonly cpus: readonly number[];
}

/** Intel's hybrid processors have a counter unit for each kind; the fastest first. */
const UNITS: readonly (readonly [folder: string, name: string])[] = [
  ['cpu_core', 'performance'],
  ['cpu_atom', 'efficiency'],
  ['cpu_lowpower', 'low-power'],
];

/** The kinds of cores, the fastest first; empty where all are of one kind, or nothing says otherwise. */
export function coreKinds(files: KernelFiles): CoreKind[] {
  const units = UNITS.flatMap(([folder, name]) => {
    const cpus = files.cpus(`/sys/devices/${folder}/cpus`) ?? [];
    return cpus.length === 0 ? [] : [{ name, cpus }];
  });
  const kinds = units.length > 0 ? units : byCapacity(files);
  return kinds.length > 1 ? kinds : [];
}

/** Names of the kinds that these CPUs are of, joined by ` + `; null where all cores are of one kind. */
export function kindOf(kinds: readonly CoreKind[], cpus: readonly number[]): string | null {
  const found = kinds.filter((kind) => kind.cpus.some((cpu) => cpus.includes(cpu)));
  return found.length === 0 ? null : found.map(({ name }) => name).join(' + ');
}

/** Those of the CPUs that are of the fastest kind among them; all where they are of one kind. */
export function fastest(kinds: readonly CoreKind[], cpus: readonly number[]): readonly number[] {
  for (const kind of kinds) {
    const those = cpus.filter((cpu) => kind.cpus.includes(cpu));
    if (those.length > 0) return those;
  }
  return cpus;
}

/** The kernel's figure for a CPU's greatest speed, 1024 for the fastest one. */
function byCapacity(files: KernelFiles): CoreKind[] {
  const found = new Map<number, number[]>();
  for (const cpu of files.cpus('/sys/devices/system/cpu/online') ?? []) {
    const capacity = files.number(`/sys/devices/system/cpu/cpu${cpu}/cpu_capacity`);
    if (capacity !== null) found.set(capacity, [...(found.get(capacity) ?? []), cpu]);
  }
  return [...found].sort(([a], [b]) => b - a).map(([capacity, cpus]) => ({ name: `capacity ${capacity}`, cpus }));
}

/** CPUs by their cores, of which SMT makes several; each CPU by itself where nothing says otherwise. */
export function physicalCores(files: KernelFiles, cpus: readonly number[]): number[][] {
  const cores = new Map<string, number[]>();
  for (const cpu of cpus) {
    const siblings = files.cpus(`/sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`) ?? [cpu];
    const key = siblings.join(',');
    cores.set(key, [...(cores.get(key) ?? []), cpu]);
  }
  return [...cores.values()];
}

/** The CPUs in an order in which the first ones share no core: the last CPU of each core, then the one before. */
export function spreadOut(cores: readonly (readonly number[])[], cpus: readonly number[]): number[] {
  const rank = (cpu: number) => {
    const core = (cores.find((one) => one.includes(cpu)) ?? [cpu]).filter((one) => cpus.includes(one));
    return core.length - core.indexOf(cpu);
  };
  return [...cpus].sort((a, b) => rank(a) - rank(b) || b - a);
}

/** `CPUs 2 and 3 are siblings of one core`, of those among the CPUs that are; empty where none are. */
export function siblingTexts(cores: readonly (readonly number[])[], cpus: readonly number[]): string[] {
  return cores.flatMap((core) => {
    const those = core.filter((cpu) => cpus.includes(cpu));
    if (those.length < 2) return [];
    return [`CPUs ${those.slice(0, -1).join(', ')} and ${those.at(-1)} are siblings of one core`];
  });
}
