/** A folder of this host as a root: what is in it is copied, no link of it is followed. */

import { constants, lstatSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { open, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { BoxmarkError, messageOf, usageError } from '../../../bench/errors.ts';
import { stampOf } from '../store.ts';
import { bytesOf, MOST_ENTRIES } from '../untrusted.ts';
import { statusOf } from '../with-files.ts';
import { NO_CONFIG } from './config.ts';
import type { RootSource } from './source.ts';
import type { Supply } from './supply.ts';
import { KERNEL_FOLDERS, type RootEntry } from './tree.ts';

export async function folderSupply({ at }: RootSource): Promise<Supply> {
  if (statusOf(at)?.isDirectory() !== true) {
    throw usageError('The root is no folder.', at, 'dir:FOLDER, with the folder of an unpacked root file system');
  }
  const found = readable(at, () => allOf(at));
  return {
    key: ['dir', at, ...found.map(({ entry, stamp }) => [entry.path, stamp])],
    read: async (assembly) => {
      const root = realpathSync(at);
      for (const { entry } of found) {
        await assembly.addEntry({ ...entry, read: () => contentOf(join(root, entry.path)) });
      }
      return { config: NO_CONFIG };
    },
  };
}

interface Found {
  readonly entry: RootEntry;
  /** Changes with the entry. */
  readonly stamp: readonly string[];
}

function allOf(root: string): Found[] {
  const found: Found[] = [];
  for (const one of entriesOf(root, '')) {
    found.push(one);
    if (found.length > MOST_ENTRIES) {
      throw usageError(`The root has more than ${MOST_ENTRIES} files.`, root, 'a smaller folder');
    }
  }
  return found;
}

function* entriesOf(root: string, folder: string): Generator<Found> {
  for (const name of readdirSync(join(root, folder)).sort()) {
    const path = folder === '' ? name : `${folder}/${name}`;
    if (KERNEL_FOLDERS.includes(path)) continue;
    const file = join(root, path);
    const found = lstatSync(file, { bigint: true });
    const flag = found.isDirectory() ? '5' : found.isSymbolicLink() ? '2' : found.isFile() ? '0' : '6';
    const entry: RootEntry = {
      path,
      flag,
      mode: Number(found.mode) & 0o7777,
      // Of whoever unpacked it: a root without rights of root has no other owner.
      isRoots: found.uid === 0n || Number(found.uid) === process.getuid?.(),
      size: flag === '0' ? Number(found.size) : 0,
      target: flag === '2' ? readlinkSync(file) : '',
    };
    yield { entry, stamp: [...stampOf(found), String(found.mode)] };
    if (flag === '5') yield* entriesOf(root, path);
  }
}

/**
 * A file that became a link or a pipe meanwhile is not read, nor is one above which a folder became a link: whoever owns a
 * part of the root could have any file of the host copied into it.
 * @param path without any link in it
 */
async function* contentOf(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((error) => {
    throw unreadable(path, error);
  });
  try {
    if (!(await file.stat()).isFile()) throw unreadable(path, new Error('it is no regular file any more'));
    if ((await readlink(`/proc/self/fd/${file.fd}`)) !== path) throw unreadable(path, new Error('it was replaced'));
    yield* bytesOf(file);
  } finally {
    await file.close();
  }
}

function readable<T>(at: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof BoxmarkError ? error : unreadable(at, error);
  }
}

function unreadable(path: string, error: unknown): Error {
  return usageError(`A file of the root can't be read: ${messageOf(error)}`, path, 'make it readable, or leave it out');
}
