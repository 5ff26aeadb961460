/** The image as one file, so that another host runs the same bytes; what comes in is not trusted until its digests agree. */

import { randomUUID } from 'node:crypto';
import { chmod, type FileHandle, lutimes, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { BoxmarkError, EXIT, messageOf, usageError } from '../../bench/errors.ts';
import type { Image } from '../../bench/types.ts';
import { makeFolders, ROOT, sealRoot } from './build.ts';
import { rootMembers, writeStream } from './forms.ts';
import { loadImage, verifyImage } from './load.ts';
import { MANIFEST_PATH, type Manifest, parseManifest } from './manifest.ts';
import { inBuildFolder } from './store.ts';
import { readTar, type TarRead, tarBytes } from './tar.ts';
import {
  contentOf,
  isPlainMode,
  isPlainPath,
  linkThatLeavesRoot,
  MOST_BYTES,
  MOST_ENTRIES,
  openArchive,
  writeEntry,
} from './untrusted.ts';

/** Room for as many paths as an image may have; Boxmark's own has some dozens. */
const MANIFEST_LIMIT_BYTES = 64 << 20;

/** Writes the image to a tar file, manifest first. Verifies it before. Throws `BoxmarkError` when it was changed. */
export async function exportImage(image: Image, file: string): Promise<void> {
  await verifyImage(image);
  const members = await rootMembers(image);
  const isManifest = ({ entry }: (typeof members)[number]): boolean => entry.path === MANIFEST_PATH;
  const temporary = join(dirname(file), `.boxmark-export-${randomUUID()}`);
  try {
    await writeStream(tarBytes([...members.filter(isManifest), ...members.filter((m) => !isManifest(m))]), temporary);
    await rename(temporary, file);
  } catch (error) {
    throw usageError(
      `The archive can't be written: ${messageOf(error)}.`,
      file,
      'a file in a folder that you may write to',
    );
  } finally {
    await rm(temporary, { force: true });
  }
}

/**
 * Installs an exported image into the store. Throws `BoxmarkError` with exit code 2 for a file that is no such image, and
 * for any path, link, mode or content that the manifest doesn't list or that no image has; nothing is installed then.
 */
export async function importImage(file: string): Promise<Image> {
  const archive = await openArchive(file).catch((error: unknown) => {
    throw refused(file, messageOf(error));
  });
  try {
    const digest = await inBuildFolder(async (folder) => {
      const manifest = await unpack(archive, join(folder, ROOT));
      return sealRoot(folder, manifest);
    });
    return await loadImage(digest);
  } catch (error) {
    if (error instanceof BoxmarkError && error.exitCode === EXIT.failed) throw refused(file, error.what, error);
    throw error;
  } finally {
    await archive.close();
  }
}

/** The manifest decides what is written and where; the archive only provides the bytes. */
async function unpack(archive: FileHandle, root: string): Promise<Manifest> {
  const missing = new Set<string>();
  let manifest: Manifest | undefined;
  for await (const entry of readTar(archive)) {
    if (manifest === undefined) {
      manifest = await readFirst(entry);
      checkManifest(manifest);
      await makeFolders(root, new Map(Object.entries(manifest.folders).map(([path, mode]) => [path, octal(mode)])));
      for (const path of Object.keys(manifest.files)) missing.add(path);
      continue;
    }
    await take(entry, manifest, root, missing);
  }
  if (manifest === undefined) throw new BoxmarkError({ what: 'it is empty' });
  const [absent] = missing;
  if (absent !== undefined) throw new BoxmarkError({ what: `/${absent} is missing from it` });
  // Links last: no file can be written through one.
  for (const [path, target] of Object.entries(manifest.links)) await symlink(target, join(root, path));
  return manifest;
}

async function readFirst(entry: TarRead): Promise<Manifest> {
  if (entry.path !== MANIFEST_PATH || entry.type !== 'file' || entry.size > MANIFEST_LIMIT_BYTES) {
    throw new BoxmarkError({ what: 'it does not begin with an image manifest' });
  }
  return parseManifest((await contentOf(entry)).toString());
}

async function take(entry: TarRead, manifest: Manifest, root: string, missing: Set<string>): Promise<void> {
  if (entry.type === 'directory' && manifest.folders[entry.path] !== undefined) return;
  if (entry.type === 'symlink' && manifest.links[entry.path] === entry.target) return;
  const listed = entry.type === 'file' ? manifest.files[entry.path] : undefined;
  if (listed === undefined || !missing.delete(entry.path)) {
    throw new BoxmarkError({ what: `/${entry.path} is not as its manifest lists it` });
  }
  const file = join(root, entry.path);
  if (listed.size !== entry.size || (await writeEntry(entry, file)) !== listed.sha256) {
    throw new BoxmarkError({ what: `the content of /${entry.path} is not what its manifest lists` });
  }
  await chmod(file, octal(listed.mode));
  await lutimes(file, 0, 0);
}

/** Every path must be plain, every parent a listed folder, every mode ordinary, and no link may lead out of the root. */
function checkManifest(manifest: Manifest): void {
  const paths = [manifest.files, manifest.folders, manifest.links].flatMap((part) => Object.keys(part));
  if (paths.length > MOST_ENTRIES) {
    throw new BoxmarkError({ what: `it lists ${paths.length} paths, and an image has ${MOST_ENTRIES} at most` });
  }
  const bytes = Object.values(manifest.files).reduce((sum, { size }) => sum + size, 0);
  if (bytes > MOST_BYTES) throw new BoxmarkError({ what: `its files have ${bytes} bytes, more than 8 GiB` });
  const folders = new Set(Object.keys(manifest.folders));
  for (const path of paths) {
    const parent = posix.dirname(path);
    if (!isPlainPath(path) || (parent !== '.' && !folders.has(parent))) {
      throw new BoxmarkError({ what: `its manifest lists the path ${shown(path)}` });
    }
  }
  if (new Set([...paths, MANIFEST_PATH]).size !== paths.length + 1) {
    throw new BoxmarkError({ what: 'its manifest lists a path twice' });
  }
  if (!folders.has(posix.dirname(MANIFEST_PATH))) throw new BoxmarkError({ what: 'it has no folder for its manifest' });
  for (const [path, { mode }] of Object.entries(manifest.files)) checkMode(path, mode, 'file');
  for (const [path, mode] of Object.entries(manifest.folders)) checkMode(path, mode, 'folder');
  const leaving = linkThatLeavesRoot(new Map(Object.entries(manifest.links)));
  if (leaving !== undefined) {
    throw new BoxmarkError({
      what: `its link ${shown(leaving)} leads out of it, to ${shown(manifest.links[leaving] ?? '')}`,
    });
  }
}

function checkMode(path: string, mode: string, type: 'file' | 'folder'): void {
  if (isPlainMode(octal(mode), type)) return;
  throw new BoxmarkError({
    what: `${shown(path)} has the mode ${mode}, which lets others write to it or gives them the rights of its owner`,
  });
}

/** A name of a stranger, in quotes and not longer than a line. */
function shown(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
}

function octal(mode: string): number {
  return Number.parseInt(mode, 8);
}

function refused(file: string, why: string, cause?: unknown): BoxmarkError {
  return new BoxmarkError(
    {
      what: `The image file was refused: ${why.replace(/\.$/, '')}.`,
      value: file,
      remedy: 'boxmark image export on the other host, and copy the file again',
      cause,
    },
    EXIT.usage,
  );
}
