/** What goes where in an image's root: decided here without touching the disk, then written by build.ts. */

import { closeSync, existsSync, openSync, readFileSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { BoxmarkError } from '../../bench/errors.ts';
import { FILE_COUNT, filePath, fileText, NODE_PATH } from '../../bench/payload/image-files.ts';
import { findCommand } from '../kit/commands.ts';
import { libraryClosure } from './elf-closure.ts';
import type { Manifest } from './manifest.ts';
import { staticPrograms } from './static-programs.ts';

/** A regular file: copied from the host, its first bytes replaced by `head` (hexadecimal), or generated. */
export type FileSource = { readonly mode: number } & (
  | { readonly from: string; readonly head?: string }
  | { readonly text: string }
  | { readonly hex: string }
);

/** Contents of a root; paths without a leading slash. */
export interface Layout {
  readonly files: Map<string, FileSource>;
  readonly folders: Map<string, number>;
  readonly links: Map<string, string>;
}

/** Lists the ELF programs that users' commands start, one path a line. */
export const PROGRAM_LIST_PATH = 'boxmark/programs';
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

/** The layout that gives an existing root again, with its files as the sources. */
export function layoutOf(root: string, manifest: Manifest): Layout {
  const files = Object.entries(manifest.files);
  return {
    files: new Map(files.map(([path, { mode }]) => [path, { mode: Number.parseInt(mode, 8), from: join(root, path) }])),
    folders: new Map(Object.entries(manifest.folders).map(([path, mode]) => [path, Number.parseInt(mode, 8)])),
    links: new Map(Object.entries(manifest.links)),
  };
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
  for (const [path, program] of Object.entries(staticPrograms(process.arch))) {
    layout.files.set(path, { mode: 0o755, hex: program.toString('hex') });
  }
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

/**
 * Folders below the root that hold libraries, for a loader that is called by name: those with a C library or a loader, where
 * the libraries of programs are; further shared objects belong to interpreters and users, who find them by themselves.
 */
export function libraryFolders(paths: Iterable<string>): string[] {
  const objects = [...paths].filter((path) => /\.so(\.|$)/.test(basename(path)));
  const main = objects.filter((path) => /^(libc\.so|ld-)/.test(basename(path)));
  return [...new Set((main.length > 0 ? main : objects).map((path) => dirname(path)))];
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

/** Adds a file of the host with the folders above it. Throws `LayoutConflict` where the layout has another one. */
export function addFile(layout: Layout, place: string, from: string, mode: number): void {
  const present = layout.files.get(resolvedPlace(layout, place));
  if (isTaken(layout, place, from)) {
    throw new LayoutConflict({
      what: `Two different files are both wanted as /${place} in the image.`,
      value: `${present !== undefined && 'from' in present ? present.from : `/${place} of the image`} and ${from}`,
      remedy: 'build the image on the host whose engines it should hold',
    });
  }
  if (present !== undefined) return;
  const at = throughLinks(layout, place);
  addFolder(layout, dirname(at));
  layout.files.set(at, { mode, from });
}

/** Has the layout anything but this very file at a place? A generated file stays as it is, and counts as the same. */
export function isTaken(layout: Layout, place: string, from: string): boolean {
  const at = resolvedPlace(layout, place);
  const present = layout.files.get(at);
  if (present === undefined) return layout.links.has(throughLinks(layout, place)) || isFolderOrBelowFile(layout, at);
  return 'from' in present && !isSame(layout, present.from, from);
}

function isFolderOrBelowFile(layout: Layout, place: string): boolean {
  if (layout.folders.has(place)) return true;
  for (let above = dirname(place); above !== '.'; above = dirname(above)) if (layout.files.has(above)) return true;
  return false;
}

/** Adds a folder and those above it. */
export function addFolder(layout: Layout, place: string): void {
  for (let folder = place; folder !== '.'; folder = dirname(folder)) {
    if (layout.files.has(folder) || layout.links.has(folder)) {
      throw new LayoutConflict({
        what: `A file and a folder are both wanted as /${folder} in the image.`,
        value: `/${place}`,
      });
    }
    if (!layout.folders.has(folder)) layout.folders.set(folder, 0o755);
  }
}

/** Where a place is once the layout's links are followed, those above it and its own. */
export function resolvedPlace(layout: Layout, place: string): string {
  let at = throughLinks(layout, place);
  for (let followed = 0; followed < 40; followed++) {
    const target = layout.links.get(at);
    if (target === undefined) return at;
    at = throughLinks(layout, join(dirname(at), target));
  }
  return at;
}

/** A place with the layout's links above it followed, as `/bin` and `/lib` are links into /usr. */
export function throughLinks(layout: Layout, place: string): string {
  const names = place.split('/');
  for (let count = 1; count < names.length; count++) {
    const above = names.slice(0, count).join('/');
    const target = layout.links.get(above);
    if (target === undefined) continue;
    return throughLinks(layout, join(dirname(above), target, ...names.slice(count)));
  }
  return place;
}

/** Host path → path in the image, in which /bin, /sbin and /lib* are links into /usr. */
function imagePath(path: string): string {
  const merged = path.replace(/^\/(bin|sbin|lib|lib64)(?=\/|$)/, '/usr/$1').replace(/^\/usr\/sbin(?=\/|$)/, '/usr/bin');
  return merged.slice(1);
}

/** Pairs of files by whether they were found to be the same; a library is wanted by many objects. */
const compared = new WeakMap<Layout, Map<string, boolean>>();

function isSame(layout: Layout, a: string, b: string): boolean {
  if (a === b) return true;
  const pairs = compared.get(layout) ?? new Map<string, boolean>();
  compared.set(layout, pairs);
  const known = pairs.get(`${a}\0${b}`) ?? sameContent(a, b);
  pairs.set(`${a}\0${b}`, known);
  return known;
}

function sameContent(a: string, b: string): boolean {
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
