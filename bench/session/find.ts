/** The session folders that a path stands for: itself, or those right below it. */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { usageError } from '../errors.ts';

/** In the order of their names, which begin with the time. Throws a usage error when there is none. */
export function sessionFolders(path: string): string[] {
  const isSession = (dir: string) => existsSync(join(dir, 'session.json'));
  if (isSession(path)) return [path];
  let names: string[];
  try {
    names = readdirSync(path).sort();
  } catch {
    throw usageError('There is no such folder.', path, 'a session below results/, or a folder of sessions');
  }
  const found = names.map((name) => join(path, name)).filter(isSession);
  if (found.length > 0) return found;
  throw usageError(
    'This is neither a session nor a folder of sessions: there is no session.json in it.',
    path,
    'a session below results/, or a folder of sessions',
  );
}
