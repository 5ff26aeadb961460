/** Opens images of the store: where their root is, and how their payload is started in a box and on this host. */

import { existsSync, realpathSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BoxmarkError } from '../../bench/errors.ts';
import { NODE_PATH, ROOTED_LIBRARIES, ROOTED_NODE_PATH } from '../../bench/payload/image-files.ts';
import type { Image } from '../../bench/types.ts';
import { hostExec } from '../kit/process.ts';
import { ROOT } from './build.ts';
import { readElf } from './elf.ts';
import { libraryClosure } from './elf-closure.ts';
import { PAYLOAD_PATH, PROGRAM_LIST_PATH } from './layout.ts';
import { firstDifference, MANIFEST_PATH, type Manifest, readManifest, scanRoot } from './manifest.ts';
import { ownLoaderWords } from './own-loader.ts';
import { readStoredRoot } from './root/stored.ts';
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
  const common = { digest: found, root, payloadDigest: manifest.files[PAYLOAD_PATH]?.sha256 ?? '' };
  const rooted = manifest.files[ROOTED_NODE_PATH];
  if (rooted !== undefined) {
    const { uid, gid } = await readStoredRoot(root);
    const argv = rootedArgv(root, manifest);
    return { ...common, payloadArgv: argv, nativeArgv: argv, nodeDigest: rooted.sha256, userRoot: { uid, gid } };
  }
  return {
    ...common,
    payloadArgv: [`/${NODE_PATH}`, `/${PAYLOAD_PATH}`],
    nativeArgv: await nativeArgv(root, manifest),
    nodeDigest: manifest.files[NODE_PATH]?.sha256 ?? '',
  };
}

/** In a root of the user's, Boxmark's Node.js has a loader and libraries of its own. */
function rootedArgv(root: string, manifest: Manifest): string[] {
  const command = [`/${ROOTED_NODE_PATH}`, `/${PAYLOAD_PATH}`];
  const loader = join(ROOTED_LIBRARIES, basename(readElf(join(root, ROOTED_NODE_PATH))?.interpreter ?? ''));
  if (manifest.files[loader] === undefined) return command;
  return [`/${loader}`, '--library-path', `/${ROOTED_LIBRARIES}`, ...command];
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

/** The image's own loader is used only when the host would give a program other libraries than the boxes get. */
async function nativeArgv(root: string, manifest: Manifest): Promise<string[]> {
  const node = join(root, NODE_PATH);
  const payload = join(root, PAYLOAD_PATH);
  if (manifest.files[NODE_PATH] === undefined) return []; // Tools only.
  if (await hostHasSameLibraries(root, manifest)) return [node, payload];
  return ownLoaderWords(root, manifest, [NODE_PATH, PAYLOAD_PATH], root);
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

/** Holds for Node.js and for all programs that users' commands start. */
async function hostHasSameLibraries(root: string, manifest: Manifest): Promise<boolean> {
  const check = new LibraryCheck(manifest);
  for (const path of [NODE_PATH, ...(await listedPrograms(root, manifest))]) {
    if (!(await check.isSame(join(root, path)))) return false;
  }
  return true;
}

/** Only what the manifest lists: the list may be a stranger's. */
async function listedPrograms(root: string, manifest: Manifest): Promise<string[]> {
  if (manifest.files[PROGRAM_LIST_PATH] === undefined) return [];
  const lines = (await readFile(join(root, PROGRAM_LIST_PATH), 'utf8')).split('\n');
  return lines.filter((path) => manifest.files[path] !== undefined);
}

/** Compares the libraries that this host's loader takes with those that an image holds. */
class LibraryCheck {
  /** Digests by name and size: interpreters have several files of one name. */
  readonly #listed = new Map<string, Set<string>>();
  readonly #compared = new Map<string, Promise<boolean>>();

  constructor(manifest: Manifest) {
    for (const [path, { size, sha256 }] of Object.entries(manifest.files)) {
      const key = `${basename(path)}\0${size}`;
      this.#listed.set(key, (this.#listed.get(key) ?? new Set()).add(sha256));
    }
  }

  async isSame(program: string): Promise<boolean> {
    try {
      const closure = libraryClosure(program);
      const loader: [string, string][] =
        closure.interpreter === undefined ? [] : [[basename(closure.interpreter), closure.interpreter]];
      for (const [name, file] of [...closure.libraries, ...loader]) {
        if (!(await this.#isListed(basename(name), file))) return false;
      }
      if (closure.interpreter === undefined) return true;
      const found = new Set([...closure.libraries.values()]);
      return (await loadedBy(closure.interpreter, program)).every((file) => found.has(file));
    } catch {
      return false; // A library or the loader is missing here.
    }
  }

  #isListed(name: string, file: string): Promise<boolean> {
    const key = `${name}\0${file}`;
    const known = this.#compared.get(key) ?? this.#compare(name, file);
    this.#compared.set(key, known);
    return known;
  }

  async #compare(name: string, file: string): Promise<boolean> {
    // The names may be a stranger's: nothing is read but a file of the very size, which no device has.
    const found = await stat(file);
    const digests = found.isFile() ? this.#listed.get(`${name}\0${found.size}`) : undefined;
    return digests?.has(await sha256File(file)) === true;
  }
}
