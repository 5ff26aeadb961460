/** Words that start a program of an image outside of it, on whatever system: through the image's own loader, with its own libraries. */

import { join } from 'node:path';
import { readElf } from './elf.ts';
import { libraryFolders } from './layout.ts';
import type { Manifest } from './manifest.ts';

/**
 * @param image root of the image on this host
 * @param argv the program and its files, as paths of the image
 * @param root where the image is when it runs, perhaps on another host
 */
export function ownLoaderWords(image: string, manifest: Manifest, argv: readonly string[], root: string): string[] {
  const words = argv.map((path) => join(root, path));
  const interpreter = readElf(join(image, argv[0] ?? ''))?.interpreter;
  if (interpreter === undefined) return words;
  const folders = libraryFolders(Object.keys(manifest.files)).map((path) => join(root, path));
  return [join(root, interpreter), '--library-path', folders.join(':'), ...words];
}
