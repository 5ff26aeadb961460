import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BoxmarkError, EXIT } from '../../bench/errors.ts';
import {
  assertPlainFolder,
  digestOf,
  openRegular,
  openToAppend,
  readNamed,
  readRegular,
  removePartials,
  replaceFile,
  writeOutput,
} from '../../bench/session/files.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync('/var/tmp/boxmark-test-');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const at = (name: string) => join(dir, name);

/** One of each kind that must not be opened. */
const STRANGE: Readonly<Record<string, (path: string) => void>> = {
  'a link to a file': (path) => {
    writeFileSync(at('precious'), 'precious');
    symlinkSync(at('precious'), path);
  },
  'a link to a device': (path) => symlinkSync('/dev/zero', path),
  'a link to nothing': (path) => symlinkSync(at('nothing'), path),
  'a FIFO': (path) => void execFileSync('mkfifo', [path]),
};

describe.each(Object.entries(STRANGE))('%s', (_, make) => {
  const refusal = (act: () => unknown) => {
    try {
      act();
    } catch (error) {
      if (error instanceof BoxmarkError) return { exitCode: error.exitCode, value: error.value };
    }
    return undefined;
  };

  it('is opened neither for reading nor for appending, and its folder is refused', () => {
    make(at('file'));
    const expected = { exitCode: EXIT.usage, value: at('file') };
    for (const act of [openRegular, readRegular, digestOf, openToAppend]) {
      expect(refusal(() => act(at('file')))).toEqual(expected);
    }
    expect(refusal(() => assertPlainFolder(dir))).toEqual(expected);
    if (existsSync(at('precious'))) expect(readFileSync(at('precious'), 'utf8')).toBe('precious');
    expect(existsSync(at('nothing'))).toBe(false);
  });

  it('is replaced by the file that is written in its place', () => {
    make(at('file'));
    replaceFile(at('file'), 'new');
    expect(lstatSync(at('file')).isFile()).toBe(true);
    expect(readFileSync(at('file'), 'utf8')).toBe('new');
    if (existsSync(at('precious'))) expect(readFileSync(at('precious'), 'utf8')).toBe('precious');
  });
});

describe('a file', () => {
  it('is replaced with its permissions, and other names of the old one keep the old content', () => {
    writeFileSync(at('file'), 'old');
    chmodSync(at('file'), 0o640);
    linkSync(at('file'), at('other-name'));
    replaceFile(at('file'), new Uint8Array([110, 101, 119]));
    expect(readFileSync(at('file'), 'utf8')).toBe('new');
    expect(statSync(at('file')).mode & 0o777).toBe(0o640);
    expect(readFileSync(at('other-name'), 'utf8')).toBe('old');
    expect(readdirSync(dir).sort()).toEqual(['file', 'other-name']);
  });

  it('that can not be replaced leaves nothing behind', () => {
    mkdirSync(at('folder'));
    expect(() => replaceFile(at('folder'), 'new')).toThrow();
    expect(readdirSync(dir)).toEqual(['folder']);
  });

  it('that is larger than the bound is not read', () => {
    writeFileSync(at('file'), 'text');
    expect(readRegular(at('file'), 4)).toBe('text');
    expect(() => readRegular(at('file'), 3)).toThrow(/too large/);
    truncateSync(at('file'), 2 ** 40);
    expect(() => digestOf(at('file'))).toThrow(/too large/);
  });

  it('that the user names is read up to its bound, whatever it is', () => {
    writeFileSync(at('file'), 'text');
    expect(readNamed(at('file'), 4)).toBe('text');
    expect(() => readNamed(at('file'), 3)).toThrow(/larger than 3 bytes/);
    expect(() => readNamed('/dev/zero', 1 << 20)).toThrow(/larger than/);
  });

  it('that the user names for output is replaced, and a device is written to', () => {
    writeOutput(at('file'), 'new');
    expect(readFileSync(at('file'), 'utf8')).toBe('new');
    writeOutput('/dev/null', 'new');
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
  });
});

it('what a kill in the middle of a replacement left is removed, and nothing else', () => {
  for (const name of ['.session.json.0123456789abcdef.partial', '.session.json.partial', 'notes.partial', 'file']) {
    writeFileSync(at(name), '');
  }
  removePartials(dir);
  expect(readdirSync(dir).sort()).toEqual(['.session.json.partial', 'file', 'notes.partial']);
});

it('a file is made for appending, and added to later', () => {
  for (const text of ['one', 'two']) {
    const handle = openToAppend(at('file'));
    writeFileSync(handle, text);
    closeSync(handle);
  }
  expect(readFileSync(at('file'), 'utf8')).toBe('onetwo');
});
