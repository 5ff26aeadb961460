/** Files that every image holds for workloads of the system: their names and contents, on which image and payload agree. */

import type { DataFolder } from '../types.ts';

/** Node.js in the image. */
export const NODE_PATH = 'usr/bin/node';

/** Small files to read, below the root of the image. */
export const FILE_COUNT = 16;
export const FILE_BYTES = 4096;

/** A program that ends with the number of its arguments, its own name counted, as exit code. */
export const PROGRAM_PATH = 'boxmark/argc';

/** A program that pins itself to the CPU that is its first argument, and becomes the rest of them. */
export const PIN_PATH = 'boxmark/pin';

/** Where a memory file system may be: boxes have one at /tmp; a host's /tmp may be on a disk. */
export const MEMORY_FOLDERS = ['/tmp', '/dev/shm'] as const;

/** Beginning of the name of a payload's folder there; the start's name begins with the id of its run. */
export function memoryFolderName(start: string, pid: number): string {
  return `boxmark-${start}-${pid}-`;
}

/** Is it the name of such a folder of this start's? */
export function isMemoryFolder(name: string, start: string): boolean {
  return name.startsWith(`boxmark-${start}-`) && /^\d+-\w{6}$/.test(name.slice(`boxmark-${start}-`.length));
}

/** Begins a word of a command that is a path in the image: natively below the image's root, in a box below `/`. */
export const IMAGE_MARK = '@image/';

/** A shell, in every image that holds users' commands. */
export const LAUNCHER_PATH = 'boxmark/sh';

/** Where the root of the image is one that the user brought: how its programs are run, and Boxmark's own Node.js. */
export const ROOT_FACTS_PATH = 'boxmark/root.json';

/** What is in that file, for the payload; its programs run as this user. */
export interface RootFacts {
  readonly env: Readonly<Record<string, string>>;
  readonly workdir?: string;
  readonly uid: number;
  readonly gid: number;
  /** Words that start Boxmark's own shell, whose libraries are not those of the root. */
  readonly launcher: readonly string[];
}
export const ROOTED_NODE_PATH = 'boxmark/node';
/** Its libraries and loader, apart from those of the root. */
export const ROOTED_LIBRARIES = 'boxmark/lib';

/** The working files of a user's command, copied to a folder that it may write to at each start. */
export const workPath = (id: string): string => `boxmark/inputs/${id}`;

/** Path of a small file, without a leading slash. */
export function filePath(index: number): string {
  return `boxmark/files/${String(index).padStart(2, '0')}`;
}

/** Its content: `FILE_BYTES` characters in lines of 64, no two files alike. */
export function fileText(index: number): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  let state = index + 1;
  let text = '';
  for (let at = 1; at <= FILE_BYTES; at++) {
    state = nextOf(state) >>> 0;
    text += at % 64 === 0 ? '\n' : letters[state >>> 26];
  }
  return text;
}

/** Arguments that name a payload's folder on the storage of its box. */
const SCRATCH = '--scratch=';
const BEHIND_CACHE = '--scratch-behind-cache=';

export function scratchArguments(place: DataFolder | undefined): string[] {
  return place === undefined ? [] : [`${place.behindCache ? BEHIND_CACHE : SCRATCH}${place.path}`];
}

/** The folder in a payload's arguments. */
export function scratchIn(argv: readonly string[]): DataFolder | undefined {
  for (const argument of argv) {
    for (const [word, behindCache] of [
      [SCRATCH, false],
      [BEHIND_CACHE, true],
    ] as const) {
      if (argument.startsWith(word)) return { path: argument.slice(word.length), behindCache };
    }
  }
  return undefined;
}

/** Numerical Recipes' linear congruential generator modulo 2³²; its upper bits are the better ones. */
export const LCG = { a: 1664525, c: 1013904223 } as const;

/** As a signed integer of 32 bits. */
export function nextOf(state: number): number {
  return (Math.imul(state, LCG.a) + LCG.c) | 0;
}
