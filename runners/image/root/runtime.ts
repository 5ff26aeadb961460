/** Boxmark's own files in a root that the user brings: one folder beside it, with a loader and libraries of its own. */

import { realpathSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import { usageError } from '../../../bench/errors.ts';
import {
  LAUNCHER_PATH,
  NODE_PATH,
  ROOT_FACTS_PATH,
  ROOTED_LIBRARIES,
  ROOTED_NODE_PATH,
} from '../../../bench/payload/image-files.ts';
import type { Image } from '../../../bench/types.ts';
import { ROOT } from '../build.ts';
import { readElf } from '../elf.ts';
import { libraryClosure } from '../elf-closure.ts';
import { findProgram } from '../find-program.ts';
import { addFile, addFolder, type Layout, layoutOf, libraryFolders, skeletonLayout } from '../layout.ts';
import { readManifest } from '../manifest.ts';
import { imageFolder } from '../store.ts';
import { readStoredRoot, type StoredRoot, storedRootText } from './stored.ts';

/** Folders on which every box mounts its own; what the root has there is not seen. */
const MOUNTED = ['proc', 'sys', 'dev', 'dev/net', 'dev/pts', 'dev/shm', 'tmp', 'boxmark/store', 'boxmark/scratch'];
/** Folders and files that engines mount on, or without which they take a root for none. */
const EXPECTED = { folders: ['run', 'etc', 'usr'], files: ['etc/hostname', 'etc/hosts', 'etc/resolv.conf'] };
const RELEASES = ['etc/os-release', 'usr/lib/os-release'];

/** The root of this digest with Boxmark's Node.js, payload and shell of the base image and this host. */
export async function rootedLayout(base: Image, digest: string): Promise<{ layout: Layout; root: StoredRoot }> {
  const folder = join(imageFolder(digest), ROOT);
  const layout = layoutOf(folder, await readManifest(folder));
  const stored = await readStoredRoot(folder);
  addPlaces(layout);
  await addBase(layout, base);
  const launcher = addShell(layout);
  const root = { ...stored, launcher };
  layout.files.set(ROOT_FACTS_PATH, { mode: 0o644, text: storedRootText(root) });
  return { layout, root };
}

/** Empty places for what boxes mount. The files of the user stay as they are wherever there are any. */
function addPlaces(layout: Layout): void {
  const skeleton = skeletonLayout();
  for (const path of MOUNTED) {
    for (const part of partsOf(path)) {
      layout.files.delete(part);
      layout.links.delete(part);
    }
    addFolder(layout, path);
    layout.folders.set(path, skeleton.folders.get(path) ?? 0o755);
  }
  const isFree = (path: string): boolean =>
    partsOf(path).every((part) => !layout.files.has(part) && !layout.links.has(part)) && !layout.folders.has(path);
  for (const path of EXPECTED.folders) if (isFree(path)) addFolder(layout, path);
  for (const [path, source] of skeleton.files) {
    const isExpected = EXPECTED.files.includes(path) || path.startsWith('dev/');
    const isRelease = path === RELEASES[0] && RELEASES.every(isFree);
    if ((isExpected || isRelease) && isFree(path)) layout.files.set(path, source);
  }
  for (const [path, target] of skeleton.links)
    if (path.startsWith('dev/') && isFree(path)) layout.links.set(path, target);
}

/** `a/b/c` → `a`, `a/b`, `a/b/c`. */
function partsOf(path: string): string[] {
  const names = path.split('/');
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}

/** Node.js, its libraries, the payload and the files of Boxmark's own workloads. */
async function addBase(layout: Layout, base: Image): Promise<void> {
  const { files } = await readManifest(base.root);
  if (files[NODE_PATH] === undefined) {
    throw usageError('The image has a root of its own already.', base.digest.slice(0, 12), '--root without --image');
  }
  const source = (path: string): string => join(base.root, path);
  const folders = libraryFolders(Object.keys(files));
  addFile(layout, ROOTED_NODE_PATH, source(NODE_PATH), 0o755);
  for (const [path, { mode }] of Object.entries(files)) {
    const isLibrary = folders.includes(dirname(path)) && /\.so(\.|$)/.test(basename(path));
    const isOwn = path.startsWith('boxmark/');
    if (isLibrary) addLibrary(layout, basename(path), source(path));
    if (isOwn) addFile(layout, path, source(path), Number.parseInt(mode, 8));
  }
  const interpreter = readElf(source(NODE_PATH))?.interpreter;
  if (interpreter !== undefined) addLibrary(layout, basename(interpreter), realpathSync(source(interpreter)));
}

/** The host's shell, which starts the programs. Gives the words that start it. */
function addShell(layout: Layout): string[] {
  const { file, shebang } = findProgram('sh', '/');
  if (shebang !== undefined) throw usageError('The shell of this host is a script.', file, 'install dash or bash');
  const { interpreter, libraries } = libraryClosure(file);
  addFile(layout, LAUNCHER_PATH, file, 0o755);
  if (interpreter === undefined) return [`/${LAUNCHER_PATH}`];
  for (const [name, from] of libraries) addLibrary(layout, basename(name), from);
  addLibrary(layout, basename(interpreter), realpathSync(interpreter));
  const loader = posix.join(ROOTED_LIBRARIES, basename(interpreter));
  return [`/${loader}`, '--library-path', `/${ROOTED_LIBRARIES}`, `/${LAUNCHER_PATH}`];
}

function addLibrary(layout: Layout, name: string, from: string): void {
  addFile(layout, posix.join(ROOTED_LIBRARIES, name), from, 0o755);
}
