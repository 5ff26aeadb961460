/** Files that the build puts beside the program for reports: the page's script and style, and the fonts. */

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where the build is, seen from here: from within it, or from the sources beside it. */
const PLACES = ['../../../report/', '../../../dist/report/'];

/** The path of a file of the build. Throws when the program has not been built. */
export function assetPath(name: string): string {
  const paths = PLACES.map((place) => fileURLToPath(new URL(`${place}${name}`, import.meta.url)));
  const found = paths.find((path) => existsSync(path));
  if (found === undefined) throw new Error(`${name} has not been built; npm run build makes it`);
  return found;
}

export function assetText(name: string): string {
  return readFileSync(assetPath(name), 'utf8');
}
