/** A folder of a box for its payload's data, on the storage of whoever opens it: made for each start, removed with it. */

import { mkdir } from 'node:fs/promises';
import type { Box, DataFolder, OpenOptions } from '../../bench/types.ts';
import { writeInBox } from './box-files.ts';
import { SCRATCH_MOUNT } from './places.ts';
import { removeTree } from './remove.ts';

/** Where a box has it, unless its root is the host's. */
export const DATA_PLACE: DataFolder = { path: SCRATCH_MOUNT, behindCache: false };

/** The same for a box whose kernel reads through that of the host. */
export const DATA_BEHIND_CACHE: DataFolder = { ...DATA_PLACE, behindCache: true };

/** What a box with a folder says of itself: nothing without one. */
export function dataOf(folder: string | undefined, place: DataFolder = DATA_PLACE): Pick<Box, 'data'> {
  return folder === undefined ? {} : { data: place };
}

/** Makes the folder when the payload's box is to have one, as the box below sees it; `above` is the runner's own. */
export async function makeDataFolder(
  parent: Box,
  above: string,
  { name, spec }: OpenOptions,
): Promise<string | undefined> {
  if (spec?.scratch !== true) return undefined;
  const folder = `${above}/data-${name}`;
  if (parent.path === 'host') await mkdir(folder, { mode: 0o700, recursive: true });
  else await writeInBox(parent, [folder], {});
  return folder;
}

/** In a box, it goes with the scratch folder of that box. */
export async function removeDataFolder(parent: Box, folder: string | undefined): Promise<void> {
  if (folder !== undefined && parent.path === 'host') await removeTree(folder);
}
