/** Reads the layers of a container image: each is verified, unpacked under bounds, and applied to the tree. */

import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, lutimes, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import { BoxmarkError, EXIT, messageOf, usageError } from '../../../bench/errors.ts';
import { exists } from '../store.ts';
import { readTar, type TarRead } from '../tar.ts';
import { MOST_BYTES, MOST_ENTRIES, writeEntry } from '../untrusted.ts';
import { Budget } from '../with-files.ts';
import { Notices } from './notices.ts';
import { RootTree } from './tree.ts';

export interface LayerSource {
  /** As messages name it: its digest, else its path. */
  readonly name: string;
  /** SHA-256 of its bytes as they are stored, and of those of its tar archive; absent where the image doesn't say. */
  readonly digest?: string;
  readonly diffId?: string;
  read(): AsyncIterable<Uint8Array>;
}

/** A root that is put together in a private folder of the image store. */
export class Assembly {
  readonly folder: string;
  readonly notices = new Notices();
  readonly tree: RootTree;
  readonly #source: string;
  #unpackedBytes = 0;
  #files = 0;

  constructor(folder: string, source: string) {
    this.folder = folder;
    this.#source = source;
    const budget = new Budget({ files: MOST_ENTRIES, bytes: MOST_BYTES }, (figure, path) =>
      usageError(
        `The root has ${figure}; it may have ${MOST_ENTRIES} files and ${MOST_BYTES / 2 ** 30} GiB.`,
        `${source}: ${path}`,
        'a smaller image',
      ),
    );
    this.tree = new RootTree(budget, this.notices);
  }

  /** Throws a usage error that names the layer when it is not what the image says, or is damaged. */
  async addLayer(layer: LayerSource): Promise<void> {
    this.tree.beginLayer();
    const file = join(this.folder, 'layer.tar');
    try {
      await this.#unpack(layer, file);
      const archive = await open(file, 'r');
      try {
        for await (const entry of readTar(archive)) await this.addEntry(entry);
      } finally {
        await archive.close();
      }
    } catch (error) {
      if (error instanceof BoxmarkError && error.exitCode === EXIT.failed) throw this.#damaged(layer, error.what);
      throw error;
    } finally {
      await rm(file, { force: true });
    }
  }

  addEntry(entry: Pick<TarRead, 'path' | 'flag' | 'mode' | 'isRoots' | 'size' | 'target' | 'read'>): Promise<void> {
    return this.tree.add(entry, (mode) => this.#store(entry, mode));
  }

  /** The content of a file by its digest, each once: names of an image are never paths on this host's disk before all of them are known. */
  async #store(entry: Pick<TarRead, 'read'>, mode: number): Promise<string> {
    const contents = join(this.folder, 'contents');
    if (this.#files === 0) await mkdir(contents, { mode: 0o700 });
    this.#files += 1;
    const written = join(contents, `new-${this.#files}`);
    const file = join(contents, `${await writeEntry(entry, written)}-${mode.toString(8)}`);
    if (await exists(file)) {
      await rm(written);
      return file;
    }
    await chmod(written, mode);
    await lutimes(written, 0, 0);
    await rename(written, file);
    return file;
  }

  /** Writes the tar archive of a layer, and compares both digests. */
  async #unpack(layer: LayerSource, file: string): Promise<void> {
    const [stored, unpacked] = [createHash('sha256'), createHash('sha256')];
    const [bytes, decoder] = await decoded(layer.read(), stored, (why) => this.#damaged(layer, why));
    const bounded = new Transform({
      transform: (chunk: Buffer, _, done) => {
        this.#unpackedBytes += chunk.length;
        unpacked.update(chunk);
        if (this.#unpackedBytes > MOST_BYTES) done(this.#tooLarge(layer));
        else done(null, chunk);
      },
    });
    try {
      const written = createWriteStream(file, { mode: 0o600 });
      await (decoder === undefined ? pipeline(bytes, bounded, written) : pipeline(bytes, decoder, bounded, written));
    } catch (error) {
      if (error instanceof BoxmarkError) throw error;
      throw String((error as { code?: unknown }).code).startsWith('Z_')
        ? this.#damaged(layer, messageOf(error))
        : error;
    }
    const found = [
      [layer.digest, stored.digest('hex')],
      [layer.diffId, unpacked.digest('hex')],
    ] as const;
    for (const [expected, digest] of found) {
      if (expected === undefined || expected === digest) continue;
      throw this.#damaged(layer, `its SHA-256 is ${digest}`);
    }
  }

  #damaged({ name }: LayerSource, why: string): Error {
    return usageError(
      `The layer ${name} is damaged: ${why.replace(/\.$/, '')}.`,
      this.#source,
      'save or pull the image again',
    );
  }

  #tooLarge({ name }: LayerSource): Error {
    return usageError(
      `The layers up to ${name} have more than ${MOST_BYTES / 2 ** 30} GiB.`,
      this.#source,
      'a smaller image',
    );
  }
}

/** The bytes as they are stored, and what unpacks them, by how they begin. */
async function decoded(
  source: AsyncIterable<Uint8Array>,
  hash: ReturnType<typeof createHash>,
  damaged: (why: string) => Error,
): Promise<[Readable, Transform | undefined]> {
  const chunks = source[Symbol.asyncIterator]();
  const first = await chunks.next();
  const start = first.done === true ? Buffer.alloc(0) : Buffer.from(first.value);
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      for (let next = first; next.done !== true; next = await chunks.next()) {
        hash.update(next.value);
        yield next.value;
      }
    } finally {
      await chunks.return?.();
    }
  }
  try {
    return [Readable.from(all()), decoderOf(start, damaged)];
  } catch (error) {
    await chunks.return?.();
    throw error;
  }
}

/** RFC 1952 has these first two bytes. */
export function isGzip(start: Buffer): boolean {
  return start[0] === 0x1f && start[1] === 0x8b;
}

function decoderOf(start: Buffer, damaged: (why: string) => Error): Transform | undefined {
  if (isGzip(start)) return zlib.createGunzip();
  if (start.length < 4 || start.readUInt32BE(0) !== 0x28b52ffd) return undefined;
  // Since Node.js 22.15.
  const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };
  if (createZstdDecompress !== undefined) return createZstdDecompress();
  throw damaged(
    'it is compressed by zstd, which this Node.js does not read; Node.js 22.15 does, and docker save writes none',
  );
}
