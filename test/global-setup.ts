/** Builds the program if it is not built from the sources as they are, and gives all tests an image store of their own. */

import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type BuildOptions, build as esbuild } from 'esbuild';
import { kernelDir } from '../runners/guest/kernel.ts';

interface MakeReady {
  isInstalled(root: string): boolean;
  isBuilt(root: string): boolean;
  makeReady(root: string): Promise<number>;
}

export default async function setup(): Promise<(() => void) | undefined> {
  // Every project that inherits it runs it, all in this process.
  if (process.env.BOXMARK_TEST_STORE !== undefined) return undefined;
  const root = fileURLToPath(new URL('..', import.meta.url));
  await build(root);
  // In a folder of this run's own: another run may start while the tests of this one use it.
  const rehearsal = join(root, 'node_modules', '.cache', 'boxmark', `rehearsal-${process.pid}`);
  await bundleRehearsal(root, rehearsal);
  const store = mkdtempSync('/var/tmp/boxmark-test-store-');
  // Fetching a guest kernel is set-up's part; tests use the one that is there.
  symlinkSync(kernelDir(), join(store, 'kernels'));
  process.env.BOXMARK_TEST_STORE = store;
  process.env.BOXMARK_TEST_REHEARSAL = join(rehearsal, 'rehearsal.js');
  process.env.BOXMARK_CACHE ??= store;
  return () => {
    for (const folder of [store, rehearsal]) rmSync(folder, { recursive: true, force: true });
  };
}

async function build(root: string): Promise<void> {
  const file = pathToFileURL(join(root, 'cli', 'bootstrap', 'make-ready.mjs')).href;
  const { isInstalled, isBuilt, makeReady } = (await import(file)) as MakeReady;
  if (isBuilt(root)) return;
  // It would install them, under the running tests.
  if (!isInstalled(root)) throw new Error('The installed packages are not the locked ones: npm ci');
  if ((await makeReady(root)) !== 0) throw new Error('The program does not build: npm run build');
}

/** The program as `rehearse` of test/cli/program.ts starts it. */
async function bundleRehearsal(root: string, outdir: string): Promise<void> {
  const file = pathToFileURL(join(root, 'cli', 'bootstrap', 'build.mjs')).href;
  const { BUNDLES } = (await import(file)) as { BUNDLES: { readonly program: BuildOptions } };
  await esbuild({
    ...BUNDLES.program,
    absWorkingDir: root,
    entryPoints: ['test/cli/stand-ins/rehearsal.mjs'],
    outdir,
  });
}
