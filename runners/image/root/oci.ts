/** A folder in the OCI image layout: every part of it is found by its digest, and verified. */

import type { open } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, usageError } from '../../../bench/errors.ts';
import { sha256 } from '../store.ts';
import { bytesOf, openArchive } from '../untrusted.ts';
import {
  ARCHITECTURE,
  assertText,
  digestHex,
  listOf,
  objectOf,
  parseConfig,
  parsed,
  type RootConfig,
  shown,
} from './config.ts';
import type { LayerSource } from './layers.ts';
import type { RootSource } from './source.ts';
import type { Supply } from './supply.ts';

/** An index may list further ones. */
const MOST_NESTED = 4;
const NAME = 'org.opencontainers.image.ref.name';

interface Described {
  readonly digest: string;
  readonly name: string | undefined;
  /** `arm64`, where it is said. */
  readonly architecture: string | undefined;
}

export async function ociSupply({ at, tag }: RootSource): Promise<Supply> {
  const layout = new OciLayout(at);
  const digest = await layout.manifestOf(tag);
  return {
    key: ['oci', digest],
    read: async (assembly) => {
      const { config, id, layers } = await layout.image(digest);
      for (const layer of layers) await assembly.addLayer(layer);
      return { config, id };
    },
  };
}

class OciLayout {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The digest of the manifest that a tag names for this processor. */
  async manifestOf(tag: string | undefined): Promise<string> {
    const index = objectOf(parsed(await this.#text(join(this.#folder, 'index.json')), this.#folder), this.#folder);
    const all = this.#described(index);
    const names = all.flatMap(({ name }) => (name === undefined ? [] : [name]));
    const wanted = tag === undefined ? all : all.filter(({ name }) => name === tag);
    if (wanted.length === 0) {
      throw usageError(
        `The OCI layout has no image${tag === undefined ? '' : ' of this name'}.`,
        `${this.#folder}:${tag ?? ''}`,
        shown(names.join(', ')) || 'oci:FOLDER',
      );
    }
    return this.#pick(wanted, names, 0);
  }

  async image(digest: string): Promise<{ config: RootConfig; id: string; layers: LayerSource[] }> {
    const manifest = await this.#object(digest);
    const id = digestHex(objectOf(manifest.config, this.#folder).digest, this.#folder);
    const config = parseConfig(await this.#verified(id), this.#folder);
    const layers = listOf(manifest.layers, this.#folder).map((layer, index): LayerSource => {
      const hex = digestHex(objectOf(layer, this.#folder).digest, this.#folder);
      const diffId = config.layers?.[index];
      return {
        name: `sha256:${hex}`,
        digest: hex,
        ...(diffId === undefined ? {} : { diffId }),
        read: () => this.#blob(hex),
      };
    });
    return { config, id, layers };
  }

  /** The one for this processor, in a further index where one is listed. */
  async #pick(listed: readonly Described[], names: readonly string[], nested: number): Promise<string> {
    const known = listed.filter(({ architecture }) => architecture !== undefined && architecture !== 'unknown');
    const fitting = listed.filter(({ architecture }) => architecture === ARCHITECTURE || architecture === undefined);
    if (fitting.length === 0) {
      const others = [...new Set(known.map(({ architecture }) => architecture))].join(', ') || 'nothing known';
      throw usageError(
        `The image is for ${shown(others)}; this host is ${ARCHITECTURE}.`,
        this.#folder,
        `an image for ${ARCHITECTURE}`,
      );
    }
    const [first, second] = fitting as [Described, Described?];
    if (second !== undefined && second.digest !== first.digest) {
      throw usageError(
        'The OCI layout holds several images.',
        this.#folder,
        `oci:FOLDER:TAG${names.length === 0 ? '' : `, with one of ${shown(names.join(', '))}`}`,
      );
    }
    const value = await this.#object(first.digest);
    if (value.manifests === undefined) return first.digest;
    if (nested >= MOST_NESTED)
      throw usageError('The lists of the image are nested too deep.', this.#folder, 'another image');
    return this.#pick(this.#described(value), names, nested + 1);
  }

  #described(index: Readonly<Record<string, unknown>>): Described[] {
    return listOf(index.manifests, this.#folder).map((entry) => {
      const { digest, annotations, platform } = objectOf(entry, this.#folder);
      const name = annotations === undefined ? undefined : objectOf(annotations, this.#folder)[NAME];
      const { architecture } = platform === undefined ? {} : objectOf(platform, this.#folder);
      return {
        digest: digestHex(digest, this.#folder),
        name: typeof name === 'string' ? name : undefined,
        architecture: typeof architecture === 'string' ? architecture : undefined,
      };
    });
  }

  async #object(digest: string): Promise<Readonly<Record<string, unknown>>> {
    return objectOf(parsed(await this.#verified(digest), this.#folder), this.#folder);
  }

  async #verified(hex: string): Promise<string> {
    const text = await this.#text(this.#path(hex));
    if (sha256(text) === hex) return text;
    throw usageError(
      'A part of the image is not what its name says: its SHA-256 differs.',
      this.#path(hex),
      'pull it again',
    );
  }

  async *#blob(hex: string): AsyncGenerator<Uint8Array> {
    const file = await this.#open(this.#path(hex));
    try {
      yield* bytesOf(file);
    } finally {
      await file.close();
    }
  }

  async #text(path: string): Promise<string> {
    const file = await this.#open(path);
    try {
      assertText((await file.stat()).size, path);
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  }

  #open(path: string): ReturnType<typeof open> {
    return openArchive(path).catch((error: unknown) => {
      throw usageError(`The OCI layout is not whole: ${messageOf(error)}`, path, 'a folder with index.json and blobs');
    });
  }

  #path(hex: string): string {
    return join(this.#folder, 'blobs/sha256', hex);
  }
}
