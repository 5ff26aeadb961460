/** Where commands of the host are found. */

import { chmodSync, chownSync, lchownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { commandFiles, commandFolders, STANDARD_FOLDERS } from '../../runners/kit/commands.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'boxmark-path-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function folder(name: string, mode = 0o755): string {
  const path = join(dir, name);
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
  return path;
}

it('commands are looked for in the standard folders first, then where the PATH says', () => {
  const profile = folder('system/sw/bin');
  const found = commandFolders(`${profile}:/usr/bin:${folder('snap/bin')}:${profile}`);
  expect(found).toEqual([...STANDARD_FOLDERS, profile, join(dir, 'snap/bin')]);
  expect(commandFolders('')).toEqual(STANDARD_FOLDERS);
});

it('folders that others may write to, relative ones and those of npm are no place for commands', () => {
  const path = [folder('open', 0o777), 'bin', '.', '', folder('node_modules/.bin'), join(dir, 'absent')].join(':');
  expect(commandFolders(path)).toEqual(STANDARD_FOLDERS);
});

it('folders that somebody else may fill, replace, or lead elsewhere are no place for commands', () => {
  const group = folder('group', 0o775);
  chownSync(group, 0, 4242);
  const kept = folder('theirs/kept');
  chownSync(join(dir, 'theirs'), 4242, 4242);
  expect(commandFolders([group, kept].join(':'))).toEqual(STANDARD_FOLDERS);
  // A link counts as what it leads to now, whoever owns it.
  const real = folder('real');
  symlinkSync(real, join(dir, 'link'));
  lchownSync(join(dir, 'link'), 4242, 4242);
  expect(commandFolders(join(dir, 'link'))).toEqual([...STANDARD_FOLDERS, real]);
});

it('a command is an executable file', () => {
  const [first, second, third] = [folder('a'), folder('b'), folder('c')];
  writeFileSync(join(first, 'tool'), '');
  mkdirSync(join(second, 'tool'));
  writeFileSync(join(third, 'tool'), '', { mode: 0o755 });
  expect(commandFiles('tool', [first, second, third])).toEqual([join(third, 'tool')]);
});
