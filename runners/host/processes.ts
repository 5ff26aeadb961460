/** Processes of the host as /proc shows them: who they are, where they belong, and ending exactly those. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Enough to be sure that a process id still means the same process. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Ticks after boot at which it started. */
  readonly startTicks: number;
}

export interface HostProcess extends ProcessIdentity {
  readonly parent: number;
  readonly argv: readonly string[];
  /** Paths in the controllers' hierarchies. */
  readonly cgroups: readonly string[];
  /** It has a controlling terminal: someone's shell, pager or editor; no process of Boxmark has one. */
  readonly onTerminal: boolean;
}

/** Who a process id is now; null when there is none or it has ended and only waits to be collected. */
export function identify(pid: number): ProcessIdentity | null {
  const fields = statFields(pid);
  return fields === null || fields[0] === 'Z' || fields[0] === 'X' ? null : { pid, startTicks: Number(fields[19]) };
}

/** Does this very process still run? */
export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startTicks === identity.startTicks;
}

/** All processes with a command line (kernel threads have none). Those that end meanwhile are left out. */
export function listProcesses(): HostProcess[] {
  const found: HostProcess[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const pid = Number(name);
    const fields = statFields(pid);
    const argv = (read(`/proc/${pid}/cmdline`) ?? '').split('\0').filter((word) => word !== '');
    if (fields === null || argv.length === 0) continue;
    const cgroups = (read(`/proc/${pid}/cgroup`) ?? '').split('\n').map((line) => line.split(':').slice(2).join(':'));
    const [, parent, , , terminal] = fields;
    const startTicks = Number(fields[19]);
    found.push({ pid, startTicks, parent: Number(parent), argv, cgroups, onTerminal: Number(terminal) !== 0 });
  }
  return found;
}

/** Namespaces of a process by kind (`pid`, `net`, …), each as the kernel names it: `pid:[4026531836]`. */
export function namespacesOf(pid: number | 'self'): Record<string, string> {
  const folder = `/proc/${pid}/ns`;
  try {
    const kinds = readdirSync(folder).filter((kind) => !kind.endsWith('_for_children'));
    return Object.fromEntries(
      kinds.flatMap((kind) => {
        const target = link(`${folder}/${kind}`);
        return target === null ? [] : [[kind, target]];
      }),
    );
  } catch {
    return {};
  }
}

/** This process and all it descends from. */
export function ownLine(): ReadonlySet<number> {
  const line = new Set<number>();
  for (let pid = process.pid; pid > 0 && !line.has(pid); pid = Number(statFields(pid)?.[1] ?? 0)) line.add(pid);
  return line;
}

/** Does any process have a file below `folder` open, or its working directory there? */
export function isOpenSomewhere(folder: string): boolean {
  const inside = (path: string | null) => path !== null && (path === folder || path.startsWith(`${folder}/`));
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    if (inside(link(`/proc/${pid}/cwd`))) return true;
    try {
      if (readdirSync(`/proc/${pid}/fd`).some((fd) => inside(link(`/proc/${pid}/fd/${fd}`)))) return true;
    } catch {
      // Ended, or not readable.
    }
  }
  return false;
}

/** Ends a process for good; true when it is gone within `waitMs`. Does nothing when the id belongs to another by now. */
export async function endProcess(identity: ProcessIdentity, waitMs = 3000): Promise<boolean> {
  const deadline = Date.now() + waitMs;
  if (isAlive(identity)) {
    try {
      process.kill(identity.pid, 'SIGKILL');
    } catch {
      // Gone, or another user's: the check below decides.
    }
  }
  while (isAlive(identity) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
  return !isAlive(identity);
}

/** Fields of /proc/PID/stat after the name, which may hold blanks and brackets: state, parent, group, session, terminal, … */
function statFields(pid: number): string[] | null {
  const stat = read(`/proc/${pid}/stat`);
  return stat === null
    ? null
    : stat
        .slice(stat.lastIndexOf(')') + 2)
        .trim()
        .split(' ');
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function link(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
