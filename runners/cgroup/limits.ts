/** The limits that this host sets for a process by its affinity mask and by its cgroups, all levels in sight counted. */

import { readFileSync } from 'node:fs';
import type { HostLimits } from '../../bench/types.ts';
import { type Hierarchy, parseHierarchies } from './tree.ts';
import { groupsIn, groupsOf, mounted } from './usage.ts';

/** v1 writes "no limit" as the largest number of whole pages. */
const NO_LIMIT_BYTES = 2 ** 62;

/** Reads them now; null where the host doesn't report it, `none` where there is no limit. Never throws. */
export function limitsOfPid(pid: number, hierarchies: readonly Hierarchy[] = mounted()): HostLimits {
  const groups = groupsOf(pid);
  const levels = (controller: string): string[] => levelsOf(hierarchies, groups, controller);
  const quotas = levels('cpu').map(quotaIn);
  const shown = quotas.filter((quota) => quota !== undefined);
  const [tightest] = shown.filter(({ cpus }) => Number.isFinite(cpus)).sort((a, b) => a.cpus - b.cpus);
  const without = shown.length === 0 ? null : ('none' as const);
  const bytes = levels('memory')
    .map(memoryIn)
    .filter((limit) => limit !== undefined);
  const least = Math.min(...bytes);
  return {
    cpus_allowed: /^Cpus_allowed_list:\s*(\S+)/m.exec(text(`/proc/${pid}/status`) ?? '')?.[1] ?? null,
    cpuset: cpusetIn(levels('cpuset').slice(0, 1), text),
    cpu_quota: tightest?.cpus ?? without,
    cpu_period_us: tightest?.periodUs ?? without,
    memory_limit_bytes: bytes.length === 0 ? null : Number.isFinite(least) ? least : 'none',
  };
}

/** Trimmed content of a file; nothing where it can't be read. */
type Read = (file: string) => string | null | undefined;

/**
 * The cpuset that binds this process whatever its affinity mask is; null where no hierarchy in sight shows it.
 * @param read reads files, of this host or of a copy of its tree
 */
export function ownCpuset(read: Read): string | null {
  const own = read('/proc/self/cgroup') ?? '';
  const controllersOf = (mount: string): string[] => (read(`${mount}/cgroup.controllers`) ?? '').split(/\s+/);
  const hierarchies = parseHierarchies(read('/proc/self/mountinfo') ?? '', own, controllersOf);
  const folders = levelsOf(hierarchies, groupsIn(own), 'cpuset');
  // A group above what is mounted here.
  if (folders.some((folder) => folder.split('/').includes('..'))) return null;
  return cpusetIn(folders, read);
}

/** Folders of the process's group and of those above it in the hierarchy of a controller, the own one first. */
function levelsOf(
  hierarchies: readonly Hierarchy[],
  groups: ReadonlyMap<string, string>,
  controller: string,
): string[] {
  const hierarchy = hierarchies.find(({ controllers }) => controllers.includes(controller));
  if (hierarchy === undefined) return [];
  const { version, controllers, root, mount } = hierarchy;
  const path = groups.get(version === 2 ? '' : controllers.join(','));
  if (path === undefined) return [];
  const below = root !== '/' && path.startsWith(root) ? path.slice(root.length) : path;
  const parts = below.split('/').filter(Boolean);
  return Array.from({ length: parts.length + 1 }, (_, up) => [mount, ...parts.slice(0, parts.length - up)].join('/'));
}

function quotaIn(folder: string): { cpus: number; periodUs: number } | undefined {
  const [quota, period] = text(`${folder}/cpu.max`)?.split(' ') ?? [
    text(`${folder}/cpu.cfs_quota_us`),
    text(`${folder}/cpu.cfs_period_us`),
  ];
  if (quota === undefined || period === undefined) return undefined;
  const us = quota === 'max' || Number(quota) <= 0 ? Number.POSITIVE_INFINITY : Number(quota);
  return { cpus: us / Number(period), periodUs: Number(period) };
}

function memoryIn(folder: string): number | undefined {
  const limit = text(`${folder}/memory.max`) ?? text(`${folder}/memory.limit_in_bytes`);
  if (limit === undefined) return undefined;
  return limit === 'max' || Number(limit) >= NO_LIMIT_BYTES ? Number.POSITIVE_INFINITY : Number(limit);
}

/** The first folder that has a cpuset: a v2 group that has the controller not enabled is bound by the ones above it. */
function cpusetIn(folders: readonly string[], read: Read): string | null {
  const names = ['cpuset.cpus.effective', 'cpuset.effective_cpus', 'cpuset.cpus'];
  for (const folder of folders) {
    for (const name of names) {
      const cpus = read(`${folder}/${name}`);
      if (cpus) return cpus;
    }
  }
  return null;
}

function text(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}
