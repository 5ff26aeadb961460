/** What systemd-nspawn keeps outside the work folder, and leaves there when it is killed. */

import { rmdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { idInName } from '../../host/workspace.ts';
import { removeTree } from '../../kit/remove.ts';
import { type Leavings, leftover, namesIn } from '../../upkeep/leftovers.ts';

const STATE = '/run/systemd/nspawn';
/** Folders in it, with the prefix of a machine's name in them. */
const PLACES = ['locks', 'propagate', 'unix-export'];

/** Deepest first. A host that systemd does not run has none of them before its first machine. */
const FOLDERS = [...PLACES.map((name) => join(STATE, name)), STATE, '/run/systemd'];

/** Files and folders of the machines whose names `isOurs` takes. */
export function nspawnState(isOurs: (machine: string) => boolean): string[] {
  return PLACES.flatMap((place) => {
    const folder = join(STATE, place);
    return namesIn(folder)
      .filter((name) => isOurs(name.replace(/^name-/, '')))
      .map((name) => join(folder, name));
  });
}

/** Removes what a machine left; then the folders, as far as they are empty. Never throws. */
export async function forgetMachine(machine: string): Promise<void> {
  for (const path of nspawnState((name) => name === machine)) {
    await removeTree(path).catch(() => {});
  }
  for (const place of FOLDERS) await rmdir(place).catch(() => {});
}

export const nspawnLeavings: Leavings = {
  emptyFolders: FOLDERS,
  find: async (isDead) =>
    nspawnState((machine) => isDead(idInName(machine))).map((path) => {
      const run = idInName(basename(path).replace(/^name-/, '')) ?? '';
      return leftover('file', run, path, 'notes of systemd-nspawn on a dead run');
    }),
};
