/** How large an image is on the disk, for engines that use its unpacked folder or a file made of it as they are. */

import { stat } from 'node:fs/promises';
import type { DiskHoldings } from '../../bench/types.ts';
import { hostExec } from '../kit/process.ts';

const DU_LIMIT_MS = 60_000;
/** Unit of `blocks`, whatever the file system's own block size (POSIX, sys/stat.h). */
const BLOCK_BYTES = 512;

/** Allocated bytes of a folder (each inode once) or a file; no other folders. Without a figure where it can't be read. */
export async function imageOnDisk(path: string): Promise<DiskHoldings> {
  const found = await stat(path).catch(() => null);
  if (found?.isFile()) return { folders: [], imageBytes: found.blocks * BLOCK_BYTES };
  const { exitCode, stdout } = await hostExec(['du', '-s', '-x', '--block-size=1', path], { timeoutMs: DU_LIMIT_MS });
  const bytes = Number.parseInt(stdout, 10);
  return exitCode === 0 && Number.isSafeInteger(bytes) ? { folders: [], imageBytes: bytes } : { folders: [] };
}
