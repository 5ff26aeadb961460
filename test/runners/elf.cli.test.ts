/** Libraries of programs, found without running them, against what the loader itself says. */

import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readElf } from '../../runners/image/elf.ts';
import { libraryClosure } from '../../runners/image/elf-closure.ts';
import { findCommand } from '../../runners/kit/commands.ts';
import { hostExec } from '../../runners/kit/process.ts';

const dir = mkdtempSync(join(tmpdir(), 'boxmark-elf-'));

afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Name → real path, as `ldd` prints them; without the loader and the kernel's own library. */
async function askLoader(file: string): Promise<Map<string, string>> {
  const { stdout } = await hostExec(['ldd', file]);
  const found = [...stdout.matchAll(/^\s*(\S+) => (\/\S+)/gm)].map(([, name = '', path = '']) => [name, path] as const);
  return new Map(found.map(([name, path]) => [basename(name), realpathSync(path)]));
}

describe('the libraries of a program', () => {
  for (const name of [
    'node',
    'dockerd',
    'mount',
    'sh',
    'setpriv',
    'nsenter',
    'python3',
    'systemd-nspawn',
    'lxc-start',
  ]) {
    it(`are those that ldd names for ${name}`, async (ctx) => {
      const file = name === 'node' ? realpathSync(process.execPath) : findCommand(name);
      if (file === undefined) return ctx.skip(`${name} is not installed`);
      if (findCommand('ldd') === undefined) return ctx.skip('ldd is not installed');
      const expected = await askLoader(file);
      const { libraries } = libraryClosure(file);
      expect(Object.fromEntries(libraries)).toEqual(Object.fromEntries(expected));
    });
  }

  it('are none for a static program', (ctx) => {
    const file = findCommand('busybox');
    if (file === undefined || readElf(file)?.interpreter !== undefined) return ctx.skip('no static busybox');
    expect(libraryClosure(file)).toEqual({ libraries: new Map() });
  });

  it('are found beside the program when it says $ORIGIN, and a missing one is named', () => {
    const program = join(dir, 'program');
    writeFileSync(program, tinyElf({ needed: ['libown.so'], runpath: '$ORIGIN' }));
    expect(() => libraryClosure(program)).toThrow(/libown\.so.*not found/);
    writeFileSync(join(dir, 'libown.so'), tinyElf({ needed: [] }));
    expect(libraryClosure(program).libraries).toEqual(new Map([['libown.so', join(realpathSync(dir), 'libown.so')]]));
  });

  it('are not looked for in folders, pipes and devices, whose names a damaged program may have', async () => {
    const program = join(dir, 'strange');
    const pipe = join(dir, 'pipe');
    expect((await hostExec(['mkfifo', pipe])).exitCode).toBe(0);
    for (const name of [dir, pipe, '/dev/zero']) {
      writeFileSync(program, tinyElf({ needed: [name] }));
      expect(() => libraryClosure(program)).toThrow('was not found');
    }
    expect(() => libraryClosure('/dev/zero')).toThrow('Not an ELF program');
  });

  it('of another architecture are passed over', () => {
    const program = join(dir, 'other');
    writeFileSync(program, tinyElf({ needed: ['libarm.so'], runpath: dir }));
    writeFileSync(join(dir, 'libarm.so'), tinyElf({ needed: [], machine: 183 }));
    expect(() => libraryClosure(program)).toThrow(/libarm\.so/);
  });

  it('are refused for a script and for a damaged file', () => {
    const script = join(dir, 'script');
    writeFileSync(script, '#!/bin/sh\n');
    expect(() => libraryClosure(script)).toThrow(/Not an ELF program/);
    const cut = join(dir, 'cut');
    writeFileSync(cut, tinyElf({ needed: ['libown.so'] }).subarray(0, 90));
    expect(() => libraryClosure(cut)).toThrow(/Not an ELF program/);
  });
});

/** A 64-bit ELF file with nothing but a dynamic section. */
function tinyElf({ needed, runpath, machine = 62 }: { needed: string[]; runpath?: string; machine?: number }): Buffer {
  const strings = Buffer.from(`\0${[...needed, ...(runpath === undefined ? [] : [runpath])].join('\0')}\0`);
  const at = (text: string): number => strings.indexOf(`\0${text}\0`) + 1;
  const head = 64 + 2 * 56;
  const tags: [number, number][] = [
    ...needed.map((name): [number, number] => [1, at(name)]),
    ...(runpath === undefined ? [] : [[29, at(runpath)] as [number, number]]),
  ];
  const dynamicSize = (tags.length + 3) * 16;
  tags.push([5, 0x1000 + head + dynamicSize], [10, strings.length], [0, 0]);
  const file = Buffer.alloc(head + dynamicSize + strings.length);
  file.write('\x7fELF', 0, 'latin1');
  file.set([2, 1, 1], 4);
  file.writeUInt16LE(3, 16);
  file.writeUInt16LE(machine, 18);
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(2, 56);
  const segment = (index: number, type: number, offset: number, size: number): void => {
    const start = 64 + index * 56;
    file.writeUInt32LE(type, start);
    file.writeBigUInt64LE(BigInt(offset), start + 8);
    file.writeBigUInt64LE(BigInt(0x1000 + offset), start + 16);
    file.writeBigUInt64LE(BigInt(size), start + 32);
  };
  segment(0, 1, 0, file.length);
  segment(1, 2, head, dynamicSize);
  for (const [index, [tag, value]] of tags.entries()) {
    file.writeBigUInt64LE(BigInt(tag), head + index * 16);
    file.writeBigUInt64LE(BigInt(value), head + index * 16 + 8);
  }
  strings.copy(file, head + dynamicSize);
  return file;
}
