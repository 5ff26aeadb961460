/** Removing a folder with all that is in it. The one way to do it: a test sees to that. */

import { BoxmarkError } from '../../bench/errors.ts';
import { hostExec } from './process.ts';

const LIMIT_MS = 600_000;

/**
 * Removes a file or a folder with all that is in it; nothing happens when it is not there. By `rm`, which opens each folder
 * relative to the one above and follows no link: Node.js goes by path, so that whoever can write to a folder in it can swap
 * one for a link while it goes on, and have any folder of the host emptied. Stays out of other file systems.
 * @throws `BoxmarkError` with what could not be removed.
 */
export async function removeTree(path: string): Promise<void> {
  const remove = () => hostExec(['rm', '-rf', '--one-file-system', '--', path], { timeoutMs: LIMIT_MS });
  let { exitCode, stderr } = await remove();
  if (exitCode !== 0 && process.getuid?.() !== 0) {
    await openFolders(path);
    ({ exitCode, stderr } = await remove());
  }
  if (exitCode === 0) return;
  throw new BoxmarkError({
    what: `It could not be removed: ${stderr.trim().split('\n').slice(-3).join(' ') || 'rm failed'}`,
    value: path,
    remedy: 'boxmark clean',
  });
}

/**
 * Without root, a folder that its owner may not write to keeps what is in it: layers of images have such folders. Only for an
 * ordinary user, who can change no mode but those of their own folders; root removes them as they are.
 */
async function openFolders(path: string): Promise<void> {
  const closed = ['-xdev', '-type', 'd', '!', '-perm', '-700'];
  // In the folder that find has opened, whatever has become of the path to it.
  const chmod = ['-execdir', 'chmod', 'u+rwx', '{}', ';'];
  await hostExec(['find', path, ...closed, ...chmod], { timeoutMs: LIMIT_MS });
}
