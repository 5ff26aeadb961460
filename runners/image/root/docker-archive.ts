/** A file of `docker save` or `podman save`: one tar archive with the layers and descriptions of images. */

import { createWriteStream } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { BoxmarkError, EXIT, messageOf, usageError } from '../../../bench/errors.ts';
import { sha256, stampOf } from '../store.ts';
import { readTar, type TarRead } from '../tar.ts';
import { bytesOf, contentOf, MOST_BYTES, MOST_ENTRIES, openArchive } from '../untrusted.ts';
import { assertText, listOf, objectOf, parseConfig, parsed, type RootConfig, shown } from './config.ts';
import { type Assembly, isGzip, type LayerSource } from './layers.ts';
import type { RootSource } from './source.ts';
import type { Supply } from './supply.ts';

export async function dockerArchiveSupply({ at }: RootSource): Promise<Supply> {
  const archive = await openArchive(at).catch((error: unknown) => {
    throw usageError(
      `The image can't be read: ${messageOf(error)}`,
      at,
      'docker-archive:FILE, a file of docker image save',
    );
  });
  await archive.close();
  return {
    key: ['docker-archive', at, ...stampOf(await stat(at, { bigint: true }))],
    read: (assembly) => readArchive(at, at, assembly),
  };
}

/**
 * Puts the one image of an archive into the assembly.
 * @param source as messages name it
 */
export async function readArchive(
  file: string,
  source: string,
  assembly: Assembly,
): Promise<{ config: RootConfig; id: string }> {
  const archive = await openArchive(file);
  try {
    const plain = await withoutGzip(archive, join(assembly.folder, 'archive.tar'), source);
    try {
      const image = await new DockerArchive(source, await entriesOf(plain, source)).image();
      for (const layer of image.layers) await assembly.addLayer(layer);
      return image;
    } finally {
      if (plain !== archive) await plain.close();
    }
  } catch (error) {
    if (!(error instanceof BoxmarkError) || error.exitCode !== EXIT.failed) throw error;
    throw usageError(`The image can't be read: ${error.what}`, source, 'save it again');
  } finally {
    await archive.close();
  }
}

/** `docker save | gzip` is read as well: the archive itself, or an unpacked copy. */
async function withoutGzip(archive: FileHandle, copy: string, source: string): Promise<FileHandle> {
  const start = Buffer.alloc(2);
  await archive.read(start, 0, 2, 0);
  if (!isGzip(start)) return archive;
  let bytes = 0;
  async function* bounded(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > MOST_BYTES)
        throw usageError(`The archive has more than ${MOST_BYTES / 2 ** 30} GiB.`, source, 'a smaller image');
      yield chunk;
    }
  }
  try {
    await pipeline(bytesOf(archive), createGunzip(), bounded, createWriteStream(copy, { flags: 'wx', mode: 0o600 }));
  } catch (error) {
    if (error instanceof BoxmarkError) throw error;
    throw usageError(`The archive is damaged: ${messageOf(error)}`, source, 'save it again');
  }
  return open(copy, 'r');
}

async function entriesOf(archive: FileHandle, source: string): Promise<Map<string, TarRead>> {
  const entries = new Map<string, TarRead>();
  for await (const entry of readTar(archive)) {
    entries.set(posix.normalize(entry.path), entry);
    if (entries.size > MOST_ENTRIES) throw usageError('The archive has too many entries.', source, 'a smaller image');
  }
  return entries;
}

class DockerArchive {
  readonly #source: string;
  readonly #entries: ReadonlyMap<string, TarRead>;

  constructor(source: string, entries: ReadonlyMap<string, TarRead>) {
    this.#source = source;
    this.#entries = entries;
  }

  async image(): Promise<{ config: RootConfig; id: string; layers: LayerSource[] }> {
    if (!this.#entries.has('manifest.json')) {
      throw usageError(
        'The archive holds no image of docker: it has no manifest.json.',
        this.#source,
        'a file of docker image save, or oci:FOLDER',
      );
    }
    const images = listOf(parsed(await this.#text('manifest.json'), this.#source), this.#source);
    const [first, ...more] = images.map((image) => objectOf(image, this.#source));
    if (first === undefined || more.length > 0) {
      const names = images.flatMap((image) => [objectOf(image, this.#source).RepoTags ?? []].flat()).join(', ');
      throw usageError(
        `The archive holds ${images.length} images.`,
        this.#source,
        `docker image save with one of them: ${shown(names)}`,
      );
    }
    const path = String(first.Config);
    const text = await this.#text(path);
    const id = sha256(text);
    const named = /[0-9a-f]{64}/.exec(path)?.[0];
    if (named !== undefined && named !== id) {
      throw usageError(
        'The configuration of the image is not what its name says: its SHA-256 differs.',
        `${shown(path)} in ${this.#source}`,
        'save it again',
      );
    }
    const config = parseConfig(text, this.#source);
    const layers = listOf(first.Layers, this.#source).map((layer, index) =>
      this.#layer(String(layer), config.layers?.[index]),
    );
    return { config, id, layers };
  }

  #layer(path: string, diffId: string | undefined): LayerSource {
    // Docker names layers by what their tar archive is, the OCI layout inside by what is stored.
    const stored = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(path)?.[1];
    return {
      name: diffId === undefined ? shown(path) : `sha256:${diffId}`,
      ...(stored === undefined ? {} : { digest: stored }),
      ...(diffId === undefined ? {} : { diffId }),
      read: () => this.#entry(path).read(),
    };
  }

  async #text(path: string): Promise<string> {
    const entry = this.#entry(path);
    assertText(entry.size, `${shown(path)} in ${this.#source}`);
    return (await contentOf(entry)).toString();
  }

  /** A layer that several images share is a link to the first one. */
  #entry(path: string): TarRead {
    const at = posix.normalize(path);
    const found = this.#entries.get(at);
    const entry = found?.type === 'symlink' ? this.#entries.get(posix.join(posix.dirname(at), found.target)) : found;
    if (entry?.type === 'file') return entry;
    throw usageError(
      'A part of the image is missing from the archive.',
      `${shown(path)} in ${this.#source}`,
      'save it again',
    );
  }
}
