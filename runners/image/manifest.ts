/** The manifest of an image: what is in its root, in bytes that depend on nothing else, so that their digest names the image. */

import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { BoxmarkError } from '../../bench/errors.ts';
import { sha256, sha256File } from './store.ts';

export interface FileEntry {
  /** Permission bits, octal, such as `0755`. */
  readonly mode: string;
  readonly sha256: string;
  readonly size: number;
}

/** Paths are relative to the root, without a leading slash, and sorted by their bytes. */
export interface Manifest {
  readonly schema: 1;
  readonly files: Readonly<Record<string, FileEntry>>;
  readonly folders: Readonly<Record<string, string>>;
  readonly links: Readonly<Record<string, string>>;
}

/** Path of the manifest in a root. It can't list itself. */
export const MANIFEST_PATH = 'boxmark/manifest.json';

/** The manifest's bytes: what the image's digest is taken over. */
export function manifestText(manifest: Manifest): string {
  const { schema, files, folders, links } = manifest;
  return `${JSON.stringify({ schema, files: sorted(files), folders: sorted(folders), links: sorted(links) }, null, 1)}\n`;
}

export function digestOf(manifest: Manifest): string {
  return sha256(manifestText(manifest));
}

/** Reads the manifest of a root. Throws `BoxmarkError` when there is none or it is damaged. */
export async function readManifest(root: string): Promise<Manifest> {
  const file = join(root, MANIFEST_PATH);
  try {
    return parseManifest(await readFile(file, 'utf8'));
  } catch (error) {
    if (error instanceof BoxmarkError) throw error;
    throw new BoxmarkError({ what: 'The image has no readable manifest.', value: file, cause: error });
  }
}

/** Checks the shape of untrusted manifest text. Throws `BoxmarkError`. */
export function parseManifest(text: string): Manifest {
  const bad = (why: string): never => {
    throw new BoxmarkError({ what: `The image manifest is damaged: ${why}.` });
  };
  let value: Partial<Manifest> | null;
  try {
    value = JSON.parse(text) as Partial<Manifest> | null;
  } catch {
    return bad('no JSON');
  }
  if (value?.schema !== 1 || !isRecord(value.files) || !isRecord(value.folders) || !isRecord(value.links)) {
    return bad('not of schema 1');
  }
  for (const [path, entry] of Object.entries(value.files)) {
    const sound =
      isRecord(entry) && /^[0-7]{4}$/.test(String(entry.mode)) && /^[0-9a-f]{64}$/.test(String(entry.sha256));
    if (!sound || !Number.isSafeInteger(entry.size) || entry.size < 0) bad(`entry of ${path}`);
  }
  for (const [path, mode] of Object.entries(value.folders))
    if (!/^[0-7]{4}$/.test(String(mode))) bad(`mode of ${path}`);
  for (const [path, target] of Object.entries(value.links)) if (typeof target !== 'string') bad(`target of ${path}`);
  return {
    schema: 1,
    files: Object.assign(record<FileEntry>(), value.files),
    folders: Object.assign(record<string>(), value.folders),
    links: Object.assign(record<string>(), value.links),
  };
}

/** By path. Without a prototype, as `__proto__` and `constructor` are paths like any other. */
function record<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}

/** Reads a root and hashes every file in it. Throws for anything but files, folders and symbolic links. */
export async function scanRoot(root: string): Promise<Manifest> {
  const files = record<FileEntry>();
  const folders = record<string>();
  const links = record<string>();
  for (const path of await walk(root)) {
    const full = join(root, path);
    const status = await lstat(full);
    const mode = (status.mode & 0o7777).toString(8).padStart(4, '0');
    if (status.isSymbolicLink()) links[path] = await readlink(full);
    else if (status.isDirectory()) folders[path] = mode;
    else if (!status.isFile())
      throw new BoxmarkError({ what: 'Not a file, folder or link in the image.', value: full });
    else if (path !== MANIFEST_PATH) files[path] = { mode, sha256: await sha256File(full), size: status.size };
  }
  return { schema: 1, files, folders, links };
}

/** First path at which two manifests differ; undefined when they are equal. */
export function firstDifference(expected: Manifest, found: Manifest): string | undefined {
  for (const part of ['files', 'folders', 'links'] as const) {
    for (const path of new Set([...Object.keys(expected[part]), ...Object.keys(found[part])])) {
      if (JSON.stringify(expected[part][path]) !== JSON.stringify(found[part][path])) return path;
    }
  }
  return undefined;
}

async function walk(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)).sort(byBytes);
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => byBytes(a, b)));
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
