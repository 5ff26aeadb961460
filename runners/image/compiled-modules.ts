/** Python's compiled modules in an image, whose files have no dates by which Python could see that they are current. */

import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Tree, TreeFile } from './with-files.ts';

/** Magic number, flags, and date and size of the source or a digest of it (PEP 552, since Python 3.7). */
const HEAD_BYTES = 16;
/** The module is used without a look at its source. */
const UNCHECKED = 1;
/** Below this, Python compiles modules as they are needed, and which ones exist is chance. */
const LEAST_SHARE = 0.9;

/**
 * Keeps the compiled modules of `tag` (`cpython-311`) that are current on this host, marked as valid whatever the dates are;
 * none where the modules were not compiled at installation, so that the image doesn't depend on what ran before.
 */
export function withCompiledModules(tree: Tree, tag: string): Tree {
  const isCompiled = ({ path }: TreeFile): boolean => /(^|\/)__pycache__\//.test(path);
  const sources = new Map(
    tree.files.filter((file) => file.path.endsWith('.py')).map((file): [string, string] => [file.path, file.from]),
  );
  const compiled = tree.files.filter(isCompiled).flatMap((file) => {
    const source = sources.get(sourceOf(file.path, tag) ?? '');
    const head = source === undefined ? undefined : headOf(file.from, source);
    return head === undefined ? [] : [{ ...file, head }];
  });
  const others = tree.files.filter((file) => !isCompiled(file));
  if (hasFlags(tag) && compiled.length > 0 && compiled.length >= LEAST_SHARE * sources.size) {
    return { ...only(tree, () => true), files: [...others, ...compiled] };
  }
  return { ...only(tree, (folder) => basename(folder) !== '__pycache__'), files: others };
}

function only({ links, folders }: Tree, keeps: (folder: string) => boolean): Pick<Tree, 'links' | 'folders'> {
  return { links, folders: folders.filter(keeps) };
}

function hasFlags(tag: string): boolean {
  return Number(/^cpython-3(\d+)$/.exec(tag)?.[1] ?? 0) >= 7;
}

/** `a/__pycache__/b.cpython-311.pyc` → `a/b.py`. */
function sourceOf(path: string, tag: string): string | undefined {
  const ending = `.${tag}.pyc`;
  if (!path.endsWith(ending)) return undefined;
  return join(path, '../..', `${basename(path, ending)}.py`);
}

/** The new first bytes, hexadecimal; undefined for a module that is not compiled from this very source. */
function headOf(compiled: string, source: string): string | undefined {
  const head = Buffer.alloc(HEAD_BYTES);
  const file = openSync(compiled, 'r');
  try {
    if (readSync(file, head, 0, HEAD_BYTES, 0) < HEAD_BYTES) return undefined;
  } finally {
    closeSync(file);
  }
  const { mtimeMs, size } = statSync(source);
  const isCurrent =
    head.readUInt32LE(4) === 0 &&
    head.readUInt32LE(8) === Math.floor(mtimeMs / 1000) % 2 ** 32 &&
    head.readUInt32LE(12) === size % 2 ** 32;
  if (!isCurrent) return undefined;
  head.fill(0, 4);
  head.writeUInt32LE(UNCHECKED, 4);
  return head.toString('hex');
}
