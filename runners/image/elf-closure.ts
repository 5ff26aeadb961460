/** Finds the shared libraries of a program on this host in the order in which its loader looks for them (ld.so(8), musl). */

import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { BoxmarkError } from '../../bench/errors.ts';
import { type ElfFile, readElf } from './elf.ts';

export interface Closure {
  /** Path of the loader as the program names it; absent for a static program. */
  readonly interpreter?: string;
  /** Name by which each library is asked for → its path on the host, symbolic links resolved. Without the loader. */
  readonly libraries: ReadonlyMap<string, string>;
}

export interface FoundLibrary {
  /** As the object that needs it names it. */
  readonly name: string;
  /** Where the loader finds it, and what that is with symbolic links resolved. */
  readonly path: string;
  readonly file: string;
  /** Decides the folder: one of the loader's own, one that an object names, or one relative to that object's (`$ORIGIN`). */
  readonly by: 'loader' | 'object' | { readonly origin: string };
}

export interface ClosureOptions {
  /** The loader of the program that opens this shared object, which names none itself. */
  readonly loader?: string | undefined;
  /** Leave out libraries that are missing here: the program that opens the object may have loaded them before. */
  readonly skipMissing?: boolean;
  /** Reads a file; one that remembers saves time where many objects have the same libraries. */
  readonly read?: typeof readElf;
}

interface Loaded {
  readonly file: string;
  readonly elf: ElfFile;
  /** The object that asked for this one: DT_RPATH is inherited along this line. */
  readonly parent?: Loaded;
}

interface SearchFolder {
  readonly folder: string;
  readonly by: FoundLibrary['by'];
}

const TRIPLES: Readonly<Record<number, string>> = {
  3: 'i386-linux-gnu',
  62: 'x86_64-linux-gnu',
  183: 'aarch64-linux-gnu',
};

/**
 * All libraries that `file` loads at its start, found without running anything. Libraries that a program opens later by
 * name (dlopen) are not in it. Throws `BoxmarkError` for a file that is no ELF program and for a missing library.
 */
export function libraryClosure(file: string): Closure {
  const { interpreter, found } = loadedLibraries(file);
  const libraries = new Map(found.map((library) => [library.name, library.file]));
  return { ...(interpreter === undefined ? {} : { interpreter }), libraries };
}

/** As `libraryClosure`, with the way on which each library is found; also for shared objects. */
export function loadedLibraries(
  file: string,
  { loader, skipMissing = false, read = readElf }: ClosureOptions = {},
): { readonly interpreter?: string; readonly found: readonly FoundLibrary[] } {
  const elf = read(file);
  if (elf === undefined) {
    throw new BoxmarkError({
      what: 'Not an ELF program, so its libraries are unknown.',
      value: file,
      remedy: 'name a compiled program; scripts need an interpreter that a box does not have',
    });
  }
  const found = new Map<string, FoundLibrary>();
  const interpreter = elf.interpreter ?? loader;
  const musl = interpreter !== undefined && basename(interpreter).startsWith('ld-musl-');
  const standard = (musl ? muslFolders(interpreter) : glibcFolders(elf)).map(
    (folder): SearchFolder => ({ folder, by: 'loader' }),
  );
  const queue: Loaded[] = [{ file: realpathSync(file), elf }];
  for (let object = queue.shift(); object !== undefined; object = queue.shift()) {
    for (const name of object.elf.needed) {
      if (found.has(name) || isLoader(name, interpreter, musl)) continue;
      const library = find(name, object, standard, elf, read);
      if (library === undefined) {
        if (skipMissing) continue;
        throw missingLibrary(name, object.file, file);
      }
      found.set(name, library);
      queue.push({ file: library.file, elf: library.elf, parent: object });
    }
  }
  return { ...(elf.interpreter === undefined ? {} : { interpreter: elf.interpreter }), found: [...found.values()] };
}

function missingLibrary(name: string, object: string, program: string): BoxmarkError {
  return new BoxmarkError({
    what: `The library ${name} that ${object} needs was not found.`,
    value: program,
    remedy: `install the package that has ${name}, or reinstall ${basename(program)}`,
  });
}

/** The loader itself may be listed as needed; musl's loader is also the C library and answers to all its old names. */
function isLoader(name: string, interpreter: string | undefined, musl: boolean): boolean {
  if (interpreter !== undefined && basename(interpreter) === name) return true;
  return musl && /^lib(c|pthread|rt|m|dl|util|xnet)\./.test(name);
}

function find(
  name: string,
  object: Loaded,
  standard: readonly SearchFolder[],
  program: ElfFile,
  read: typeof readElf,
): (FoundLibrary & { readonly elf: ElfFile }) | undefined {
  const named: SearchFolder[] = [{ folder: '', by: 'object' }];
  const folders = name.includes('/') ? named : [...searchPaths(object), ...standard];
  for (const { folder, by } of folders) {
    const path = folder === '' ? name : join(folder, name);
    const elf = existsSync(path) ? read(path) : undefined;
    // Libraries of another architecture are passed over, as the loader does.
    if (elf?.machine === program.machine && elf.bits === program.bits) {
      return { name, path, file: realpathSync(path), by, elf };
    }
  }
  return undefined;
}

/** DT_RPATH of the object and of those that asked for it, unless it has a DT_RUNPATH, which then counts alone. */
function searchPaths(object: Loaded): SearchFolder[] {
  if (object.elf.runpath.length > 0) return expand(object.elf.runpath, object);
  const paths: SearchFolder[] = [];
  for (let at: Loaded | undefined = object; at !== undefined; at = at.parent) {
    if (at.elf.runpath.length === 0) paths.push(...expand(at.elf.rpath, at));
  }
  return paths;
}

function expand(paths: readonly string[], object: Loaded): SearchFolder[] {
  const triple = TRIPLES[object.elf.machine];
  const libs = [...(triple === undefined ? [] : [`lib/${triple}`]), object.elf.bits === 64 ? 'lib64' : 'lib', 'lib'];
  return paths.flatMap((path) => {
    const placed = path.replace(/\$(ORIGIN\b|\{ORIGIN\})/g, () => dirname(object.file));
    const by: SearchFolder['by'] = placed === path ? 'object' : { origin: object.file };
    if (!/\$(LIB\b|\{LIB\})/.test(placed)) return [{ folder: placed, by }];
    return libs.map((lib) => ({ folder: placed.replace(/\$(LIB\b|\{LIB\})/g, lib), by }));
  });
}

/** Folders of ld.so.conf, which is what ld.so.cache was made from, then the built-in ones of the common distributions. */
function glibcFolders(program: ElfFile): string[] {
  const triple = TRIPLES[program.machine];
  const multiarch = triple === undefined ? [] : [`/lib/${triple}`, `/usr/lib/${triple}`];
  const wide = program.bits === 64 ? ['/lib64', '/usr/lib64'] : [];
  return [...new Set([...readConf('/etc/ld.so.conf'), ...multiarch, ...wide, '/lib', '/usr/lib'])];
}

function readConf(file: string, depth = 0): string[] {
  if (depth > 5) return []; // An include that includes itself.
  return lines(file).flatMap((line) => {
    const include = /^include\s+(\S+)/.exec(line)?.[1];
    if (include !== undefined) {
      return expandGlob(resolve(dirname(file), include)).flatMap((path) => readConf(path, depth + 1));
    }
    return line.startsWith('/') ? [line.replace(/[=:,\s].*$/, '')] : [];
  });
}

/** `*` in the last part of a path, which is all that ld.so.conf uses in practice. */
function expandGlob(pattern: string): string[] {
  if (!pattern.includes('*')) return [pattern];
  const escaped = basename(pattern)
    .replace(/[.+^${}()|[\]\\?]/g, '\\$&')
    .replaceAll('*', '.*');
  const folder = dirname(pattern);
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  return names.filter((name) => new RegExp(`^${escaped}$`).test(name)).map((name) => join(folder, name));
}

function muslFolders(interpreter: string): string[] {
  const arch = /^ld-musl-(.+)\.so/.exec(basename(interpreter))?.[1] ?? '';
  const listed = lines(`/etc/ld-musl-${arch}.path`).flatMap((line) => line.split(':').filter(Boolean));
  return listed.length > 0 ? listed : ['/lib', '/usr/local/lib', '/usr/lib'];
}

function lines(file: string): string[] {
  if (!existsSync(file)) return [];
  const text = readFileSync(file, 'utf8').replace(/#.*$/gm, '');
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}
