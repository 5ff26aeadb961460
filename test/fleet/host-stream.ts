/** What a host says of a session that is there already: the same lines, from the same functions. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { archiveLines, type StreamLine, streamText } from '../../bench/fleet/stream.ts';
import { gatherFiles, writeArchive } from '../../cli/pack/write.ts';

export const PLAN_DIGEST = 'a'.repeat(64);

export interface Said {
  readonly host?: string;
  readonly planDigest?: string;
  readonly exitCode?: number;
}

/** The archive that a host makes of it. */
export async function archiveOf(session: string): Promise<Buffer> {
  const dir = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  try {
    const folder = join(dir, 'sent');
    mkdirSync(folder);
    await gatherFiles(session, folder);
    await writeArchive(folder, basename(session), join(dir, 'session.tar.gz'));
    return readFileSync(join(dir, 'session.tar.gz'));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

export function linesFor(
  session: string,
  archive: Buffer,
  { host, planDigest = PLAN_DIGEST, exitCode = 0 }: Said = {},
) {
  const begin: StreamLine = {
    ...{ boxmark: 'begin', program: '0.1.0', architecture: 'arm64', footing: 'container', why: null, planDigest },
    ...(host === undefined ? {} : { host }),
  };
  const end: StreamLine = { boxmark: 'end', exitCode, reason: null };
  return [begin, ...archiveLines(basename(session), archive), end].map(streamText);
}
