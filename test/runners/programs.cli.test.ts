/** Users' commands in an image: each runs natively below the image's root, and in it. */

import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../bench/errors.ts';
import { IMAGE_MARK, LAUNCHER_PATH, workPath } from '../../bench/payload/image-files.ts';
import type { Image } from '../../bench/types.ts';
import { exportImage, holderImage, importImage, loadImage, verifyImage } from '../../runners/image/image.ts';
import type { ProgramImage, WantedCommand } from '../../runners/image/program-needs.ts';
import { programImage } from '../../runners/image/programs.ts';
import { findCommand } from '../../runners/kit/commands.ts';
import { type Lab, openLab } from '../lab.ts';

let lab: Lab;
let base: Image;
const cwd = realpathSync(mkdtempSync(join(tmpdir(), 'boxmark-programs-')));
const isRoot = process.getuid?.() === 0;

beforeAll(async () => {
  lab = await openLab({ ownStore: true });
  base = lab.image;
});

afterAll(async () => {
  rmSync(cwd, { recursive: true, force: true });
  await lab.dispose();
});

const imageOf = (command: Omit<WantedCommand, 'id'>, more: readonly string[] = []): Promise<ProgramImage> =>
  programImage(base, { commands: [{ id: 'it', ...command }], with: more, cwd });

/** What the command prints natively and inside of the root, which must be the same to the byte. */
function outputOf({ image, commands }: ProgramImage): string {
  const { id, argv } = commands[0]!;
  const below = (root: string) =>
    argv.map((word) => (word.startsWith(IMAGE_MARK) ? `${root}/${word.slice(IMAGE_MARK.length)}` : word));
  const [file = '', ...args] = below(image.root);
  const env = { PATH: '/usr/bin:/bin', HOME: '/' };
  const run = spawnSync(file, args, { cwd: join(image.root, workPath(id)), env, encoding: 'utf8' });
  expect(run.stderr).toBe('');
  expect(run.status).toBe(0);
  if (!isRoot) return run.stdout;
  const words = ['-c', 'cd "$1" && shift && exec "$@"', 'sh', `/${workPath(id)}`, ...below('')];
  const inside = inRoot(image, [`/${LAUNCHER_PATH}`, ...words]);
  expect([inside.stderr, inside.status, inside.stdout]).toEqual(['', 0, run.stdout]);
  return run.stdout;
}

/** Runs with the image as root and with a /proc, as in every box. */
function inRoot(image: Image, words: readonly string[]) {
  const namespaces = ['--mount', '--pid', '--fork', '--mount-proc', `--root=${image.root}`];
  const env = { PATH: '/usr/bin:/bin', HOME: '/' };
  return spawnSync('unshare', [...namespaces, ...words], { env, encoding: 'utf8' });
}

describe('a command of a user', () => {
  it('runs as a program of the system with its libraries, at its own path', async (ctx) => {
    if (findCommand('openssl') === undefined) return ctx.skip('openssl is not installed');
    const made = await imageOf({
      command: ['openssl', 'dgst', '-sha256', 'note.txt'],
      files: [written('note.txt', 'a')],
    });
    expect(made.commands[0]?.argv[0]).toBe(`${IMAGE_MARK}usr/bin/openssl`);
    expect(outputOf(made)).toContain('ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb');
  });

  it('runs from a folder of the user at a place that shows neither the folder nor its name', async (ctx) => {
    if (findCommand('cc') === undefined) return ctx.skip('no C compiler');
    compile('first', SOURCE);
    compile('second', SOURCE);
    const made = await imageOf({ command: ['./first', 'x'] });
    expect(made.commands).toEqual([{ id: 'it', argv: [`${IMAGE_MARK}boxmark/bin/it`, 'x'] }]);
    expect(outputOf(made)).toBe('2\n');
    expect((await imageOf({ command: [join(cwd, 'second'), 'x'] })).image.digest).toBe(made.image.digest);
    expect(readFileSync(join(made.image.root, 'boxmark/programs'), 'utf8')).toBe('boxmark/bin/it\nboxmark/sh\n');
  });

  it('runs as a static program', async (ctx) => {
    if (findCommand('cc') === undefined) return ctx.skip('no C compiler');
    if (!compile('static', SOURCE, ['-static'])) return ctx.skip('no static C library');
    expect(outputOf(await imageOf({ command: ['./static'] }))).toBe('1\n');
  });

  it('finds libraries relative to itself, two builds each their own', async (ctx) => {
    if (findCommand('cc') === undefined) return ctx.skip('no C compiler');
    for (const build of ['a', 'b']) {
      mkdirSync(join(cwd, `build-${build}/lib`), { recursive: true });
      const own = ['-shared', '-fPIC', '-o', `build-${build}/lib/libown.so`];
      compile(`build-${build}/lib/libown.so`, `const char *own(void) { return "${build}"; }`, own);
      const main = 'int puts(const char *); const char *own(void); int main(void) { puts(own()); }';
      compile(`build-${build}/tool`, main, [`-Lbuild-${build}/lib`, '-lown', '-Wl,-rpath,$ORIGIN/lib']);
    }
    const made = await programImage(base, {
      commands: ['a', 'b'].map((id) => ({ id, command: [`build-${id}/tool`] })),
      with: [],
      cwd,
    });
    expect(made.commands.map(({ argv }) => argv)).toEqual([
      [`${IMAGE_MARK}boxmark/bin/a`],
      [`${IMAGE_MARK}boxmark/bin/b`],
    ]);
    for (const command of made.commands) expect(outputOf({ ...made, commands: [command] })).toBe(`${command.id}\n`);
    expect(JSON.stringify(readdirSync(made.image.root, { recursive: true }))).not.toContain('build-');
  });

  it('runs as a Python script with the modules of the image, and writes none into it', async (ctx) => {
    if (findCommand('python3') === undefined) return ctx.skip('python3 is not installed');
    written('sum.py', PYTHON, 0o755);
    const files = [written('numbers.json', '[1, 2, 3]')];
    const script = await imageOf({ command: ['./sum.py', 'numbers.json'], files });
    expect(script.commands[0]?.argv.at(-2)).toBe(`${IMAGE_MARK}boxmark/bin/it`);
    expect(outputOf(script)).toBe('6.0 True\n');
    const compiled = readdirSync(script.image.root, { recursive: true, encoding: 'utf8' }).find((name) =>
      /^usr\/.*\/json\/.*decoder.*pyc$/.test(name),
    );
    const words = script.commands[0]!.argv.slice(0, -2).map((word) =>
      word.replace(IMAGE_MARK, `${script.image.root}/`),
    );
    const loaded = spawnSync(words[0]!, [...words.slice(1), '-v', '-c', 'import json'], { encoding: 'utf8', env: {} });
    if (compiled !== undefined)
      expect(loaded.stderr).toContain(`code object from '${join(script.image.root, compiled)}'`);
    await verifyImage(script.image);
    expect(outputOf(await imageOf({ command: ['python3', 'sum.py', 'numbers.json'] }))).toBe('6.0 True\n');
  });

  it('runs as a Python script with what it imports: modules beside it, packages of its virtual environment', async (ctx) => {
    const python = findCommand('python3');
    if (python === undefined) return ctx.skip('python3 is not installed');
    const folder = join(cwd, 'venv-script');
    mkdirSync(join(folder, 'near'), { recursive: true });
    const made = spawnSync(python, ['-m', 'venv', '--without-pip', join(folder, 'venv')], { encoding: 'utf8' });
    if (made.status !== 0) return ctx.skip(`no virtual environment can be made: ${made.stderr}`);
    const ask = [
      join(folder, 'venv/bin/python'),
      '-c',
      "import sysconfig; print(sysconfig.get_path('purelib'))",
    ] as const;
    const packages = spawnSync(ask[0], ask.slice(1), { encoding: 'utf8' }).stdout.trim();
    mkdirSync(join(packages, 'far/inner'), { recursive: true });
    writeFileSync(join(packages, 'far/__init__.py'), 'from .inner import deep\nSEVEN = deep.SEVEN\n');
    writeFileSync(join(packages, 'far/inner/__init__.py'), '');
    writeFileSync(join(packages, 'far/inner/deep.py'), 'SEVEN = 7\n');
    writeFileSync(join(packages, 'unused.py'), '');
    writeFileSync(join(folder, 'near/__init__.py'), '');
    writeFileSync(join(folder, 'near/by.py'), 'import json\nTEXT = json.dumps([1])\n');
    const text = 'import far\nfrom near import by\nprint(far.SEVEN, by.TEXT)\n';
    writeFileSync(join(folder, 'script.py'), text);
    writeFileSync(join(folder, 'tool'), `#!${ask[0]}\n${text}`, { mode: 0o755 });
    const called = await imageOf({ command: ['venv-script/venv/bin/python', '-W', 'ignore', 'venv-script/script.py'] });
    expect(outputOf(called)).toBe('7 [1]\n');
    expect(outputOf(await imageOf({ command: ['./venv-script/tool'] }))).toBe('7 [1]\n');
    const files = readdirSync(called.image.root, { recursive: true }).map(String);
    expect(files.some((file) => file.endsWith('far/inner/deep.py'))).toBe(true);
    expect(files.some((file) => file.endsWith('unused.py'))).toBe(false);
  });

  it('runs as a Perl script with the modules of the image', async (ctx) => {
    if (findCommand('perl') === undefined) return ctx.skip('perl is not installed');
    const loaded = 'print join("\\n", grep { !m{^(?:$ENV{ROOT})?/usr/} } values %INC), sum(1, 2), "\\n"';
    written('sum.pl', `#!/usr/bin/perl -w\nuse strict; use List::Util qw(sum); use POSIX; ${loaded};\n`, 0o755);
    const made = await imageOf({ command: ['./sum.pl'] });
    expect(made.commands[0]?.argv.slice(-2)).toEqual(['-w', `${IMAGE_MARK}boxmark/bin/it`]);
    const folders = made.commands[0]?.argv.filter((word) => word.includes('perl/') || word.includes('perl5'));
    expect(folders?.every((word) => word.startsWith(IMAGE_MARK))).toBe(true);
    const native = made.commands[0]!.argv.map((word) => word.replace(IMAGE_MARK, `${made.image.root}/`));
    const run = spawnSync(native[0]!, ['-MList::Util', ...native.slice(1, -2), '-e', 'print values %INC'], { env: {} });
    expect(run.stdout.toString()).not.toMatch(/(^|pm)\/usr/);
  });

  it('runs as Java with the classes and settings of the image', async (ctx) => {
    if (findCommand('java') === undefined) return ctx.skip('java is not installed');
    const made = await imageOf({ command: ['java', '-Xshare:auto', '-version'] });
    expect(made.commands[0]?.argv[0]).toBe(`${IMAGE_MARK}usr/bin/java`);
    const [file = ''] = made.commands[0]!.argv.map((word) => word.replace(IMAGE_MARK, `${made.image.root}/`));
    const settings = ['-XshowSettings:properties', '-version'];
    const native = spawnSync(file, settings, { encoding: 'utf8', env: {} });
    expect(/java\.home = (.*)/.exec(native.stderr)?.[1]).toMatch(new RegExp(`^${made.image.root}/`));
    if (!isRoot) return;
    const inside = inRoot(made.image, ['/usr/bin/java', ...settings]);
    expect(inside.stderr).toContain('java.home = /');
  });

  it('runs as text for the shell', async () => {
    const made = await imageOf({
      command: ['read word < word.txt; echo "$word $((1 + 1))"'],
      shell: true,
      files: [written('word.txt', 'two\n')],
    });
    expect(made.commands[0]?.argv[0]).toMatch(/^@image\/(usr\/)?bin\/sh$/);
    expect(outputOf(made)).toBe('two 2\n');
  });

  it('runs as a script whose interpreter is a script', async () => {
    written('outer.sh', '#!/bin/sh\nshift; test -f "$1" && echo "$#"\n', 0o755);
    written('inner', `#!${join(cwd, 'outer.sh')} option\n`, 0o755);
    const made = await imageOf({ command: ['./inner', 'last'] });
    expect(made.commands[0]?.argv.slice(1)).toEqual([
      `${IMAGE_MARK}boxmark/tools/it/bin/outer.sh`,
      'option',
      `${IMAGE_MARK}boxmark/bin/it`,
      'last',
    ]);
    expect(outputOf(made)).toBe('2\n');
  });
});

describe('the image of commands', () => {
  it('is the base image without commands, and the same for the same inputs in another store', async () => {
    expect((await programImage(base, { commands: [], with: [], cwd })).image).toBe(base);
    const wanted = { command: ['sh', '-c', 'true'], files: [written('same.txt', 'same')] };
    const first = await imageOf(wanted);
    const again = await imageOf(wanted);
    expect([again.image.digest, statSync(again.image.root).ino]).toEqual([
      first.image.digest,
      statSync(first.image.root).ino,
    ]);
    await verifyImage(first.image);
    written('same.txt', 'else');
    expect((await imageOf(wanted)).image.digest).not.toBe(first.image.digest);
    written('same.txt', 'same');
    expect((await imageOf(wanted)).image.digest).toBe(first.image.digest);
  });

  it('can be that of a box that holds others', async () => {
    const { image } = await imageOf({ command: ['sh', '-c', 'true'] });
    const holder = await holderImage(image, ['sh', 'cat']);
    await verifyImage(holder);
    expect(existsSync(join(holder.root, LAUNCHER_PATH))).toBe(true);
  });

  it('comes in as the same image in another store', async () => {
    const { image } = await imageOf({ command: ['sh', '-c', 'true'] });
    const file = join(cwd, 'image.tar');
    await exportImage(image, file);
    expect((await importImage(file)).digest).toBe(image.digest);
  });

  it('runs by its own loader where a program of a command has other libraries here', async (ctx) => {
    if (findCommand('cc') === undefined) return ctx.skip('no C compiler');
    mkdirSync(join(cwd, 'moved'), { recursive: true });
    compile('moved/libmoved.so', 'int moved;', ['-shared', '-fPIC']);
    compile('mover', 'extern int moved; int main(void) { return moved; }', [
      '-Lmoved',
      '-lmoved',
      `-Wl,-rpath,${cwd}/moved`,
    ]);
    const { image } = await imageOf({ command: ['./mover'] });
    expect(image.nativeArgv[0]).toBe(join(image.root, 'usr/bin/node'));
    compile('moved/libmoved.so', 'int moved, other;', ['-shared', '-fPIC']);
    expect((await loadImage(image.digest)).nativeArgv[0]).toMatch(/\/ld-[^/]+$/);
  });
});

describe('the words of a command', () => {
  const held = (image: Image): string[] =>
    readdirSync(join(image.root, workPath('it')), { recursive: true, encoding: 'utf8' }).sort();

  it('bring the files that they name below the folder, and leave options and other words alone', async () => {
    mkdirSync(join(cwd, 'sub/deep'), { recursive: true });
    for (const name of ['sub/deep/one', 'sub/two', 'three', '--four']) written(name, name);
    const words = ['./sub/deep', 'three', '--four', 'five', '--in=three', ''];
    const made = await imageOf({ command: ['sh', '-c', 'true', ...words] });
    expect(made.commands[0]?.argv.slice(3)).toEqual(words);
    expect(held(made.image)).toEqual(['sub', 'sub/deep', 'sub/deep/one', 'three']);
  });

  it('bring what they name by an absolute path, where the image has nothing yet', async (ctx) => {
    const outside = mkdtempSync('/var/tmp/boxmark-words-');
    ctx.onTestFinished(() => rmSync(outside, { recursive: true }));
    writeFileSync(join(outside, 'file'), 'far', { mode: 0o600 });
    const made = await imageOf({ command: ['cat', join(outside, 'file'), '/etc/hostname', '/dev/null', '/'] });
    const file = join(made.image.root, outside, 'file');
    expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o7777]).toEqual(['far', 0o644]);
    expect(readFileSync(join(made.image.root, 'etc/hostname'), 'utf8')).toBe('boxmark\n');
    expect(outputOf(await imageOf({ command: ['cat', join(outside, 'file')] }))).toBe('far');
  });

  it('are refused for a file above the folder, in a folder of the box, and beyond 64 MiB', async () => {
    written('present', 'x');
    await expectRefusal({ command: ['cat', `../${basename(cwd)}/present`] }, /above the folder/);
    await expectRefusal({ command: ['cat', join(cwd, 'present')] }, /every box has its own/);
    written('large', '');
    truncateSync(join(cwd, 'large'), (64 << 20) + 1);
    await expectRefusal({ command: ['cat', 'large'] }, /limited to 64 MiB.*absolute path/s);
    rmSync(join(cwd, 'large'));
  });
});

describe('a file that is asked for', () => {
  it('goes where it is named: below the working folder of each command, or at an absolute path', async () => {
    written('asked', 'a', 0o700);
    const commands = ['x', 'y'].map((id) => ({ id, command: ['cat', '/data/asked'] }));
    const made = await programImage(base, { commands, with: ['asked:in/here', 'asked:/data/'], cwd });
    for (const { id, argv } of made.commands) {
      expect(statSync(join(made.image.root, workPath(id), 'in/here')).mode & 0o7777).toBe(0o755);
      // On this host nothing is at /data, so the word is a path in the image.
      expect(argv[1]).toBe(`${IMAGE_MARK}data/asked`);
      expect(outputOf({ ...made, commands: [{ id, argv }] })).toBe('a');
    }
  });

  it('brings the libraries of programs in it', async (ctx) => {
    if (findCommand('cc') === undefined) return ctx.skip('no C compiler');
    compile('brought', SOURCE);
    const made = await imageOf({ command: ['brought x'], shell: true, files: ['brought'] }, ['brought:/data/brought']);
    const text = '/data/brought x';
    const again = await imageOf({ command: [text], shell: true }, ['brought:/data/brought']);
    expect(readFileSync(join(again.image.root, 'boxmark/programs'), 'utf8')).toContain('data/brought\n');
    if (isRoot) {
      const inside = inRoot(again.image, [`/${LAUNCHER_PATH}`, '-c', text]);
      expect(inside.stdout).toBe('2\n');
    }
    expect(made.image.digest).not.toBe(again.image.digest);
  });

  it('is refused where there is another file, and with more than 8 GiB', async () => {
    written('one', '1');
    written('two', '2');
    await expectRefusal({ command: ['true'], files: ['one:/data/f', 'two:/data/f'] }, /both wanted as \/data\/f/);
    await expectRefusal({ command: ['true'], files: ['one:/data/f', 'two:/data/f/g'] }, /data\/f/);
    truncateSync(join(cwd, 'two'), 9 * 2 ** 30);
    await expectRefusal({ command: ['true'], files: ['two:/data/two'] }, /takes 200000 files and 8 GiB/);
    rmSync(join(cwd, 'two'));
  });
});

const SOURCE = 'int printf(const char *, ...); int main(int count, char **words) { printf("%d\\n", count); }';

const PYTHON = `#!/usr/bin/env python3
import hashlib, json, math, ssl, sys
assert json.__file__.startswith(sys.prefix + '/'), json.__file__
print(math.fsum(json.load(open(sys.argv[1]))), len(hashlib.sha256(b'').hexdigest()) == 64)
`;

async function expectRefusal(command: Omit<WantedCommand, 'id'>, reason: RegExp): Promise<void> {
  const refusal = imageOf(command).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(await refusal).toMatchObject({ exitCode: EXIT.usage, message: expect.stringMatching(reason) });
}

/** Did the compiler make it? */
function compile(name: string, source: string, options: readonly string[] = []): boolean {
  const words = ['-x', 'c', '-', '-x', 'none', '-o', name, ...options];
  return spawnSync('cc', words, { cwd, input: source }).status === 0;
}

function written(name: string, text: string, mode = 0o644): string {
  writeFileSync(join(cwd, name), text, { mode });
  return name;
}
