/** Writes a layout into the image store, or finds the image that was made of the same files before. */

import { constants, statSync } from 'node:fs';
import { chmod, copyFile, link, lutimes, mkdir, open, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Layout } from './layout.ts';
import { digestOf, MANIFEST_PATH, type Manifest, manifestText, scanRoot } from './manifest.ts';
import { exists, imageFolder, inBuildFolder, installFolder, sha256, stampOf, storeDir, writeWhole } from './store.ts';

/** Raised whenever the same inputs would give another root. */
const LAYOUT_VERSION = 3;
/** The root of an image in its folder of the store. */
export const ROOT = 'root';

/** Digest of the image of a layout; built on the first call, looked up by the inputs' size and times on later ones. */
export async function buildLayout(layout: Layout): Promise<string> {
  const stamp = join(storeDir(), 'stamps', inputKey(layout));
  const known = await readFile(stamp, 'utf8').catch(() => '');
  if (/^[0-9a-f]{64}$/.test(known) && (await exists(join(imageFolder(known), ROOT, MANIFEST_PATH)))) return known;
  const digest = await inBuildFolder((folder) => writeLayout(layout, folder));
  await writeWhole(stamp, digest);
  return digest;
}

/** Writes a layout into `folder`, which then becomes an image of the store. Returns the digest. */
export async function writeLayout(layout: Layout, folder: string): Promise<string> {
  await writeRoot(layout, join(folder, ROOT));
  return sealRoot(folder);
}

/** Takes the manifest of a finished root, stores it in the root and moves the folder into the store. Returns the digest. */
export async function sealRoot(folder: string, scanned?: Manifest): Promise<string> {
  const root = join(folder, ROOT);
  const manifest = scanned ?? (await scanRoot(root));
  const digest = digestOf(manifest);
  await writeFixed(join(root, MANIFEST_PATH), manifestText(manifest), 0o644);
  // Last, because every file written above has moved its folder's time.
  for (const path of Object.keys(manifest.folders).reverse()) await lutimes(join(root, path), 0, 0);
  for (const path of Object.keys(manifest.links)) await lutimes(join(root, path), 0, 0);
  await lutimes(root, 0, 0);
  await chmod(folder, 0o755);
  await installFolder(folder, imageFolder(digest));
  return digest;
}

/** Creates a root and its folders, parents first, with exact modes whatever the umask is. */
export async function makeFolders(root: string, folders: ReadonlyMap<string, number>): Promise<void> {
  await mkdir(root, { recursive: true });
  await chmod(root, 0o755);
  for (const path of [...folders.keys()].sort()) {
    await mkdir(join(root, path));
    await chmod(join(root, path), folders.get(path)!);
  }
}

/** Writes a generated file with an exact mode and no date. */
export async function writeFixed(file: string, content: string | Uint8Array, mode: number): Promise<void> {
  await writeFile(file, content);
  await chmod(file, mode);
  await lutimes(file, 0, 0);
}

async function writeRoot(layout: Layout, root: string): Promise<void> {
  await makeFolders(root, layout.folders);
  for (const [path, source] of layout.files) {
    const file = join(root, path);
    if (!('from' in source)) {
      await writeFixed(file, 'text' in source ? source.text : Buffer.from(source.hex, 'hex'), source.mode);
      continue;
    }
    // Files of another image are shared, so that boxes of both map the same pages; the host's are copied, as they may change.
    if (source.from.startsWith(`${storeDir()}/`) && (await linked(source.from, file))) continue;
    await copyFile(source.from, file, constants.COPYFILE_FICLONE);
    if (source.head !== undefined) await replaceHead(file, Buffer.from(source.head, 'hex'));
    await chmod(file, source.mode);
    await lutimes(file, 0, 0);
  }
  for (const [path, target] of layout.links) await symlink(target, join(root, path));
}

async function replaceHead(file: string, head: Uint8Array): Promise<void> {
  await chmod(file, 0o600); // The host's file may be read-only.
  const copy = await open(file, 'r+');
  try {
    await copy.write(head, 0, head.length, 0);
  } finally {
    await copy.close();
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  return link(from, to).then(
    () => true,
    () => false,
  );
}

/** Changes with every input. */
function inputKey(layout: Layout): string {
  const files = [...layout.files].map(([path, source]) => {
    if (!('from' in source)) return [path, source.mode, 'text' in source ? source.text : source.hex];
    // A path in the store identifies its content; its times change with each link made to it.
    if (source.from.startsWith(`${storeDir()}/`)) return [path, source.mode, source.from];
    return [path, source.mode, source.from, source.head, ...stampOf(statSync(source.from, { bigint: true }))];
  });
  return sha256(JSON.stringify([LAYOUT_VERSION, files, [...layout.folders], [...layout.links]]));
}
