/** The content-addressed image: the same bytes from the same inputs, and nothing else accepted. */

import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../bench/errors.ts';
import { FILE_COUNT, filePath, fileText, PIN_PATH, PROGRAM_PATH } from '../../bench/payload/image-files.ts';
import type { Image } from '../../bench/types.ts';
import { allowedCpus } from '../../runners/host/cpus.ts';
import { readElf } from '../../runners/image/elf.ts';
import {
  dockerArchive,
  ensureImage,
  erofsDisk,
  exportImage,
  holderImage,
  importImage,
  loadImage,
  storeDir,
  verifyImage,
} from '../../runners/image/image.ts';
import { staticPrograms } from '../../runners/image/static-programs.ts';
import { sha256File } from '../../runners/image/store.ts';
import { type TarMember, tarBytes } from '../../runners/image/tar.ts';
import { findCommand } from '../../runners/kit/commands.ts';
import { type Lab, openLab } from '../lab.ts';

let lab: Lab;
let image: Image;

beforeAll(async () => {
  lab = await openLab({ ownStore: true });
  ({ image } = lab);
});

afterAll(async () => {
  await lab.dispose();
});

/** Runs with another, empty store; the first one is in place again afterwards. */
async function inOtherStore<T>(use: () => Promise<T>): Promise<T> {
  const store = storeDir();
  const other = `${store}-other`;
  process.env.BOXMARK_CACHE = other;
  try {
    return await use();
  } finally {
    process.env.BOXMARK_CACHE = store;
    rmSync(other, { recursive: true, force: true });
  }
}

describe('the image', () => {
  it('has the same digest, archive and disk when it is built again in another store', async () => {
    const first = [image.digest, await sha256File((await dockerArchive(image)).file), (await dockerArchive(image)).id];
    const disk = findCommand('mkfs.erofs') === undefined ? '' : await sha256File(await erofsDisk(image));
    await inOtherStore(async () => {
      const again = await ensureImage(lab.payloadFile);
      expect(again.root).not.toBe(image.root);
      const archive = await dockerArchive(again);
      expect([again.digest, await sha256File(archive.file), archive.id]).toEqual(first);
      if (disk !== '') expect(await sha256File(await erofsDisk(again))).toBe(disk);
    });
  });

  it('is found again without being built, and is built once by builders at the same time', async () => {
    await inOtherStore(async () => {
      const built = await Promise.all([1, 2, 3].map(() => ensureImage(lab.payloadFile)));
      expect(new Set(built.map(({ digest }) => digest))).toEqual(new Set([image.digest]));
      const inode = statSync(built[0]!.root).ino;
      expect(statSync((await ensureImage(lab.payloadFile)).root).ino).toBe(inode);
      expect(readdirSync(storeDir()).sort()).toEqual([image.digest.slice(0, 12), 'stamps'].sort());
    });
  });

  it('changes with the payload', async () => {
    const other = join(dirname(lab.payloadFile), 'other.cjs');
    writeFileSync(other, 'console.log(1)\n');
    const changed = await ensureImage(other);
    expect(changed.digest).not.toBe(image.digest);
    expect(changed.nodeDigest).toBe(image.nodeDigest);
    expect(changed.payloadDigest).not.toBe(image.payloadDigest);
    writeFileSync(other, 'console.log(2)\n');
    expect((await ensureImage(other)).digest).not.toBe(changed.digest);
  });

  it('holds what workloads of the system read and run', (ctx) => {
    for (let index = 0; index < FILE_COUNT; index++) {
      expect(readFileSync(join(image.root, filePath(index)), 'latin1')).toBe(fileText(index));
    }
    const program = join(image.root, PROGRAM_PATH);
    if (staticPrograms(process.arch)[PROGRAM_PATH] === undefined)
      return ctx.skip(`no such program for ${process.arch}`);
    expect(readElf(program)).toMatchObject({ needed: [] });
    expect(readElf(program)?.interpreter).toBeUndefined();
    for (const args of [[], ['1'], ['1', '2', '3']]) {
      expect(spawnSync(program, args, { env: {} }).status).toBe(1 + args.length);
    }
  });

  it('holds a program that pins itself and becomes another one, with its arguments and its environment', (ctx) => {
    const pin = join(image.root, PIN_PATH);
    if (staticPrograms(process.arch)[PIN_PATH] === undefined) return ctx.skip(`no such program for ${process.arch}`);
    expect(readElf(pin)).toMatchObject({ needed: [] });
    for (const cpu of allowedCpus()) {
      const script = 'grep Cpus_allowed_list /proc/self/status; echo "$0 $1 $2 $MARK"';
      const args = [String(cpu), '/bin/sh', '-c', script, 'a', 'b b', 'c'];
      const run = spawnSync(pin, args, { env: { MARK: 'm', PATH: '/usr/bin:/bin' }, encoding: 'utf8' });
      expect(run.stdout).toBe(`Cpus_allowed_list:\t${cpu}\na b b c m\n`);
    }
    // A CPU that there is not, and a program that there is not: the error numbers EINVAL and ENOENT.
    expect(spawnSync(pin, ['8191', '/bin/true']).status).toBe(22);
    expect(spawnSync(pin, [String(allowedCpus()[0]), '/none/such']).status).toBe(2);
  });

  it('has the same programs for other processors, whose machine code differs', () => {
    const [x64, arm64] = [staticPrograms('x64'), staticPrograms('arm64')];
    expect(Object.keys(x64)).toEqual([PROGRAM_PATH, PIN_PATH]);
    expect(Object.keys(arm64)).toEqual(Object.keys(x64));
    // The numbers of the machines in an ELF header, and whole instructions of four bytes on ARM.
    for (const [programs, machine] of [
      [x64, 62],
      [arm64, 183],
    ] as const) {
      for (const program of Object.values(programs)) expect(program.readUInt16LE(18)).toBe(machine);
    }
    for (const program of Object.values(arm64)) expect((program.length - 120) % 4).toBe(0);
    expect(staticPrograms('riscv64')).toEqual({});
  });

  it('starts its payload on the host', () => {
    const [file = '', ...args] = image.nativeArgv;
    const run = spawnSync(file, args, { input: 'hello\n', encoding: 'utf8', env: {} });
    expect(run.stderr).toBe('');
    expect(run.stdout.split('\n')[1]).toContain('"echo hello"');
  });

  it('starts its payload by its own loader where the host has other libraries', async () => {
    await inOtherStore(async () => {
      // A C library that differs in one unused byte stands for that of another system.
      const copy = await ensureImage(lab.payloadFile);
      const library = Object.keys(manifestOf(copy).files).find((path) => path.endsWith('libm.so.6'));
      if (library === undefined)
        return expect(process.report.getReport()).not.toHaveProperty('header.glibcVersionRuntime');
      writeFileSync(join(copy.root, library), '\0', { flag: 'a' });
      const digest = await reseal(copy);
      const { nativeArgv } = await loadImage(digest);
      expect(nativeArgv[0]).toMatch(/\/ld-[^/]+$/);
      const run = spawnSync(nativeArgv[0]!, nativeArgv.slice(1), { input: 'hello\n', encoding: 'utf8', env: {} });
      expect(run.stderr).toBe('');
      expect(run.stdout.split('\n')[1]).toContain('"echo hello"');
    });
  });

  it('is asked for with a remedy when the payload was not built', async () => {
    await expect(ensureImage('/no/payload.cjs')).rejects.toThrow(/was not built.*npm run build/s);
  });

  for (const path of ['boxmark/payload.cjs', 'boxmark/manifest.json', 'etc/passwd']) {
    it(`is found to be changed when /${path} was`, async () => {
      await inOtherStore(async () => {
        const copy = await ensureImage(lab.payloadFile);
        await verifyImage(copy);
        writeFileSync(join(copy.root, path), ' ', { flag: 'a' });
        await expect(verifyImage(copy)).rejects.toThrow(path);
      });
    });
  }

  it('is found to be changed when a file was added', async () => {
    await inOtherStore(async () => {
      const copy = await ensureImage(lab.payloadFile);
      writeFileSync(join(copy.root, 'usr/bin/extra'), '');
      await expect(verifyImage(copy)).rejects.toThrow('usr/bin/extra');
    });
  });
});

describe('the image of a box that holds others', () => {
  it('has the commands and starts them with its own libraries', async (ctx) => {
    if (process.getuid?.() !== 0) return ctx.skip('chroot needs root');
    const holder = await holderImage(image, ['sh', 'mount', 'cat']);
    await verifyImage(holder);
    await verifyImage(image);
    const run = (script: string) => spawnSync('chroot', [holder.root, '/bin/sh', '-c', script], { encoding: 'utf8' });
    expect(run('mount --version').stdout).toContain('mount');
    expect(run('cat /etc/hostname').stdout).toBe('boxmark\n');
    expect(run('node --version').stdout.trim()).toBe(process.version);
    expect((await holderImage(image, ['cat', 'mount', 'sh', 'sh'])).digest).toBe(holder.digest);
  });

  it('is refused for a missing command and for a script', async () => {
    await expect(holderImage(image, ['no-such-command'])).rejects.toThrow(/not found.*no-such-command/s);
    const script = join(dirname(lab.payloadFile), 'script');
    writeFileSync(script, '#!/bin/sh\n', { mode: 0o755 });
    await expect(holderImage(image, [script])).rejects.toThrow(/is a script/);
  });
});

describe('the docker archive', () => {
  it('is a tar of one layer, whose configuration has the id as its digest', async () => {
    const { file, id, tag } = await dockerArchive(image);
    expect(tag).toBe(`boxmark:${image.digest.slice(0, 12)}`);
    const list = (args: string[], input?: Buffer) => spawnSync('tar', args, { input: input ?? '', maxBuffer: 1 << 28 });
    const names = list(['-tf', file]).stdout.toString().trim().split('\n');
    const layer = names.find((name) => name.endsWith('/layer.tar')) ?? '';
    const configName = `${id.slice('sha256:'.length)}.json`;
    expect(names).toEqual(['manifest.json', configName, `${dirname(layer)}/`, layer]);
    const [manifest] = JSON.parse(list(['-xOf', file, 'manifest.json']).stdout.toString()) as unknown[];
    expect(manifest).toEqual({ Config: configName, RepoTags: [tag], Layers: [layer] });
    const config = JSON.parse(list(['-xOf', file, configName]).stdout.toString()) as { rootfs: { diff_ids: string[] } };
    expect(config.rootfs.diff_ids).toEqual([`sha256:${dirname(layer)}`]);
    expect(config).toMatchObject({ config: { Labels: { 'boxmark.image': image.digest } } });
    const inLayer = list(['-tf', '-'], list(['-xOf', file, layer]).stdout)
      .stdout.toString()
      .split('\n');
    for (const path of ['usr/bin/node', 'boxmark/payload.cjs', 'boxmark/manifest.json'])
      expect(inLayer).toContain(path);
  });
});

describe('an exported image', () => {
  const file = (): string => join(dirname(lab.payloadFile), 'image.tar');

  it('comes in as the same image in another store', async () => {
    await exportImage(image, file());
    await inOtherStore(async () => {
      const imported = await importImage(file());
      expect(imported.digest).toBe(image.digest);
      await verifyImage(imported);
    });
  });

  it('is refused when one byte of any part is changed, and nothing is installed', async () => {
    await exportImage(image, file());
    const size = statSync(file()).size;
    const bad = `${file()}.bad`;
    for (const at of [620, 1 << 20, Math.floor(size / 2), size - 200_000]) {
      copyFileSync(file(), bad);
      const bytes = readFileSync(bad);
      bytes[at] = bytes[at]! ^ 1;
      writeFileSync(bad, bytes);
      await inOtherStore(async () => {
        await expect(importImage(bad), `byte ${at}`).rejects.toMatchObject({ exitCode: EXIT.usage });
        expect(readdirSync(storeDir())).toEqual([]);
      });
    }
    rmSync(bad);
  });

  it('is refused when it is cut, empty or missing', async () => {
    await exportImage(image, file());
    const bad = `${file()}.bad`;
    for (const size of [0, 100, 512, 2_000_000]) {
      writeFileSync(bad, readFileSync(file()).subarray(0, size));
      await expect(importImage(bad), `${size} bytes`).rejects.toMatchObject({ exitCode: EXIT.usage });
    }
    rmSync(bad);
    await expect(importImage(bad)).rejects.toMatchObject({ exitCode: EXIT.usage });
  });

  it('is refused when a path or link leads out of its root', async () => {
    const empty = { mode: '0644', sha256: EMPTY_DIGEST, size: 0 };
    const folders = { boxmark: '0755' };
    const cases = [
      { files: { '../escaped': empty }, folders, links: {} },
      { files: { '/escaped': empty }, folders, links: {} },
      { files: { 'boxmark/../../escaped': empty }, folders, links: {} },
      { files: { 'out/escaped': empty }, folders, links: { out: '..' } },
      { files: {}, folders, links: { out: '/etc' } },
      { files: {}, folders, links: { out: '../..' } },
      { files: {}, folders: { ...folders, '../escaped': '0755' }, links: {} },
      { files: { 'boxmark/manifest.json': empty }, folders, links: {} },
    ];
    for (const content of cases) await expectRefusal(content, /./);
    expect(existsSync(join(storeDir(), 'escaped')) || existsSync('/escaped')).toBe(false);
  });

  it('is refused for what no image has, with the reason, and nothing is installed', async () => {
    const folders = { boxmark: '0755', deep: '0755', 'deep/a': '0755', 'deep/a/b': '0755' };
    const only = (more: object) => ({ files: {}, folders, links: {}, ...more });
    const file = (mode: string, size = 0) => ({ mode, sha256: EMPTY_DIGEST, size });
    const cases: [content: Contents, reason: RegExp][] = [
      [
        only({ files: { sh: file('4755') } }),
        /"sh" has the mode 4755, which lets others write to it or gives them the rights/,
      ],
      [only({ files: { sh: file('2755') } }), /the mode 2755/],
      [only({ files: { sh: file('1755') } }), /the mode 1755/],
      [only({ files: { sh: file('0777') } }), /the mode 0777, which lets others write to it/],
      [only({ folders: { ...folders, tmp: '0777' } }), /"tmp" has the mode 0777/],
      [only({ folders: { ...folders, tmp: '7777' } }), /"tmp" has the mode 7777/],
      [only({ files: { ['x'.repeat(256)]: file('0644') } }), /lists the path "x{80}…"/],
      [only({ links: { l: '' } }), /link "l" leads out of it, to ""/],
      [only({ links: { 'deep/a/b/p': '../../..', q: 'deep/a/b/p/..' } }), /link "q" leads out/],
      [only({ links: { 'deep/a/b/p': '../../../x', q: 'deep/a/b/p/../..' } }), /link "q" leads out/],
      [only({ links: { a: 'b', b: 'a' } }), /leads out of it/],
      [only({ files: { big: file('0644', 9 * 2 ** 30) } }), /more than 8 GiB/],
      [only({ folders: Object.fromEntries(many(200_001).map((path) => [path, '0755'])) }), /lists 200001 paths/],
    ];
    for (const [content, reason] of cases) await expectRefusal(content, reason);
  });

  it('is refused when it is a named pipe or a folder, without waiting for a writer', async () => {
    const pipe = `${file()}.pipe`;
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
    for (const strange of [pipe, dirname(pipe)]) {
      await expect(importImage(strange)).rejects.toThrow(/refused: it is no regular file/);
    }
    rmSync(pipe);
  });

  it('is verified with the file `__proto__` in it, as with any other', async () => {
    await inOtherStore(async () => {
      const copy = await ensureImage(lab.payloadFile);
      writeFileSync(join(copy.root, '__proto__'), 'hidden');
      await expect(verifyImage(copy)).rejects.toThrow('/__proto__');
    });
  });
});

const EMPTY_DIGEST = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

interface Contents {
  readonly files: Readonly<Record<string, unknown>>;
  readonly folders: Readonly<Record<string, unknown>>;
  readonly links: Readonly<Record<string, unknown>>;
}

/** An archive with this manifest, and every file of it empty, is refused and leaves nothing in the store. */
async function expectRefusal(content: Contents, reason: RegExp): Promise<void> {
  const manifest = Buffer.from(JSON.stringify({ schema: 1, ...content }));
  const members: TarMember[] = [
    { entry: { path: 'boxmark/manifest.json', type: 'file', mode: 0o644, size: manifest.length }, content: manifest },
    ...Object.keys(content.files).map((path): TarMember => ({ entry: { path, type: 'file', mode: 0o644, size: 0 } })),
  ];
  const pieces: Uint8Array[] = [];
  for await (const piece of tarBytes(members)) pieces.push(piece);
  const bad = join(dirname(lab.payloadFile), 'refused.tar');
  writeFileSync(bad, Buffer.concat(pieces));
  await inOtherStore(async () => {
    const shown = JSON.stringify(content).slice(0, 200);
    const refusal = expect(importImage(bad), shown).rejects;
    await refusal.toMatchObject({ exitCode: EXIT.usage });
    await expect(importImage(bad), shown).rejects.toThrow(reason);
    expect(readdirSync(storeDir())).toEqual([]);
  });
  rmSync(bad);
}

function many(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `d${index}`);
}

function manifestOf(of: Image): { files: Record<string, { sha256: string; size: number }> } {
  return JSON.parse(readFileSync(join(of.root, 'boxmark/manifest.json'), 'utf8'));
}

/** Gives a changed root a manifest and a place of its own, as an import from another host would. */
async function reseal(changed: Image): Promise<string> {
  const { sealRoot } = await import('../../runners/image/build.ts');
  const folder = join(storeDir(), 'changed');
  mkdirSync(storeDir(), { recursive: true });
  renameSync(dirname(changed.root), folder);
  return sealRoot(folder);
}
