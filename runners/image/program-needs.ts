/** What users' commands need of an image, and what both ways of adding them to one have in common. */

import { posix } from 'node:path';
import { BoxmarkError, EXIT, usageError } from '../../bench/errors.ts';
import { IMAGE_MARK, workPath } from '../../bench/payload/image-files.ts';
import type { Image } from '../../bench/types.ts';
import { LayoutConflict } from './layout.ts';
import type { ProgramLayout } from './program-layout.ts';
import { Budget } from './with-files.ts';

/** A command as the user gave it. */
export interface WantedCommand {
  /** A safe name. */
  readonly id: string;
  /** Argument array; with `shell` one text for `sh -c`. */
  readonly command: readonly string[];
  readonly shell?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Absolute; the command's own folder when left out. */
  readonly workdir?: string;
  /** `SRC[:DEST]`, for this command. */
  readonly files?: readonly string[];
  /** Shell texts that run beside it. */
  readonly setup?: string;
  readonly prepare?: string;
  readonly cleanup?: string;
}

export interface ProgramNeeds {
  readonly commands: readonly WantedCommand[];
  /** `SRC[:DEST]`, for all. */
  readonly with: readonly string[];
  /** Absolute; relative paths start here. */
  readonly cwd: string;
  /** The root in which they run, by its digest and where it is from; the base image when left out. */
  readonly root?: { readonly source: string; readonly digest: string };
}

export interface ResolvedCommand {
  readonly id: string;
  /** What runs in a box; a word that begins with `IMAGE_MARK` is a path in the image. */
  readonly argv: readonly string[];
}

export interface ProgramImage {
  readonly image: Image;
  readonly commands: readonly ResolvedCommand[];
}

const MOST = { files: 200_000, bytes: 8 * 2 ** 30 };
/** Working files are copied into the memory of a box at each start. */
const MOST_WORKING = { files: MOST.files, bytes: 64 * 2 ** 20 };
const SAFE_ID = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,40}$/;

/** How much all commands may add to an image. */
export function imageBudget(): Budget {
  return new Budget(MOST, (figure, path) =>
    usageError(
      `The commands need ${figure}, and an image takes ${MOST.files} files and 8 GiB.`,
      path,
      'name fewer or smaller folders',
    ),
  );
}

/** Throws a usage error for a name that is no safe one, or that a command before it has. */
export function assertId({ id }: WantedCommand, before: readonly ResolvedCommand[]): void {
  if (SAFE_ID.test(id) && !before.some((one) => one.id === id)) return;
  throw usageError('The name of a command is not usable, or used twice.', id, 'letters, digits and ._+-');
}

/** The folder of a command whose files it finds where it runs. */
export class WorkingFiles {
  readonly folder: string;
  readonly budget: Budget;

  constructor(layout: ProgramLayout, id: string) {
    this.folder = workPath(id);
    layout.addFolder(this.folder);
    this.budget = new Budget(MOST_WORKING, (figure, path) =>
      usageError(
        `The working files of a command are copied into memory at each start, and are limited to 64 MiB: ${id} has ${figure}.`,
        path,
        'name the file by its absolute path, or --with SRC:/DEST, which are not copied',
      ),
    );
  }

  placeOf(path: string): string {
    return path === '' ? this.folder : posix.join(this.folder, path);
  }
}

export function mark(place: string): string {
  return `${IMAGE_MARK}${place}`;
}

/** What is missing for a command is a matter of the command, and so is what doesn't fit the image. */
export function asUsage(error: unknown): unknown {
  if (!(error instanceof BoxmarkError) || error.exitCode !== EXIT.failed) return error;
  const remedy =
    error instanceof LayoutConflict
      ? 'run on the host whose image it is, or link the program statically'
      : error.remedy;
  return new BoxmarkError(
    {
      what: error.what,
      ...(error.value === undefined ? {} : { value: error.value }),
      ...(remedy === undefined ? {} : { remedy }),
      cause: error,
    },
    EXIT.usage,
  );
}
