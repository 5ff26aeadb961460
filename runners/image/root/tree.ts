/** The layers of a container image, applied one over the other in memory: no path of theirs is written to a disk before all are. */

import { posix } from 'node:path';
import { usageError } from '../../../bench/errors.ts';
import type { Layout } from '../layout.ts';
import type { TarRead } from '../tar.ts';
import { isPlainPath, linksThatLeaveRoot } from '../untrusted.ts';
import { type Budget, isPrintable } from '../with-files.ts';
import { shown } from './config.ts';
import type { Notices } from './notices.ts';

const { basename, dirname } = posix;

/** An entry of a layer, or of a folder that holds a root. */
export type RootEntry = Pick<TarRead, 'path' | 'flag' | 'mode' | 'isRoots' | 'size' | 'target'>;

type Node = { readonly layer: number } & (
  | { readonly kind: 'folder'; readonly mode: number; readonly children: Map<string, Node> }
  | { readonly kind: 'file'; readonly mode: number; readonly from: string }
  | { readonly kind: 'link'; readonly target: string }
);
type Folder = Extract<Node, { kind: 'folder' }>;

/** How deleted paths are named in a layer (OCI image specification, "Whiteouts"). */
const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';
/** Of Linux (path_resolution(7)). */
const LINK_LIMIT = 40;
const FOLDER_MODE = 0o755;
const SET_ID = 0o6000;
const STICKY_FOR_ALL = 0o1777;
/** Types of a tar entry that are no file, folder or link: devices and pipes. */
const DEVICES = '346';
/** Folders of which every box has its own. */
export const KERNEL_FOLDERS = ['dev', 'proc', 'sys'];
/** Holds what Boxmark adds. */
export const RESERVED = 'boxmark';

export class RootTree {
  readonly #root: Folder = { kind: 'folder', layer: 0, mode: FOLDER_MODE, children: new Map() };
  readonly #budget: Budget;
  readonly #notices: Notices;
  #layer = 0;

  constructor(budget: Budget, notices: Notices) {
    this.#budget = budget;
    this.#notices = notices;
  }

  /** What is added from now on lies over what is there. */
  beginLayer(): void {
    this.#layer += 1;
  }

  /**
   * Applies an entry. Throws a usage error for a path that leaves the root, or that no image has.
   * @param store puts the content of a file somewhere, and gives the path
   */
  async add(entry: RootEntry, store: (mode: number) => Promise<string>): Promise<void> {
    const path = entry.path.replace(/^(\.\/+)+/, '');
    if (path === '' || path === '.') return;
    this.#budget.take(path, entry.flag === '0' || entry.flag === '\0' || entry.flag === '7' ? entry.size : 0);
    assertPath(path);
    const name = basename(path);
    if (name.startsWith(WHITEOUT)) {
      this.#whiteOut(path, name);
      return;
    }
    if (DEVICES.includes(entry.flag)) {
      this.#notices.add('device', path);
      return;
    }
    const parent = this.#folderAt(dirname(path), path);
    const present = parent.children.get(name);
    const node = await this.#nodeOf(entry, path, store);
    if (node.kind === 'folder' && present?.kind === 'folder') {
      parent.children.set(name, { ...node, children: present.children });
    } else parent.children.set(name, node);
  }

  /** Is there anything at the path, links not followed? */
  has(path: string): boolean {
    let node: Node | undefined = this.#root;
    for (const name of path.split('/')) node = node?.kind === 'folder' ? node.children.get(name) : undefined;
    return node !== undefined;
  }

  /** What the root holds in the end. Links are relative, so that they lead the same way wherever the root is. */
  layout(): Layout {
    const layout: Layout = { files: new Map(), folders: new Map(), links: new Map() };
    if (this.has(RESERVED)) {
      throw usageError(
        'The root holds /boxmark, which is where Boxmark puts its own files.',
        `/${RESERVED}`,
        'an image without it',
      );
    }
    for (const name of KERNEL_FOLDERS) this.#root.children.delete(name);
    collect(this.#root, '', layout);
    for (const path of [...linksThatLeaveRoot(layout.links)]) {
      this.#notices.add('link', path);
      layout.links.delete(path);
    }
    return layout;
  }

  async #nodeOf(entry: RootEntry, path: string, store: (mode: number) => Promise<string>): Promise<Node> {
    const { flag, mode, target } = entry;
    const layer = this.#layer;
    if (!entry.isRoots && flag !== '1') this.#notices.add('owner', path);
    switch (flag) {
      case '5':
        return { kind: 'folder', layer, mode: folderMode(mode), children: new Map() };
      case '2':
        if (target === '' || target.includes('\0')) throw refused(path, 'is a link without a target');
        return { kind: 'link', layer, target };
      case '1':
        return { ...this.#linked(path, target), layer };
      case '0':
      case '\0':
      case '7': {
        if ((mode & SET_ID) !== 0) this.#notices.add('set-id', path);
        const kept = fileMode(mode);
        return { kind: 'file', layer, mode: kept, from: await store(kept) };
      }
      default:
        throw refused(path, `is of the unknown type ${JSON.stringify(flag)}`);
    }
  }

  /** What a hard link names: a file that is there already. */
  #linked(path: string, target: string): Exclude<Node, Folder> {
    const named = target.replace(/^(\.?\/+)+/, '');
    if (!isPlainPath(named)) throw refused(path, `is a hard link to ${JSON.stringify(target)}, which leaves the root`);
    const node = this.#folderAt(dirname(named), path).children.get(basename(named));
    if (node === undefined) throw refused(path, `is a hard link to /${named}, which is not there`);
    if (node.kind === 'folder') throw refused(path, `is a hard link to the folder /${named}`);
    return node;
  }

  /** Only what lower layers have is deleted. */
  #whiteOut(path: string, name: string): void {
    const parent = this.#folderAt(dirname(path), path);
    if (name === OPAQUE) {
      for (const each of [...parent.children.keys()]) this.#removeLower(parent, each);
      return;
    }
    // Others are bookkeeping of AUFS.
    if (!name.startsWith(`${WHITEOUT}${WHITEOUT}`)) this.#removeLower(parent, name.slice(WHITEOUT.length));
  }

  #removeLower(parent: Folder, name: string): void {
    const node = parent.children.get(name);
    if (node === undefined) return;
    if (node.kind === 'folder') for (const each of [...node.children.keys()]) this.#removeLower(node, each);
    const isEmpty = node.kind !== 'folder' || node.children.size === 0;
    if (node.layer < this.#layer && isEmpty) parent.children.delete(name);
  }

  /** The folder at a path, links followed inside the root; it and those above it are made where they are missing. */
  #folderAt(path: string, entry: string): Folder {
    const rest = path === '.' ? [] : path.split('/').reverse();
    let trail: Folder[] = [this.#root];
    let followed = 0;
    for (let name = rest.pop(); name !== undefined; name = rest.pop()) {
      if (name === '' || name === '.') continue;
      if (name === '..') {
        if (trail.length === 1) throw refused(entry, 'leaves the root through a link');
        trail = trail.slice(0, -1);
        continue;
      }
      const { children } = trail.at(-1) as Folder;
      const node = children.get(name) ?? { kind: 'folder', layer: this.#layer, mode: FOLDER_MODE, children: new Map() };
      if (node.kind === 'file') throw refused(entry, `lies below the file ${name}`);
      if (node.kind === 'folder') {
        children.set(name, node);
        trail.push(node);
        continue;
      }
      followed += 1;
      if (followed > LINK_LIMIT) throw refused(entry, 'lies below links that lead in a circle');
      if (node.target.startsWith('/')) trail = [this.#root];
      for (const next of node.target.split('/').reverse()) rest.push(next);
    }
    return trail.at(-1) as Folder;
  }
}

function collect(folder: Folder, at: string, layout: Layout): void {
  for (const [name, node] of [...folder.children].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const path = at === '' ? name : `${at}/${name}`;
    if (node.kind === 'file') layout.files.set(path, { mode: node.mode, from: node.from });
    else if (node.kind === 'link') layout.links.set(path, insideRoot(path, node.target));
    else {
      layout.folders.set(path, node.mode);
      collect(node, path, layout);
    }
  }
}

/** `/bin/busybox` in `usr/bin/sh` → `../../bin/busybox`. */
function insideRoot(path: string, target: string): string {
  if (!target.startsWith('/')) return target;
  return `${'../'.repeat(path.split('/').length - 1)}${target.replace(/^\/+/, '')}` || '.';
}

/** Nobody but its owner writes to it, who may read it: the image is made by whoever calls Boxmark. */
function fileMode(mode: number): number {
  return (mode & 0o755) | 0o400;
}

function folderMode(mode: number): number {
  const isForAll = (mode & STICKY_FOR_ALL) === STICKY_FOR_ALL;
  return isForAll ? STICKY_FOR_ALL : (mode & 0o755) | 0o700;
}

function assertPath(path: string): void {
  if (path.startsWith('/')) throw refused(path, 'is an absolute path');
  if (path.split('/').includes('..')) throw refused(path, 'leads out of its folder by `..`');
  if (!isPlainPath(path)) throw refused(path, 'is no plain path');
  if (!isPrintable(path)) throw refused(path, 'has control characters or is not UTF-8');
}

function refused(path: string, why: string): Error {
  return usageError(
    `The image was refused: an entry ${why}.`,
    JSON.stringify(shown(path)),
    'an image that was built by docker, podman or buildah',
  );
}
