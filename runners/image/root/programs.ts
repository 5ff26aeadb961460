/** Commands that run in a root that the user brings: their programs are those of the root, nothing of this host's is. */

import { posix } from 'node:path';
import { usageError } from '../../../bench/errors.ts';
import type { Image } from '../../../bench/types.ts';
import { buildLayout } from '../build.ts';
import { readElf } from '../elf.ts';
import { machineName } from '../find-program.ts';
import { type Layout, resolvedPlace } from '../layout.ts';
import { loadImage } from '../load.ts';
import { ProgramLayout } from '../program-layout.ts';
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
} from '../program-needs.ts';
import { parseShebang, startOf } from '../shebang.ts';
import { parseWith, scanTree, type WithFile } from '../with-files.ts';
import { missingLibraries } from './libraries.ts';
import { rootedLayout } from './runtime.ts';
import type { StoredRoot } from './stored.ts';

const { basename, resolve } = posix;

/** Of container engines, for an image that names none. */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const SHELL = '/bin/sh';
const EXECUTABLE = 0o111;

/** The root with Boxmark's own files beside it and those that the user adds. Throws a usage error for what is missing. */
export async function rootedImage(base: Image, needs: ProgramNeeds, digest: string): Promise<ProgramImage> {
  const { layout, root } = await rootedLayout(base, digest);
  const programs = new RootedPrograms(new ProgramLayout(layout), root, needs.cwd);
  let commands: ResolvedCommand[];
  try {
    commands = programs.addAll(needs);
  } catch (error) {
    throw asUsage(error);
  }
  return { image: await loadImage(await buildLayout(layout)), commands };
}

class RootedPrograms {
  readonly #programs: ProgramLayout;
  readonly #root: StoredRoot;
  readonly #cwd: string;
  readonly #budget = imageBudget();

  constructor(programs: ProgramLayout, root: StoredRoot, cwd: string) {
    this.#programs = programs;
    this.#root = root;
    this.#cwd = cwd;
  }

  addAll(needs: ProgramNeeds): ResolvedCommand[] {
    const shared = needs.with.map((spec) => parseWith(spec, this.#cwd));
    const commands: ResolvedCommand[] = [];
    for (const wanted of needs.commands) {
      assertId(wanted, commands);
      commands.push(this.#add(wanted, shared));
    }
    return commands;
  }

  #add(wanted: WantedCommand, shared: readonly WithFile[]): ResolvedCommand {
    const { id, command, shell = false, files = [], setup, prepare, cleanup } = wanted;
    const working = new WorkingFiles(this.#programs, id);
    for (const file of [...files.map((spec) => parseWith(spec, this.#cwd)), ...shared]) this.#addWith(file, working);
    const finder = new RootFinder(this.#programs.layout, this.#root, wanted);
    const texts = Object.entries({ setup, prepare, cleanup }).filter(([, text]) => text !== undefined);
    if (shell || texts.length > 0) finder.assertShell(shell ? 'sh:' : (texts[0]?.[0] ?? ''));
    if (shell) return { id, argv: [mark(SHELL.slice(1)), '-c', ...command] };
    const [word = '', ...rest] = command;
    return { id, argv: [mark(finder.find(word).slice(1)), ...rest] };
  }

  /** As it is: libraries of this host would be others than those of the root. */
  #addWith({ source, place }: WithFile, working: WorkingFiles): void {
    const isWorking = 'working' in place;
    const tree = scanTree(source, { budget: isWorking ? working.budget : this.#budget });
    this.#programs.placeTree(isWorking ? working.placeOf(place.working) : this.#programs.placeOf(place.absolute), tree);
  }
}

/** Finds the program of a command as a process in the root would. */
class RootFinder {
  readonly #layout: Layout;
  readonly #path: string;
  readonly #workdir: string | undefined;

  constructor(layout: Layout, root: StoredRoot, { env = {}, workdir }: WantedCommand) {
    this.#layout = layout;
    this.#path = env.PATH ?? root.env.PATH ?? DEFAULT_PATH;
    this.#workdir = workdir ?? root.workdir;
  }

  /** The absolute path in the root, links not followed. Throws a usage error for what is missing there, or can't run. */
  find(word: string): string {
    const path = word.includes('/') ? this.#named(word) : this.#onPath(word);
    const source = path === undefined ? undefined : this.#fileAt(path);
    if (path === undefined || source === undefined) {
      const where = word.includes('/') ? 'at this path' : `on its PATH (${this.#path})`;
      throw usageError(
        `The root has no program ${where}.`,
        word,
        'a program of the root, by its absolute path; --with SRC:/DEST adds one',
      );
    }
    const refuse = (what: string): Error =>
      usageError(`The program ${what}.`, `${word} in the root`, 'another program of the root');
    if ((source.mode & EXECUTABLE) === 0) throw refuse('is not executable');
    const start = startOf(source.from);
    if (start.kind === 'elf') this.#assertElf({ file: source.from, word, machine: start.machine }, refuse);
    else if (start.kind === 'script') this.#assertScript(start.line, word);
    else
      throw refuse(
        start.kind === 'empty' ? 'is an empty file' : 'is neither compiled nor a script that begins with `#!`',
      );
    return path;
  }

  assertShell(what: string): void {
    const source = this.#fileAt(SHELL);
    if (source !== undefined && (source.mode & EXECUTABLE) !== 0) return;
    throw usageError(`The root has no /bin/sh, which ${what} needs.`, what, 'exec: with a program of the root');
  }

  #named(word: string): string {
    if (word.startsWith('/')) return resolve(word);
    if (this.#workdir === undefined) {
      throw usageError(
        'A relative path names nothing in the root: programs run in a fresh folder.',
        word,
        'its absolute path in the root',
      );
    }
    return resolve(this.#workdir, word);
  }

  #onPath(name: string): string | undefined {
    const folders = this.#path.split(':').filter((folder) => folder.startsWith('/'));
    return folders
      .map((folder) => resolve(folder, name))
      .find((path) => ((this.#fileAt(path)?.mode ?? 0) & EXECUTABLE) !== 0);
  }

  #fileAt(path: string): { readonly mode: number; readonly from: string } | undefined {
    const source = this.#layout.files.get(resolvedPlace(this.#layout, path.slice(1)));
    return source !== undefined && 'from' in source ? source : undefined;
  }

  #assertElf(
    { file, word, machine }: { readonly file: string; readonly word: string; readonly machine: number },
    refuse: (what: string) => Error,
  ): void {
    const own = readElf('/proc/self/exe')?.machine;
    if (own !== undefined && machine !== own) {
      throw refuse(`is for ${machineName(machine)}; this host is ${machineName(own)}`);
    }
    const loader = readElf(file)?.interpreter;
    if (loader !== undefined && this.#fileAt(resolve('/', loader)) === undefined)
      throw refuse(`needs the loader ${loader}, which the root has not`);
    this.#assertLibraries(file, word);
  }

  /** Its loader would find them missing only when it runs. */
  #assertLibraries(file: string, word: string): void {
    const { names, folder } = missingLibraries(this.#layout, file);
    const [first] = names;
    if (first === undefined) return;
    throw usageError(
      `The program needs ${names.slice(0, 5).join(', ')}, which the root has nowhere.`,
      `${word} in the root`,
      `--with FOLDER/${first}:${folder}/${first} with the library's place on this host, or an image that has it`,
    );
  }

  #assertScript(line: string, script: string): void {
    const { interpreter, env } = parseShebang(line, script);
    const needed = env === undefined ? [interpreter] : [env];
    const isThere = needed.every((path) => this.#fileAt(resolve('/', path)) !== undefined);
    if (isThere && (env === undefined || this.#onPath(interpreter) !== undefined)) return;
    throw usageError(
      `The script needs ${basename(interpreter)}, which the root has not.`,
      `${script} in the root`,
      'an image that has it',
    );
  }
}
