/** Folders of a run that boxes which hold an engine keep their files in: names, and emptying them of what root wrote. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { hostExec } from '../../kit/process.ts';
import { type DockerClient, dockerArgv } from './client.ts';

const PREFIX = 'docker-scratch-';
const LIMIT_MS = 120_000;
/** Where the folder is in the container. */
const PLACE = '/boxmark/scratch';

export function newScratchName(): string {
  return PREFIX + Math.random().toString(36).slice(2, 10);
}

/** The scratch folders in a work folder. */
export function scratchFolders(dir: string): string[] {
  try {
    return readdirSync(dir)
      .filter((name) => name.startsWith(PREFIX))
      .map((name) => join(dir, name));
  } catch {
    return [];
  }
}

export interface Emptying {
  readonly client: DockerClient;
  /** Image of a box that holds an engine, which has a shell and `rm`. */
  readonly image: string;
  readonly run: string;
}

/**
 * A daemon in a box is root's, and so are its files: a user of the group docker, who has let it write them, has them removed
 * in the same way, by a container. Nothing happens when this is root. Never throws: what is left shows when the folder is
 * removed.
 */
export async function emptyScratch(folder: string, { client, image, run }: Emptying): Promise<void> {
  if (process.getuid?.() === 0) return;
  const flags = ['--rm', '--pull', 'never', '--network', 'none', '--log-driver', 'none', '--label', `boxmark=${run}`];
  const script = `cd ${PLACE} && rm -rf --one-file-system -- ..?* .[!.]* *`;
  const mounts = ['--mount', `type=bind,source=${folder},target=${PLACE}`];
  const argv = dockerArgv(client, ['run', ...flags, ...mounts, image, 'sh', '-c', script]);
  await hostExec(argv, { timeoutMs: LIMIT_MS, ...(client.env === undefined ? {} : { env: client.env }) });
}
