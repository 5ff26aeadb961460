/** What a file is that a user wants to run, and the interpreter that the first line of a script names. */

import { closeSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { usageError } from '../../bench/errors.ts';

export interface Shebang {
  /** As written: a path, or with `env` a name to look for. */
  readonly interpreter: string;
  readonly args: readonly string[];
  /** Path of the `env` that looks for the name. */
  readonly env?: string;
}

export type Start =
  | { readonly kind: 'elf'; readonly machine: number }
  | { readonly kind: 'script'; readonly line: string }
  | { readonly kind: 'empty' }
  | { readonly kind: 'other' };

/** The longest first line that is read; Linux itself takes 255 bytes (BINPRM_BUF_SIZE). */
const LINE_LIMIT_BYTES = 4096;

/** Reads the beginning of a regular file. */
export function startOf(file: string): Start {
  const buffer = Buffer.alloc(LINE_LIMIT_BYTES);
  const fd = openSync(file, 'r');
  let length: number;
  try {
    length = readSync(fd, buffer, 0, buffer.length, 0);
  } finally {
    closeSync(fd);
  }
  const start = buffer.subarray(0, length);
  if (length === 0) return { kind: 'empty' };
  if (length >= 20 && start.readUInt32BE(0) === 0x7f454c46) {
    return { kind: 'elf', machine: start[5] === 2 ? start.readUInt16BE(18) : start.readUInt16LE(18) };
  }
  if (start.toString('latin1', 0, 2) !== '#!') return { kind: 'other' };
  const [line = ''] = start.toString('utf8').split('\n', 1);
  return { kind: 'script', line };
}

/** The interpreter of a script by its first line, `#!` included. Throws a usage error for a line that names none. */
export function parseShebang(line: string, script: string): Shebang {
  if (line.endsWith('\r')) {
    throw usageError(
      'The first line of the script ends in a carriage return, so its interpreter is not found.',
      script,
      `give the file the line ends of Unix: sed -i 's/\\r$//' ${script}`,
    );
  }
  const [, interpreter = '', rest = ''] = /^#![ \t]*(\S*)[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
  if (interpreter === '') throw unclear('names no interpreter', script);
  if (basename(interpreter) === 'env') return { ...parseEnv(rest, script), env: interpreter };
  // The kernel gives the rest of the line as one word.
  return { interpreter, args: rest === '' ? [] : [rest] };
}

/** `X`, `-S X ARG…`: other options and settings of env change the environment, which a box has of its own. */
function parseEnv(rest: string, script: string): Omit<Shebang, 'env'> {
  const split = /^(?:-S[ \t]*|--split-string[= \t][ \t]*)(.*)$/.exec(rest)?.[1];
  const words = split === undefined ? [rest] : split.split(/[ \t]+/);
  const [interpreter = '', ...args] = words;
  if (interpreter === '') throw unclear('names no interpreter', script);
  if (split === undefined && /[ \t]/.test(interpreter)) throw unclear('gives `env` several words without -S', script);
  const isPlain = /^[^-=\\'"$]+$/.test(interpreter) && args.every((arg) => !/[\\'"$]/.test(arg));
  if (isPlain) return { interpreter, args };
  throw unclear('uses options, settings or quotes of `env`, which Boxmark does not follow', script);
}

function unclear(why: string, script: string): Error {
  return usageError(
    `The first line of the script ${why}.`,
    script,
    'begin it with #!/path/of/the/interpreter, or name the interpreter in the command',
  );
}
