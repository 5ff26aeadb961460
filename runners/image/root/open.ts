/** Container images as roots: each is unpacked into the image store once, by what is in it, and found again. */

import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { usageError } from '../../../bench/errors.ts';
import { ROOT_FACTS_PATH } from '../../../bench/payload/image-files.ts';
import { ROOT, writeLayout } from '../build.ts';
import { MANIFEST_PATH } from '../manifest.ts';
import { imageFolder, inBuildFolder, sha256, storeDir, writeWhole } from '../store.ts';
import { dockerSupply } from './docker.ts';
import { dockerArchiveSupply } from './docker-archive.ts';
import { folderSupply } from './folder.ts';
import { Assembly } from './layers.ts';
import { ociSupply } from './oci.ts';
import { parseRoot, type RootSource } from './source.ts';
import { readStoredRoot, type StoredRoot, storedRootText } from './stored.ts';
import type { Supply } from './supply.ts';
import { RESERVED } from './tree.ts';
import { identityOf } from './user.ts';

/** A root that is in the store. */
export interface OpenedRoot extends StoredRoot {
  /** As the user gave it. */
  readonly source: string;
  /** SHA-256 over everything in it, what its image says of programs included; 64 hex digits. */
  readonly digest: string;
}

/** Raised whenever the same image would give another root. */
const ROOT_VERSION = 1;

const SUPPLIES: Readonly<Record<RootSource['kind'], (source: RootSource) => Promise<Supply>>> = {
  oci: ociSupply,
  'docker-archive': dockerArchiveSupply,
  docker: dockerSupply,
  dir: folderSupply,
};

/**
 * Unpacks what `--root` names into the store, unless it is there. Nothing of it runs. Throws a usage error, and leaves
 * nothing behind, for what is missing, damaged, for another processor, or not to be trusted.
 */
export async function openRoot(spec: string, cwd: string): Promise<OpenedRoot> {
  const source = parseRoot(spec, cwd);
  const supply = await SUPPLIES[source.kind](source);
  const stamp = join(storeDir(), 'stamps', sha256(JSON.stringify(['root', ROOT_VERSION, supply.key])));
  const digest = (await knownDigest(stamp)) ?? (await unpacked(supply, spec, stamp));
  return { ...(await readStoredRoot(join(imageFolder(digest), ROOT))), source: spec, digest };
}

/**
 * The digest of a root that was opened before, here or elsewhere: it is opened again where the store has it no longer. Throws
 * a usage error when there is another one under its name.
 */
export async function rootAgain(
  { source, digest }: Pick<OpenedRoot, 'source' | 'digest'>,
  cwd: string,
): Promise<string> {
  if (hasRoot(digest)) return digest;
  const found = await openRoot(source, cwd);
  if (found.digest === digest) return digest;
  throw usageError(
    `The container image is another one than in the session, which has the root ${digest.slice(0, 12)}.`,
    `${source} is ${found.digest.slice(0, 12)} here`,
    'boxmark image export there, and --image FILE here',
  );
}

function hasRoot(digest: string): boolean {
  return existsSync(join(imageFolder(digest), ROOT, MANIFEST_PATH));
}

async function knownDigest(stamp: string): Promise<string | undefined> {
  const known = await readFile(stamp, 'utf8').catch(() => '');
  return /^[0-9a-f]{64}$/.test(known) && hasRoot(known) ? known : undefined;
}

async function unpacked(supply: Supply, spec: string, stamp: string): Promise<string> {
  const digest = await inBuildFolder(async (folder) => {
    const assembly = new Assembly(folder, spec);
    const { config, id } = await supply.read(assembly);
    const layout = assembly.tree.layout();
    const stored: StoredRoot = {
      ...(id === undefined ? {} : { id }),
      env: config.env,
      ...(config.workdir === undefined ? {} : { workdir: config.workdir }),
      ...(await identityOf(config.user, layout, spec)),
      entrypoint: [...config.entrypoint],
      notices: assembly.notices.lines,
    };
    layout.folders.set(RESERVED, 0o755);
    layout.files.set(ROOT_FACTS_PATH, { mode: 0o644, text: storedRootText(stored) });
    const image = join(folder, 'image');
    await mkdir(image, { mode: 0o700 });
    return writeLayout(layout, image);
  });
  await writeWhole(stamp, digest);
  return digest;
}
