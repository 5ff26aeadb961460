/** The session folders that a path stands for: itself, or those right below it. */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { usageError } from '../errors.ts';

/**
 * In the order of their names, which begin with the time. `below`: those of the folders in it, where it has none itself.
 * Throws a usage error when there is none.
 */
export function sessionFolders(path: string, { below = false } = {}): string[] {
  const isSession = (dir: string) => existsSync(join(dir, 'session.json'));
  if (isSession(path)) return [path];
  let names: string[];
  try {
    names = readdirSync(path).sort();
  } catch {
    throw usageError('There is no such folder.', path, 'a session below results/, or a folder of sessions');
  }
  const folders = names.map((name) => join(path, name));
  const found = folders.filter(isSession);
  if (found.length > 0) return found;
  const deeper = below ? folders.flatMap((folder) => namesIn(folder).map((name) => join(folder, name))) : [];
  if (deeper.some(isSession)) return deeper.filter(isSession);
  throw usageError(
    'This is neither a session nor a folder of sessions: there is no session.json in it.',
    path,
    'a session below results/, or a folder of sessions',
  );
}

/** None for what is no folder, or may not be read. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
