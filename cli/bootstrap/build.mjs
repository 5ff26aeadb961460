/**
 * `npm run build`: the program, the payload that runs in every box, and what the report's page loads, from their sources into
 * dist/. Each is a bundle, because a program of hundreds of files takes several times as long to start. Types are checked by
 * `npm run typecheck`.
 */

import { mkdirSync, readdirSync, realpathSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { compile, SIMD_SOURCES } from '../../scimark/simd/build.mjs';
import { notices } from './notices.mjs';

/** Has machine code of its own, a package for each platform. */
const NATIVE = ['@napi-rs/canvas'];
const FONTS = 'node_modules/@fontsource/inter/files';
const WASM = 'dist/kernels.wasm';
const DAY_MS = 24 * 3600 * 1000;

const COMMON = { bundle: true, legalComments: 'none', logLevel: 'warning' };

/** Options of esbuild, by what they make. */
export const BUNDLES = {
  program: {
    ...COMMON,
    entryPoints: ['cli/main.ts'],
    outdir: 'dist/cli',
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // What only some commands need is loaded by them alone.
    splitting: true,
    // As if every file imported it: what all parts share comes into one part.
    inject: ['cli/front.ts'],
    external: NATIVE,
    // Packages of the older kind ask for modules of Node.js this way.
    banner: { js: "import{createRequire as requireFrom}from'node:module';const require=requireFrom(import.meta.url);" },
  },
  payload: {
    ...COMMON,
    entryPoints: ['bench/payload/main.ts'],
    outfile: 'dist/payload.cjs',
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    loader: { '.wasm': 'binary' },
    minifySyntax: true,
    banner: { js: 'globalThis.boxmarkFirstNs=process.hrtime.bigint();' },
  },
  pictures: {
    ...COMMON,
    entryPoints: ['reports/formats/pictures.cjs'],
    outdir: 'dist/report',
    entryNames: '[name]',
    outExtension: { '.js': '.cjs' },
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: NATIVE,
    // The function that pictures.cjs replaces.
    logOverride: { 'require-resolve-not-external': 'silent' },
  },
  page: {
    ...COMMON,
    entryPoints: [
      ...['reports/page/main.ts', 'reports/page/style.css'],
      ...['400', '700'].map((weight) => `${FONTS}/inter-latin-${weight}-normal.woff2`),
    ],
    outdir: 'dist/report',
    entryNames: '[name]',
    platform: 'browser',
    target: 'es2022',
    format: 'iife',
    charset: 'utf8',
    loader: { '.woff2': 'copy' },
    minify: true,
  },
};

/** Options that don't write: what a bundle is made of is in the result's `metafile`. */
export function looking(options) {
  return { ...options, write: false, metafile: true };
}

/**
 * Removes from `folder` what no build of the last day has made: the names of parts follow from what is in them, so earlier ones
 * would stay for ever. A program that is running may still load parts of the build that it began with.
 */
export function removeEarlier(folder, outputs, nowMs = Date.now()) {
  const made = new Set(outputs.map((file) => basename(file)));
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = join(folder, entry.name);
    // Files that stay the same are not written again, and a program may begin with them now.
    if (made.has(entry.name)) utimesSync(file, nowMs / 1000, nowMs / 1000);
    else if (entry.isFile() && nowMs - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? nowMs) > DAY_MS) {
      rmSync(file, { force: true });
    }
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.chdir(fileURLToPath(new URL('../..', import.meta.url)));
  mkdirSync('dist', { recursive: true });
  writeFileSync(WASM, await compile(SIMD_SOURCES));
  const built = await Promise.all(Object.values(BUNDLES).map((options) => build({ ...options, metafile: true })));
  const folder = BUNDLES.program.outdir;
  const outputs = built.flatMap(({ metafile }) => Object.keys(metafile.outputs));
  removeEarlier(
    folder,
    outputs.filter((file) => file.startsWith(`${folder}/`)),
  );
  writeFileSync('dist/NOTICES.txt', notices(built.map(({ metafile }) => metafile)));
}
