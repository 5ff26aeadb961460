/** What goes into the bundles, as the bundler reports it. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const load = (file: string) => import(pathToFileURL(join(ROOT, 'cli', 'bootstrap', file)).href);
const { BUNDLES, looking, removeEarlier } = (await load('build.mjs')) as {
  BUNDLES: Readonly<Record<'program' | 'payload' | 'page' | 'pictures', BuildOptions>>;
  looking(options: BuildOptions): BuildOptions & { metafile: true };
  removeEarlier(folder: string, outputs: readonly string[], nowMs?: number): void;
};
const { SOURCES } = (await load('make-ready.mjs')) as { SOURCES: readonly string[] };

const NAMES = ['program', 'payload', 'page', 'pictures'] as const;
const made = new Map<string, Metafile>();
beforeAll(async () => {
  for (const name of NAMES) {
    const { metafile } = await build({ ...looking(BUNDLES[name]), absWorkingDir: ROOT });
    made.set(name, metafile);
  }
});

/** Sources of the project that an output is made of: not packages, and not what the build has made itself. */
const own = (files: Iterable<string>) => [...files].filter((file) => !/^(node_modules|dist)\//.test(file));

describe('the build', () => {
  it.each(NAMES)('of the %s reads no file that npm start would not notice a change of', (name) => {
    const files = own(Object.keys(made.get(name)?.inputs ?? {}));
    expect(files.length).toBeGreaterThan(1);
    expect(files.filter((file) => !SOURCES.some((one) => file === one || file.startsWith(`${one}/`)))).toEqual([]);
  });

  it('of the payload has the workloads of the system in it', () => {
    expect(own(Object.keys(made.get('payload')?.inputs ?? {}))).toContain('system/index.ts');
  });

  it('keeps what has machine code outside, and that alone, so that an installed program needs nothing else', () => {
    const outside = NAMES.flatMap((name) => Object.values(made.get(name)?.outputs ?? {})).flatMap(({ imports }) =>
      imports.filter(({ external, path }) => external === true && !isBuiltin(path)).map(({ path }) => path),
    );
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const packages = outside.map((path) =>
      path
        .split('/')
        .slice(0, path.startsWith('@') ? 2 : 1)
        .join('/'),
    );
    expect([...new Set(packages)]).toEqual(Object.keys(dependencies));
  });

  it('removes parts that no build of the last day has made, and nothing that a running program may load', () => {
    const folder = mkdtempSync(join(tmpdir(), 'boxmark-build-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const hour = 3600;
    const ages = {
      'main.js': 100 * hour,
      'same-AAAA.js': 100 * hour,
      'recent-BBBB.js': 22 * hour,
      'old-CCCC.js': 25 * hour,
    };
    const nowMs = Date.now();
    for (const [name, age] of Object.entries(ages)) {
      writeFileSync(join(folder, name), '');
      utimesSync(join(folder, name), nowMs / 1000 - age, nowMs / 1000 - age);
    }
    removeEarlier(folder, ['dist/cli/main.js', 'dist/cli/same-AAAA.js'], nowMs);
    expect(readdirSync(folder).sort()).toEqual(['main.js', 'recent-BBBB.js', 'same-AAAA.js']);
    // Replaced an hour later by a build that has other parts: a program that began with it lives for another day.
    removeEarlier(folder, ['dist/cli/main.js'], nowMs + hour * 1000);
    expect(readdirSync(folder).sort()).toEqual(['main.js', 'recent-BBBB.js', 'same-AAAA.js']);
    removeEarlier(folder, ['dist/cli/main.js'], nowMs + 26 * hour * 1000);
    expect(readdirSync(folder)).toEqual(['main.js']);
  });

  it('has the licence of everything that is in it', () => {
    const text = readFileSync(join(ROOT, 'dist', 'NOTICES.txt'), 'utf8');
    for (const name of ['chart.js', 'chartjs-node-canvas', 'execa', 'zod', '@fontsource/inter', 'csv-stringify']) {
      expect(text).toMatch(new RegExp(`^${name} [\\d.]+ \\((MIT|OFL-1.1)\\)$`, 'm'));
    }
    expect(text).not.toContain('holds no text');
  });

  it('names the same least Node.js everywhere', () => {
    const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const least = /^>=(\d+)\.(\d+)$/.exec(engines.node)?.slice(1).join(', ');
    expect(readFileSync(join(ROOT, 'cli', 'terminal', 'node-version.ts'), 'utf8')).toContain(
      `const LEAST = [${least}]`,
    );
    expect(readFileSync(join(ROOT, 'cli', 'bootstrap', 'bootstrap.mjs'), 'utf8')).toContain(
      `const LEAST_NODE = [${least}]`,
    );
  });
});

/** Sources of an output and of all that it loads at once. */
function loadedWith(outputs: Metafile['outputs'], entry: string, seen: Set<string>): string[] {
  if (seen.has(entry)) return [];
  seen.add(entry);
  const output = outputs[entry];
  const next = (output?.imports ?? []).filter(({ kind, external }) => kind === 'import-statement' && external !== true);
  return [...Object.keys(output?.inputs ?? {}), ...next.flatMap(({ path }) => loadedWith(outputs, path, seen))];
}

describe('help', () => {
  it('loads the tables of commands and flags, the parser, and nothing else', () => {
    const { outputs = {} } = made.get('program') ?? {};
    const entries = Object.entries(outputs).filter(
      ([, { entryPoint }]) => entryPoint === 'cli/main.ts' || entryPoint === 'cli/program.ts',
    );
    expect(entries).toHaveLength(2);
    const parts = new Set<string>();
    const files = new Set(entries.flatMap(([name]) => loadedWith(outputs, name, parts)));
    expect(parts.size, 'one part that all share, beside the two').toBe(3);
    const packages = [...files].flatMap((file) => /^node_modules\/([^/]+)/.exec(file)?.[1] ?? []);
    expect(new Set(packages)).toEqual(new Set(['commander']));
    // Messages with names from outside are made safe before they are printed.
    const rooms = own(files)
      .filter((file) => file !== 'reports/text.ts')
      .map((file) => file.replace(/\/[^/]+$/, ''));
    expect(new Set(rooms)).toEqual(
      new Set(['cli', 'cli/terminal', 'bench', 'bench/box', 'bench/numbers', 'bench/plan']),
    );
  });
});
