/** Where commands of the host are looked for. */

import { realpathSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { isClosedFolder } from './closed-folders.ts';

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
  return [...STANDARD_FOLDERS, ...new Set(further.filter(isClosedFolder))];
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
