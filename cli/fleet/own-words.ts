/** The words that start this program again. */

import { readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/**
 * Node.js and the program's file. Through its own loader, as on a host of a fleet, the loader and its words as well: it is
 * the process's program then, and `process.execPath` names it.
 */
export function ownWords(): string[] {
  const program = process.argv[1] ?? '';
  if (!/^ld[-.]/.test(basename(readlinkSync('/proc/self/exe')))) return [process.execPath, program];
  const words = readFileSync('/proc/self/cmdline', 'utf8').split('\0');
  const node = words.findIndex((word) => basename(word) === 'node');
  return [...words.slice(0, node + 1), program];
}
