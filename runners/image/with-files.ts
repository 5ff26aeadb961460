/** Files and folders of users that go into an image: how they are named, what is taken of them, and how much. */

import { lstatSync, readdirSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, isAbsolute, join, posix, relative, resolve } from 'node:path';
import { messageOf, usageError } from '../../bench/errors.ts';

/** A file or folder of the host and where it goes. */
export interface WithFile {
  /** Absolute, links not yet resolved. */
  readonly source: string;
  /** Absolute path in the image, or a path below the working folder of a command. */
  readonly place: { readonly absolute: string } | { readonly working: string };
}

export interface TreeFile {
  /** Below the place, '' for the file itself. */
  readonly path: string;
  readonly from: string;
  readonly mode: number;
  /** Hexadecimal, in place of as many first bytes. */
  readonly head?: string;
}

export interface Tree {
  readonly files: readonly TreeFile[];
  readonly folders: readonly string[];
  readonly links: readonly (readonly [path: string, target: string])[];
}

/** How much may still be taken. */
export class Budget {
  #files = 0;
  #bytes = 0;
  readonly #most: { readonly files: number; readonly bytes: number };
  readonly #refusal: (figure: string, path: string) => Error;

  constructor(most: { files: number; bytes: number }, refusal: (figure: string, path: string) => Error) {
    this.#most = most;
    this.#refusal = refusal;
  }

  take(path: string, bytes: number): void {
    this.#files += 1;
    this.#bytes += bytes;
    if (this.#files > this.#most.files) throw this.#refusal(`more than ${this.#most.files} files`, path);
    if (this.#bytes > this.#most.bytes) {
      throw this.#refusal(`${this.#bytes} bytes or more, with ${this.#most.bytes} allowed`, path);
    }
  }
}

/** Folders of which every box has its own, so that nothing of the image shows there. */
const OWN_FOLDERS = /^\/(tmp|run)(\/|$)/;
const KERNEL_FOLDERS = /^\/(proc|sys|dev)(\/|$)/;

export const isKernelPath = (path: string): boolean => KERNEL_FOLDERS.test(path) || /^\/run(\/|$)/.test(path);
export const isHiddenPath = (path: string): boolean => OWN_FOLDERS.test(path) || KERNEL_FOLDERS.test(path);

/** Parses `SRC[:DEST]`. Throws a usage error for a source that is missing and for a place that the image can't have. */
export function parseWith(spec: string, cwd: string): WithFile {
  const colon = statusOf(resolve(cwd, spec)) === undefined ? spec.lastIndexOf(':') : -1;
  const written = colon < 0 ? spec : spec.slice(0, colon);
  const source = resolve(cwd, written);
  const found = written === '' ? undefined : statusOf(source);
  if (found === undefined) {
    throw usageError(
      'A file that the commands need does not exist.',
      spec,
      `SRC or SRC:DEST; relative paths start at ${cwd}`,
    );
  }
  const named = colon < 0 ? written : spec.slice(colon + 1);
  if (named === '') throw usageError('No place in the box is named after the colon.', spec, 'SRC, or SRC:DEST');
  // Into a folder, as with cp.
  const into = found.isFile() && /(^|\/)\.?\/?$/.test(named) ? `${named}/${basename(source)}` : named;
  return { source, place: placeOf(into, spec) };
}

function placeOf(named: string, spec: string): WithFile['place'] {
  if (named.split('/').includes('..')) {
    throw usageError('The place in the box has `..` in it.', spec, 'SRC:DEST with a DEST that has none');
  }
  const place = posix.normalize(named).replace(/(?<=.)\/$/, '');
  if (!isAbsolute(place)) return { working: place === '.' ? '' : place };
  if (place === '/' || isHiddenPath(place) || /^\/boxmark(\/|$)/.test(place)) {
    throw usageError(
      `Nothing can be placed at ${place}: every box has its own there.`,
      spec,
      'SRC:DEST with a relative DEST, which is below the working folder of the command',
    );
  }
  return { absolute: place };
}

/** What is there, links followed; undefined for nothing, and for text that is no path at all. */
export function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

export interface ScanOptions {
  readonly budget: Budget;
  /** Leave this out, by its path below the folder. */
  readonly skip?: (path: string) => boolean;
  /** Leave out pipes, sockets and devices instead of refusing them. */
  readonly skipSpecial?: boolean;
}

/**
 * Lists a file or folder: sorted, the executable bit kept and no other, links inside kept, links to the outside followed.
 * Throws a usage error for pipes, sockets and devices, for what can't be read, and beyond the budget.
 */
export function scanTree(source: string, options: ScanOptions): Tree {
  const scan = new TreeScan(realpathSync(source), options);
  scan.visit(scan.root, '', []);
  return scan;
}

class TreeScan implements Tree {
  readonly files: TreeFile[] = [];
  readonly folders: string[] = [];
  readonly links: [path: string, target: string][] = [];
  readonly root: string;
  readonly #options: ScanOptions;

  constructor(root: string, options: ScanOptions) {
    this.root = root;
    this.#options = options;
  }

  /** @param above real paths of the folders that are being visited */
  visit(from: string, path: string, above: readonly string[]): void {
    const { skip, skipSpecial, budget } = this.#options;
    if (path !== '' && skip?.(path) === true) return;
    try {
      const found = statSync(from);
      if (found.isDirectory()) this.#visitFolder(from, path, above);
      else if (found.isFile()) {
        budget.take(from, found.size);
        this.files.push({ path, from, mode: (found.mode & 0o111) === 0 ? 0o644 : 0o755 });
      } else if (skipSpecial !== true) throw special(from);
    } catch (error) {
      throw asRefusal(error, from);
    }
  }

  #visitFolder(from: string, path: string, above: readonly string[]): void {
    const real = realpathSync(from);
    if (above.includes(real)) return; // A link to a folder above it.
    this.#options.budget.take(from, 0);
    this.folders.push(path);
    for (const name of readdirSync(from).sort()) {
      checkName(name, from);
      const inner = join(from, name);
      const innerPath = path === '' ? name : `${path}/${name}`;
      const kept = lstatSync(inner).isSymbolicLink() ? keptLink(inner, innerPath, this.root) : undefined;
      if (kept === undefined) this.visit(inner, innerPath, [...above, real]);
      else if (kept !== null && this.#options.skip?.(innerPath) !== true) this.links.push([innerPath, kept]);
    }
  }
}

/** Target of a link that stays in the folder; undefined for one that leaves it, null for one that leads nowhere. */
function keptLink(link: string, path: string, root: string): string | null | undefined {
  let real: string;
  try {
    real = realpathSync(link);
  } catch {
    return null;
  }
  const inside = relative(root, real);
  if (inside === '' || inside.startsWith('../') || inside === '..' || isAbsolute(inside)) return undefined;
  const target = readlinkSync(link);
  // As written where that leads there in the copy as well.
  if (!isAbsolute(target) && join(posix.dirname(path), target) === inside) return target;
  return posix.relative(posix.dirname(path), inside);
}

/** Has it no control characters, and is it UTF-8? The list of programs has one path a line, and manifests are text. */
export function isPrintable(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are looked for.
  return !/[\u0000-\u001f\u007f\ufffd]/.test(name);
}

function checkName(name: string, folder: string): void {
  if (isPrintable(name)) return;
  throw usageError(
    'The name of a file has control characters or is not UTF-8.',
    `${JSON.stringify(name)} in ${folder}`,
    'rename it, or name the files one by one',
  );
}

function special(path: string): Error {
  return usageError(
    'A pipe, socket or device can not be part of the image.',
    path,
    'name the files that the command needs one by one',
  );
}

function asRefusal(error: unknown, path: string): unknown {
  if (typeof (error as { code?: unknown } | null)?.code !== 'string') return error;
  return usageError(
    `A file that the commands need can't be read: ${messageOf(error)}`,
    path,
    'make it readable, or leave it out',
  );
}
