/** Who writes to a session's folder: a mark with the process, so no second one resumes a session that still runs. */

import { linkSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { usageError } from '../errors.ts';
import { createFile, partialName, readRegular } from './files.ts';

const MARK = '.owner.json';
const MARK_LIMIT_BYTES = 4096;
/** Each failed attempt means that another process was faster; it is the owner then, or has ended. */
const ATTEMPTS = 20;

/**
 * Marks the folder as this process's and returns how to take the mark away. Throws a usage error while another process
 * that is alive has it; the mark of a process that is gone counts for nothing. Of two processes that come at once, one gets it.
 */
export function claimFolder(dir: string): () => void {
  const file = join(dir, MARK);
  const own = partialName(file);
  createFile(own, `${JSON.stringify({ pid: process.pid, startTicks: startTicks(process.pid) })}\n`);
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (linked(own, file)) return () => rmSync(file, { force: true });
      refuseWhileOwned(dir, file);
      // Moved before it is removed: between a look at a file and its removal, another process may have put its own there.
      const old = partialName(file);
      if (!moved(file, old)) continue;
      const taken = isOwned(old) && linked(old, file);
      rmSync(old);
      if (taken) refuseWhileOwned(dir, file);
    }
  } finally {
    rmSync(own);
  }
  throw usageError('Other processes take up this session at the same time.', dir, 'wait for their end');
}

function refuseWhileOwned(dir: string, file: string): void {
  const owner = readOwner(file);
  if (owner === undefined || !isOther(owner)) return;
  throw usageError(
    'This session is still being measured.',
    `${dir}, by process ${owner.pid}`,
    'wait for its end, or interrupt it first',
  );
}

function isOwned(file: string): boolean {
  const owner = readOwner(file);
  return owner !== undefined && isOther(owner);
}

/** Another process, and alive. */
function isOther(owner: Owner): boolean {
  return owner.pid !== process.pid && startTicks(owner.pid) === owner.startTicks;
}

/** Gives the whole mark its name at once, unless there is one of that name. */
function linked(from: string, to: string): boolean {
  try {
    return doneUnless('EEXIST', () => linkSync(from, to));
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['EPERM', 'ENOTSUP', 'ENOSYS'].includes(code)) throw error;
  }
  // A file system without hard links: a process that reads the mark before it is written takes it for an old one.
  return doneUnless('EEXIST', () => createFile(to, readFileSync(from)));
}

function moved(from: string, to: string): boolean {
  return doneUnless('ENOENT', () => renameSync(from, to));
}

/** False when it fails in this way. */
function doneUnless(code: string, act: () => void): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === code) return false;
    throw error;
  }
}

interface Owner {
  readonly pid: number;
  readonly startTicks: string | null;
}

/** Is there a process that marks this folder as its own? */
export function hasOwner(dir: string): boolean {
  const owner = readOwner(join(dir, MARK));
  return owner !== undefined && startTicks(owner.pid) === owner.startTicks;
}

function readOwner(file: string): Owner | undefined {
  try {
    const { pid, startTicks: ticks } = JSON.parse(readRegular(file, MARK_LIMIT_BYTES)) as Partial<Owner>;
    return typeof pid === 'number' && typeof ticks === 'string' ? { pid, startTicks: ticks } : undefined;
  } catch {
    return undefined;
  }
}

/** When the process was started, in clock ticks since boot: the pid may have been reused. Null: no such process. */
export function startTicks(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in brackets may contain anything; field 22 is the 20th after it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
