/** What users name for an image: programs, scripts and files, accepted as they are meant or refused with the reason. */

import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { EXIT } from '../../bench/errors.ts';
import { withCompiledModules } from '../../runners/image/compiled-modules.ts';
import { findProgram } from '../../runners/image/find-program.ts';
import { addFile, isTaken, skeletonLayout, throughLinks } from '../../runners/image/layout.ts';
import { privatePlace } from '../../runners/image/program-layout.ts';
import { pythonCall } from '../../runners/image/python-modules.ts';
import { parseShebang } from '../../runners/image/shebang.ts';
import { Budget, parseWith, scanTree } from '../../runners/image/with-files.ts';

const dir = realpathSync(mkdtempSync(join(tmpdir(), 'boxmark-named-')));
let cwd = '';
let count = 0;

beforeEach(() => {
  cwd = join(dir, String(count++));
  mkdirSync(cwd);
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

function written(name: string, content: string | Uint8Array, mode = 0o644): string {
  const file = join(cwd, name);
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}

/** Refused as a mistake of the user's, with value and remedy. */
function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toMatchObject({
      exitCode: EXIT.usage,
      value: expect.any(String),
      remedy: expect.stringMatching(/\S/),
    });
    return (error as Error).message;
  }
  throw new Error('accepted');
}

/** The header of a program for another processor, or the other way round. */
function elfHeader(machine: number, littleEndian = true): Buffer {
  const header = Buffer.alloc(64);
  header.write('\x7fELF\x02', 0, 'latin1');
  header[5] = littleEndian ? 1 : 2;
  if (littleEndian) header.writeUInt16LE(machine, 18);
  else header.writeUInt16BE(machine, 18);
  return header;
}

describe('the program of a command', () => {
  it('is looked for on the PATH, or from the working folder when it has a slash', () => {
    expect(findProgram('sh', cwd).path).toMatch(/\/sh$/);
    written('tool', '#!/bin/sh\n', 0o755);
    symlinkSync('tool', join(cwd, 'link'));
    expect(findProgram('./link', cwd)).toMatchObject({ path: join(cwd, 'link'), file: join(cwd, 'tool') });
    expect(findProgram(join(cwd, 'tool'), '/')).toMatchObject({ path: join(cwd, 'tool') });
  });

  it('is refused when it is missing, with `./` where it is in the folder', () => {
    expect(refusal(() => findProgram('no-such-program', cwd))).toMatch(/not found on the PATH.*install the package/s);
    written('here-only', '#!/bin/sh\n', 0o755);
    expect(refusal(() => findProgram('here-only', cwd))).toContain('try: ./here-only');
    expect(refusal(() => findProgram('./absent', cwd))).toMatch(/does not exist.*\.\/absent.*start at/s);
    expect(refusal(() => findProgram('', cwd))).toContain('not found');
  });

  it('is refused when it is a folder, not executable, empty, or plain text', () => {
    written('plain', 'echo 1\n', 0o755);
    written('empty', '', 0o755);
    written('closed', '#!/bin/sh\n', 0o644);
    expect(refusal(() => findProgram(`${cwd}/`, cwd))).toContain('is a folder');
    expect(refusal(() => findProgram('./closed', cwd))).toMatch(/not executable.*chmod \+x/s);
    expect(refusal(() => findProgram('./empty', cwd))).toContain('is an empty file');
    expect(refusal(() => findProgram('./plain', cwd))).toMatch(
      /neither a compiled program nor a script.*sh \.\/plain/s,
    );
    expect(refusal(() => findProgram('/dev/null', cwd))).toContain('no regular file');
  });

  it('is refused when it is for another processor, whose name is shown', () => {
    const [other, name] = process.arch === 'arm64' ? [62, 'x86-64'] : [183, 'aarch64'];
    written('foreign', elfHeader(other), 0o755);
    expect(refusal(() => findProgram('./foreign', cwd))).toMatch(`is a program for ${name}; this host is `);
    written('mainframe', elfHeader(22, false), 0o755);
    expect(refusal(() => findProgram('./mainframe', cwd))).toContain('s390x');
  });

  it('is refused with the name of the script and of the interpreter that is missing', () => {
    expect(refusal(() => findProgram('python9', cwd, './x.py'))).toMatch(
      /The script \.\/x\.py needs python9, which is not on this host.*install/s,
    );
    expect(refusal(() => findProgram('/no/perl', cwd, './x.pl'))).toContain('needs perl, which');
  });
});

describe('the first line of a script', () => {
  it.each([
    ['#!/bin/sh', { interpreter: '/bin/sh', args: [] }],
    ['#! /bin/sh -e  -u ', { interpreter: '/bin/sh', args: ['-e  -u'] }],
    ['#!/usr/bin/env python3', { interpreter: 'python3', args: [], env: '/usr/bin/env' }],
    [
      '#!/usr/bin/env -S python3 -u -X utf8',
      { interpreter: 'python3', args: ['-u', '-X', 'utf8'], env: '/usr/bin/env' },
    ],
    ['#!/bin/env --split-string=awk -f', { interpreter: 'awk', args: ['-f'], env: '/bin/env' }],
  ])('names the interpreter as the kernel reads it: %s', (line, expected) => {
    expect(parseShebang(line, './x')).toEqual(expected);
  });

  it.each([
    ['#!/bin/sh\r', /carriage return.*sed -i/s],
    ['#!', /names no interpreter/],
    ['#!  ', /names no interpreter/],
    ['#!/usr/bin/env', /names no interpreter/],
    ['#!/usr/bin/env python3 -u', /several words without -S/],
    ['#!/usr/bin/env -S A=1 python3', /options, settings or quotes/],
    ['#!/usr/bin/env -i', /options, settings or quotes/],
    ['#!/usr/bin/env -S python3 "-u"', /options, settings or quotes/],
  ])('is refused where Boxmark could not start it as the kernel would: %j', (line, reason) => {
    expect(refusal(() => parseShebang(line, './x'))).toMatch(reason);
  });
});

describe('SRC[:DEST]', () => {
  it('is placed below the working folder or at an absolute path, where SRC is when DEST is left out', () => {
    written('a', '');
    mkdirSync(join(cwd, 'd'));
    const placeOf = (spec: string) => parseWith(spec, cwd).place;
    expect(placeOf('a')).toEqual({ working: 'a' });
    expect(placeOf('./d/')).toEqual({ working: 'd' });
    expect(placeOf('.')).toEqual({ working: '' });
    expect(placeOf('a:b/c')).toEqual({ working: 'b/c' });
    expect(placeOf('a:b/')).toEqual({ working: 'b/a' });
    expect(placeOf('a:.')).toEqual({ working: 'a' });
    expect(placeOf('d:.')).toEqual({ working: '' });
    expect(placeOf('a:/data/x')).toEqual({ absolute: '/data/x' });
    expect(placeOf('/etc/passwd')).toEqual({ absolute: '/etc/passwd' });
    written('with:colon', '');
    expect(placeOf('with:colon')).toEqual({ working: 'with:colon' });
    expect(placeOf('with:colon:x')).toEqual({ working: 'x' });
  });

  it.each([
    ['absent', /does not exist/],
    ['absent:x', /does not exist/],
    [':x', /does not exist/],
    ['a:', /No place in the box/],
    ['a:../x', /has `\.\.` in it/],
    ['a:/data/../proc', /has `\.\.` in it/],
    ['a:/proc/x', /Nothing can be placed at \/proc\/x/],
    ['a:/sys', /Nothing can be placed/],
    ['a:/dev/shm/x', /Nothing can be placed/],
    ['a:/tmp/x', /Nothing can be placed/],
    ['a:/run/x', /Nothing can be placed/],
    ['a:/boxmark/payload.cjs', /Nothing can be placed/],
    ['a://boxmark/x', /Nothing can be placed/],
    ['d:/', /Nothing can be placed at \//],
  ])('is refused: %s', (spec, reason) => {
    written('a', '');
    mkdirSync(join(cwd, 'd'));
    expect(refusal(() => parseWith(spec, cwd))).toMatch(reason);
  });

  it('is never placed outside of its folder, whatever it names', () => {
    written('a', '');
    const path = fc.array(fc.constantFrom('..', '.', '', 'x', 'proc', 'boxmark', '/'), { maxLength: 6 });
    fc.assert(
      fc.property(path, (parts) => {
        let place: ReturnType<typeof parseWith>['place'];
        try {
          ({ place } = parseWith(`a:${parts.join('/')}`, cwd));
        } catch (error) {
          expect(error).toMatchObject({ exitCode: EXIT.usage });
          return;
        }
        if ('working' in place) expect(place.working).toMatch(/^(?!\.\.|\/)/);
        else expect(place.absolute).toMatch(/^\/(?!proc|boxmark|\/|$)/);
      }),
    );
  });
});

describe('a folder that is copied', () => {
  const roomy = (): Budget =>
    new Budget({ files: 100, bytes: 1000 }, (figure, path) => new Error(`${figure}: ${path}`));

  it('is listed in order, with plain modes, links that stay kept and links that leave followed', () => {
    mkdirSync(join(cwd, 'out/inner'), { recursive: true });
    written('out/far', 'far');
    mkdirSync(join(cwd, 'in/sub'), { recursive: true });
    written('in/b', 'b', 0o600);
    written('in/a', 'a', 0o4711);
    symlinkSync('../b', join(cwd, 'in/sub/near'));
    symlinkSync(join(cwd, 'in/b'), join(cwd, 'in/sub/absolute'));
    symlinkSync('../out', join(cwd, 'in/outside'));
    symlinkSync('nowhere', join(cwd, 'in/broken'));
    symlinkSync('..', join(cwd, 'in/up'));
    rmSync(join(cwd, 'in/up'));
    const { files, folders, links } = scanTree(join(cwd, 'in'), { budget: roomy() });
    expect(files.map(({ path, mode }) => [path, mode.toString(8)])).toEqual([
      ['a', '755'],
      ['b', '644'],
      ['outside/far', '644'],
    ]);
    expect(folders).toEqual(['', 'outside', 'outside/inner', 'sub']);
    expect(links).toEqual([
      ['sub/absolute', '../b'],
      ['sub/near', '../b'],
    ]);
  });

  it('ends where links lead back to a folder above it', () => {
    mkdirSync(join(cwd, 'in'));
    mkdirSync(join(cwd, 'out'));
    symlinkSync('../out', join(cwd, 'in/out'));
    symlinkSync('../in', join(cwd, 'out/in'));
    expect(scanTree(join(cwd, 'in'), { budget: roomy() }).folders).toEqual(['', 'out']);
  });

  it('is refused for a socket, unless an interpreter has it, and for a name that is no text', async () => {
    mkdirSync(join(cwd, 'in'));
    const server = createServer().listen(join(cwd, 'in/socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    expect(refusal(() => scanTree(join(cwd, 'in'), { budget: roomy() }))).toMatch(/pipe, socket or device.*socket/s);
    expect(scanTree(join(cwd, 'in'), { budget: roomy(), skipSpecial: true }).files).toEqual([]);
    await new Promise((resolve) => server.close(resolve));
    written('in/a\nb', '');
    expect(refusal(() => scanTree(join(cwd, 'in'), { budget: roomy() }))).toContain('control characters');
  });

  it('is refused beyond its budget of files and bytes, holes counted', () => {
    mkdirSync(join(cwd, 'in'));
    written('in/sparse', '');
    truncateSync(join(cwd, 'in/sparse'), 1001);
    expect(() => scanTree(join(cwd, 'in'), { budget: roomy() })).toThrow(/1001 bytes or more, with 1000 allowed/);
    truncateSync(join(cwd, 'in/sparse'), 0);
    for (let index = 0; index < 100; index++) mkdirSync(join(cwd, 'in', String(index)));
    expect(() => scanTree(join(cwd, 'in'), { budget: roomy() })).toThrow(/more than 100 files/);
  });
});

describe('compiled modules of Python', () => {
  const TAG = 'cpython-311';

  /** A module and its compiled form, as of a source with this date. */
  function module(name: string, date: number, { tag = TAG, flags = 0, compiledAt = date } = {}): void {
    const source = written(`lib/${name}.py`, name);
    utimesSync(source, date, date);
    const head = Buffer.from('a70d0d0a', 'hex');
    const numbers = [flags, compiledAt, name.length].map((value) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(value);
      return bytes;
    });
    written(`lib/__pycache__/${name}.${tag}.pyc`, Buffer.concat([head, ...numbers, Buffer.from('code')]));
  }

  const pathsIn = (tag = TAG): (readonly [string, string | undefined])[] => {
    const budget = new Budget({ files: 1000, bytes: 1 << 20 }, () => new Error('full'));
    const { files, folders } = withCompiledModules(scanTree(join(cwd, 'lib'), { budget }), tag);
    expect(folders.includes('__pycache__')).toBe(files.some(({ path }) => path.startsWith('__pycache__')));
    return files.filter(({ path }) => path.endsWith('.pyc')).map(({ path, head }) => [path, head] as const);
  };

  beforeEach(() => mkdirSync(join(cwd, 'lib/__pycache__'), { recursive: true }));

  it('are valid without a date when they are those of their sources', () => {
    for (let index = 0; index < 19; index++) module(`m${index}`, 1_000_000 + index);
    module('stale', 1_000_000, { compiledAt: 1 });
    module('checked', 1_000_000, { flags: 3, tag: 'cpython-39' });
    const found = pathsIn();
    expect(found).toHaveLength(19);
    for (const [path, head] of found) {
      expect(path).toMatch(/^__pycache__\/m\d+\.cpython-311\.pyc$/);
      expect(head).toBe(`a70d0d0a01000000${'00'.repeat(8)}`);
    }
  });

  it('are left out where only some modules are compiled, which is chance, and for Python before 3.7', () => {
    for (let index = 0; index < 10; index++) module(`m${index}`, 1_000_000, { tag: 'cpython-36' });
    expect(pathsIn('cpython-36')).toEqual([]);
    module('m0', 1_000_000);
    expect(pathsIn()).toEqual([]);
  });
});

describe('a place in an image', () => {
  it('follows the links above it, as /bin and /lib are in /usr', () => {
    const layout = skeletonLayout();
    expect(throughLinks(layout, 'bin/sh')).toBe('usr/bin/sh');
    expect(throughLinks(layout, 'usr/sbin/x')).toBe('usr/bin/x');
    expect(throughLinks(layout, 'var/run/x')).toBe('run/x');
    expect(throughLinks(layout, 'bin')).toBe('bin');
  });

  it('is taken by another file, by a folder, and by a link to either', () => {
    const layout = skeletonLayout();
    const [one, two, same] = [written('one', '1'), written('two', '2'), written('same', '1')];
    addFile(layout, 'data/one', one, 0o644);
    layout.links.set('data/link', 'one');
    for (const place of ['data/one', 'data/link', 'data', 'data/one/below']) {
      expect(isTaken(layout, place, two), place).toBe(true);
      expect(() => addFile(layout, place, two, 0o644), place).toThrow('both wanted');
    }
    for (const place of ['data/one', 'data/link', 'data/free']) expect(isTaken(layout, place, same), place).toBe(false);
  });

  it('keeps the inner structure of a program outside the system, and no folder above it', () => {
    const [file, prefix] = ['/home/user/pythons/3/bin/python3.11', '/home/user/pythons/3'];
    expect(privatePlace(file, 'boxmark/tools/it', 'python3.11', prefix)).toBe('boxmark/tools/it/bin/python3.11');
  });
});

describe('a call of Python', () => {
  it.each([
    [['run.py', 'a'], '/srv/run.py'],
    [['-X', 'dev', '-u', '-W', 'ignore', '/opt/run.py'], '/opt/run.py'],
    [['--version'], undefined],
    [['-c', 'print(1)'], undefined],
    [['-Bm', 'http.server'], undefined],
    [['-'], undefined],
    [[], undefined],
  ])('with the words %j runs the script %s', (words, script) => {
    expect(pythonCall('/venv/bin/python3.11', words, '/srv')?.script).toBe(script);
  });

  it.each(['/usr/bin/perl', '/usr/bin/python2.7', '/usr/bin/pythonic'])('is not one of %s', (interpreter) => {
    expect(pythonCall(interpreter, ['run.py'], '/srv')).toBeUndefined();
  });
});
