/**
 * Compiles the sources of this folder to one WebAssembly module, the same bytes every time: `node scimark/simd/build.mjs OUT`.
 * Without bounds checks in accessors (ten times slower), without a runtime and without data of its own.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const FOLDER = dirname(fileURLToPath(import.meta.url));
export const SIMD_SOURCES = ['fft.ts', 'sor.ts', 'monte-carlo.ts', 'sparse.ts', 'lu.ts'];

const FLAGS = [
  ...['--optimizeLevel', '3', '--shrinkLevel', '0', '--runtime', 'stub', '--enable', 'simd'],
  ...['--uncheckedBehavior', 'always', '--noAssert', '--importMemory', '--noExportMemory', '--initialMemory', '1'],
];

/** The bytes of the module made of these sources, paths below this folder. Throws with what the compiler said. */
export async function compile(sources) {
  let bytes;
  const { error, stderr } = await asc.main([...sources, ...FLAGS, '--baseDir', FOLDER, '--outFile', 'kernels.wasm'], {
    writeFile: (_, contents) => {
      bytes = contents;
    },
  });
  if (error !== null || bytes === undefined) throw new Error(`The kernels did not compile.\n${stderr}`);
  return bytes;
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const out = process.argv[2] ?? 'kernels.wasm';
  mkdirSync(dirname(resolve(out)), { recursive: true });
  const bytes = await compile(SIMD_SOURCES);
  writeFileSync(out, bytes);
  process.stderr.write(`${relative(process.cwd(), resolve(out))}: ${bytes.length} bytes\n`);
}
