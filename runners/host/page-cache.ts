/** Drops the host's page cache, so that a start has to read its files from the disk. */

import { writeFileSync } from 'node:fs';
import { messageOf } from '../../bench/errors.ts';
import { hostExec } from '../kit/process.ts';

const DROP = '/proc/sys/vm/drop_caches';
const SYNC_LIMIT_MS = 60_000;

/**
 * Writes dirty pages back, which could not be dropped, and drops clean ones (`1`: not directory entries and inodes; kernel
 * documentation, admin-guide/sysctl/vm). Pages that a running process has mapped stay. Gives the reason when it may not.
 */
export async function dropPageCache(file = DROP): Promise<string | null> {
  const synced = await hostExec(['sync'], { timeoutMs: SYNC_LIMIT_MS });
  if (synced.exitCode !== 0) return synced.timedOut ? 'writing dirty pages back took too long' : 'sync failed';
  try {
    writeFileSync(file, '1');
    return null;
  } catch (error) {
    return `the page cache can't be dropped: ${messageOf(error)}`;
  }
}
