/** Builds the program once for all tests, and gives them an image store of their own that goes when they are done. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export default function setup(): () => void {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const run = (command: string) =>
    execFileSync('sh', ['-c', command], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  // Types are checked by a step of their own.
  run('node_modules/.bin/tsc -p tsconfig.build.json --noCheck && npm run --silent build:payload');
  const store = mkdtempSync('/var/tmp/boxmark-test-store-');
  process.env.BOXMARK_CACHE ??= store;
  return () => rmSync(store, { recursive: true, force: true });
}
