/** Shared libraries that a program of a root needs and that the root does not have, in whatever folder a loader may look. */

import { posix } from 'node:path';
import { type ElfFile, readElf } from '../elf.ts';
import type { Layout } from '../layout.ts';

const { basename, dirname } = posix;

/** Boxmark's own files, among them libraries that no program of the root uses. */
const OWN = 'boxmark/';
/** Names that musl's loader answers to itself. */
const OF_MUSL = /^lib(c|pthread|rt|m|dl|util|xnet)\./;

export interface MissingLibraries {
  readonly names: readonly string[];
  /** Absolute, in the root: where it has the program's other libraries. */
  readonly folder: string;
}

/**
 * By their names: where a loader looks depends on its own configuration, but it finds no file that is nowhere. Libraries of
 * libraries are followed where the root has one file of the name.
 */
export function missingLibraries(layout: Layout, program: string): MissingLibraries {
  const known = namesIn(layout);
  const start = readElf(program);
  const loader = basename(start?.interpreter ?? '');
  const isMusl = loader.startsWith('ld-musl-');
  let folder = '/usr/lib';
  const missing = new Set<string>();
  const seen = new Set<string>();
  const queue: (ElfFile | undefined)[] = [start];
  for (const elf of queue) {
    for (const needed of elf?.needed ?? []) {
      const name = basename(needed);
      if (seen.has(name) || name === loader || (isMusl && OF_MUSL.test(name))) continue;
      seen.add(name);
      const found = known.get(name);
      if (found === undefined) {
        missing.add(name);
        continue;
      }
      folder = `/${dirname(found.place)}`;
      if (found.files.length === 1) queue.push(readElf(found.files[0] as string));
    }
  }
  return { names: [...missing], folder };
}

/** By name the last place, and the files of the name: of a link, none. */
function namesIn({ files, links }: Layout) {
  const names = new Map<string, { readonly place: string; readonly files: readonly string[] }>();
  const add = (place: string, from: readonly string[]) => {
    if (place.startsWith(OWN)) return;
    const name = basename(place);
    names.set(name, { place, files: [...(names.get(name)?.files ?? []), ...from] });
  };
  for (const [place, source] of files) add(place, 'from' in source ? [source.from] : []);
  for (const place of links.keys()) add(place, []);
  return names;
}
