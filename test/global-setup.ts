/** Builds the program once for all tests, and gives them an image store of their own that goes when they are done. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kernelDir } from '../runners/guest/kernel.ts';

export default function setup(): () => void {
  const root = fileURLToPath(new URL('..', import.meta.url));
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  const store = mkdtempSync('/var/tmp/boxmark-test-store-');
  // Fetching a guest kernel is set-up's part; tests use the one that is there.
  symlinkSync(kernelDir(), join(store, 'kernels'));
  process.env.BOXMARK_CACHE ??= store;
  return () => rmSync(store, { recursive: true, force: true });
}
