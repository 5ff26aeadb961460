/** Modules that a Python script imports and that are not Python's own: those beside it, and those of its site-packages. */

import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { hostExec } from '../kit/process.ts';

const { basename, dirname, isAbsolute, join, relative, resolve } = posix;

/** A module or package with all that is in it. */
export interface PythonModule {
  /** Absolute. */
  readonly source: string;
  /** Name of the file or folder where Python looks for it: beside the script, or in site-packages. */
  readonly name: string;
  readonly isBeside: boolean;
}

/** A call of Python, its words after the interpreter. */
export interface PythonCall {
  /** As it is called: in a virtual environment the link in it, which is how Python finds the environment. */
  readonly python: string;
  /** Absolute; and as it is written. */
  readonly script: string;
  readonly word: string;
}

/** A script that imports half a distribution; reading the sources of its modules takes Python some seconds. */
const LIMIT_MS = 60_000;

/**
 * The modules are found by reading sources, not by running them (`modulefinder`), and only outside of Python's own library,
 * which is in the image anyway. Of links in site-packages to other folders, Python's own path is the answer.
 */
const QUESTION = `
import json, os, sys, sysconfig
from modulefinder import ModuleFinder
script = sys.argv[1]
own = {os.path.realpath(sysconfig.get_path(name)) for name in ('stdlib', 'platstdlib')}
own |= {os.path.join(path, 'lib-dynload') for path in own}
own |= {p for p in sys.path if p.endswith('.zip')}
site = [p for p in sys.path if p and os.path.realpath(p) not in own]
finder = ModuleFinder(path=[os.path.dirname(script)] + site)
finder.run_script(script)
files = [m.__file__ for m in finder.modules.values() if m.__file__ and m.__name__ != '__main__']
print(json.dumps({'files': sorted(set(files)), 'site': site}))`;

const PYTHON = /^python(3(\.\d+)?)?$/;
/** Options of Python that take the next word. */
const WITH_VALUE = /^-[XW]$/;

/** The script that the words make Python run; undefined for other programs, and for `-c` and `-m`. */
export function pythonCall(interpreter: string, words: readonly string[], cwd: string): PythonCall | undefined {
  if (!PYTHON.test(basename(interpreter))) return undefined;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    if (WITH_VALUE.test(word)) at++;
    else if (/^-[^-]*[cm]$/.test(word) || word === '-') return undefined;
    else if (!word.startsWith('-')) return { python: interpreter, script: resolve(cwd, word), word };
  }
  return undefined;
}

/** What the script imports, statically. Empty where Python can't say: the trial then shows what is missing. */
export async function pythonModules({ python, script }: Omit<PythonCall, 'word'>): Promise<PythonModule[]> {
  const { exitCode, stdout } = await hostExec([python, '-I', '-B', '-c', QUESTION, script], { timeoutMs: LIMIT_MS });
  if (exitCode !== 0) return [];
  const { files, site } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { files: string[]; site: string[] };
  const beside = dirname(script);
  const found = new Map<string, PythonModule>();
  for (const file of files) {
    const isBeside = isBelow(file, beside) && !site.some((folder) => isBelow(file, folder) && isBelow(folder, beside));
    const folder = isBeside ? beside : site.find((one) => isBelow(file, one));
    const [name] = folder === undefined ? [] : relative(folder, file).split('/');
    if (folder === undefined || name === undefined) continue;
    // Wheels keep the libraries of a package beside it.
    for (const one of [name, `${name}.libs`]) {
      const source = join(folder, one);
      if (one === name || existsSync(source)) found.set(source, { source, name: one, isBeside });
    }
  }
  return [...found.values()];
}

function isBelow(file: string, folder: string): boolean {
  const inner = relative(folder, file);
  return inner !== '' && !inner.startsWith('../') && !isAbsolute(inner);
}
