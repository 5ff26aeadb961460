/** Where a test belongs: the end of its file's name says what it starts, and it imports what that takes. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

/** What starts a process. */
const STARTERS = ['node:child_process', 'playwright-core', 'runners/kit/process.ts', 'test/cli/program.ts'];
/** What a test of a real engine can't do without. */
const ENGINES = ['runners/index.ts', 'runners/engines/'];

const files = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => join('test', file));
const tests = files.filter((file) => file.endsWith('.test.ts')).sort();
const unit = tests.filter((file) => !/\.(cli|engine)\.test\.ts$/.test(file));

function importsOf(file: string): string[] {
  return [...readFileSync(join(ROOT, file), 'utf8').matchAll(/^(?:import|export) (?!type )[^;]*?'([^']+)';$/gm)].map(
    ([, to = '']) => (to.startsWith('.') ? normalize(join(dirname(file), to)) : to),
  );
}

/** What a test file imports, itself and by way of other files below test/. */
function reach(file: string, seen = new Set<string>()): Set<string> {
  for (const to of importsOf(file)) {
    if (seen.has(to)) continue;
    seen.add(to);
    if (files.includes(to)) reach(to, seen);
  }
  return seen;
}

describe('a test file', () => {
  it('that imports what starts processes is called *.cli.test.ts or *.engine.test.ts', () => {
    expect(unit.length).toBeGreaterThan(70);
    expect(unit.filter((file) => importsOf(file).some((to) => STARTERS.includes(to)))).toEqual([]);
  });

  it('with another name can start no process, whatever it imports', async () => {
    const { spawnSync } = await import('node:child_process');
    expect(() => spawnSync('true')).toThrow('starts true: its file is a *.cli.test.ts');
  });

  it('is called *.engine.test.ts only when it imports an engine', () => {
    const engines = tests.filter((file) => file.endsWith('.engine.test.ts'));
    expect(engines.length).toBeGreaterThan(10);
    const without = engines.filter(
      (file) => ![...reach(file)].some((to) => ENGINES.some((name) => to.startsWith(name))),
    );
    expect(without).toEqual([]);
  });
});
