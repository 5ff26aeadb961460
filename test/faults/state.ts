/**
 * Everything that stands in a lab, line by line, read from the kernel and the file systems alone: two readings show what came
 * and what went. It knows no run and no name of Boxmark's, so it finds what Boxmark itself would overlook.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Files of a lab that come and go with the campaign itself. */
const OWN = /^(?:results|store|home)(?:\/|$)|^work-/;
const DEPTH = 6;

/** One line for each thing. Lines are equal in two readings only for the same thing. */
export function stateOf(lab: string): Set<string> {
  return new Set([
    ...processes(),
    ...mounts().filter((line) => !line.includes(` ${lab}/results/`)),
    ...folders('/sys/fs/cgroup').map((path) => `cgroup ${path}`),
    ...['/var/tmp', '/run', '/dev/shm', '/var/lib/containers'].flatMap((place) =>
      files(place).map((path) => `file ${path}`),
    ),
    ...files(lab)
      .filter((path) => !OWN.test(path.slice(lab.length + 1)))
      .map((path) => `file ${path}`),
    ...lines('/proc/net/unix').flatMap((line) => (/ (@\S+)$/.test(line) ? [`socket ${line.split(' ').at(-1)}`] : [])),
    ...namesIn('/sys/class/net').map((name) => `network ${name}`),
    ...['shm', 'sem', 'msg'].flatMap((kind) =>
      lines(`/proc/sysvipc/${kind}`)
        .slice(1)
        .map((line) => `${kind} ${line}`),
    ),
    ...dockerObjects(),
  ]);
}

/** What is in the second reading and not in the first. */
export function cameWith(before: ReadonlySet<string>, after: ReadonlySet<string>): string[] {
  return [...after].filter((line) => !before.has(line)).sort();
}

/**
 * Waits for things that end by themselves, such as a process that has been killed and not been collected, then says what
 * is still there.
 */
export async function leftSince(
  before: ReadonlySet<string>,
  read: () => Set<string>,
  limitMs = 3000,
): Promise<string[]> {
  for (const end = Date.now() + limitMs; ; ) {
    const left = cameWith(before, read());
    if (left.length === 0 || Date.now() > end) return left;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** All but this one and those that it started and waits for, with the namespaces that are in none of the others. */
function processes(): string[] {
  return namesIn('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      const stat = text(`/proc/${pid}/stat`);
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (stat === '' || fields[0] === 'Z') return [];
      const argv = text(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').slice(0, 200);
      return [`process ${pid} since ${fields[19]}: ${argv || stat.split(' ')[1]}`];
    });
}

/** Without the identifiers, which change when one is moved. */
function mounts(): string[] {
  return lines('/proc/self/mountinfo').map((line) => `mount ${line.split(' ').slice(2).join(' ')}`);
}

/** Containers, volumes and images of a daemon that serves the whole lab. */
function dockerObjects(): string[] {
  if (!existsSync('/run/docker.sock')) return [];
  const asked = [
    ['ps', '-a', '--no-trunc', '--format', '{{.ID}} {{.Names}}'],
    ['volume', 'ls', '-q'],
    ['image', 'ls', '-q', '--no-trunc'],
  ];
  return asked.flatMap((args) => {
    const { stdout } = spawnSync('docker', args, { encoding: 'utf8', timeout: 20_000 });
    return stdout.split('\n').flatMap((line) => (line === '' ? [] : [`docker ${line}`]));
  });
}

/** Paths of all entries below a folder, on its own file system, with what a link points at. */
function files(folder: string, depth = DEPTH): string[] {
  const device = lstatSync(folder, { throwIfNoEntry: false })?.dev;
  return namesIn(folder).flatMap((name) => {
    const path = join(folder, name);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return [];
    if (stats.isSymbolicLink()) return [`${path} -> ${linkOf(path)}`];
    const below = stats.isDirectory() && stats.dev === device && depth > 1 ? files(path, depth - 1) : [];
    return [path, ...below];
  });
}

function folders(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .flatMap(({ name }) => [join(folder, name), ...folders(join(folder, name))]);
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function namesIn(folder: string): string[] {
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

function lines(file: string): string[] {
  return text(file).split('\n').filter(Boolean);
}
