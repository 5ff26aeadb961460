/** The files that an interpreter needs besides its program and shared libraries: its own library of modules. */

import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { BoxmarkError, EXIT } from '../../bench/errors.ts';
import { hostExec } from '../kit/process.ts';
import { withCompiledModules } from './compiled-modules.ts';
import type { Tree } from './with-files.ts';

export interface Companions {
  /** Folder whose inner structure the interpreter relies on to find its library. */
  readonly prefix?: string;
  /** Folders to copy, each as the interpreter names it. */
  readonly folders: readonly string[];
  /** Is this path below one of the folders left out? */
  readonly skip: (path: string) => boolean;
  /** Changes what was found in one of the folders. */
  readonly prepare?: (tree: Tree) => Tree;
  /** Folder in which the interpreter looks for packages, as it names it, and what changes those that go there. */
  readonly packages?: { readonly folder: string; readonly prepare: (tree: Tree) => Tree };
  /** Words after the interpreter; a folder is an absolute path of the host. */
  readonly options: readonly (string | { readonly folder: string })[];
}

/** An interpreter that starts slower than this is broken. */
const ASK_LIMIT_MS = 20_000;

/** What the interpreter at the real path `file` needs; undefined for a program that needs nothing more. */
export async function companionsOf(file: string): Promise<Companions | undefined> {
  const name = basename(file);
  if (/^python(\d+(\.\d+)?)?$/.test(name)) return pythonCompanions(file);
  if (/^perl(5[\d.]*)?$/.test(name)) return searchedCompanions(file, ['-e', 'print join qq(\\n), @INC']);
  if (/^ruby([\d.]*)?$/.test(name)) return searchedCompanions(file, ['--disable-gems', '-e', 'puts $LOAD_PATH']);
  const home = dirname(dirname(file));
  if (existsSync(join(home, 'lib/modules')) || existsSync(join(home, 'lib/rt.jar'))) return javaCompanions(home);
  return undefined;
}

const PYTHON_QUESTION = `
import json, site, sys, sysconfig
paths = [sysconfig.get_path(name) for name in ('stdlib', 'platstdlib')]
print(json.dumps({'folders': paths, 'site': (getattr(site, 'getsitepackages', list)() + [None])[0], 'prefix': getattr(sys, 'base_prefix', sys.prefix),
  'tag': getattr(getattr(sys, 'implementation', None), 'cache_tag', None)}))`;

const PYTHON_LEFT_OUT = /^(test|idlelib|tkinter|turtledemo|ensurepip|site-packages|dist-packages|config-.*)$/;

/** `-B`: compiled modules would be written into the image. */
async function pythonCompanions(file: string): Promise<Companions> {
  const isolated = basename(file).startsWith('python2') ? ['-E', '-s'] : ['-I'];
  const answer = await ask([file, ...isolated, '-B', '-c', PYTHON_QUESTION]);
  const { folders, prefix, tag, site } = JSON.parse(answer) as {
    folders: string[];
    prefix: string;
    tag: string | null;
    site: string | null;
  };
  const prepare = (tree: Tree) => withCompiledModules(tree, tag ?? '');
  return {
    prefix: realpathSync(prefix),
    folders: present(folders),
    skip: (path) => PYTHON_LEFT_OUT.test(path),
    prepare,
    ...(site === null ? {} : { packages: { folder: site, prepare } }),
    options: ['-B'],
  };
}

/** Interpreters whose folders are compiled into them look in the image's first when they are named. */
async function searchedCompanions(file: string, question: readonly string[]): Promise<Companions> {
  const folders = present((await ask([file, ...question])).split('\n'));
  return { folders, skip: () => false, options: folders.flatMap((folder) => ['-I', { folder }]) };
}

const JAVA_LEFT_OUT = new Set(['jmods', 'legal', 'man', 'demo', 'sample', 'include', 'lib/src.zip', 'src.zip']);

function javaCompanions(home: string): Companions {
  return { prefix: home, folders: [home], skip: (path) => JAVA_LEFT_OUT.has(path), options: [] };
}

/** Absolute folders that exist, each once. */
function present(folders: readonly string[]): string[] {
  return [...new Set(folders)].filter((folder) => folder.startsWith('/') && existsSync(folder));
}

async function ask(argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr, timedOut } = await hostExec(argv, { timeoutMs: ASK_LIMIT_MS });
  if (exitCode === 0) return stdout;
  throw new BoxmarkError(
    {
      what: `The interpreter does not say where its library is${timedOut ? ` within ${ASK_LIMIT_MS / 1000} s` : ''}.`,
      value: `${argv[0]}${stderr === '' ? '' : `: ${stderr.trim().slice(-300)}`}`,
      remedy: `see that ${argv[0]} starts on this host`,
    },
    EXIT.usage,
  );
}
