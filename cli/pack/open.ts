/** Sessions as commands are given them: a folder, or the archive of `boxmark pack`, unpacked privately and removed afterwards. */

import { createReadStream, createWriteStream, mkdirSync, statSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { BoxmarkError, messageOf, usageError } from '../../bench/errors.ts';
import { type Finding, MOST_FINDINGS } from '../../bench/session/check.ts';
import { readRegular } from '../../bench/session/files.ts';
import { createWorkspaceDir, removeWorkspaceDir } from '../../runners/host/workspace.ts';
import { readTar } from '../../runners/image/tar.ts';
import { isPlainPath, openArchive, writeEntry } from '../../runners/image/untrusted.ts';
import { SUMS, sumFindings } from './sums.ts';

/** A pack has some twenty files; the image is one of them. */
const MOST_FILES = 200;
const MOST_BYTES = 4 * 2 ** 30;
const SUMS_LIMIT_BYTES = 1 << 20;
const REMEDY = 'a folder below results/, or what boxmark pack wrote';

export interface OpenedSession {
  readonly dir: string;
  /** As the user wrote it. */
  readonly path: string;
  readonly isArchive: boolean;
  /** What is not as the sums of the archive say. */
  readonly findings: readonly Finding[];
}

/** Is this a file? A folder, or nothing at all, is left to whoever reads folders. */
export function isArchive(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Calls `use` with each session as a folder. Throws a usage error for a file that is no such archive. */
export async function withSessions<T>(
  paths: readonly string[],
  use: (sessions: readonly OpenedSession[]) => Promise<T>,
): Promise<T> {
  const folder = (path: string): OpenedSession => ({ dir: path, path, isArchive: false, findings: [] });
  if (!paths.some(isArchive)) return use(paths.map(folder));
  const { dir } = await createWorkspaceDir();
  try {
    const sessions: OpenedSession[] = [];
    for (const [index, path] of paths.entries()) {
      if (isArchive(path)) sessions.push(await openPack(path, join(dir, String(index))));
      else sessions.push(folder(path));
    }
    return await use(sessions);
  } finally {
    await removeWorkspaceDir(dir);
  }
}

/** The same for one session. */
export function withSession<T>(path: string, use: (session: OpenedSession) => Promise<T>): Promise<T> {
  return withSessions([path], ([session]) => use(session as OpenedSession));
}

/** Unpacks the archive to a new folder. Throws like `withSessions`. */
export async function openPack(path: string, into: string): Promise<OpenedSession> {
  mkdirSync(into, { mode: 0o700 });
  try {
    const { name, digests } = await unpack(await gunzipped(path, `${into}.tar`), into);
    const dir = join(into, name);
    return { dir, path, isArchive: true, findings: findingsOf(dir, digests).slice(0, MOST_FINDINGS) };
  } catch (error) {
    if (!(error instanceof Refused) && !(error instanceof BoxmarkError)) throw error;
    const why = error instanceof BoxmarkError ? error.what : error.message;
    throw usageError(`The archive was refused: ${why.replace(/\.$/, '')}.`, path, REMEDY);
  }
}

/** Why an archive is not taken. */
class Refused extends Error {}

/** A small file may become a very large one: no more than so many bytes are written. */
async function gunzipped(path: string, file: string): Promise<string> {
  const archive = await openArchive(path).catch((error: unknown) => {
    throw new Refused(messageOf(error));
  });
  let bytes = 0;
  const bounded = new Transform({
    transform(piece: Buffer, _, done) {
      bytes += piece.length;
      done(bytes > MOST_BYTES ? new Refused('it unpacks to more than 4 GiB') : null, piece);
    },
  });
  try {
    const from = createReadStream('', { fd: archive.fd, autoClose: false });
    await pipeline(from, createGunzip(), bounded, createWriteStream(file, { flags: 'wx', mode: 0o600 }));
    return file;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code.startsWith('Z_')) throw new Refused('it is not compressed with gzip, or damaged');
    throw error;
  } finally {
    await archive.close();
  }
}

interface Unpacked {
  /** The one folder at its top. */
  readonly name: string;
  /** By path below that folder. */
  readonly digests: ReadonlyMap<string, string>;
}

/** Plain files below one folder; nothing else, nothing twice. */
async function unpack(file: string, into: string): Promise<Unpacked> {
  const archive = await open(file, 'r');
  const digests = new Map<string, string>();
  const folders = new Set<string>();
  let name: string | undefined;
  let count = 0;
  try {
    for await (const entry of readTar(archive)) {
      count += 1;
      if (count > MOST_FILES) throw new Refused(`it has more than ${MOST_FILES} entries`);
      const [top = '', ...rest] = entry.path.split('/');
      name ??= top;
      if (!isPlainPath(entry.path) || top !== name) throw new Refused(`it has the path ${shown(entry.path)}`);
      const path = rest.join('/');
      if (entry.type === 'directory') {
        if (digests.has(path)) throw new Refused(`it has ${shown(path)} twice`);
        addFolders(path, folders);
        continue;
      }
      if (entry.type !== 'file' || path === '') throw new Refused(`${shown(entry.path)} is no regular file`);
      addFolders(dirname(path), folders);
      if (digests.has(path) || folders.has(path) || [...folders].some((folder) => digests.has(folder))) {
        throw new Refused(`it has ${shown(path)} twice`);
      }
      mkdirSync(dirname(join(into, entry.path)), { recursive: true, mode: 0o700 });
      digests.set(path, await writeEntry(entry, join(into, entry.path)));
    }
  } finally {
    await archive.close();
    await rm(file, { force: true });
  }
  if (name === undefined) throw new Refused('it is empty');
  if (!digests.has('session.json')) throw new Refused('it has no session.json');
  return { name, digests };
}

function addFolders(path: string, folders: Set<string>): void {
  for (let folder = path; folder !== '.' && folder !== ''; folder = dirname(folder)) folders.add(folder);
}

function findingsOf(dir: string, all: ReadonlyMap<string, string>): Finding[] {
  if (!all.has(SUMS)) return [{ file: SUMS, problem: 'is missing' }];
  const digests = new Map([...all].filter(([name]) => name !== SUMS));
  return sumFindings(readRegular(join(dir, SUMS), SUMS_LIMIT_BYTES), digests);
}

/** A name of a stranger, in quotes and not longer than a line. */
function shown(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
}
