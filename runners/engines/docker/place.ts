/** Where a daemon of the user's is: on this machine, and with these folders? Two machines may run kernels of one release. */

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, rmdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { knownRemedy } from '../../../bench/box/known-faults.ts';
import { BoxmarkError } from '../../../bench/errors.ts';
import type { Box, Workspace } from '../../../bench/types.ts';
import { type DockerClient, dockerError, tryDocker } from './client.ts';

/** `outside`: on this machine, but with other folders, as seen from a container that was given the daemon's socket. */
export type Place = 'here' | 'outside' | 'elsewhere';

export interface PlaceQuestion {
  readonly client: DockerClient;
  readonly workspace: Pick<Workspace, 'id' | 'dir'>;
  /** Image id in the daemon. */
  readonly image: string;
  /** It has tools and no Node.js, as the image of a box that holds others. */
  readonly tools: boolean;
  readonly runtime: string | undefined;
}

const LIMIT_MS = 60_000;
const BOOT_ID = '/proc/sys/kernel/random/boot_id';
const PRINT = `for (const file of ['${BOOT_ID}', '/tmp/mark']) try { console.log(fs.readFileSync(file, 'utf8')) } catch {}`;
const NO_FOLDER = /bind source path does not exist|invalid mount config|no such file or directory|not found/i;

/**
 * Asks a container of the daemon for the id of the machine's boot, which no other machine has, and for a file in the work
 * folder. A container that does not start says nothing: the start that follows gives the reason.
 */
export async function placeOf(box: Box, question: PlaceQuestion): Promise<Place> {
  const folder = join(question.workspace.dir, `place-${randomBytes(4).toString('hex')}`);
  const mark = randomBytes(16).toString('hex');
  await mkdir(folder, { mode: 0o755 });
  try {
    await writeFile(join(folder, 'mark'), `${mark}\n`);
    const bind = ['--mount', `type=bind,source=${folder},target=/tmp,readonly`];
    const first = await ask(box, question, bind);
    const answer = first.exitCode !== 0 && NO_FOLDER.test(first.stderr) ? await ask(box, question, []) : first;
    const words = answer.stdout.split(/\s+/).filter(Boolean);
    if (words.length === 0) {
      if (knownRemedy(answer.stderr) !== undefined) throw dockerError('No container starts', answer);
      return 'here';
    }
    if (!words.includes(readFileSync(BOOT_ID, 'utf8').trim())) return 'elsewhere';
    return words.includes(mark) ? 'here' : 'outside';
  } finally {
    await unlink(join(folder, 'mark')).catch(() => {});
    await rmdir(folder);
  }
}

/** Throws `BoxmarkError` for a place where the box can't be; returns labels. */
export function placeLabels(place: Place, holds: boolean): string[] {
  if (place === 'elsewhere') {
    throw new BoxmarkError({
      what: 'The Docker daemon that answers runs on another machine, although its kernel is of the same release.',
      remedy: 'point DOCKER_HOST at a daemon of this machine, or unset it',
    });
  }
  if (place === 'outside' && holds) {
    throw new BoxmarkError({
      what: 'The Docker daemon that answers does not see the folders of Boxmark, which runs in a container beside it, so its boxes can hold no others.',
      remedy: 'measure docker alone, or run Boxmark outside of the container',
    });
  }
  return place === 'outside' ? ['daemon outside of this container'] : [];
}

function ask(box: Box, { client, workspace, image, tools, runtime }: PlaceQuestion, bind: readonly string[]) {
  const command = tools ? ['sh', '-c', `cat ${BOOT_ID} /tmp/mark`] : ['/usr/bin/node', '-e', PRINT];
  const flags = [
    ...['--rm', '--pull', 'never', '--network', 'none', '--read-only', '--label', `boxmark=${workspace.id}`],
    ...(runtime === undefined ? [] : ['--runtime', runtime]),
    ...bind,
  ];
  return tryDocker(box, client, ['run', ...flags, image, ...command], { timeoutMs: LIMIT_MS });
}
