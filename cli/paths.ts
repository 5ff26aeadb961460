/** Where the program's own files are, whether it runs from the build or from an installed package. */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BoxmarkError } from '../bench/errors.ts';

const ROOT = findRoot(dirname(fileURLToPath(import.meta.url)));

/** A file of the package, by its path below the package's root. */
export function packageFile(name: string): string {
  return join(ROOT, name);
}

export function programVersion(): string {
  return (JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string }).version;
}

/** The bundled payload that every box runs. */
export function payloadFile(): string {
  const file = packageFile('dist/payload.cjs');
  if (!existsSync(file)) {
    throw new BoxmarkError({ what: 'The payload has not been built.', value: file, remedy: 'npm run build' });
  }
  return file;
}

/** The claims that come with the program. */
export function publishedClaims(): string {
  return packageFile('claims/published.yaml');
}

function findRoot(start: string): string {
  for (let dir = start; ; dir = dirname(dir)) {
    if (existsSync(join(dir, 'package.json'))) return dir;
    if (dirname(dir) === dir) return start;
  }
}
