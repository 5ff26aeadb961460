/** Finds the program that a command names, and says why where it is none that this host can run. */

import { existsSync, realpathSync } from 'node:fs';
import { basename, join, normalize, resolve } from 'node:path';
import { usageError } from '../../bench/errors.ts';
import { findCommand } from '../kit/commands.ts';
import { readElf } from './elf.ts';
import { parseShebang, type Shebang, startOf } from './shebang.ts';
import { statusOf } from './with-files.ts';

export interface FoundProgram {
  /** Absolute path, links not resolved; its real path. */
  readonly path: string;
  readonly file: string;
  /** Of a script; absent for a compiled program. */
  readonly shebang?: Shebang;
}

const MACHINES: Readonly<Record<number, string>> = {
  3: 'i386',
  8: 'mips',
  20: 'powerpc',
  21: 'powerpc64',
  22: 's390x',
  40: 'arm',
  62: 'x86-64',
  183: 'aarch64',
  243: 'riscv64',
  258: 'loongarch64',
};

export const machineName = (machine: number): string => MACHINES[machine] ?? `machine ${machine}`;

/**
 * A word with a slash is a path that starts at `cwd`, any other is looked for on the PATH. Throws a usage error for what is
 * missing, is no program, or is one for another processor.
 * @param neededBy the script whose interpreter it is
 */
export function findProgram(word: string, cwd: string, neededBy?: string): FoundProgram {
  const path = word.includes('/') ? normalize(resolve(cwd, word)) : findCommand(word);
  const found = path === undefined ? undefined : statusOf(path);
  if (path === undefined || found === undefined) throw missing(word, cwd, neededBy);
  const refuse = (what: string, remedy: string): Error =>
    usageError(`${neededBy === undefined ? 'The program' : `The interpreter of ${neededBy}`} ${what}.`, word, remedy);
  if (found.isDirectory()) throw refuse('is a folder', 'name the program in it');
  if (!found.isFile()) throw refuse('is no regular file', 'name a program or a script');
  if ((found.mode & 0o111) === 0) {
    throw refuse('is not executable', `chmod +x ${word}, or name the interpreter before it`);
  }
  const file = realpathSync(path);
  const start = startOf(file);
  if (start.kind === 'script') return { path, file, shebang: parseShebang(start.line, word) };
  if (start.kind === 'empty') throw refuse('is an empty file', 'build it again');
  if (start.kind === 'other') {
    throw refuse(
      'is neither a compiled program nor a script that begins with `#!`',
      `sh ${word}, if it is a shell script`,
    );
  }
  const own = readElf(realpathSync(process.execPath))?.machine;
  if (own !== undefined && start.machine !== own) {
    throw refuse(
      `is a program for ${machineName(start.machine)}; this host is ${machineName(own)}`,
      `build it for ${machineName(own)}`,
    );
  }
  return { path, file };
}

function missing(word: string, cwd: string, neededBy: string | undefined): Error {
  if (neededBy !== undefined) {
    const name = basename(word);
    return usageError(
      `The script ${neededBy} needs ${name}, which is not on this host.`,
      word,
      `install the package that has \`${name}\``,
    );
  }
  if (word.includes('/')) {
    return usageError('The program does not exist.', word, `see that it is built; relative paths start at ${cwd}`);
  }
  const isHere = word !== '' && existsSync(join(cwd, word));
  return usageError(
    'The program was not found on the PATH.',
    word,
    isHere ? `./${word}` : `install the package that has \`${word}\`, or name the program by its path`,
  );
}
