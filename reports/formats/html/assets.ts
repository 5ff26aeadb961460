/** Files that the build puts beside the program for reports: the page's script and style, and the fonts. */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the built assets: of the build that this file is bundled into, or of the one beside the sources. */
function buildFolder(): string | undefined {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const build = join(folder, 'dist', 'report');
    if (existsSync(build)) return build;
    if (dirname(folder) === folder) return undefined;
  }
}

/** The path of a file of the build. Throws when the program has not been built. */
export function assetPath(name: string): string {
  const folder = buildFolder();
  const path = folder && join(folder, name);
  if (path === undefined || !existsSync(path)) throw new Error(`${name} has not been built; npm run build makes it`);
  return path;
}

export function assetText(name: string): string {
  return readFileSync(assetPath(name), 'utf8');
}
