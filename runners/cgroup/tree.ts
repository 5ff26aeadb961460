/** What must be done in which cgroup hierarchy to make a limited group: decided from the mounts alone, for v1, v2 and both. */

import { cpuList, quote } from '../kit/shell.ts';

export interface Hierarchy {
  /** Where it is mounted, and which part of it: `/` or a path when a part of it was bound there. */
  readonly mount: string;
  readonly root: string;
  readonly version: 1 | 2;
  /** v1: as mounted, `name=systemd` included. v2: those that the mounted part may hand on; none where v1 has them all. */
  readonly controllers: readonly string[];
}

export interface GroupLimits {
  readonly cpus?: readonly number[];
  readonly memoryBytes?: number;
  readonly pids?: number;
  /** Relative weight by v1's scale, 1024 by default. */
  readonly cpuShares?: number;
  /** CPUs' worth of time; 0.5 is half of one. */
  readonly quota?: number;
}

export type Step =
  | { readonly kind: 'mkdir'; readonly path: string }
  /** Copies the parent's value into a file that is still empty (v1 cpuset). */
  | { readonly kind: 'inherit'; readonly file: string; readonly from: string }
  /** Passes controllers on to the children of a v2 group. */
  | {
      readonly kind: 'enable';
      readonly group: string;
      readonly controllers: readonly string[];
      /** Inside a box, processes at its root may be in the way and are moved to the leaf. */
      readonly top: boolean;
    }
  | { readonly kind: 'write'; readonly file: string; readonly value: string; readonly optional?: boolean };

/** Controllers that limit or account a box. The others are needed only by a box that holds another. */
const LIMITING = ['cpuset', 'cpu', 'cpuacct', 'memory', 'pids'];
/** The v2 group that holds processes where a group that has them is to have groups too: of a box, and of a container that is the host. */
export const LEAF = 'init';
const QUOTA_PERIOD_US = 100_000;

/**
 * The cgroup hierarchies in the text of /proc/self/mountinfo.
 * @param groups the text of /proc/self/cgroup, which names the v1 hierarchies: among the options of their mounts are others
 *   than controllers, such as SELinux's `seclabel`
 * @param controllersOf what `cgroup.controllers` of a v2 mount says
 */
export function parseHierarchies(
  mountinfo: string,
  groups: string,
  controllersOf: (mount: string) => readonly string[],
): Hierarchy[] {
  const named = groups
    .split('\n')
    .map((line) => (line.split(':')[1] ?? '').split(','))
    .filter(([first]) => first);
  const found = new Map<string, Hierarchy>();
  for (const line of mountinfo.split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const [, , , root, mount] = left.split(' ').map(unescapeMount);
    const [type, , options = ''] = right.split(' ');
    if (root === undefined || mount === undefined || (type !== 'cgroup' && type !== 'cgroup2')) continue;
    const version = type === 'cgroup2' ? 2 : 1;
    const has = new Set(options.split(','));
    const controllers =
      version === 2 ? controllersOf(mount) : (named.find((names) => names.every((name) => has.has(name))) ?? []);
    const key = version === 2 ? 'cgroup2' : controllers.join(',');
    // Engines make groups in a v2 hierarchy without controllers too, and those are to be found and removed.
    if ((version === 2 || controllers.length > 0) && !found.has(key))
      found.set(key, { mount, root, version, controllers });
  }
  return [...found.values()];
}

/** Those of the hierarchies in which a box gets a group: all of v1 when it is to hold another, else the limiting ones. */
export function hierarchiesFor(hierarchies: readonly Hierarchy[], holds: boolean): Hierarchy[] {
  return hierarchies.filter(
    ({ version, controllers }) =>
      controllers.some((controller) => LIMITING.includes(controller)) || (holds && version === 1),
  );
}

/** The steps that make the group `path` (below the mounts, its parents included) with its limits. */
export function groupSteps(
  hierarchies: readonly Hierarchy[],
  path: string,
  limits: GroupLimits,
  holds: boolean,
): Step[] {
  const leaves = holds ? leavesOf(hierarchies, path) : [];
  return [
    ...hierarchies.flatMap((hierarchy) =>
      hierarchy.version === 1 ? stepsV1(hierarchy, path, limits) : stepsV2(hierarchy, path, limits),
    ),
    ...leaves.map((leaf): Step => ({ kind: 'mkdir', path: leaf })),
  ];
}

/** Folders of the leaves of a group that holds others: in v2 alone, where a group can't have both processes and groups. */
export function leavesOf(hierarchies: readonly Hierarchy[], path: string): string[] {
  return hierarchies.filter(({ version }) => version === 2).map(({ mount }) => `${mount}${path}/${LEAF}`);
}

/** Shell commands, built-in but for mkdir, that do the steps and fail with the first one that can't be done. */
export function stepsToShell(steps: readonly Step[]): string {
  return steps.map(stepToShell).join('\n');
}

function stepToShell(step: Step): string {
  switch (step.kind) {
    case 'mkdir':
      return `[ -d ${quote(step.path)} ] || mkdir ${quote(step.path)} || exit 1`;
    case 'inherit':
      return [
        `v=; read -r v <${quote(step.file)}`,
        `[ -n "$v" ] || { read -r v <${quote(step.from)}; echo "$v" >${quote(step.file)} || exit 1; }`,
      ].join('\n');
    case 'enable': {
      const names = quote(step.controllers.map((name) => `+${name}`).join(' '));
      const write = `echo ${names} 2>/dev/null >${quote(`${step.group}/cgroup.subtree_control`)}`;
      if (!step.top) return `${write} || exit 1`;
      const leaf = `${step.group}/${LEAF}`;
      return `${write} || { ${[
        `[ -d ${quote(leaf)} ] || mkdir ${quote(leaf)} || exit 1`,
        `for p in $(cat ${quote(`${step.group}/cgroup.procs`)}); do echo "$p" 2>/dev/null >${quote(`${leaf}/cgroup.procs`)}; done`,
        `${write} || exit 1; }`,
      ].join('\n')}`;
    }
    case 'write': {
      const write = `echo ${quote(step.value)} >${quote(step.file)}`;
      return step.optional ? `[ ! -e ${quote(step.file)} ] || ${write}` : `${write} || exit 1`;
    }
  }
}

function stepsV1({ mount, controllers }: Hierarchy, path: string, limits: GroupLimits): Step[] {
  const steps: Step[] = [];
  const levels = levelsOf(path);
  for (const [index, level] of levels.entries()) {
    steps.push({ kind: 'mkdir', path: mount + level });
    if (!controllers.includes('cpuset')) continue;
    const above = mount + (levels[index - 1] ?? '');
    for (const name of ['cpuset.cpus', 'cpuset.mems']) {
      steps.push({ kind: 'inherit', file: `${mount}${level}/${name}`, from: `${above}/${name}` });
    }
  }
  const write = (controller: string, file: string, value: string | undefined, optional = false): void => {
    if (value === undefined || !controllers.includes(controller)) return;
    steps.push({ kind: 'write', file: `${mount}${path}/${file}`, value, ...(optional ? { optional } : {}) });
  };
  const memory = limits.memoryBytes?.toFixed();
  write('cpuset', 'cpuset.cpus', limits.cpus && cpuList(limits.cpus));
  write('memory', 'memory.limit_in_bytes', memory);
  write('memory', 'memory.memsw.limit_in_bytes', memory, true); // Absent where swap is not accounted.
  write('pids', 'pids.max', limits.pids?.toFixed());
  write('cpu', 'cpu.shares', limits.cpuShares?.toFixed());
  if (limits.quota !== undefined) write('cpu', 'cpu.cfs_period_us', String(QUOTA_PERIOD_US));
  write('cpu', 'cpu.cfs_quota_us', quotaUs(limits));
  return steps;
}

function stepsV2({ mount, controllers }: Hierarchy, path: string, limits: GroupLimits): Step[] {
  const wanted = controllers.filter((name) => LIMITING.includes(name));
  const levels = levelsOf(path);
  const steps: Step[] = [{ kind: 'enable', group: mount, controllers: wanted, top: true }];
  for (const [index, level] of levels.entries()) {
    steps.push({ kind: 'mkdir', path: mount + level });
    // The last group takes the processes, and a group with processes can't hand controllers on.
    if (index === levels.length - 1) break;
    steps.push({ kind: 'enable', group: mount + level, controllers: wanted, top: false });
  }
  const write = (controller: string, file: string, value: string | undefined, optional = false): void => {
    if (value === undefined || !controllers.includes(controller)) return;
    steps.push({ kind: 'write', file: `${mount}${path}/${file}`, value, ...(optional ? { optional } : {}) });
  };
  write('cpuset', 'cpuset.cpus', limits.cpus && cpuList(limits.cpus));
  write('memory', 'memory.max', limits.memoryBytes?.toFixed());
  write('memory', 'memory.swap.max', limits.memoryBytes === undefined ? undefined : '0', true);
  write('pids', 'pids.max', limits.pids?.toFixed());
  write('cpu', 'cpu.weight', weightOf(limits.cpuShares));
  write('cpu', 'cpu.max', limits.quota === undefined ? undefined : `${quotaUs(limits)} ${QUOTA_PERIOD_US}`);
  return steps;
}

function quotaUs({ quota }: GroupLimits): string | undefined {
  return quota === undefined ? undefined : (quota * QUOTA_PERIOD_US).toFixed();
}

/** v1 shares (2 to 262144) on v2's scale of weights (1 to 10000), as container engines convert them. */
function weightOf(shares: number | undefined): string | undefined {
  return shares === undefined ? undefined : (1 + ((shares - 2) * 9999) / 262142).toFixed();
}

/** `/a/b` → `/a`, `/a/b`. */
function levelsOf(path: string): string[] {
  const parts = path.split('/').filter(Boolean);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
}

/** mountinfo writes spaces and the like as octal numbers. */
function unescapeMount(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
