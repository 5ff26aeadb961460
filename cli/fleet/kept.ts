/**
 * What a host says, kept in a folder of the host or of a volume as well: logs are rotated, and pods are started again. What
 * has ended there is said again, not measured again.
 */

import { closeSync, createReadStream, openSync, readdirSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { EXIT, messageOf, usageError } from '../../bench/errors.ts';
import { hostName } from '../../bench/fleet/info.ts';
import type { Job } from '../../bench/fleet/job.ts';
import { makeFolders } from '../../bench/folders.ts';
import { hostSpawn } from '../../runners/kit/process.ts';
import { stdout } from '../terminal/streams.ts';
import { say } from './measure-here.ts';
import { ownWords } from './own-words.ts';

/** After so many attempts that were cut off, as by a node that runs out of memory each time, none is made any more. */
const MOST_ATTEMPTS = 3;
const NOTHING: ReadonlySet<string> = new Set();

export interface KeptOptions {
  readonly folder: string;
  readonly job: Job;
  /** Of the program that measures it, and keeps nothing. */
  readonly words: readonly string[];
  readonly signal: AbortSignal;
}

/** Says it from the folder, or has it measured. Returns the exit code. Throws a usage error for a folder that takes no file. */
export async function sayOnce({ folder, job, words, signal }: KeptOptions): Promise<number> {
  const name = keptName(job);
  const file = join(folder, `${name}.log`);
  let cut: string[];
  try {
    makeFolders(folder);
    if (statSync(file, { throwIfNoEntry: false })?.isFile() === true) return await sayAgain(file);
    cut = readdirSync(folder).filter((one) => isCutOf(name, one));
    if (cut.length < MOST_ATTEMPTS)
      return await measured(file, `${name}.${cut.length + 1}.cut`, { folder, words, signal });
  } catch (error) {
    throw usageError(`What is measured can't be kept: ${messageOf(error)}.`, folder, 'a folder that takes files');
  }
  const reason = `${cut.length} attempts were cut off before their end: remove ${name}.*.cut to try again`;
  say({ boxmark: 'end', exitCode: EXIT.failed, reason });
  return EXIT.failed;
}

/** Names of other nodes may begin with this one's. */
function isCutOf(name: string, file: string): boolean {
  return file.startsWith(`${name}.`) && /^\d+\.cut$/.test(file.slice(name.length + 1));
}

/** One file for each fleet, plan and node: a volume may be shared. */
function keptName({ fleet, planDigest }: Job): string {
  const node = hostName(process.env.BOXMARK_NODE || hostname(), NOTHING);
  return [fleet, planDigest.slice(0, 12), node].join('-');
}

async function sayAgain(file: string): Promise<number> {
  let last = '';
  for await (const line of createInterface({ input: createReadStream(file) })) {
    last = line;
    await stdout.written(`${line}\n`);
  }
  return exitCodeOf(last);
}

async function measured(
  file: string,
  cutName: string,
  { folder, words, signal }: Pick<KeptOptions, 'folder' | 'words' | 'signal'>,
): Promise<number> {
  const cut = join(folder, cutName);
  const handle = openSync(cut, 'wx', 0o600);
  let last = '';
  try {
    const child = await hostSpawn([...ownWords(), ...words], { env: process.env as Record<string, string> });
    child.onLine((line) => {
      last = line;
      writeSync(handle, `${line}\n`);
      stdout.write(`${line}\n`);
    });
    const stop = () => void (child.pid !== undefined && process.kill(child.pid, 'SIGTERM'));
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const { exitCode } = await child.exited;
    // One that was ended from outside is measured when its pod is started again.
    if (!last.startsWith('{"boxmark":"end"') || signal.aborted) return exitCode ?? EXIT.failed;
  } finally {
    closeSync(handle);
    if (signal.aborted) rmSync(cut, { force: true });
  }
  renameSync(cut, file);
  for (const one of readdirSync(folder)) {
    if (isCutOf(cutName.replace(/\.\d+\.cut$/, ''), one)) rmSync(join(folder, one));
  }
  return exitCodeOf(last);
}

function exitCodeOf(line: string): number {
  try {
    const { exitCode } = JSON.parse(line) as { exitCode?: unknown };
    return typeof exitCode === 'number' ? exitCode : EXIT.failed;
  } catch {
    return EXIT.failed;
  }
}
