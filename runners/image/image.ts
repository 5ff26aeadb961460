/** The one content-addressed image that every box runs: the host's Node.js, its libraries and the payload. */

import { existsSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { BoxmarkError } from '../../bench/errors.ts';
import type { Image } from '../../bench/types.ts';
import { buildLayout } from './build.ts';
import {
  addCommand,
  addFolder,
  baseLayout,
  type FileSource,
  LayoutConflict,
  layoutOf,
  skeletonLayout,
} from './layout.ts';
import { loadImage } from './load.ts';
import { readManifest } from './manifest.ts';

export { type DockerArchive, dockerArchive, erofsDisk, imageArchive } from './forms.ts';
export { loadImage, verifyImage } from './load.ts';
export { storeDir } from './store.ts';
export { exportImage, importImage } from './transfer.ts';

/**
 * The base image of this host with the given payload (one bundled CommonJS file). Built once, then found by the size and
 * times of its inputs. Throws `BoxmarkError` when the payload or a library is missing.
 */
export async function ensureImage(payloadFile: string): Promise<Image> {
  if (!existsSync(payloadFile)) {
    throw new BoxmarkError({ what: 'The payload was not built.', value: payloadFile, remedy: 'npm run build' });
  }
  const layout = baseLayout(realpathSync(process.execPath), realpathSync(payloadFile));
  return loadImage(await buildLayout(layout));
}

/**
 * The image of a box that holds another: the base image plus host commands (by name, or by absolute path) with their
 * libraries, at /usr/bin. Throws `BoxmarkError` for a missing command and for a script.
 */
export async function holderImage(image: Image, commands: readonly string[]): Promise<Image> {
  const wanted = [...new Set(commands)].sort();
  // Engines have their own root beside one of the user's.
  if (image.userRoot !== undefined) return toolImage(wanted);
  const base = layoutOf(image.root, await readManifest(image.root));
  try {
    for (const command of wanted) addCommand(base, command);
    return loadImage(await buildLayout(base));
  } catch (error) {
    if (!(error instanceof LayoutConflict)) throw error;
  }
  // An image of another host has another C library than this host's engines. They run without it: the payload gets its
  // own root inside the inner box anyway.
  return toolImage(wanted);
}

/** Host commands with their libraries and nothing else, as a root of the store. Throws like `holderImage`. */
export async function toolImage(commands: readonly string[]): Promise<Image> {
  const layout = skeletonLayout();
  for (const command of [...new Set(commands)].sort()) addCommand(layout, command);
  return loadImage(await buildLayout(layout));
}

/** An image with further files and links where it has nothing yet. What it has stays as it is, file for file. */
export async function extendImage(
  image: Image,
  more: { files: Readonly<Record<string, FileSource>>; links: Readonly<Record<string, string>> },
): Promise<Image> {
  const layout = layoutOf(image.root, await readManifest(image.root));
  const isFree = (path: string): boolean => !layout.files.has(path) && !layout.links.has(path);
  const paths = [...Object.keys(more.files), ...Object.keys(more.links)].filter(isFree);
  for (const path of paths) addFolder(layout, dirname(path));
  for (const [path, source] of Object.entries(more.files)) if (paths.includes(path)) layout.files.set(path, source);
  for (const [path, target] of Object.entries(more.links)) if (paths.includes(path)) layout.links.set(path, target);
  return loadImage(await buildLayout(layout));
}
