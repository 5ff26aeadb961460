/** What goes where in an image's root: decided here without touching the disk, then written by build.ts. */

import { closeSync, existsSync, openSync, readFileSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { BoxmarkError } from '../../bench/errors.ts';
import { FILE_COUNT, filePath, fileText, PROGRAM_PATH } from '../../bench/payload/image-files.ts';
import { findCommand } from '../kit/commands.ts';
import { argcProgram } from './argc-program.ts';
import { libraryClosure } from './elf-closure.ts';

/** A regular file: copied from the host, or generated. */
export type FileSource = { readonly mode: number } & (
  | { readonly from: string }
  | { readonly text: string }
  | { readonly hex: string }
);

/** Contents of a root; paths without a leading slash. */
export interface Layout {
  readonly files: Map<string, FileSource>;
  readonly folders: Map<string, number>;
  readonly links: Map<string, string>;
}

export const NODE_PATH = 'usr/bin/node';
export const PAYLOAD_PATH = 'boxmark/payload.cjs';

/** Folders that boxes mount on, or that programs expect. */
const MOUNT_POINTS = [
  ...['proc', 'sys', 'run', 'etc', 'root', 'var', 'var/lib', 'boxmark', 'boxmark/store', 'boxmark/scratch'],
  ...['dev', 'dev/net', 'dev/pts', 'dev/shm'],
];

/** Empty files on which the host's devices can be bound, so a box needs no separate file system for /dev. */
export const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'fuse', 'kvm', 'net/tun'];

const LINKS: Readonly<Record<string, string>> = {
  bin: 'usr/bin',
  sbin: 'usr/bin',
  'usr/sbin': 'bin',
  lib: 'usr/lib',
  lib64: 'usr/lib64',
  'var/run': '../run',
  'dev/fd': '../proc/self/fd',
  'dev/ptmx': 'pts/ptmx',
};

const TEXTS: Readonly<Record<string, string>> = {
  'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
  'etc/group': 'root:x:0:\nnogroup:x:65534:\n',
  'etc/hostname': 'boxmark\n',
  'etc/hosts': '127.0.0.1 localhost\n::1 localhost\n',
  'etc/resolv.conf': '',
  'etc/os-release': 'NAME=Boxmark\nID=boxmark\nVERSION_ID=1\n',
};

/** Two different files are wanted at one place, as when programs of two systems meet in one root. */
export class LayoutConflict extends BoxmarkError {}

/** A root without any program. */
export function skeletonLayout(): Layout {
  const layout: Layout = {
    files: new Map(Object.entries(TEXTS).map(([path, text]) => [path, { mode: 0o644, text }])),
    folders: new Map(MOUNT_POINTS.map((path) => [path, 0o755])),
    links: new Map(Object.entries(LINKS)),
  };
  for (const device of DEVICES) layout.files.set(`dev/${device}`, { mode: 0o644, text: '' });
  for (const folder of ['usr', 'usr/bin', 'usr/lib', 'usr/lib64']) layout.folders.set(folder, 0o755);
  for (const folder of ['tmp', 'var/tmp']) layout.folders.set(folder, 0o1777);
  return layout;
}

/** The base image: Node.js, its libraries and the payload; no shell and no other program. */
export function baseLayout(nodeFile: string, payloadFile: string): Layout {
  const layout = skeletonLayout();
  layout.files.set(PAYLOAD_PATH, { mode: 0o644, from: payloadFile });
  addWorkloadFiles(layout);
  addProgram(layout, NODE_PATH, nodeFile);
  return layout;
}

/** What the workloads of the system read and run. */
function addWorkloadFiles(layout: Layout): void {
  layout.folders.set(dirname(filePath(0)), 0o755);
  for (let index = 0; index < FILE_COUNT; index++) {
    layout.files.set(filePath(index), { mode: 0o644, text: fileText(index) });
  }
  const program = argcProgram(process.arch);
  if (program !== undefined) layout.files.set(PROGRAM_PATH, { mode: 0o755, hex: program.toString('hex') });
}

/** Adds a host command with its libraries. A name goes to /usr/bin, an absolute path stays where it is. */
export function addCommand(layout: Layout, command: string): void {
  const file = command.startsWith('/') ? command : findCommand(command);
  if (file === undefined || !existsSync(file)) {
    throw new BoxmarkError({
      what: 'A command that a box needs was not found on this host.',
      value: command,
      remedy: `install the package that has \`${basename(command)}\``,
    });
  }
  const real = realpathSync(file);
  if (startsWithHashBang(real)) {
    throw new BoxmarkError({
      what: 'A command that a box needs is a script, which needs an interpreter that is not in the box.',
      value: file,
      remedy: 'name the program that the script runs',
    });
  }
  const place = imagePath(command.startsWith('/') ? command : `/usr/bin/${command}`);
  addProgram(layout, place, real);
}

/** Folders below the root that hold libraries, for a loader that is called by name. */
export function libraryFolders(paths: Iterable<string>): string[] {
  return [...new Set([...paths].filter((path) => /\.so(\.|$)/.test(basename(path))).map((path) => dirname(path)))];
}

function addProgram(layout: Layout, place: string, file: string): void {
  const closure = libraryClosure(file);
  addFile(layout, place, file, 0o755);
  if (closure.interpreter === undefined) return;
  const loader = realpathSync(closure.interpreter);
  addFile(layout, imagePath(closure.interpreter), loader, 0o755);
  // All libraries go where the C library is, because every loader looks there by default.
  const libc = [...closure.libraries].find(([name]) => /^libc\.so/.test(name))?.[1] ?? loader;
  const folder = imagePath(dirname(libc));
  for (const [name, from] of closure.libraries) addFile(layout, join(folder, name), from, 0o644);
}

function addFile(layout: Layout, place: string, from: string, mode: number): void {
  const present = layout.files.get(place);
  if (present !== undefined && 'from' in present && !sameContent(present.from, from)) {
    throw new LayoutConflict({
      what: `Two different files are both wanted as /${place} in the image.`,
      value: `${present.from} and ${from}`,
      remedy: 'build the image on the host whose engines it should hold',
    });
  }
  if (present !== undefined) return;
  for (let folder = dirname(place); folder !== '.'; folder = dirname(folder)) {
    if (!layout.folders.has(folder)) layout.folders.set(folder, 0o755);
  }
  layout.files.set(place, { mode, from });
}

/** Host path → path in the image, in which /bin, /sbin and /lib* are links into /usr. */
function imagePath(path: string): string {
  const merged = path.replace(/^\/(bin|sbin|lib|lib64)(?=\/|$)/, '/usr/$1').replace(/^\/usr\/sbin(?=\/|$)/, '/usr/bin');
  return merged.slice(1);
}

function sameContent(a: string, b: string): boolean {
  if (a === b) return true;
  return statSync(a).size === statSync(b).size && readFileSync(a).equals(readFileSync(b));
}

export function startsWithHashBang(file: string): boolean {
  const start = Buffer.alloc(2);
  const fd = openSync(file, 'r');
  try {
    readSync(fd, start, 0, 2, 0);
  } finally {
    closeSync(fd);
  }
  return start.toString() === '#!';
}
