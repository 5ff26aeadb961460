/** The folder of a job on another host: made, filled with the kit, and removed even when this end dies first. */

import { randomBytes } from 'node:crypto';
import { BoxmarkError } from '../../bench/errors.ts';
import type { ExecResult } from '../../bench/types.ts';
import type { Connection } from '../../runners/kit/ssh/connection.ts';
import type { SshKit } from './kit.ts';
import {
  ALIVE,
  ALIVE_MS,
  ANSWER,
  FIND_KIT,
  FOLDER_PREFIX,
  GUARD,
  PUT_KIT,
  READY,
  REMOVE,
  REMOVE_LIMIT_MS,
  UNPACK,
} from './scripts.ts';

/** The guard first removes what dead ones left. */
const READY_LIMIT_MS = 240_000;
const COPY_LIMIT_MS = 1_800_000;
const CHECK_LIMIT_MS = 300_000;
const REASON_CHARS = 600;

export interface NodeFolder {
  /** Absolute path on the other host. */
  readonly dir: string;
  /** Resolves when nobody watches over the folder there any more. */
  readonly unguarded: Promise<void>;
  /** Ends what runs there, and removes the folder. Never rejects: a host that is gone does it by itself. */
  remove(): Promise<void>;
}

/** Makes the folder, under a name that nobody can know. Throws `BoxmarkError` where it can't be made. */
export async function openNodeFolder(connection: Connection): Promise<NodeFolder> {
  const dir = `${FOLDER_PREFIX}${randomBytes(8).toString('hex')}`;
  const guard = await connection.spawn(['sh', '-c', GUARD, 'sh', dir]);
  let output = '';
  const isReady = new Promise<boolean>((resolve) => {
    guard.onLine((line) => {
      if (line === READY) resolve(true);
      else output = `${output}${line}\n`.slice(-REASON_CHARS);
    });
    setTimeout(() => resolve(false), READY_LIMIT_MS).unref();
    void guard.exited.then(() => resolve(false));
  });
  if (!(await isReady)) {
    guard.kill();
    throw new BoxmarkError({
      what: `No folder can be made there: ${wordsOf({ stdout: output, stderr: guard.errorTail() })}`,
      remedy: 'a user who may write to /var/tmp, and whose login shell runs commands',
    });
  }
  const pulse = setInterval(() => guard.write(ALIVE), ALIVE_MS).unref();
  const unguarded = guard.exited.then(() => clearInterval(pulse));
  let isLost = false;
  void connection.gone.then(() => {
    isLost = true;
  });
  return {
    dir,
    unguarded,
    remove: async () => {
      clearInterval(pulse);
      guard.write('end');
      const limit = new Promise<undefined>((resolve) => setTimeout(resolve, REMOVE_LIMIT_MS, undefined).unref());
      const ended = await Promise.race([guard.exited, limit]);
      if (ended?.exitCode === 0 || isLost) return;
      guard.kill();
      await connection.exec(['sh', '-c', REMOVE, 'sh', dir], { timeoutMs: REMOVE_LIMIT_MS });
    },
  };
}

/**
 * Where the kit is on the other host: as it was left there by an earlier job, or sent now; every digest is verified there in
 * both cases. Throws `BoxmarkError` with what that host said.
 */
export async function placeKit(connection: Connection, dir: string, kit: SshKit): Promise<string> {
  const sums = await kit.sums();
  const script = (text: string, ...words: string[]) => ['sh', '-c', text, 'sh', dir, ...words];
  const checked = { input: sums, timeoutMs: CHECK_LIMIT_MS };
  const found = await connection.exec(script(FIND_KIT, kit.digest), checked);
  const [state, place = ''] = answerIn(found.stdout, /^(?:present|absent) /)?.split(' ') ?? [];
  if (state === undefined) throw refusal('The kit has no place there', found, 'a user who may write to /var/tmp');
  if (state === 'present') return place;
  const sent = await connection.send(await kit.archive(), script(UNPACK), COPY_LIMIT_MS);
  if (sent.exitCode !== 0) throw refusal('The kit can not be sent', sent, 'room in /var/tmp there, and tar and gzip');
  const put = await connection.exec(script(PUT_KIT, place), checked);
  if (put.exitCode !== 0) throw refusal('The kit there is not what was sent', put, 'check the disk of that host');
  return place;
}

/** What follows `ANSWER` in the first such line that fits. */
export function answerIn(output: string, fits: RegExp): string | undefined {
  return output
    .split('\n')
    .filter((line) => line.startsWith(ANSWER))
    .map((line) => line.slice(ANSWER.length))
    .find((words) => fits.test(words));
}

export function refusal(what: string, result: ExecResult, remedy: string): BoxmarkError {
  return new BoxmarkError({ what: `${what}: ${result.timedOut ? 'it took too long' : wordsOf(result)}`, remedy });
}

/** The last words of a command, on one line. */
function wordsOf({ stdout, stderr }: Pick<ExecResult, 'stdout' | 'stderr'>): string {
  const [text = ''] = [stderr, stdout].map((part) => part.trim()).filter(Boolean);
  const words = text.split('\n').slice(-3).join('; ').slice(-REASON_CHARS);
  return words === '' ? 'it said nothing' : words;
}
