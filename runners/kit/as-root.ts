/** The command that runs this program as root, for an ordinary user to copy. */

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What every sudo has in its own search path. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/**
 * `sudo boxmark …`, in the form that works from the shell that this was called from: npx runs what is not installed, and
 * sudo has a search path of its own, without the Node.js that nvm keeps in a home.
 * @param args of boxmark; the default stands for the same ones again
 */
export function asRoot(
  args = '…',
  { env = process.env, isThere = existsSync }: { env?: NodeJS.ProcessEnv; isThere?: (path: string) => boolean } = {},
): string {
  // npm puts the programs of a project into the path of what it runs, not into the path of the user's shell.
  const folders = (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !/(^|\/)(node_modules|node-gyp-bin)(\/|$)/.test(folder));
  const folderOf = (name: string) => folders.find((folder) => folder.startsWith('/') && isThere(join(folder, name)));
  const call = folderOf('boxmark') === undefined ? 'npx boxmark' : 'boxmark';
  const needed = ['node', call.split(' ')[0] ?? ''].map(folderOf);
  const isKnown = needed.every((folder) => folder !== undefined && SYSTEM_FOLDERS.includes(folder));
  return `${isKnown ? 'sudo' : 'sudo env "PATH=$PATH"'} ${call} ${args}`;
}
