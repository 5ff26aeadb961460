/** Processes that a program left behind when it ended: they would run beside everything that is measured next. */

import { readdirSync, readFileSync } from 'node:fs';

/** Who is there, by process id. Empty where /proc can't be read. */
export function processesNow(): ReadonlySet<number> {
  try {
    return new Set(
      readdirSync('/proc')
        .map(Number)
        .filter((pid) => pid > 0),
    );
  } catch {
    return new Set();
  }
}

/**
 * Names of processes that came since, belong to this payload, and are none of `known`.
 * @param isCopy others do the same beside this payload, each on a CPU of its own, which its processes inherit
 */
export function newcomers(before: ReadonlySet<number>, known: ReadonlySet<number>, isCopy = false): string[] {
  const found: string[] = [];
  const isOwn = isCopy ? both(ownership(), pinning()) : ownership();
  for (const pid of processesNow()) {
    if (before.has(pid) || known.has(pid) || pid === process.pid) continue;
    const name = read(`/proc/${pid}/cmdline`).split('\0')[0] ?? '';
    // A kernel's own threads have no command line.
    if (name !== '' && isOwn(pid) && isAlive(pid)) found.push(`${name} (${pid})`);
  }
  return found;
}

/** By control group, where the payload's parent is in another one or not to be seen; else by process group. */
function ownership(): (pid: number) => boolean {
  const own = controlGroup('self');
  if (own !== '' && own !== controlGroup(process.ppid)) return (pid) => controlGroup(pid) === own;
  const group = processGroup('self');
  return (pid) => processGroup(pid) === group;
}

/** By the CPUs that a process may use; where a kernel shows none, nothing can be said of any. */
function pinning(): (pid: number) => boolean {
  const own = allowedCpus('self');
  return (pid) => own !== '' && allowedCpus(pid) === own;
}

function both(a: (pid: number) => boolean, b: (pid: number) => boolean): (pid: number) => boolean {
  return (pid) => a(pid) && b(pid);
}

function allowedCpus(pid: number | 'self'): string {
  return /^Cpus_allowed_list:\s*(\S+)$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? '';
}

function controlGroup(pid: number | 'self'): string {
  return read(`/proc/${pid}/cgroup`);
}

/** After the name, which may hold anything: state, parent, group. */
function processGroup(pid: number | 'self'): string {
  return fieldsOf(pid)[2] ?? '';
}

function isAlive(pid: number): boolean {
  const [state = ''] = fieldsOf(pid);
  return state !== '' && state !== 'Z' && state !== 'X';
}

function fieldsOf(pid: number | 'self'): string[] {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
