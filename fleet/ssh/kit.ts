/** What is sent to a host before its job: an archive, the digests of its files, and the words that start the program in it. */

import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { NODE_PATH } from '../../bench/payload/image-files.ts';
import type { Image } from '../../bench/types.ts';
import { imageArchive } from '../../runners/image/forms.ts';
import { MANIFEST_PATH, readManifest } from '../../runners/image/manifest.ts';
import { ownLoaderWords } from '../../runners/image/own-loader.ts';
import { derive, sha256File } from '../../runners/image/store.ts';
import { KIT_PROGRAM } from '../kit.ts';

export interface SshKit {
  /** 64 hex digits: the same digest, the same files. */
  readonly digest: string;
  /** The one that it runs on, as Node.js names it. */
  readonly architecture: string;
  /** Path of the compressed archive (`.tar.gz`) of its root. */
  archive(): Promise<string>;
  /** A line for every file, as `sha256sum -c` reads them in the root. */
  sums(): Promise<string>;
  /** Starts the program where the root is `root`; its own words follow. */
  words(root: string): Promise<readonly string[]>;
}

/** A kit of the image store. */
export function sshKit(kit: Image): SshKit {
  return {
    digest: kit.digest,
    architecture: process.arch,
    archive: async () => {
      const plain = await imageArchive(kit);
      return derive(kit, 'root.tar.gz', (target) =>
        pipeline(createReadStream(plain), createGzip(), createWriteStream(target)),
      );
    },
    sums: async () => {
      const files = Object.entries((await readManifest(kit.root)).files).map(([path, { sha256 }]) => [sha256, path]);
      const all = [...files, [await sha256File(join(kit.root, MANIFEST_PATH)), MANIFEST_PATH]];
      return all.map(([sha256, path]) => `${sha256}  ${path}\n`).join('');
    },
    words: async (root) =>
      ownLoaderWords(kit.root, await readManifest(kit.root), [NODE_PATH, join(KIT_PROGRAM, 'dist/cli/main.js')], root),
  };
}
