/** Limits of a box's cgroup as the box itself sees them, from v1 and v2 files; the tightest over all visible levels. */

import type { HostLimits } from '../types.ts';

/** Facts of `BoxFacts`: `none` says that there is no limit, null that the box doesn't show it. */
export type CgroupFacts = Omit<HostLimits, 'cpus_allowed'>;

/** Content of a file without the white space around it; null where it can't be read. */
export type Read = (file: string) => string | null;

/** v1 writes "no limit" as the largest number of whole pages. */
const NO_LIMIT_BYTES = 2 ** 62;

/** Reads what /proc/self and the cgroup mounts of this box show. Never throws. */
export function readCgroupFacts(read: Read): CgroupFacts {
  const groups = groupFolders(read('/proc/self/mountinfo') ?? '', read('/proc/self/cgroup') ?? '');
  const quotas = levels(groups, 'cpu').map((folder) => quotaOf(read, folder));
  const shown = quotas.filter((quota) => quota !== null);
  const [tightest] = shown.filter(({ cpus }) => Number.isFinite(cpus)).sort((a, b) => a.cpus - b.cpus);
  const none = shown.length === 0 ? null : ('none' as const);
  return {
    cpuset: firstOf(read, levels(groups, 'cpuset').slice(0, 1), [
      'cpuset.cpus.effective',
      'cpuset.effective_cpus',
      'cpuset.cpus',
    ]),
    cpu_quota: tightest?.cpus ?? none,
    cpu_period_us: tightest?.periodUs ?? none,
    memory_limit_bytes: memoryLimit(levels(groups, 'memory').map((folder) => memoryOf(read, folder))),
  };
}

interface GroupFolder {
  readonly mount: string;
  /** Path of the own group below the mount: empty when the mount shows nothing above it. */
  readonly path: string;
  /** Empty for v2, which has all. */
  readonly controllers: readonly string[];
}

function groupFolders(mountinfo: string, groups: string): GroupFolder[] {
  const own = new Map(
    groups.split('\n').map((line) => [line.split(':')[1] ?? '', line.split(':').slice(2).join(':')] as const),
  );
  const folders: GroupFolder[] = [];
  for (const line of mountinfo.split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const [, , , root, mount] = left.split(' ');
    const [type, , options = ''] = right.split(' ');
    if (root === undefined || mount === undefined || (type !== 'cgroup' && type !== 'cgroup2')) continue;
    const key = [...own.keys()].find((name) =>
      type === 'cgroup2'
        ? name === ''
        : name !== '' && name.split(',').every((part) => options.split(',').includes(part)),
    );
    const path = key === undefined ? undefined : own.get(key);
    if (key === undefined || path === undefined) continue;
    // The mount may show only a part of the hierarchy, whose top is then our group or one above it.
    const below = root === '/' ? path : path.startsWith(root) ? path.slice(root.length) : '';
    folders.push({ mount, path: below === '/' ? '' : below, controllers: key === '' ? [] : key.split(',') });
  }
  return folders;
}

/** The group's folder and those above it, for the hierarchy that has the controller: v1's own before v2. */
function levels(groups: readonly GroupFolder[], controller: string): string[] {
  const group =
    groups.find(({ controllers }) => controllers.includes(controller)) ??
    groups.find(({ controllers }) => controllers.length === 0);
  if (group === undefined) return [];
  const parts = group.path.split('/').filter(Boolean);
  return Array.from({ length: parts.length + 1 }, (_, up) =>
    [group.mount, ...parts.slice(0, parts.length - up)].join('/'),
  );
}

function quotaOf(read: Read, folder: string): { cpus: number; periodUs: number } | null {
  const [quota, period] =
    read(`${folder}/cpu.max`)?.split(' ') ??
    ([read(`${folder}/cpu.cfs_quota_us`), read(`${folder}/cpu.cfs_period_us`)] as const);
  if (quota == null || period == null) return null;
  const us = quota === 'max' || Number(quota) <= 0 ? Number.POSITIVE_INFINITY : Number(quota);
  return { cpus: us / Number(period), periodUs: Number(period) };
}

function memoryOf(read: Read, folder: string): number | null {
  const limit = read(`${folder}/memory.max`) ?? read(`${folder}/memory.limit_in_bytes`);
  if (limit === null) return null;
  return limit === 'max' || Number(limit) >= NO_LIMIT_BYTES ? Number.POSITIVE_INFINITY : Number(limit);
}

function memoryLimit(limits: readonly (number | null)[]): number | 'none' | null {
  const shown = limits.filter((limit) => limit !== null);
  if (shown.length === 0) return null;
  const least = Math.min(...shown);
  return Number.isFinite(least) ? least : 'none';
}

function firstOf(read: Read, folders: readonly string[], names: readonly string[]): string | null {
  for (const folder of folders) {
    for (const name of names) {
      const value = read(`${folder}/${name}`);
      if (value) return value;
    }
  }
  return null;
}
