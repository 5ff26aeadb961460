/** Which folders no other user can change, replace, or lead elsewhere. In doubt one is not. */

import { type BigIntStats, existsSync, lstatSync, readlinkSync, realpathSync, type Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { makeFolders } from '../../bench/folders.ts';

/** Is this a folder (not a link to one) into which nobody else can put anything, and in whose place nobody else can put another? */
export function isClosedFolder(path: string): boolean {
  try {
    if (!isFixed(resolve(path))) return false;
    const found = lstatSync(path);
    return found.isDirectory() && isClosed(found);
  } catch {
    return false;
  }
}

/**
 * Can nobody else lead the path elsewhere? Up to the root, each folder belongs to root or to the user and takes no files of
 * others; below one with the sticky bit nobody else renames what is not theirs. False when it can't be seen.
 */
export function isFixedFolder(path: string): boolean {
  try {
    return isFixed(resolve(path));
  } catch {
    return false;
  }
}

/** Makes a folder, and those above it, where nobody else can lead its path elsewhere. False where it is not there afterwards, or somebody can. */
export function makeFixedFolder(path: string): boolean {
  try {
    if (!existsSync(path)) {
      if (!makeFixedFolder(dirname(resolve(path)))) return false;
      makeFolders(path);
    }
    return isFixedFolder(path);
  } catch {
    return false;
  }
}

/** From the root down: what lies in a folder is looked at once nobody else can exchange it. */
function isFixed(path: string): boolean {
  const above = dirname(path);
  if (path !== above && !isFixed(above)) return false;
  const found = lstatSync(path);
  if (found.isSymbolicLink()) return isOwnOrRoots(found) && isFixed(resolve(realpathSync(above), readlinkSync(path)));
  const isSticky = (found.mode & 0o1000) !== 0 && found.uid === 0;
  return found.isDirectory() && (isSticky || isClosed(found));
}

/** Can nobody else write to what this is of? A group of the user's own, which many systems give, counts as the user. */
export function isClosed(found: Pick<Stats | BigIntStats, 'mode' | 'uid' | 'gid'>): boolean {
  const [mode, uid, gid] = [found.mode, found.uid, found.gid].map(Number) as [number, number, number];
  const ownGid = process.getegid?.();
  const isOwnGroup = gid === 0 || (gid === ownGid && gid === process.geteuid?.());
  return isOwnOrRoots({ uid }) && (mode & 0o002) === 0 && ((mode & 0o020) === 0 || isOwnGroup);
}

function isOwnOrRoots(found: Pick<Stats, 'uid'>): boolean {
  return found.uid === 0 || found.uid === process.geteuid?.();
}
