/** Shared libraries that a program of a root needs and that are nowhere in it are named before anything starts. */

import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { libraryClosure } from '../../runners/image/elf-closure.ts';
import { addFile, type Layout } from '../../runners/image/layout.ts';
import { missingLibraries } from '../../runners/image/root/libraries.ts';

const PROGRAM = '/usr/bin/find';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** The program and its libraries, without those of `left`. */
function rootWithout(left: readonly string[]): { layout: Layout; program: string } {
  const layout: Layout = { files: new Map(), folders: new Map(), links: new Map() };
  const { interpreter = '', libraries } = libraryClosure(PROGRAM);
  const add = (place: string, from: string) => {
    const to = join(dir, place);
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(from, to);
    addFile(layout, place, to, 0o755);
  };
  add('bin/find', PROGRAM);
  add(interpreter.slice(1), interpreter);
  for (const [name, from] of libraries) if (!left.includes(name)) add(`opt/odd/${name}`, from);
  return { layout, program: join(dir, 'bin/find') };
}

it('misses nothing where every library is in some folder', () => {
  const { layout, program } = rootWithout([]);
  expect(missingLibraries(layout, program).names).toEqual([]);
});

it('names what is in no folder, and where the others are; files of Boxmark’s own are none of the root', () => {
  const [left = ''] = [...libraryClosure(PROGRAM).libraries.keys()].filter((name) => !name.startsWith('libc.'));
  const { layout, program } = rootWithout([left]);
  const own = join(dir, left);
  writeFileSync(own, '');
  addFile(layout, `boxmark/lib/${left}`, own, 0o755);
  expect(missingLibraries(layout, program)).toEqual({ names: [left], folder: '/opt/odd' });
});
