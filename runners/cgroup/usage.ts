/** CPU time and memory of a cgroup, or of the group that a process of this host is in, from v1 and v2 files alike. */

import { readFileSync } from 'node:fs';
import type { Usage } from '../../bench/types.ts';
import { type Hierarchy, parseHierarchies } from './tree.ts';

/** Ticks of /proc/<pid>/stat: USER_HZ is 100 on every architecture that Node.js runs on. */
const TICK_NS = 10_000_000;

/** Reads what each hierarchy accounts; `pathIn` gives the group's path in it, or undefined to leave it out. */
export function usageIn(
  hierarchies: readonly Hierarchy[],
  pathIn: (hierarchy: Hierarchy) => string | undefined,
): Usage {
  let usage: Usage = {};
  for (const hierarchy of hierarchies) {
    const path = pathIn(hierarchy);
    if (path === undefined) continue;
    const folder = hierarchy.mount + path;
    usage = { ...usage, ...(hierarchy.version === 1 ? usageV1(folder, hierarchy.controllers) : usageV2(folder)) };
  }
  return usage;
}

/** Usage of the group at a path below the controllers' mounts (`Box.cgroup`). Empty where it isn't readable. */
export function usageOfPath(path: string, hierarchies = mounted()): Usage {
  return usageIn(hierarchies, () => path);
}

/**
 * Usage of the group that a process of this host is in; of the process itself (10 ms grains) when it has no group of its
 * own, that is when it shares ours or is in the root. Empty when the process has ended.
 */
export function usageOfPid(pid: number, hierarchies = mounted()): Usage {
  const ours = groupsOf('self');
  const theirs = groupsOf(pid);
  const ofGroup = usageIn(hierarchies, ({ version, controllers, root }) => {
    const key = version === 2 ? '' : controllers.join(',');
    const path = theirs.get(key);
    if (path === undefined || path === '/' || path === ours.get(key)) return undefined;
    return root !== '/' && path.startsWith(`${root}/`) ? path.slice(root.length) : path;
  });
  return { ...usageOfProcess(pid), ...ofGroup };
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
  const stat = text(`/proc/${pid}/stat`);
  const after = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // The name may contain anything.
  const [user, system] = [Number(after[11]), Number(after[12])];
  if (!Number.isFinite(user + system)) return {};
  const peak = /VmHWM:\s+(\d+) kB/.exec(text(`/proc/${pid}/status`))?.[1];
  return {
    cpuNs: (user + system) * TICK_NS,
    cpuUserNs: user * TICK_NS,
    cpuSystemNs: system * TICK_NS,
    ...(peak === undefined ? {} : { memoryPeakBytes: Number(peak) * 1024 }),
  };
}

/** Controllers as the kernel lists them for a process → its group's path; v2 has the empty key. */
function groupsOf(pid: number | 'self'): Map<string, string> {
  const lines = text(`/proc/${pid}/cgroup`).split('\n').filter(Boolean);
  return new Map(lines.map((line) => [line.split(':')[1] ?? '', line.split(':').slice(2).join(':')]));
}

let known: Hierarchy[] | undefined;

/** Read once: usage is asked for after every burst, and the host's mounts don't change in a run. */
function mounted(): Hierarchy[] {
  known ??= parseHierarchies(text('/proc/self/mountinfo'), (mount) =>
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
