/** `boxmark pack`: a session with its report and its plan as one archive, to be published or sent. */

import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { EXIT, messageOf, usageError } from '../../bench/errors.ts';
import { makeFolders } from '../../bench/folders.ts';
import { integrityOf } from '../../bench/kinds/whole-check.ts';
import type { FlagValues } from '../../bench/plan/read-flags.ts';
import { readSessionInfo } from '../../bench/session/load.ts';
import { sealOf } from '../../bench/session/seal.ts';
import { signingKey } from '../../bench/session/signature/private-key.ts';
import { clean } from '../../reports/text.ts';
import { createWorkspaceDir, removeWorkspaceDir } from '../../runners/host/workspace.ts';
import { isArchive } from '../pack/open.ts';
import { gather, writeArchive } from '../pack/write.ts';
import { stderr, stdout } from '../terminal/streams.ts';

export async function pack(flags: FlagValues<'pack'>, session = ''): Promise<number> {
  const sign = signingKey(flags.sign);
  const anonymous = flags.anonymous === true;
  const name = packable(session);
  if (flags.output === '-') throw usageError('An archive is not text: -o names its file.', '-', `-o ${name}.tar.gz`);
  const file = resolve(flags.output ?? `${name}${anonymous ? '-anonymous' : ''}.tar.gz`);
  const { dir } = await createWorkspaceDir();
  try {
    const folder = join(dir, name);
    mkdirSync(folder, { mode: 0o700 });
    await gather(session, folder, { anonymous, image: flags.image !== undefined, sign });
    await write(folder, name, file);
    await conclude(folder, file);
  } finally {
    await removeWorkspaceDir(dir);
  }
  return EXIT.ok;
}

/** The name of a session that can be packed; a usage error for others. */
function packable(session: string): string {
  if (isArchive(session)) {
    throw usageError('This is an archive already.', session, `tar xf ${session}, and boxmark pack on the folder in it`);
  }
  const info = readSessionInfo(session);
  if (sealOf(session) !== null) return info.session;
  throw usageError(
    'The session has no manifest: it is still running, or was cut off.',
    session,
    `boxmark resume ${session}, which completes it`,
  );
}

async function write(folder: string, name: string, file: string): Promise<void> {
  try {
    makeFolders(dirname(file));
    await writeArchive(folder, name, file);
  } catch (error) {
    throw usageError(
      `The archive can't be written: ${messageOf(error)}.`,
      file,
      'a file that you may write to, with -o',
    );
  }
}

async function conclude(folder: string, file: string): Promise<void> {
  const { seal, faults } = await integrityOf(folder);
  for (const fault of faults) stderr.write(`boxmark: ${clean(fault)}\n`);
  const { anonymised } = readSessionInfo(folder);
  if (anonymised !== undefined) stdout.write(`Anonymised copy of the session with the seal ${anonymised.seal}\n`);
  stdout.write(`Seal: ${seal}\nArchive: ${file}\n`);
}
