/** A layout to which programs of users are added, with the libraries and files that they need, each where it is found again. */

import { realpathSync } from 'node:fs';
import { posix } from 'node:path';
import { type ElfFile, readElf } from './elf.ts';
import { type FoundLibrary, loadedLibraries } from './elf-closure.ts';
import { addFile, addFolder, isTaken, type Layout, throughLinks } from './layout.ts';
import { startOf } from './shebang.ts';
import { isHiddenPath, type Tree } from './with-files.ts';

const { basename, dirname, join, normalize, relative } = posix;

/** Folders whose paths are part of the system; what is elsewhere gets a place that doesn't depend on the user's folders. */
const SYSTEM_FOLDERS = /^\/(usr|bin|sbin|lib[^/]*|opt|nix)\//;

export const isSystemPath = (path: string): boolean => SYSTEM_FOLDERS.test(path);

export interface ObjectOptions {
  /** Libraries that are missing are left out: what opens the object has them, or does without it. */
  readonly skipMissing?: boolean;
  /** Not listed among the programs that commands start. */
  readonly unlisted?: boolean;
  /** Folder of the image in which libraries that are found relative to the object must stay to be found. */
  readonly within?: string;
}

export class ProgramLayout {
  readonly layout: Layout;
  readonly #programs = new Set<string>();
  /** Shared objects and programs whose libraries are in the layout, with their places. */
  readonly #closed = new Set<string>();
  readonly #elves = new Map<string, ElfFile | undefined>();
  /** What the base image's Node.js is: programs of other processors are none here. */
  readonly #node = readElf(realpathSync(process.execPath));

  constructor(layout: Layout) {
    this.layout = layout;
  }

  /** The paths of the ELF programs that commands start, sorted. */
  get programs(): readonly string[] {
    return [...this.#programs].sort();
  }

  /** The place of a host path that is the same in the image. */
  placeOf(path: string): string {
    return throughLinks(this.layout, path.slice(1));
  }

  isFree(place: string, from: string): boolean {
    return !isTaken(this.layout, place, from);
  }

  /** Is there anything at the place? */
  has(place: string): boolean {
    const at = throughLinks(this.layout, place);
    return this.layout.files.has(at) || this.layout.folders.has(at) || this.layout.links.has(at);
  }

  addFile(place: string, from: string, mode: number): void {
    addFile(this.layout, place, from, mode);
  }

  addFolder(place: string): void {
    addFolder(this.layout, throughLinks(this.layout, place));
  }

  /** A link that leads the same way wherever the root of the image is. Gives the place that counts. */
  addLink(place: string, target: string): string {
    const at = throughLinks(this.layout, place);
    if (at === target) return target;
    const words = relative(dirname(at), target);
    if (this.layout.links.get(at) === words) return at;
    if (this.has(at)) return target;
    addFolder(this.layout, dirname(at));
    this.layout.links.set(at, words);
    return at;
  }

  /** Adds a program or shared object and all that its loader needs. */
  addObject(place: string, file: string, options: ObjectOptions = {}): void {
    this.addFile(place, file, 0o755);
    this.closeObject(place, file, options);
  }

  /** Adds what an object that is in the layout needs. */
  closeObject(place: string, file: string, { skipMissing = false, unlisted = false, within }: ObjectOptions): void {
    const read = (path: string): ElfFile | undefined => this.#elfOf(path);
    const loaded = loadedLibraries(file, { skipMissing, loader: this.#node?.interpreter, read });
    if (loaded.interpreter !== undefined && !unlisted) this.#programs.add(place);
    const key = `${place}\0${file}`;
    if (this.#closed.has(key)) return;
    this.#closed.add(key);
    if (loaded.interpreter !== undefined) {
      const loader = realpathSync(loaded.interpreter);
      this.addFile(this.placeOf(loaded.interpreter), loader, 0o755);
    }
    const folder = this.#libraryFolder(loaded);
    const places = new Map([[realpathSync(file), place]]);
    for (const library of loaded.found) {
      const at = this.#placeOfLibrary(library, places, folder, within);
      places.set(library.file, at);
      this.addFile(at, library.file, 0o644);
    }
  }

  /** All libraries of the loader's own folders go where the C library is, because every loader looks there by default. */
  #libraryFolder(loaded: ReturnType<typeof loadedLibraries>): string {
    const libc = loaded.found.find(({ name }) => /^libc\.so/.test(name))?.file;
    const loader = loaded.interpreter ?? this.#node?.interpreter;
    const from = libc ?? (loader === undefined ? '/usr/lib/libc.so' : realpathSync(loader));
    return this.placeOf(dirname(from));
  }

  #placeOfLibrary(
    { name, path, by }: FoundLibrary,
    places: ReadonlyMap<string, string>,
    folder: string,
    within: string | undefined,
  ): string {
    const common = join(folder, basename(name));
    if (by === 'loader') return common;
    if (by === 'object') return isHiddenPath(path) ? common : this.placeOf(normalize(path));
    const origin = places.get(by.origin);
    if (origin === undefined) return common;
    const place = join(dirname(origin), relative(dirname(by.origin), normalize(path)));
    const isInside = !place.startsWith('../') && (within === undefined || place.startsWith(`${within}/`));
    return isInside ? throughLinks(this.layout, place) : common;
  }

  /**
   * Adds a tree at a place, and what its shared objects and programs need from outside of it.
   * Returns the executable scripts in it.
   */
  addTree(place: string, tree: Tree, options: ObjectOptions = {}): string[] {
    const at = this.placeTree(place, tree);
    const scripts: string[] = [];
    for (const { path, from, mode } of tree.files) {
      const isObject = /\.so(\.|$)/.test(basename(from));
      if (!isObject && mode !== 0o755) continue;
      const start = startOf(from);
      if (start.kind === 'script') scripts.push(from);
      if (start.kind !== 'elf' || !this.#isForNode(from)) continue;
      this.closeObject(at(path), from, options);
    }
    return scripts;
  }

  /** Adds a tree as it is. Gives where each of its paths is. */
  placeTree(place: string, tree: Tree): (path: string) => string {
    const root = throughLinks(this.layout, place);
    const at = (path: string): string => (path === '' ? root : join(root, path));
    for (const path of tree.folders) this.addFolder(at(path));
    for (const { path, from, mode, head } of tree.files) {
      if (head === undefined) this.addFile(at(path), from, mode);
      else this.layout.files.set(at(path), { mode, from, head });
    }
    for (const [path, target] of tree.links) this.addLink(at(path), join(dirname(at(path)), target));
    return at;
  }

  #elfOf(file: string): ElfFile | undefined {
    const elf = this.#elves.has(file) ? this.#elves.get(file) : readElf(file);
    this.#elves.set(file, elf);
    return elf;
  }

  #isForNode(file: string): boolean {
    const elf = this.#elfOf(file);
    return elf !== undefined && elf.machine === this.#node?.machine && elf.bits === this.#node.bits;
  }
}

/** Where a program of a user's own folder goes, such that libraries found relative to it stay so: below `folder`. */
export function privatePlace(file: string, folder: string, name: string, prefix?: string): string | undefined {
  const near = prefix === undefined ? originFolders(file) : [prefix];
  if (near.length === 0) return undefined;
  const top = near.reduce(commonFolder, dirname(file));
  const inner = relative(top, dirname(file));
  return join(folder, inner, name);
}

/** Folders outside the system in which libraries are found by `$ORIGIN`. */
function originFolders(file: string): string[] {
  const { found } = loadedLibraries(file);
  return found
    .filter(({ by, path }) => typeof by === 'object' && !isSystemPath(path))
    .map(({ path }) => dirname(normalize(path)));
}

function commonFolder(a: string, b: string): string {
  const names = b.split('/');
  const parts = a.split('/');
  const length = parts.findIndex((part, index) => part !== names[index]);
  return (length < 0 ? parts : parts.slice(0, length)).join('/') || '/';
}
