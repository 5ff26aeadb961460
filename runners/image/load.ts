/** Opens images of the store: where their root is, and how their payload is started in a box and on this host. */

import { existsSync, realpathSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BoxmarkError } from '../../bench/errors.ts';
import type { Image } from '../../bench/types.ts';
import { hostExec } from '../kit/process.ts';
import { ROOT } from './build.ts';
import { readElf } from './elf.ts';
import { libraryClosure } from './elf-closure.ts';
import { libraryFolders, NODE_PATH, PAYLOAD_PATH } from './layout.ts';
import { firstDifference, MANIFEST_PATH, type Manifest, readManifest, scanRoot } from './manifest.ts';
import { imageFolder, sha256, sha256File } from './store.ts';

/** An image of the store by its digest, or by the first 12 digits of it. Throws `BoxmarkError` when it isn't there. */
export async function loadImage(digest: string): Promise<Image> {
  const root = join(imageFolder(digest), ROOT);
  if (!existsSync(join(root, MANIFEST_PATH))) {
    throw new BoxmarkError({
      what: 'No such image in the image store.',
      value: digest,
      remedy: 'boxmark image import FILE',
    });
  }
  const manifest = await readManifest(root);
  const found = sha256(await readFile(join(root, MANIFEST_PATH)));
  if (!found.startsWith(digest)) {
    throw new BoxmarkError({
      what: 'The manifest of an image in the store was changed.',
      value: root,
      remedy: `remove ${imageFolder(digest)}; the next run builds it again`,
    });
  }
  return {
    digest: found,
    root,
    payloadArgv: [`/${NODE_PATH}`, `/${PAYLOAD_PATH}`],
    nativeArgv: await nativeArgv(root, manifest),
    nodeDigest: manifest.files[NODE_PATH]?.sha256 ?? '',
    payloadDigest: manifest.files[PAYLOAD_PATH]?.sha256 ?? '',
  };
}

/** Hashes every file of an image again. Throws `BoxmarkError` naming the first path that is not as the manifest lists it. */
export async function verifyImage(image: Image): Promise<void> {
  const listed = await readManifest(image.root);
  const found = await scanRoot(image.root);
  const digest = sha256(await readFile(join(image.root, MANIFEST_PATH)));
  const wrong = digest === image.digest ? firstDifference(listed, found) : MANIFEST_PATH;
  if (wrong === undefined) return;
  throw new BoxmarkError({
    what: `The image in the store was changed: /${wrong} is not what its manifest lists.`,
    value: image.root,
    remedy: `remove ${imageFolder(image.digest)}; the next run builds it again`,
  });
}

/** The image's own loader is used only when the host would give Node.js other libraries than the boxes get. */
async function nativeArgv(root: string, manifest: Manifest): Promise<string[]> {
  const node = join(root, NODE_PATH);
  const payload = join(root, PAYLOAD_PATH);
  if (manifest.files[NODE_PATH] === undefined) return []; // Tools only.
  if (await hostHasSameLibraries(node, manifest)) return [node, payload];
  const interpreter = readElf(node)?.interpreter;
  if (interpreter === undefined) return [node, payload];
  const folders = libraryFolders(Object.keys(manifest.files)).map((folder) => join(root, folder));
  return [join(root, interpreter), '--library-path', folders.join(':'), node, payload];
}

/**
 * Libraries that the host's loader really takes: variants for the processor below `glibc-hwcaps`, what /etc/ld.so.preload
 * adds, and a cache that is older than its configuration are known to it alone. Throws where it does not list them.
 */
async function loadedBy(loader: string, program: string): Promise<string[]> {
  const { exitCode, stdout } = await hostExec([loader, '--list', program], { timeoutMs: 10_000 });
  if (exitCode !== 0) throw new Error(`${loader} lists no libraries`);
  const files = [...stdout.matchAll(/^\s+(?:\S+ => )?(\/\S+)/gm)].map(([, file = '']) => file);
  return files.filter((file) => basename(file) !== basename(loader)).map((file) => realpathSync(file));
}

async function hostHasSameLibraries(node: string, manifest: Manifest): Promise<boolean> {
  const listed = new Map(Object.entries(manifest.files).map(([path, entry]) => [basename(path), entry]));
  try {
    const closure = libraryClosure(node);
    const loader: [string, string][] =
      closure.interpreter === undefined ? [] : [[basename(closure.interpreter), closure.interpreter]];
    for (const [name, file] of [...closure.libraries, ...loader]) {
      // The names may be a stranger's: nothing is read but a file of the very size, which no device has.
      const found = await stat(file);
      const same = found.isFile() && found.size === listed.get(name)?.size;
      if (!same || (await sha256File(file)) !== listed.get(name)?.sha256) return false;
    }
    if (closure.interpreter === undefined) return true;
    const found = new Set([...closure.libraries.values()]);
    return (await loadedBy(closure.interpreter, node)).every((file) => found.has(file));
  } catch {
    return false; // A library or the loader is missing here.
  }
}
