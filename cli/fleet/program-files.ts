/** The files that this program consists of where it measures: its bundle without what earlier builds left, and no reports. */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import type { ProgramFiles } from '../../fleet/kit.ts';
import { packageFile } from '../paths.ts';

const MAIN = 'dist/cli/main.js';
const BESIDE = ['package.json', 'dist/payload.cjs', 'claims/published.yaml'];

export function programFiles(): ProgramFiles {
  const root = dirname(packageFile('package.json'));
  const found = new Set<string>();
  const visit = (file: string): void => {
    if (found.has(file)) return;
    found.add(file);
    for (const part of partsOf(readFileSync(join(root, file), 'utf8'))) visit(posix.join(dirname(file), part));
  };
  visit(MAIN);
  return { root, files: [...found, ...BESIDE.filter((file) => existsSync(join(root, file)))].sort() };
}

/** Parts of the bundle that a part imports, at once or later. */
function partsOf(text: string): string[] {
  return [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*["'](\.\/[\w.-]+\.js)["']/g)].map(([, part = '']) => part);
}
