/** `run --root` as a user calls it: what is wrong is named before anything is made. */

import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { EXIT } from '../../bench/errors.ts';
import { dockerArchiveOf, file, HERE, type ImageParts, tarOf, writeOci } from '../runners/root-images.ts';
import { type Ended, start } from './program.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  mkdirSync(join(dir, 'rootfs/usr/bin'), { recursive: true });
  symlinkSync('/usr/bin', join(dir, 'rootfs/bin'));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** The first bytes of a static program for a processor by its number in ELF. */
function elf(machine: number): Buffer {
  const head = Buffer.alloc(64);
  head.write('\x7fELF\x02\x01\x01', 0, 'latin1');
  head.writeUInt16LE(machine, 18);
  return head;
}

const OWN = HERE === 'arm64' ? 183 : 62;

function program(path: string, content: string | Buffer, mode = 0o755): void {
  if (!path.startsWith('usr/')) throw new Error('the link /bin leads out of the folder');
  writeFileSync(join(dir, 'rootfs', path), content);
  chmodSync(join(dir, 'rootfs', path), mode);
}

function dryRun(...args: string[]): Promise<Ended> {
  const words = ['run', '-e', 'native', '--dry-run', '--json', '--quiet', '--out', join(dir, 'out'), ...args];
  return start(words, ['env', '-C', dir, `BOXMARK_CACHE=${join(dir, 'store')}`]).ended;
}

const planSchema = z.object({
  plan: z.object({
    root: z.object({ source: z.string(), digest: z.string(), id: z.string().optional() }),
    commands: z.array(z.object({ id: z.string(), argv: z.array(z.string()), command: z.array(z.string()) })),
  }),
});

async function planned(...args: string[]) {
  const { code, stdout, stderr } = await dryRun(...args);
  expect(code, stderr).toBe(0);
  return planSchema.parse(JSON.parse(stdout)).plan;
}

async function refusal(...args: string[]): Promise<string> {
  const { code, stderr } = await dryRun(...args);
  expect(code, stderr).toBe(2);
  const left = readdirSync(dir).includes('store') ? readdirSync(join(dir, 'store')) : [];
  expect(left.filter((name) => name.startsWith('.'))).toEqual([]);
  expect(readdirSync(dir)).not.toContain('out');
  return stderr;
}

describe('a program in a root', () => {
  it('is found on its PATH, by links as well, and is not one of this host', async () => {
    program('usr/bin/tool', elf(OWN));
    symlinkSync('/usr/bin/tool', join(dir, 'rootfs/usr/bin/short'));
    const { root, commands } = await planned('--root', 'dir:rootfs', '--', 'short', '/etc/passwd');
    expect(commands[0]?.argv).toEqual(['@image/usr/bin/short', '/etc/passwd']);
    expect(root.source).toBe('dir:rootfs');
    expect(await refusal('--root', 'dir:rootfs', '--', 'ls')).toMatch(/no program on its PATH.*\n {2}received: ls/);
  });

  it('is the entry point of the image where none is named', async () => {
    const parts: ImageParts = {
      layers: [tarOf([file('opt/tool', elf(OWN), { mode: 0o755 })])],
      config: { Env: ['PATH=/opt'], Entrypoint: ['tool'], Cmd: ['--all'] },
    };
    writeOci(join(dir, 'oci'), { it: parts });
    const { root, commands } = await planned('--root', 'oci:oci:it');
    expect(commands).toMatchObject([{ id: 'tool', command: ['tool', '--all'], argv: ['@image/opt/tool', '--all'] }]);
    writeFileSync(join(dir, 'it.tar'), dockerArchiveOf(parts));
    expect(await planned('--root', 'docker-archive:it.tar')).toMatchObject({
      root: { digest: root.digest, id: root.id },
    });
  });

  it.each<[string, () => void, string[], RegExp]>([
    ['that is a relative path', () => {}, ['--', './tool'], /relative path names nothing/],
    ['that is not executable', () => program('usr/bin/it', elf(OWN), 0o644), ['--', '/usr/bin/it'], /not executable/],
    ['for another processor', () => program('usr/bin/it', elf(8)), ['--', 'it'], /is for mips; this host is/],
    ['without its interpreter', () => program('usr/bin/it', '#!/usr/bin/perl\n'), ['--', 'it'], /script needs perl/],
    ['that env does not find', () => program('usr/bin/it', '#!/usr/bin/env awk\n'), ['--', 'it'], /script needs awk/],
    ['that is a text', () => program('usr/bin/it', 'echo\n'), ['--', 'it'], /neither compiled nor a script/],
    ['for a shell that is missing', () => {}, ['-w', 'sh:echo'], /no \/bin\/sh/],
    [
      'with a step for a shell that is missing',
      () => program('usr/bin/it', elf(OWN)),
      ['--prepare', ':', '--', 'it'],
      /prepare needs/,
    ],
    [
      'with a file where the root has one',
      () => program('usr/bin/it', elf(OWN)),
      ['--with', '/etc/passwd:/bin/it', '--', 'it'],
      /bin\/it/,
    ],
    ['that none is', () => {}, [], /names no program/],
    ['in a workload without one', () => {}, ['-w', 'lu'], /--root is for programs/],
    ['in an exported image', () => {}, ['--image', 'x.tar', '--', 'it'], /--root and --image/],
  ])('%s is refused', async (_, make, args, message) => {
    make();
    expect(await refusal('--root', 'dir:rootfs', ...args)).toMatch(message);
  });
});

describe('a root', () => {
  it.each([
    ['of another form', 'debian:12', /--root takes a container image/],
    ['that is missing', 'oci:nowhere', /OCI layout is not whole/],
    ['that is no archive', 'docker-archive:rootfs', /no regular file/],
    ['that is no folder', 'dir:nowhere', /no folder/],
    ['that docker does not have', 'docker:boxmark-test/none:0', /docker/],
  ])('%s is refused', async (_, spec, message) => {
    expect(await refusal('--root', spec, '--', 'it')).toMatch(message);
  });

  it('for another processor, or with a damaged layer, is refused', async () => {
    const layers = [tarOf([file('a')])];
    writeOci(join(dir, 'other'), { it: { layers, architecture: 's390x' } });
    expect(await refusal('--root', 'oci:other', '--', 'a')).toMatch(`is for s390x; this host is ${HERE}`);
    writeFileSync(
      join(dir, 'it.tar'),
      dockerArchiveOf({ layers }, (all) =>
        all.map((one) => (one.path.endsWith('.tar') ? { ...one, content: 'x' } : one)),
      ),
    );
    expect(await refusal('--root', 'docker-archive:it.tar', '--', 'a')).toMatch(/layer sha256:[0-9a-f]{64} is damaged/);
  });

  it('fills no message with what an image says, and gives the terminal no codes', async () => {
    const layers = [tarOf([file('a')])];
    const long = '\x1b]0;x\x07\x1b[31mRED\u202e'.repeat(20_000);
    const renamed = dockerArchiveOf({ layers }, (all) =>
      all.map((one) => {
        if (one.path !== 'manifest.json') return one;
        const [image] = JSON.parse(String(one.content));
        return { ...one, content: JSON.stringify([image, image].map((each) => ({ ...each, RepoTags: [long] }))) };
      }),
    );
    writeFileSync(join(dir, 'two.tar'), renamed);
    writeOci(join(dir, 'other'), { it: { layers, architecture: long } });
    for (const [spec, message] of [
      ['docker-archive:two.tar', /holds 2 images/],
      ['oci:other', /is for RED/],
    ] as const) {
      const text = await refusal('--root', spec, '--', 'a');
      expect(text).toMatch(message);
      for (const code of ['\x1b', '\u202e']) expect(text).not.toContain(code);
      expect(text.length).toBeLessThan(2000);
    }
  });

  it('leaves nothing behind when it is interrupted while it is read', async () => {
    program('usr/bin/it', elf(OWN));
    for (let at = 0; at < 40; at++) writeFileSync(join(dir, 'rootfs', `data-${at}`), randomBytes(4 << 20));
    const words = ['run', '-e', 'native', '--dry-run', '--quiet', '--root', 'dir:rootfs', '--', 'it'];
    const store = join(dir, 'store');
    const { child, ended } = start(words, ['env', '-C', dir, `BOXMARK_CACHE=${store}`]);
    const builds = () => (existsSync(store) ? readdirSync(store).filter((name) => name.startsWith('.build')) : []);
    while (builds().length === 0 && child.exitCode === null) await setTimeout(5);
    child.kill('SIGINT');
    const { code, signal, stderr } = await ended;
    expect(signal ?? code, stderr).toBe(signal === null ? EXIT.interrupted : 'SIGINT');
    expect(builds()).toEqual([]);
  });
});
