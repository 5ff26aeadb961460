/** Tar and cpio archives, read back by other programs. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CpioEntry, writeCpio } from '../../runners/image/cpio.ts';
import { readTar, type TarMember, tarBytes } from '../../runners/image/tar.ts';
import { findCommand } from '../../runners/kit/commands.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'boxmark-archives-'));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

const LONG = `${'folder-with-a-long-name/'.repeat(6)}file`;
const LONG_FOLDERS = Array.from({ length: 6 }, (_, index) => 'folder-with-a-long-name/'.repeat(index + 1).slice(0, -1));

describe('a tar archive', () => {
  const members = (): TarMember[] => [
    ...LONG_FOLDERS.map((path): TarMember => ({ entry: { path, type: 'directory', mode: 0o755 } })),
    { entry: { path: LONG, type: 'file', mode: 0o640, size: 5 }, content: Buffer.from('hello') },
    { entry: { path: 'ünï', type: 'file', mode: 0o4755, size: 513 }, content: Buffer.alloc(513, 'x') },
    { entry: { path: 'link', type: 'symlink', target: LONG } },
    { entry: { path: 'empty', type: 'file', mode: 0o600, size: 0 } },
  ];

  async function write(name: string): Promise<string> {
    const pieces: Uint8Array[] = [];
    for await (const piece of tarBytes(members())) pieces.push(piece);
    writeFileSync(join(dir, name), Buffer.concat(pieces));
    return join(dir, name);
  }

  it('is read by tar, long names, links and modes included', async () => {
    const file = await write('a.tar');
    mkdirSync(join(dir, 'out'));
    const done = spawnSync('tar', ['-xpf', file, '-C', join(dir, 'out')], { encoding: 'utf8' });
    expect(done.stderr).toBe('');
    expect(readFileSync(join(dir, 'out', LONG), 'utf8')).toBe('hello');
    expect(statSync(join(dir, 'out', LONG)).mode & 0o7777).toBe(0o640);
    expect(readFileSync(join(dir, 'out/ünï')).length).toBe(513);
    expect(readlinkSync(join(dir, 'out/link'))).toBe(LONG);
    expect(statSync(join(dir, 'out/empty')).mtimeMs).toBe(0);
  });

  it('has the same bytes when it is written again', async () => {
    expect(readFileSync(await write('a.tar')).equals(readFileSync(await write('b.tar')))).toBe(true);
  });

  it('is read back entry by entry, also as GNU tar writes it', async () => {
    const file = await write('a.tar');
    mkdirSync(join(dir, 'out'));
    spawnSync('tar', ['-xpf', file, '-C', join(dir, 'out')]);
    spawnSync('tar', ['-cf', join(dir, 'b.tar'), '--format=gnu', '-C', join(dir, 'out'), LONG, 'link', 'ünï']);
    expect((await list(file)).map(({ path }) => path)).toEqual(members().map(({ entry }) => entry.path));
    expect(await list(join(dir, 'b.tar'))).toEqual([
      { path: LONG, type: 'file', text: 'hello', target: '' },
      { path: 'link', type: 'symlink', text: '', target: LONG },
      { path: 'ünï', type: 'file', text: 'x'.repeat(513), target: '' },
    ]);
  });

  it('is refused when a file is not as long as was said', async () => {
    const wrong: TarMember[] = [
      { entry: { path: 'a', type: 'file', mode: 0o644, size: 4 }, content: Buffer.from('hello') },
    ];
    const read = async () => {
      for await (const _ of tarBytes(wrong));
    };
    await expect(read()).rejects.toThrow(/changed/);
  });

  async function list(file: string) {
    const found: { path: string; type: string; text: string; target: string }[] = [];
    const archive = await open(file, 'r');
    for await (const { path, type, target, read } of readTar(archive)) {
      let text = '';
      if (type === 'file') for await (const chunk of read()) text += Buffer.from(chunk).toString();
      found.push({ path, type, text, target });
    }
    await archive.close();
    return found;
  }
});

describe('a cpio archive', () => {
  const entries: CpioEntry[] = [
    { path: 'dir', type: 'directory', mode: 0o755 },
    { path: 'dir/file', type: 'file', mode: 0o750, data: Buffer.from('hello') },
    { path: 'dir/empty', type: 'file', mode: 0o644, data: Buffer.alloc(0) },
    { path: 'link', type: 'symlink', target: 'dir/file' },
    { path: 'null', type: 'character-device', mode: 0o666, major: 1, minor: 3 },
  ];

  it('is read by cpio', (ctx) => {
    const command = findCommand('cpio');
    const tool = command === undefined ? [findCommand('busybox') ?? '', 'cpio'] : [command];
    if (tool[0] === '') return ctx.skip('neither cpio nor busybox is installed');
    const list = spawnSync(tool[0]!, [...tool.slice(1), '-tv'], { input: writeCpio(entries), encoding: 'utf8' });
    const lines = list.stdout
      .trim()
      .split('\n')
      .map((line) => line.replace(/\s+/g, ' '));
    expect(lines.length).toBe(entries.length);
    expect(lines[1]).toMatch(/^-rwxr-x--- .* 5 .*dir\/file$/);
    expect(lines[3]).toMatch(/^l.*link -> dir\/file$/);
    expect(lines[4]).toMatch(/^c.*null$/);
  });

  it('gives the numbers of a device', () => {
    const text = writeCpio(entries).toString('latin1');
    const head = text.slice(text.indexOf('null\0') - 110, text.indexOf('null\0'));
    expect(head.slice(0, 6)).toBe('070701');
    expect([head.slice(78, 86), head.slice(86, 94)]).toEqual(['00000001', '00000003']);
  });

  it('has the same bytes when it is written again', () => {
    expect(writeCpio(entries).equals(writeCpio(entries))).toBe(true);
    expect(writeCpio(entries).length % 4).toBe(0);
  });
});
