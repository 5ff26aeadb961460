/** Bytes on disk below some folders: blocks that are allocated, a file with several names counted once. */

import type { Stats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Unit of `st_blocks`, whatever the file system's own block size (POSIX, sys/stat.h). */
const BLOCK_BYTES = 512;

/**
 * Allocated bytes of everything below the folders. Other file systems mounted in them are left out, such as the merged
 * views of overlays, which would count their layers again. Extents that copies share (reflinks) are counted in each copy,
 * because no portable call distinguishes them. Null when a folder can't be read; what vanishes meanwhile is left out.
 */
export async function diskUse(folders: readonly string[]): Promise<number | null> {
  const seen = new Set<string>();
  let bytes = 0;

  async function walk(path: string, device: number | undefined): Promise<void> {
    const stat = await statOf(path);
    if (stat === null || (device !== undefined && stat.dev !== device)) return;
    const key = `${stat.dev}:${stat.ino}`;
    if (seen.has(key)) return;
    seen.add(key);
    bytes += stat.blocks * BLOCK_BYTES;
    if (!stat.isDirectory()) return;
    for (const name of await namesIn(path)) await walk(join(path, name), stat.dev);
  }

  try {
    for (const folder of folders) await walk(folder, undefined);
    return bytes;
  } catch {
    return null;
  }
}

async function statOf(path: string): Promise<Stats | null> {
  try {
    return await lstat(path);
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
