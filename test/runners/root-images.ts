/** Container images made by hand, hostile ones too: tar archives of any entries, OCI layouts, files as docker saves them. */

import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const BLOCK = 512;

export interface TarEntry {
  readonly path: string;
  /** `0` file, `1` hard link, `2` link, `3` device, `5` folder, `6` pipe, `x` PAX header. */
  readonly flag?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly target?: string;
  readonly content?: string | Uint8Array;
}

export const file = (path: string, content: string | Uint8Array = path, more: Partial<TarEntry> = {}): TarEntry => ({
  path,
  content,
  ...more,
});
export const folder = (path: string, more: Partial<TarEntry> = {}): TarEntry => ({
  path,
  flag: '5',
  mode: 0o755,
  ...more,
});
export const link = (path: string, target: string): TarEntry => ({ path, flag: '2', target });
export const hardLink = (path: string, target: string): TarEntry => ({ path, flag: '1', target });

/** A tar archive of exactly these entries, in this order, checked by nobody. */
export function tarOf(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(blocksOf), Buffer.alloc(2 * BLOCK)]);
}

/** PAX records for the entry that follows. */
export function pax(records: Readonly<Record<string, string>>): TarEntry {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    let length = Buffer.byteLength(rest) + 1;
    while (`${length}`.length + Buffer.byteLength(rest) !== length)
      length = `${length}`.length + Buffer.byteLength(rest);
    return `${length}${rest}`;
  });
  return { path: 'pax', flag: 'x', content: lines.join('') };
}

function blocksOf({ path, flag = '0', mode = 0o644, uid = 0, gid = 0, target = '', content = '' }: TarEntry): Buffer[] {
  const data = flag === '0' || flag === 'x' || flag === 'L' ? Buffer.from(content) : Buffer.alloc(0);
  const head = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;
  head.write(path, 0, 100);
  head.write(octal(mode, 7), 100);
  head.write(octal(uid, 7), 108);
  head.write(octal(gid, 7), 116);
  head.write(octal(data.length, 11), 124);
  head.write(octal(0, 11), 136);
  head.write('        ', 148);
  head.write(flag, 156);
  head.write(target, 157, 100);
  head.write('ustar\x0000', 257, 'latin1');
  head.write(
    octal(
      head.reduce((sum, byte) => sum + byte, 0),
      6,
    ),
    148,
  );
  return [head, data, Buffer.alloc((BLOCK - (data.length % BLOCK)) % BLOCK)];
}

export const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export interface ImageParts {
  readonly layers: readonly Buffer[];
  /** `config` of the configuration: `Env`, `Entrypoint`. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly architecture?: string;
  readonly gzip?: boolean;
}

export const HERE = ({ x64: 'amd64', arm64: 'arm64' } as Record<string, string>)[process.arch] ?? process.arch;

const configOf = ({ layers, config = {}, architecture = HERE }: ImageParts): Buffer =>
  Buffer.from(
    JSON.stringify({
      architecture,
      os: 'linux',
      config,
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => `sha256:${digestOf(layer)}`) },
    }),
  );

/** Writes an OCI layout with an image for each of the parts, and an index of them. */
export function writeOci(dir: string, images: Readonly<Record<string, ImageParts>>, { nested = false } = {}): void {
  mkdirSync(join(dir, 'blobs/sha256'), { recursive: true });
  const put = (bytes: Uint8Array): { digest: string; size: number } => {
    writeFileSync(join(dir, 'blobs/sha256', digestOf(bytes)), bytes);
    return { digest: `sha256:${digestOf(bytes)}`, size: bytes.length };
  };
  const manifests = Object.entries(images).map(([name, parts]) => {
    const layers = parts.layers.map((layer) => put(parts.gzip === true ? gzipSync(layer) : layer));
    const manifest = put(Buffer.from(JSON.stringify({ schemaVersion: 2, config: put(configOf(parts)), layers })));
    return {
      ...manifest,
      annotations: { 'org.opencontainers.image.ref.name': name },
      ...(nested ? { platform: { os: 'linux', architecture: parts.architecture ?? HERE } } : {}),
    };
  });
  const listed = nested ? [put(Buffer.from(JSON.stringify({ schemaVersion: 2, manifests })))] : manifests;
  writeFileSync(join(dir, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: listed }));
}

/** A file as `docker save` writes it. */
export function dockerArchiveOf(parts: ImageParts, change: (entries: TarEntry[]) => TarEntry[] = (all) => all): Buffer {
  const config = configOf(parts);
  const layers = parts.layers.map((layer) => file(`${digestOf(layer)}/layer.tar`, layer));
  const manifest = [
    { Config: `${digestOf(config)}.json`, RepoTags: ['it:latest'], Layers: layers.map(({ path }) => path) },
  ];
  const all = [file(`${digestOf(config)}.json`, config), ...layers, file('manifest.json', JSON.stringify(manifest))];
  return tarOf(change(all));
}
