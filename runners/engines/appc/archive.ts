/** App Container Images as archives: written the same from the same image, and looked through entry by entry before use. */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, type FileHandle, mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BoxmarkError } from '../../../bench/errors.ts';
import type { Image } from '../../../bench/types.ts';
import { rootMembers, writeStream } from '../../image/forms.ts';
import { readTar, type TarMember, type TarRead, tarBytes } from '../../image/tar.ts';
import {
  contentOf,
  isPlainMode,
  isPlainPath,
  linkThatLeavesRoot,
  MOST_BYTES,
  openArchive,
  writeEntry,
} from '../../image/untrusted.ts';
import { type ImageManifest, imageManifest, parseImageManifest } from './manifest.ts';
import { ImageRefusal, refuse } from './refusal.ts';

const MANIFEST_LIMIT_BYTES = 1 << 20;
/** Of an archive that is signed and read whole before it runs. */
const MOST_ENTRIES = 20_000;
/** Types of tar entries that are no file, folder or symbolic link. */
const KINDS: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  '3': 'a device node',
  '4': 'a device node',
  '6': 'a named pipe',
};

/** Writes the image as an App Container Image: the file `manifest` and the folder `rootfs`, uncompressed. Returns its id. */
export async function writeAci(image: Image, file: string): Promise<string> {
  const text = Buffer.from(`${JSON.stringify(imageManifest(image))}\n`);
  const manifest: TarMember = {
    entry: { path: 'manifest', type: 'file', mode: 0o644, size: text.length },
    content: text,
  };
  const members = (await rootMembers(image)).map(
    ({ entry, ...rest }): TarMember => ({ entry: { ...entry, path: `rootfs/${entry.path}` }, ...rest }),
  );
  const root: TarMember = { entry: { path: 'rootfs', type: 'directory', mode: 0o755 } };
  await writeStream(tarBytes([manifest, root, ...members]), file);
  return aciId(file);
}

/** `sha512-` and the digest of the uncompressed archive: the image id of the specification. */
export async function aciId(file: string): Promise<string> {
  const hash = createHash('sha512');
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return `sha512-${hash.digest('hex')}`;
}

/** Looks through the whole archive without writing anything. Throws `BoxmarkError` with the first thing that is wrong. */
export async function checkAci(file: string): Promise<ImageManifest> {
  let manifest: ImageManifest | undefined;
  await forEachEntry(file, async (entry) => {
    if (entry.path === 'manifest') manifest = parseImageManifest((await contentOf(entry)).toString());
  });
  if (manifest === undefined) throw refuse('has no manifest', file);
  return manifest;
}

/** Unpacks the root of an archive into an empty folder, with the same checks. */
export async function unpackAci(file: string, root: string): Promise<void> {
  const links: [path: string, target: string][] = [];
  await forEachEntry(file, async (entry) => {
    if (entry.path === 'manifest' || entry.path === 'rootfs') return;
    const place = join(root, entry.path.slice('rootfs'.length));
    if (entry.type === 'symlink') links.push([place, entry.target]);
    else {
      if (entry.type === 'file') await writeEntry(entry, place);
      else await mkdir(place);
      await chmod(place, entry.mode & 0o7777); // Whatever the umask is.
    }
  });
  // Links last: no file can be written through one.
  for (const [place, target] of links) await symlink(target, place);
}

async function forEachEntry(file: string, act: (entry: TarRead) => Promise<void>): Promise<void> {
  const archive = await opened(file);
  try {
    const seen = new Map<string, TarRead['type']>();
    const links = new Map<string, string>();
    let total = 0;
    for await (const raw of readTar(archive)) {
      const entry = { ...raw, path: raw.path.replace(/^\.\//, '') };
      checkEntry(entry, seen);
      total += entry.size;
      if (total > MOST_BYTES) throw refuse('contains more than 8 GiB');
      if (seen.size >= MOST_ENTRIES) throw refuse(`contains more than ${MOST_ENTRIES} entries`);
      seen.set(entry.path, entry.type);
      if (entry.type === 'symlink') links.set(entry.path.slice('rootfs/'.length), entry.target);
      await act(entry);
    }
    const leaving = linkThatLeavesRoot(links);
    if (leaving !== undefined) {
      const named = [`rootfs/${leaving}`, links.get(leaving)].map((name) => JSON.stringify(name));
      throw refuse(`contains a link that leads out of its root, ${named.join(' to ')}`);
    }
    if (!seen.has('manifest')) throw refuse('has no manifest');
    if (seen.get('rootfs') !== 'directory') throw refuse('has no folder rootfs');
  } catch (error) {
    // What the reader of archives itself finds: a damaged header, a cut end.
    if (error instanceof BoxmarkError && !(error instanceof ImageRefusal))
      throw refuse(`is not an archive: ${error.what}`, file);
    throw error;
  } finally {
    await archive.close();
  }
}

/** Every entry is inside the root, unique, not below a link, and a file, folder or inner link. */
function checkEntry({ path, type, flag, mode, size }: TarRead, seen: ReadonlyMap<string, TarRead['type']>): void {
  const shown = JSON.stringify(path);
  if (path.startsWith('/')) throw refuse(`contains an absolute path, ${shown}`);
  const parts = path.split('/');
  if (parts.includes('..')) throw refuse(`contains a path that escapes its root, ${shown}`);
  if (!isPlainPath(path)) throw refuse(`contains a path that is not normalised, ${shown}`);
  if (path === 'manifest') {
    if (type !== 'file' || size > MANIFEST_LIMIT_BYTES) throw refuse('has a manifest that is not a small regular file');
  } else if (parts[0] !== 'rootfs') throw refuse(`contains something other than manifest and rootfs, ${shown}`);
  if (seen.has(path)) throw refuse(`contains ${shown} twice`);
  if (type === 'other')
    throw refuse(`contains ${KINDS[flag] ?? `an entry of the type ${JSON.stringify(flag)}`}, ${shown}`);
  const parent = dirname(path);
  if (parent !== '.' && seen.get(parent) !== 'directory') {
    const why = seen.get(parent) === 'symlink' ? 'below a link' : 'whose folder does not come before it';
    throw refuse(`contains an entry ${why}, ${shown}`);
  }
  if (type !== 'symlink' && !isPlainMode(mode & 0o7777, type === 'file' ? 'file' : 'folder')) {
    throw refuse(`contains a mode that lets others write to it or gives them the rights of its owner, ${shown}`);
  }
}

async function opened(file: string): Promise<FileHandle> {
  return openArchive(file).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === undefined ? 'is not a regular file' : `can't be read (${error.code})`;
    throw refuse(error.code === 'ENOENT' ? 'is missing' : why, file);
  });
}
