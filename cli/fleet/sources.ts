/** Where sessions of hosts come from: logs, archives, folders of sessions, and folders of all of these. */

import { closeSync, lstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { messageOf, usageError } from '../../bench/errors.ts';

export interface Source {
  readonly kind: 'log' | 'archive' | 'session';
  /** `-` for standard input. */
  readonly path: string;
  /** As the user named it, or as the folder above does; null where nothing says. */
  readonly name: string | null;
}

/** A volume has a folder for each host, and those the sessions. */
const MOST_DEPTH = 4;
const MOST_SOURCES = 1_000_000;
const REMEDY = 'a log, an archive of boxmark pack, a session, or a folder of these';

/** All sources at the paths, logs first: they say which plan it was. Throws a usage error for a path where nothing is. */
export function sourcesAt(paths: readonly string[], names: readonly string[]): readonly Source[] {
  if (names.length > 0 && names.length !== paths.length) {
    throw usageError(
      '--name has to be given once for each log, or not at all.',
      names.join(' '),
      'as many names as logs',
    );
  }
  if (paths.filter((path) => path === '-').length > 1) {
    throw usageError('Standard input can be read once.', paths.join(' '), 'one -');
  }
  const found: Source[] = [];
  for (const [index, path] of paths.entries()) {
    const before = found.length;
    find(path, { given: names[index] ?? null, above: null, depth: 0 }, found);
    if (found.length === before) throw usageError('There is no log and no session in this folder.', path, REMEDY);
  }
  const isLog = ({ kind }: Source) => kind === 'log';
  return [...found.filter(isLog), ...found.filter((source) => !isLog(source))];
}

interface Place {
  /** As the user named it. */
  readonly given: string | null;
  /** Of the folder that it is in, below the path that the user gave. */
  readonly above: string | null;
  readonly depth: number;
}

function find(path: string, { given, above, depth }: Place, found: Source[]): void {
  if (found.length >= MOST_SOURCES) throw usageError(`There are more than ${MOST_SOURCES} files.`, path, REMEDY);
  const kind = path === '-' ? 'log' : kindOf(path, depth > 0);
  if (kind === 'other') {
    if (depth === 0) throw usageError('This is neither a file nor a folder.', path, REMEDY);
  } else if (kind !== 'folder') {
    found.push({ kind, path, name: given ?? above });
  } else if (depth < MOST_DEPTH) {
    const inside = { given, above: depth === 0 ? null : basename(path), depth: depth + 1 };
    for (const entry of entriesOf(path)) find(join(path, entry), inside, found);
  }
}

/** Names that begin with a dot are of a volume's own machinery, or half written. */
function entriesOf(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .sort();
}

/** In a folder, links are left alone, and a log is known by its name. */
function kindOf(path: string, isInFolder: boolean): Source['kind'] | 'folder' | 'other' {
  try {
    const stats = isInFolder ? lstatSync(path) : statSync(path);
    if (stats.isDirectory()) return readdirSync(path).includes('session.json') ? 'session' : 'folder';
    // Opening a pipe waits for whoever writes to it; a log may come through one.
    if (stats.isFIFO() && !isInFolder) return 'log';
    if (!stats.isFile()) return 'other';
    if (isGzip(path)) return 'archive';
    return isInFolder && !path.endsWith('.log') ? 'other' : 'log';
  } catch (error) {
    throw usageError(`It can't be read: ${messageOf(error)}.`, path, REMEDY);
  }
}

function isGzip(file: string): boolean {
  const handle = openSync(file, 'r');
  try {
    const magic = Buffer.alloc(2);
    return readSync(handle, magic, 0, 2, 0) === 2 && magic.readUInt16BE() === 0x1f8b;
  } finally {
    closeSync(handle);
  }
}
