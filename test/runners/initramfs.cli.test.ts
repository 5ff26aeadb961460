/** The initramfs and the modules in it. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kernelLine, orderParameters } from '../../runners/guest/init.ts';
import { buildInitramfs, findStaticBusybox } from '../../runners/guest/initramfs.ts';
import { findGuestKernel } from '../../runners/guest/kernel.ts';
import { resolveModules } from '../../runners/guest/modules.ts';
import { hostExec } from '../../runners/kit/process.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('an initramfs', () => {
  it('is the same bytes from the same input, and others from other modules', async (context) => {
    const busybox = await findStaticBusybox();
    if (typeof busybox !== 'string') return context.skip(busybox.missing);
    const modules = [{ name: 'virtio', data: Buffer.from('one') }];
    const build = (list = modules) => buildInitramfs(readFileSync(busybox), list);
    expect(build().equals(build())).toBe(true);
    expect(build().equals(build([{ name: 'virtio', data: Buffer.from('two') }]))).toBe(false);
  });

  it('is an archive that others can unpack, with the modules numbered in their order', async (context) => {
    const busybox = await findStaticBusybox();
    if (typeof busybox !== 'string') return context.skip(busybox.missing);
    const file = join(folder, 'initramfs.cpio');
    const modules = ['zz_first', 'aa_second'].map((name) => ({ name, data: Buffer.from(name) }));
    writeFileSync(file, buildInitramfs(readFileSync(busybox), modules));
    const unpacked = await hostExec(['sh', '-c', `cd "$1" && "$2" cpio -i <"$3"`, 'sh', folder, busybox, file]);
    expect(unpacked.exitCode).toBe(0);
    expect(readFileSync(join(folder, 'modules/00-zz_first.ko'), 'utf8')).toBe('zz_first');
    expect(readFileSync(join(folder, 'modules/01-aa_second.ko'), 'utf8')).toBe('aa_second');
    expect((await hostExec([busybox, 'sh', '-n', join(folder, 'init')])).stderr).toBe('');
    expect((await hostExec([join(folder, 'bin/cat'), join(folder, 'modules/01-aa_second.ko')])).stdout).toBe(
      'aa_second',
    );
  });
});

describe('the modules of a guest', () => {
  const module = (info: readonly string[]) => Buffer.from(`\x7fELF code\0${info.join('\0')}\0more`);

  function kernelWith(files: Readonly<Record<string, Buffer>>, builtIn: readonly string[] = []) {
    mkdirSync(join(folder, 'kernel/drivers'), { recursive: true });
    for (const [name, data] of Object.entries(files)) writeFileSync(join(folder, 'kernel/drivers', name), data);
    writeFileSync(join(folder, 'modules.builtin'), builtIn.map((name) => `kernel/drivers/${name}.ko\n`).join(''));
    return { vmlinuz: '/none', modulesDir: folder, version: '6.6.6-test' };
  }

  it('come after what they depend on, without those built into the kernel', async () => {
    const kernel = kernelWith(
      {
        'disk.ko': module(['license=GPL', 'depends=ring,bus-core', 'name=disk']),
        'ring.ko': module(['depends=']),
        'bus_core.ko': module(['depends=ring,built-in']),
        'sum.ko': module(['softdep=pre: crc32c post: later', 'depends=']),
        'crc32c_generic.ko': module(['depends=']),
        'later.ko': module(['depends=']),
      },
      ['built_in', 'console'],
    );
    const order = await resolveModules(kernel, ['disk', 'console', 'sum']);
    expect(order.map(({ name }) => name)).toEqual(['ring', 'bus_core', 'disk', 'crc32c_generic', 'sum']);
  });

  it('are unpacked when the distribution compresses them', async (context) => {
    const plain = module(['depends=']);
    writeFileSync(join(folder, 'plain'), plain);
    const packed: Record<string, Buffer> = { 'one.ko.gz': gzipSync(plain) };
    for (const [tool, ending] of [
      ['xz', 'xz'],
      ['zstd', 'zst'],
    ] as const) {
      const done = await hostExec(['sh', '-c', `${tool} -c "$1" >"$1.${ending}"`, 'sh', join(folder, 'plain')]);
      if (done.exitCode !== 0) return context.skip(`${tool} is not installed`);
      packed[`${tool}.ko.${ending}`] = readFileSync(join(folder, `plain.${ending}`));
    }
    const found = await resolveModules(kernelWith(packed), ['one', 'xz', 'zstd']);
    expect(found.map(({ data }) => data.equals(plain))).toEqual([true, true, true]);
  });

  it('that a kernel does not have are named', async () => {
    await expect(resolveModules(kernelWith({}), ['virtio_blk'])).rejects.toThrow(
      /6\.6\.6-test has no module `virtio_blk`/,
    );
  });

  it('of the kernel at hand are complete', async (context) => {
    const kernel = await findGuestKernel();
    if ('missing' in kernel) return context.skip(kernel.missing);
    const names = (await resolveModules(kernel, ['virtio_mmio', 'virtio_blk', 'erofs'])).map(({ name }) => name);
    if (names.includes('virtio_mmio')) expect(names.indexOf('virtio_ring')).toBeLessThan(names.indexOf('virtio_mmio'));
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('the kernel command line', () => {
  it('holds no space and no quotation mark of an argument', () => {
    const [last] = orderParameters({ name: 'n', console: 'hvc0', end: 'reboot', argv: ['a b', '"', 'ü', ''] }).slice(
      -1,
    );
    expect(last).toBe('boxmark.argv=a%20b,%22,%C3%BC,,');
  });

  it('refuses what would be cut or can’t be an argument', () => {
    expect(() => kernelLine(['x'.repeat(100)], 100)).toThrow(/too long/);
    expect(() => orderParameters({ name: 'n', console: 'hvc0', end: 'reboot', argv: ['a\0b'] })).toThrow(/NUL/);
  });
});
