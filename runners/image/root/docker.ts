/** An image of a daemon that can be reached: saved to a private file, by its id. */

import { join } from 'node:path';
import { usageError } from '../../../bench/errors.ts';
import { hostExec } from '../../kit/process.ts';
import { userDockerEnv } from '../../kit/user-docker-env.ts';
import { readArchive } from './docker-archive.ts';
import type { RootSource } from './source.ts';
import type { Supply } from './supply.ts';

const ASK_LIMIT_MS = 20_000;
const SAVE_LIMIT_MS = 600_000;

export async function dockerSupply({ at }: RootSource): Promise<Supply> {
  const source = `docker:${at}`;
  const asked = await docker(['image', 'inspect', '--format', '{{.Id}}', at], ASK_LIMIT_MS);
  const id = /^sha256:[0-9a-f]{64}$/m.exec(asked.stdout)?.[0];
  if (asked.exitCode !== 0 || id === undefined) throw notThere(source, at, asked);
  return {
    key: ['docker', id],
    read: async (assembly) => {
      const file = join(assembly.folder, 'saved.tar');
      // By its id: the name may mean another image by now.
      const saved = await docker(['image', 'save', '--output', file, id], SAVE_LIMIT_MS);
      if (saved.exitCode !== 0) throw notThere(source, at, saved);
      return readArchive(file, source, assembly);
    },
  };
}

function docker(words: readonly string[], timeoutMs: number) {
  return hostExec(['docker', ...words], { timeoutMs, env: userDockerEnv() });
}

function notThere(
  source: string,
  name: string,
  { exitCode, stderr }: { exitCode: number | null; stderr: string },
): Error {
  if (exitCode === 127)
    return usageError(
      'There is no docker command here, so no image of a daemon.',
      source,
      'oci:FOLDER or docker-archive:FILE',
    );
  const why = stderr.trim().split('\n').at(-1) || 'docker gave no answer';
  return usageError(
    `The daemon does not give the image: ${why.slice(0, 300)}`,
    source,
    `docker pull ${name}, or oci:FOLDER, docker-archive:FILE`,
  );
}
