/** Programs in a root that the user brings, in real boxes: natively by chroot, and the same output in every engine. */

import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSession } from '../../bench/session/load.ts';
import { findStaticBusybox } from '../../runners/guest/initramfs.ts';
import { libraryClosure } from '../../runners/image/elf-closure.ts';
import { RUNNERS } from '../../runners/index.ts';
import { findCommand } from '../../runners/kit/commands.ts';
import { fnv1a64 } from '../../scimark/fnv.ts';
import { boxmark, sessions } from '../cli/program.ts';
import { dockerArchiveOf, file, folder, type ImageParts, tarOf, writeOci } from './root-images.ts';

const SOURCE = `#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
int main(int argc, char **argv) {
  struct stat own;
  const char *home = getenv("HOME"), *a = getenv("A");
  stat(home, &own);
  printf("%s: user %d:%d, home of %d, A is %s, %s%s, %s\\n", argc > 1 ? argv[1] : "nothing", getuid(), getgid(),
         (int)own.st_uid, a ? a : "not set", getenv("LD_LIBRARY_PATH") ? "a library path" : "no library path",
         access(home, W_OK) == 0 ? "" : ", home is closed", access("/etc/shadow", F_OK) == 0 ? "a host" : "no host");
  return 0;
}
`;

const KNOWN = RUNNERS.map(({ name }) => name);
const SOME = ['native', 'docker', 'runc', 'unshare', 'uml'].filter((name) => KNOWN.includes(name));
const ALL = [
  'native',
  'unshare',
  'bwrap',
  'runc',
  'crun',
  'docker',
  'podman',
  'lxc',
  'lxc:app',
  'nspawn',
  'gvisor',
  'uml',
];
const isRoot = process.getuid?.() === 0;

let dir = '';
beforeAll(() => {
  dir = mkdtempSync('/var/tmp/boxmark-test-roots-');
  writeFileSync(join(dir, 'it.c'), SOURCE);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Compiles the program to `dir/NAME`; the reason where that is not possible here. */
function compiled(name: string, compiler: string, ...flags: string[]): string | undefined {
  if (findCommand(compiler) === undefined) return `${compiler} is not installed`;
  const done = spawnSync(compiler, [...flags, '-o', join(dir, name), join(dir, 'it.c')], { encoding: 'utf8' });
  return done.status === 0 ? undefined : `${compiler} ${flags.join(' ')}: ${done.stderr.trim().split('\n').at(-1)}`;
}

/** What the program printed, which is the same in every environment. */
async function outputIn(environments: readonly string[], ...args: string[]): Promise<string> {
  const little = ['--keep-going', '--blocks', '1', '--rounds', '1', '--out', dir, '--quiet'];
  const words = ['run', '-e', environments.join(','), ...little, '--expect', 'same-output', ...args];
  const before = sessions(dir);
  const { code, stderr } = await boxmark(...words);
  expect(code, stderr).toBe(0);
  const [session = ''] = sessions(dir).filter((path) => /Z-\w+$/.test(path) && !before.includes(path));
  const { info, samples, starts } = await loadSession(session);
  expect(starts.flatMap((start) => (start.status === 'completed' ? [] : [`${start.env}: ${start.reason}`]))).toEqual(
    [],
  );
  expect(info.environments.find(({ path }) => path === 'native')?.labels).toEqual(['chroot']);
  const checksums = samples.flatMap(({ checksum }) => (checksum === '' ? [] : [checksum]));
  expect(new Set(checksums).size).toBe(1);
  for (const { path } of info.environments) expect(samples.map(({ env }) => env)).toContain(path);
  expect(info.plan.root?.digest).toMatch(/^[0-9a-f]{64}$/);
  return checksums[0] ?? '';
}

/** What stands for an output, and the exit code 0, in a session. */
const printed = (text: string): string => fnv1a64([Buffer.from(text), Uint8Array.of(0)]);

function put(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(realpathSync(from), to);
}

describe.skipIf(!isRoot)('a root of the user', { timeout: 600_000 }, () => {
  it('of busybox alone runs a program that is a link, and shell texts by its own shell', async (ctx) => {
    const busybox = await findStaticBusybox();
    if (typeof busybox !== 'string') return ctx.skip(busybox.missing);
    const root = join(dir, 'busybox');
    put(busybox, join(root, 'bin/busybox'));
    for (const name of ['sh', 'echo', 'cat']) symlinkSync('/bin/busybox', join(root, 'bin', name));
    writeFileSync(join(dir, 'words'), 'some words\n');
    const echo = await outputIn(SOME, '--root', `dir:${root}`, '--', 'echo', 'some words');
    expect(echo).toBe(printed('some words\n'));
    const text = ['--with', `${join(dir, 'words')}:words`, '--prepare', 'cat words >copy', '-w', 'sh:cat copy'];
    expect(await outputIn(['native', 'unshare'], '--root', `dir:${root}`, ...text)).toBe(echo);
  });

  it('with a static program and nothing else runs it as the user of the image', async (ctx) => {
    const missing = compiled('static', 'gcc', '-static');
    if (missing !== undefined) return ctx.skip(missing);
    const users = file('etc/passwd', 'root:x:0:0::/:\napp:x:12:34::/:\n');
    const program = file('bin/it', readFileSync(join(dir, 'static')), { mode: 0o4755 });
    const parts: ImageParts = {
      layers: [tarOf([program, users]), tarOf([folder('srv')])],
      config: {
        Env: ['PATH=/bin', 'A=from the image'],
        User: 'app',
        WorkingDir: '/srv',
        Entrypoint: ['it'],
        Cmd: ['entry'],
      },
      gzip: true,
    };
    writeOci(join(dir, 'oci'), { it: parts });
    writeFileSync(join(dir, 'it.tar'), dockerArchiveOf(parts));
    const known = ALL.filter((name) => KNOWN.includes(name.split(':')[0] as string));
    const entry = await outputIn(known, '--root', `oci:${join(dir, 'oci')}:it`);
    const typed = await outputIn(
      ['native', 'runc'],
      '--root',
      `docker-archive:${join(dir, 'it.tar')}`,
      '--',
      '/bin/it',
      'entry',
    );
    expect(typed).toBe(entry);
    expect(entry).toBe(printed('entry: user 12:34, home of 12, A is from the image, no library path, no host\n'));
  });

  it('with the C library musl runs a program by its loader', async (ctx) => {
    const missing = compiled('musl', 'musl-gcc');
    if (missing !== undefined) return ctx.skip(missing);
    const { interpreter = '' } = libraryClosure(join(dir, 'musl'));
    put(join(dir, 'musl'), join(dir, 'alpine/usr/bin/it'));
    put(interpreter, join(dir, 'alpine', interpreter));
    const said = await outputIn(SOME, '--root', `dir:${join(dir, 'alpine')}`, '--', 'it', 'musl');
    expect(said).toBe(printed('musl: user 0:0, home of 0, A is not set, no library path, no host\n'));
  });

  it('with another C library than the host runs a program by its loader and libraries', async (ctx) => {
    const missing = compiled('dynamic', 'gcc');
    if (missing !== undefined) return ctx.skip(missing);
    const { interpreter = '', libraries } = libraryClosure(join(dir, 'dynamic'));
    put(join(dir, 'dynamic'), join(dir, 'debian/usr/bin/it'));
    put(interpreter, join(dir, 'debian', interpreter));
    for (const [name, from] of libraries) put(from, join(dir, 'debian/lib', name));
    const said = await outputIn(SOME, '--root', `dir:${join(dir, 'debian')}`, '--', '/usr/bin/it', 'glibc');
    expect(said).toBe(printed('glibc: user 0:0, home of 0, A is not set, no library path, no host\n'));
  });
});
