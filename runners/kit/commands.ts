/** Where commands of the host are looked for. */

import { realpathSync, type Stats, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';

/** Come first, so that a PATH decides nothing where the plain folders have a command. */
export const STANDARD_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/**
 * The standard folders, then those of a PATH: NixOS, snaps, Guix and Linuxbrew keep commands elsewhere. Folders that
 * others may write to are left out, as Boxmark runs as root, and so are those that npm adds.
 */
export function commandFolders(path = process.env.PATH ?? ''): string[] {
  const named = path.split(':').filter((folder) => isAbsolute(folder) && !folder.includes('/node_modules/'));
  // By their real paths: whoever owns a link may lead it elsewhere later.
  const further = named.filter((folder) => !STANDARD_FOLDERS.includes(folder)).flatMap(realFolder);
  return [...STANDARD_FOLDERS, ...new Set(further.filter(isSafe))];
}

/** All files of a command, the one that counts first. */
export function commandFiles(name: string, folders = commandFolders()): string[] {
  return folders.map((folder) => join(folder, name)).filter(isExecutable);
}

/** Path of a host command, or undefined. */
export function findCommand(name: string): string | undefined {
  return commandFiles(name)[0];
}

function isExecutable(file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  return found?.isFile() === true && (found.mode & 0o111) !== 0;
}

function realFolder(folder: string): string[] {
  try {
    return [realpathSync(folder)];
  } catch {
    return [];
  }
}

/**
 * Can nobody else put a command there, or another folder in its place? Up to the root, each folder belongs to root or to the
 * user and takes no files of others; below one with the sticky bit nobody else renames what is not theirs.
 */
function isSafe(folder: string): boolean {
  const found = statSync(folder, { throwIfNoEntry: false });
  return found?.isDirectory() === true && isClosed(found) && isSafeBelow(dirname(folder));
}

function isSafeBelow(folder: string): boolean {
  const found = statSync(folder);
  const isSticky = (found.mode & 0o1000) !== 0 && found.uid === 0;
  return (isSticky || isClosed(found)) && (folder === '/' || isSafeBelow(dirname(folder)));
}

/** A group of the user's own, which many systems give, counts as the user. */
function isClosed({ mode, uid, gid }: Stats): boolean {
  const [ownUid, ownGid] = [process.getuid?.(), process.getgid?.()];
  const isOwn = uid === 0 || uid === ownUid;
  const isOwnGroup = gid === 0 || (gid === ownGid && gid === ownUid);
  return isOwn && (mode & 0o002) === 0 && ((mode & 0o020) === 0 || isOwnGroup);
}
