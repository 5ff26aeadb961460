/** Running one of our tools in a box whose root is the image, which has no program but the payload's. */

import { join } from 'node:path';
import type { Image } from '../../bench/types.ts';
import { readElf } from './elf.ts';
import { libraryFolders } from './layout.ts';
import { readManifest } from './manifest.ts';

/**
 * Words that run a tool of the image `tools`, seen at `place` in the box: through its own loader, because the libraries
 * around it are the payload's, which may be others.
 */
export async function toolRunner(tools: Image, place: string): Promise<(name: string) => string[]> {
  const folders = libraryFolders(Object.keys((await readManifest(tools.root)).files));
  const libraries = folders.map((folder) => join(place, folder)).join(':');
  return (name) => {
    const loader = readElf(join(tools.root, 'usr/bin', name))?.interpreter;
    const program = `${place}/usr/bin/${name}`;
    return loader === undefined ? [program] : [place + loader, '--library-path', libraries, program];
  };
}
