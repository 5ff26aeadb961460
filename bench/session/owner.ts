/** Who writes to a session's folder: a mark with the process, so no second one resumes a session that still runs. */

import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { usageError } from '../errors.ts';
import { readRegular, replaceFile } from './files.ts';

const MARK = '.owner.json';
const MARK_LIMIT_BYTES = 4096;

/**
 * Marks the folder as this process's and returns how to take the mark away. Throws a usage error while another process
 * that is alive has it; the mark of a process that is gone counts for nothing.
 */
export function claimFolder(dir: string): () => void {
  const file = join(dir, MARK);
  const owner = readOwner(file);
  if (owner !== undefined && owner.pid !== process.pid && startTicks(owner.pid) === owner.startTicks) {
    throw usageError(
      'This session is still being measured.',
      `${dir}, by process ${owner.pid}`,
      'wait for its end, or interrupt it first',
    );
  }
  replaceFile(file, `${JSON.stringify({ pid: process.pid, startTicks: startTicks(process.pid) })}\n`);
  return () => rmSync(file, { force: true });
}

interface Owner {
  readonly pid: number;
  readonly startTicks: string | null;
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
function startTicks(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in brackets may contain anything; field 22 is the 20th after it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
