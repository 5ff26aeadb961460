/**
 * What a run may leave on a host: the one answer of the tests. It shares nothing with `runners/upkeep/leftovers.ts`, which it
 * judges.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Places where engines note their boxes by name. */
const PLACES = [
  ...['/tmp', '/var/tmp', '/run', '/run/netns', '/run/runc', '/run/crun', '/run/runsc', '/run/containers'],
  ...['/run/libpod', '/run/lxc/lock/var/tmp', '/dev/shm', '/var/lib/machines'],
  ...['locks', 'propagate', 'unix-export'].map((folder) => `/run/systemd/nspawn/${folder}`),
];

/**
 * By the id of its work folder: processes, mounts, control groups, loop devices, and files that bear its name, the folder
 * among them. The control group of the run itself counts only when it holds processes or others: it goes with the folder.
 */
export function leftoversOf(id: string): string[] {
  const mounts = text('/proc/self/mountinfo')
    .split('\n')
    .filter((line) => line.includes(id))
    .map((line) => `mount ${line}`);
  const loops = namesIn('/sys/block')
    .filter((name) => text(`/sys/block/${name}/loop/backing_file`).includes(`boxmark-${id}`))
    .map((name) => `loop device ${name}`);
  const files = PLACES.flatMap((place) =>
    namesIn(place)
      .filter((name) => name.includes(id))
      .map((name) => `file ${place}/${name}`),
  );
  return [...processesOf(id), ...mounts, ...groupsOf(id), ...loops, ...files];
}

/** Control groups of a run's boxes. */
export function groupsOf(id: string): string[] {
  return hierarchies().flatMap((mount) =>
    namesIn(`${mount}/boxmark/${id}`)
      .filter((name) => existsSync(`${mount}/boxmark/${id}/${name}/cgroup.procs`))
      .map((name) => `cgroup ${mount}/boxmark/${id}/${name}`),
  );
}

/** Control groups that a run has for itself. */
export function ownGroupsOf(id: string): string[] {
  return hierarchies()
    .map((mount) => `${mount}/boxmark/${id}`)
    .filter((folder) => existsSync(folder))
    .map((folder) => `cgroup ${folder}`);
}

/** Processes whose command line holds the text, and that of `program`. */
export function processesNaming(words: string, program = ''): string[] {
  return processes()
    .filter(({ argv }) => argv.includes(words) && argv.includes(program))
    .map(({ pid, argv }) => `process ${pid} ${argv.slice(0, 300)}`);
}

/** Processes of a run: its id is in their command line or in the name of their control group. */
function processesOf(id: string): string[] {
  return processes()
    .filter(({ pid, argv }) => argv.includes(id) || text(`/proc/${pid}/cgroup`).includes(id))
    .map(({ pid, argv }) => `process ${pid} ${argv.slice(0, 300)}`);
}

/** All but this one. One without a command line has given its memory back already: it is ending, or waits to be collected. */
function processes(): { pid: number; argv: string }[] {
  return namesIn('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => ({ pid: Number(pid), argv: text(`/proc/${pid}/cmdline`).replaceAll('\0', ' ') }))
    .filter(({ argv }) => argv !== '');
}

function hierarchies(): string[] {
  return ['/sys/fs/cgroup', ...namesIn('/sys/fs/cgroup').map((name) => `/sys/fs/cgroup/${name}`)];
}

export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
