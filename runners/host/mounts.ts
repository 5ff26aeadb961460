/** Mounts of the host's namespace: finding those below a folder and taking them down. */

import { readFileSync } from 'node:fs';
import { hostExec } from '../kit/process.ts';

/** Mount points at or below `folder`, latest first, so each is mounted on one that comes later in the list. */
export function mountsBelow(folder: string): string[] {
  return mountPoints()
    .filter((path) => path === folder || path.startsWith(`${folder}/`))
    .reverse();
}

/** Folders where control groups are mounted, one a controller on cgroup v1, one in all on v2. */
export function cgroupMounts(): string[] {
  return mountPoints(/^cgroup2?$/);
}

/** Takes a mount down, lazily when it is busy. False when it is still there. */
export async function unmount(path: string): Promise<boolean> {
  // Several mounts may be stacked on one point; each call takes down one.
  const count = () => mountPoints().filter((point) => point === path).length;
  const before = count();
  if (before === 0) return true;
  const options = { timeoutMs: 15_000 };
  const plain = await hostExec(['umount', '--', path], options);
  if (plain.exitCode !== 0) await hostExec(['umount', '-l', '--', path], options);
  return count() < before;
}

function mountPoints(type?: RegExp): string[] {
  let text: string;
  try {
    text = readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return [];
  }
  const found: string[] = [];
  for (const line of text.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const path = before.split(' ')[4];
    if (path === undefined || (type !== undefined && !type.test(after.split(' ')[0] ?? ''))) continue;
    // The kernel writes blanks, tabs, newlines and backslashes as octal numbers.
    found.push(path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))));
  }
  return found;
}
