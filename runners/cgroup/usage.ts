/** CPU time and memory of a cgroup, or of the group that a process of this host is in, from v1 and v2 files alike. */

import { readFileSync } from 'node:fs';
import type { Usage } from '../../bench/types.ts';
import { type Hierarchy, parseHierarchies } from './tree.ts';

/** Ticks of /proc/<pid>/stat: USER_HZ is 100 on every architecture that Node.js runs on. */
const TICK_NS = 10_000_000;

/** The host's account of a box, with all paths looked up once: it is read around every request. */
export interface Account {
  /** CPU time so far, from one small file. Undefined where it can't be read. */
  cpuNs(): number | undefined;
  /** Memory charged now, page cache that the group read in included. Undefined where it can't be read. */
  memoryBytes(): number | undefined;
  /** The whole account; several files. Empty where nothing can be read. */
  usage(): Usage;
}

interface Folder {
  readonly folder: string;
  readonly version: 1 | 2;
  readonly controllers: readonly string[];
}

/** The account of the group at a path below the controllers' mounts (`Box.cgroup`). */
export function accountOfPath(path: string, hierarchies: readonly Hierarchy[] = mounted()): Account {
  return accountIn(foldersIn(hierarchies, () => path));
}

/**
 * The account of the group that a process of this host is in now; of the process itself (10 ms grains) as far as it has
 * no separate group, that is where it shares Boxmark's or is in the root.
 */
export function accountOfPid(pid: number, hierarchies: readonly Hierarchy[] = mounted()): Account {
  const group = accountIn(ownFolders(pid, hierarchies));
  return {
    cpuNs: () => group.cpuNs() ?? cpuTimesOf(pid)?.cpuNs,
    memoryBytes: () => group.memoryBytes(),
    usage: () => ({ ...usageOfProcess(pid), ...group.usage() }),
  };
}

/** Folders of the groups of a process that are not Boxmark's own; none where it shares Boxmark's or is in the root. */
function ownFolders(pid: number, hierarchies: readonly Hierarchy[]): Folder[] {
  const own = groupsOf('self');
  const groups = groupsOf(pid);
  return foldersIn(hierarchies, ({ version, controllers, root }) => {
    const key = version === 2 ? '' : controllers.join(',');
    const path = groups.get(key);
    if (path === undefined || path === '/' || path === own.get(key)) return undefined;
    return root !== '/' && path.startsWith(`${root}/`) ? path.slice(root.length) : path;
  });
}

/** Usage of the group at a path below the controllers' mounts. Empty where it isn't readable. */
export function usageOfPath(path: string, hierarchies: readonly Hierarchy[] = mounted()): Usage {
  return accountOfPath(path, hierarchies).usage();
}

/** Usage of a process's group, or of itself, as `accountOfPid`. Empty when the process has ended. */
export function usageOfPid(pid: number, hierarchies: readonly Hierarchy[] = mounted()): Usage {
  return accountOfPid(pid, hierarchies).usage();
}

function foldersIn(hierarchies: readonly Hierarchy[], pathIn: (hierarchy: Hierarchy) => string | undefined): Folder[] {
  return hierarchies.flatMap((hierarchy) => {
    const path = pathIn(hierarchy);
    return path === undefined ? [] : [{ ...hierarchy, folder: hierarchy.mount + path }];
  });
}

function accountIn(folders: readonly Folder[]): Account {
  // The later hierarchy wins, as it does among the figures of `usage`.
  const readers = folders
    .filter(({ version, controllers }) => version === 2 || controllers.includes('cpuacct'))
    .map(({ version, folder }) =>
      version === 1 ? () => number(`${folder}/cpuacct.usage`) : () => usageUsec(text(`${folder}/cpu.stat`)),
    )
    .reverse();
  return {
    cpuNs: () => {
      for (const read of readers) {
        const cpuNs = read();
        if (cpuNs !== undefined) return cpuNs;
      }
      return undefined;
    },
    memoryBytes: () => {
      for (const { version, folder, controllers } of folders) {
        if (version === 1 && !controllers.includes('memory')) continue;
        const bytes = number(`${folder}/${version === 1 ? 'memory.usage_in_bytes' : 'memory.current'}`);
        if (bytes !== undefined) return bytes;
      }
      return undefined;
    },
    usage: () => {
      const parts = folders.map(({ version, folder, controllers }) =>
        version === 1 ? usageV1(folder, controllers) : usageV2(folder),
      );
      return Object.assign({}, ...parts) as Usage;
    },
  };
}

function usageUsec(stat: string): number | undefined {
  const found = /^usage_usec (\d+)$/m.exec(stat)?.[1];
  return found === undefined ? undefined : Number(found) * 1000;
}

function usageV1(folder: string, controllers: readonly string[]): Usage {
  return {
    ...(controllers.includes('cpuacct') ? cpuV1(folder) : {}),
    ...(controllers.includes('cpu') ? present('throttledNs', fields(`${folder}/cpu.stat`).get('throttled_time')) : {}),
    ...(controllers.includes('memory')
      ? present('memoryPeakBytes', number(`${folder}/memory.max_usage_in_bytes`))
      : {}),
  };
}

/** The total is exact; the parts come in ticks of 10 ms, so they only say how to split it. */
function cpuV1(folder: string): Usage {
  const cpuNs = number(`${folder}/cpuacct.usage`);
  if (cpuNs === undefined) return {};
  const stat = fields(`${folder}/cpuacct.stat`);
  const user = stat.get('user') ?? 0;
  const system = stat.get('system') ?? 0;
  if (user + system === 0) return { cpuNs };
  const cpuUserNs = Math.round((cpuNs * user) / (user + system));
  return { cpuNs, cpuUserNs, cpuSystemNs: cpuNs - cpuUserNs };
}

function usageV2(folder: string): Usage {
  const stat = fields(`${folder}/cpu.stat`);
  const ns = (name: string): number | undefined => {
    const us = stat.get(name);
    return us === undefined ? undefined : us * 1000;
  };
  return {
    ...present('cpuNs', ns('usage_usec')),
    ...present('cpuUserNs', ns('user_usec')),
    ...present('cpuSystemNs', ns('system_usec')),
    ...present('throttledNs', ns('throttled_usec')),
    ...present('memoryPeakBytes', number(`${folder}/memory.peak`)),
  };
}

function usageOfProcess(pid: number): Usage {
  const times = cpuTimesOf(pid);
  if (times === undefined) return {};
  const peak = /VmHWM:\s+(\d+) kB/.exec(text(`/proc/${pid}/status`))?.[1];
  return { ...times, ...(peak === undefined ? {} : { memoryPeakBytes: Number(peak) * 1024 }) };
}

function cpuTimesOf(pid: number): { cpuNs: number; cpuUserNs: number; cpuSystemNs: number } | undefined {
  const stat = text(`/proc/${pid}/stat`);
  const after = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // The name may contain anything.
  const [user, system] = [Number(after[11]), Number(after[12])];
  if (!Number.isFinite(user + system)) return undefined;
  return { cpuNs: (user + system) * TICK_NS, cpuUserNs: user * TICK_NS, cpuSystemNs: system * TICK_NS };
}

/** Controllers as the kernel lists them for a process → its group's path; v2 has the empty key. */
export function groupsOf(pid: number | 'self'): Map<string, string> {
  return groupsIn(text(`/proc/${pid}/cgroup`));
}

/** The same in the text of a process's file `cgroup`. */
export function groupsIn(content: string): Map<string, string> {
  const lines = content.split('\n').filter(Boolean);
  return new Map(lines.map((line) => [line.split(':')[1] ?? '', line.split(':').slice(2).join(':')]));
}

let known: Hierarchy[] | undefined;

/** Read once: usage is asked for after every burst, and the host's mounts don't change in a run. */
export function mounted(): Hierarchy[] {
  known ??= parseHierarchies(text('/proc/self/mountinfo'), text('/proc/self/cgroup'), (mount) =>
    text(`${mount}/cgroup.controllers`).split(/\s+/).filter(Boolean),
  );
  return known;
}

function fields(file: string): Map<string, number> {
  const lines = text(file).split('\n').filter(Boolean);
  return new Map(lines.map((line) => [line.split(' ')[0] ?? '', Number(line.split(' ')[1])]));
}

function number(file: string): number | undefined {
  const content = text(file).trim();
  return /^\d+$/.test(content) ? Number(content) : undefined;
}

function present<K extends keyof Usage>(key: K, value: number | undefined): Usage {
  return value === undefined ? {} : { [key]: value };
}

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
