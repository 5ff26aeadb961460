/** Commands of users become part of the image: their programs, what these need, and the files that they name. */

import { realpathSync } from 'node:fs';
import { posix } from 'node:path';
import { BoxmarkError, usageError } from '../../bench/errors.ts';
import { IMAGE_MARK, LAUNCHER_PATH } from '../../bench/payload/image-files.ts';
import type { Image } from '../../bench/types.ts';
import { findCommand } from '../kit/commands.ts';
import { buildLayout } from './build.ts';
import { type FoundProgram, findProgram } from './find-program.ts';
import { type Companions, companionsOf } from './interpreters.ts';
import { layoutOf, PROGRAM_LIST_PATH } from './layout.ts';
import { loadImage } from './load.ts';
import { readManifest } from './manifest.ts';
import { isSystemPath, type ObjectOptions, ProgramLayout, privatePlace } from './program-layout.ts';
import {
  assertId,
  asUsage,
  imageBudget,
  mark,
  type ProgramImage,
  type ProgramNeeds,
  type ResolvedCommand,
  type WantedCommand,
  WorkingFiles,
} from './program-needs.ts';
import { pythonCall, pythonModules } from './python-modules.ts';
import { rootAgain } from './root/open.ts';
import { rootedImage } from './root/programs.ts';
import { startOf } from './shebang.ts';
import { programNames } from './shell-words.ts';
import { isHiddenPath, isKernelPath, parseWith, scanTree, statusOf, type Tree, type WithFile } from './with-files.ts';

const { basename, dirname, isAbsolute, join, normalize, relative, resolve } = posix;

/** Linux follows no more scripts that are interpreters of scripts (BINPRM). */
const MOST_NESTED = 4;

/**
 * The base image with all that the commands need. Built once, then found by the size and times of its sources. Throws a
 * usage error, before anything is built, when something is missing or can't be part of an image.
 */
export async function programImage(base: Image, needs: ProgramNeeds): Promise<ProgramImage> {
  if (needs.commands.length === 0) return { image: base, commands: [] };
  if (needs.root !== undefined) return rootedImage(base, needs, await rootAgain(needs.root, needs.cwd));
  const programs = new Programs(new ProgramLayout(layoutOf(base.root, await readManifest(base.root))), needs.cwd);
  const commands = await programs.addAll(needs).catch((error: unknown) => {
    throw asUsage(error);
  });
  return { image: await loadImage(await buildLayout(programs.finished())), commands };
}

class Programs {
  readonly #layout: ProgramLayout;
  readonly #cwd: string;
  readonly #placed = new Map<string, string[]>();
  readonly #scripts = new Set<string>();
  /** By the real path of an interpreter, where it finds packages in the image. */
  readonly #packages = new Map<string, { readonly place: string; readonly prepare: (tree: Tree) => Tree }>();
  /** Absolute places of `--with` that are others on this host. */
  readonly #moved: string[] = [];
  readonly #budget = imageBudget();

  constructor(layout: ProgramLayout, cwd: string) {
    this.#layout = layout;
    this.#cwd = cwd;
  }

  async addAll(needs: ProgramNeeds): Promise<ResolvedCommand[]> {
    const shell = findProgram('sh', this.#cwd);
    if (shell.shebang === undefined) this.#layout.addObject(LAUNCHER_PATH, shell.file);
    const shared = needs.with.map((spec) => parseWith(spec, this.#cwd));
    const commands: ResolvedCommand[] = [];
    for (const wanted of needs.commands) {
      assertId(wanted, commands);
      commands.push(await this.#add(wanted, shared));
    }
    return commands;
  }

  finished(): ProgramLayout['layout'] {
    const { layout, programs } = this.#layout;
    layout.files.set(PROGRAM_LIST_PATH, { mode: 0o644, text: programs.map((path) => `${path}\n`).join('') });
    return layout;
  }

  async #add(wanted: WantedCommand, shared: readonly WithFile[]) {
    const { id, command, shell = false, files = [], setup, prepare, cleanup } = wanted;
    const own = files.map((spec) => parseWith(spec, this.#cwd));
    const working = new WorkingFiles(this.#layout, id);
    for (const file of [...own, ...shared]) await this.#addWith(file, working);
    const [word = '', ...rest] = shell ? ['sh', '-c', ...command] : command;
    const found = findProgram(word, this.#cwd);
    const start = await this.#program(found, id);
    const argv = [...start];
    for (const each of rest) argv.push(shell ? each : await this.#word(each, working));
    if (!shell) await this.#addModules(found, rest, argv, working);
    const texts = [...(shell ? command : []), setup ?? '', prepare ?? '', cleanup ?? ''];
    for (const name of new Set(texts.flatMap(programNames))) await this.#called(name);
    return { id, argv };
  }

  /** A program that a shell text calls: its name may be one of the shell's own, or mean something else. */
  async #called(name: string): Promise<void> {
    if (findCommand(name) === undefined) return;
    try {
      const found = findProgram(name, this.#cwd);
      if (this.#systemPlace(found.file) !== undefined) await this.#program(found, basename(found.file));
    } catch (error) {
      if (!(error instanceof BoxmarkError)) throw error;
    }
  }

  async #addWith({ source, place }: WithFile, working: WorkingFiles): Promise<void> {
    if ('working' in place) return this.#addTree(source, working.placeOf(place.working), working);
    if (!this.#moved.includes(place.absolute) && place.absolute !== source) this.#moved.push(place.absolute);
    await this.#addTree(source, this.#layout.placeOf(place.absolute));
  }

  async #addTree(source: string, place: string, working?: WorkingFiles): Promise<void> {
    const tree = scanTree(source, { budget: working?.budget ?? this.#budget });
    const isFile = tree.folders.length === 0;
    const options: ObjectOptions = {
      skipMissing: !isFile,
      ...(working === undefined ? {} : { within: working.folder }),
    };
    for (const script of this.#layout.addTree(place, tree, options)) await this.#addScriptNeeds(script, !isFile);
  }

  /** The kernel looks for the interpreter of a script at its own path, and `env` on the PATH. */
  async #addScriptNeeds(script: string, isOptional: boolean): Promise<void> {
    const start = startOf(script);
    if (start.kind !== 'script' || this.#scripts.has(start.line)) return;
    this.#scripts.add(start.line);
    try {
      const { shebang } = findProgram(script, this.#cwd);
      if (shebang === undefined) return;
      const needed = [shebang.interpreter, ...(shebang.env === undefined ? [] : [shebang.env])];
      for (const word of needed) {
        const found = findProgram(word, this.#cwd, script);
        if (this.#systemPlace(found.file) !== undefined) await this.#program(found, basename(found.file));
      }
    } catch (error) {
      if (!isOptional) throw error;
    }
  }

  /** Adds a program, for a script also its interpreter. Gives the words that start it. */
  async #program(found: FoundProgram, id: string, nested = 0): Promise<string[]> {
    const key = `${id}\0${found.path}\0${nested > 0}`;
    const known = this.#placed.get(key);
    if (known !== undefined) return known;
    const argv =
      found.shebang === undefined ? await this.#compiled(found, id, nested) : await this.#script(found, id, nested);
    this.#placed.set(key, argv);
    return argv;
  }

  async #script({ path, file, shebang }: FoundProgram, id: string, nested: number): Promise<string[]> {
    if (nested >= MOST_NESTED) {
      throw usageError(
        'The interpreters of the script are scripts themselves, too many deep.',
        path,
        'name the last one',
      );
    }
    const interpreter = findProgram(shebang!.interpreter, this.#cwd, path);
    const words = await this.#program(interpreter, id, nested + 1);
    const place = this.#systemPlace(file) ?? ownPlace(id, file, nested);
    this.#layout.addFile(place, file, 0o755);
    return [...words, ...shebang!.args, mark(this.#linked(path, place))];
  }

  async #compiled({ path, file }: FoundProgram, id: string, nested: number): Promise<string[]> {
    const companions = await companionsOf(file);
    const system = this.#systemPlace(file);
    const own = ownPlace(id, file, nested);
    const tools = `boxmark/tools/${id}`;
    const name = companions?.prefix === undefined ? basename(own) : basename(file);
    const place = system ?? privatePlace(file, tools, name, companions?.prefix) ?? own;
    this.#layout.addObject(place, file);
    const program = mark(system === undefined ? this.#layout.addLink(own, place) : this.#linked(path, place));
    if (companions === undefined) return [program];
    const prefix = system === undefined ? companions.prefix : undefined;
    const placeOf = (folder: string): string => {
      const inner = prefix === undefined ? '..' : relative(prefix, folder);
      return inner.startsWith('..') ? this.#layout.placeOf(folder) : join(tools, inner);
    };
    const { packages } = companions;
    if (packages !== undefined) {
      this.#packages.set(file, { place: placeOf(packages.folder), prepare: packages.prepare });
    }
    return [program, ...this.#addCompanions(companions, placeOf)];
  }

  /** What a Python script imports, beside it or among the packages of its interpreter. `argv`: the call in a box. */
  async #addModules(
    { path, file, shebang }: FoundProgram,
    words: readonly string[],
    argv: readonly string[],
    working: WorkingFiles,
  ): Promise<void> {
    const python = shebang === undefined ? { path, file } : findProgram(shebang.interpreter, this.#cwd, path);
    const call = pythonCall(python.path, shebang === undefined ? words : [...shebang.args, file], this.#cwd);
    if (call === undefined || statusOf(call.script)?.isFile() !== true) return;
    const packages = this.#packages.get(python.file);
    // The script of a first line is the last word of the program itself; any other is a word of the command.
    const at = shebang === undefined ? words.indexOf(call.word) : -1;
    const script = placeInBox(argv[argv.length - words.length + at] ?? '', working);
    for (const { source, name, isBeside } of await pythonModules(call)) {
      if (!isBeside && packages === undefined) continue;
      const place = join(isBeside ? dirname(script) : (packages?.place ?? ''), name);
      if (this.#layout.has(place)) continue;
      const budget = place.startsWith(`${working.folder}/`) ? working.budget : this.#budget;
      const tree = scanTree(source, { budget, skipSpecial: true });
      this.#layout.addTree(place, packages?.prepare(tree) ?? tree, { skipMissing: true, unlisted: true });
    }
  }

  /** Gives the words that make the interpreter use what was added. */
  #addCompanions({ folders, skip, prepare, options }: Companions, placeOf: (folder: string) => string): string[] {
    for (const folder of folders) {
      const real = realpathSync(folder);
      const tree = scanTree(real, { budget: this.#budget, skip, skipSpecial: true });
      this.#layout.addTree(placeOf(real), prepare?.(tree) ?? tree, { skipMissing: true, unlisted: true });
      if (real !== folder) this.#layout.addLink(placeOf(folder), placeOf(real));
    }
    return options.map((option) => (typeof option === 'string' ? option : mark(placeOf(option.folder))));
  }

  /** Its own path where that is one of the system, and the base image has no other file there. */
  #systemPlace(file: string): string | undefined {
    if (!isSystemPath(file)) return undefined;
    const place = this.#layout.placeOf(file);
    return this.#layout.isFree(place, file) ? place : undefined;
  }

  /** A link of the system by which the program was found stays its name: many programs look at it. */
  #linked(path: string, place: string): string {
    if (!isSystemPath(path) || place.startsWith('boxmark/')) return place;
    return this.#layout.addLink(this.#layout.placeOf(path), place);
  }

  /** A word that names a file is a request for it; all others, options too, are left alone. */
  async #word(word: string, working: WorkingFiles): Promise<string> {
    if (word === '' || word.startsWith('-')) return word;
    if (isAbsolute(word)) {
      const path = normalize(word).replace(/(?<=.)\/$/, '');
      const isMoved = this.#moved.some((place) => path === place || path.startsWith(`${place}/`));
      if (isMoved && this.#layout.has(this.#layout.placeOf(path))) return mark(this.#layout.placeOf(path));
      await this.#absoluteWord(path);
      return word;
    }
    const found = statusOf(resolve(this.#cwd, word));
    if (found === undefined || !(found.isFile() || found.isDirectory())) return word;
    if (word.split('/').includes('..')) {
      throw usageError(
        'A file that the command names is above the folder in which it runs.',
        word,
        `its absolute path, or --with ${word}:DEST and DEST in the command`,
      );
    }
    const path = normalize(word).replace(/\/$/, '');
    const place = working.placeOf(path === '.' ? '' : path);
    if (path === '.' || !this.#layout.has(place)) await this.#addTree(resolve(this.#cwd, word), place, working);
    return word;
  }

  async #absoluteWord(path: string): Promise<void> {
    const found = isKernelPath(path) || path === '/' ? undefined : statusOf(path);
    if (found === undefined || !(found.isFile() || found.isDirectory())) return;
    const place = this.#layout.placeOf(path);
    if (this.#layout.has(place)) return;
    if (isHiddenPath(path)) {
      throw usageError(
        `A file that the command names is in /${path.split('/')[1]}, of which every box has its own.`,
        path,
        'a relative path, or --with SRC:DEST and DEST in the command; remove the file if the command writes it',
      );
    }
    await this.#addTree(path, place);
  }
}

/** Where a word of a command leads in the image: a marked or absolute path, else one below the working folder. */
function placeInBox(word: string, working: WorkingFiles): string {
  if (word.startsWith(IMAGE_MARK)) return word.slice(IMAGE_MARK.length);
  return isAbsolute(word) ? word.slice(1) : working.placeOf(normalize(word));
}

/** A place that depends neither on the folder nor, for the command itself, on the name of the file. */
function ownPlace(id: string, file: string, nested: number): string {
  return nested === 0 ? `boxmark/bin/${id}` : `boxmark/tools/${id}/bin/${basename(file)}`;
}
