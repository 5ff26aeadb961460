/** What goes into the bundles, as the bundler reports it. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const load = (file: string) => import(pathToFileURL(join(ROOT, 'cli', 'bootstrap', file)).href);
const { BUNDLES, looking } = (await load('build.mjs')) as {
  BUNDLES: Readonly<Record<'program' | 'payload' | 'page', BuildOptions>>;
  looking(options: BuildOptions): BuildOptions & { metafile: true };
};
const { SOURCES } = (await load('make-ready.mjs')) as { SOURCES: readonly string[] };

const NAMES = ['program', 'payload', 'page'] as const;
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

  it('keeps the packages that have machine code outside, and every other one inside', () => {
    const { outputs = {} } = made.get('program') ?? {};
    const outside = Object.values(outputs).flatMap(({ imports }) =>
      imports.filter(({ external, path }) => external === true && !path.startsWith('node:')).map(({ path }) => path),
    );
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(Object.keys(dependencies)).toEqual(expect.arrayContaining(outside.filter((path) => path.includes('chart'))));
    expect(outside.filter((path) => /^(commander|zod|execa|yaml|csv|tinybench)/.test(path))).toEqual([]);
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
    expect(new Set(rooms)).toEqual(new Set(['cli', 'cli/terminal', 'bench', 'bench/box', 'bench/plan']));
  });
});
