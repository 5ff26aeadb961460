/** The small first file system of a guest kernel: busybox, the kernel's modules and our own /init; same input, same bytes. */

import { createHash } from 'node:crypto';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { makeFolders } from '../../bench/folders.ts';
import { type CpioEntry, writeCpio } from '../image/cpio.ts';
import { readElf } from '../image/elf.ts';
import { storeDir } from '../image/image.ts';
import { INIT_APPLETS, INIT_SCRIPT } from './init.ts';
import type { ModuleFile } from './modules.ts';

/** What is started in a guest as /init, with what it calls and reads. */
export interface FirstProgram {
  readonly script: string;
  /** Programs of busybox. */
  readonly applets: readonly string[];
  /** Further files, by their paths. */
  readonly files: Readonly<Record<string, string>>;
}

const PAYLOAD_INIT: FirstProgram = { script: INIT_SCRIPT, applets: INIT_APPLETS, files: {} };

/** Searched after PATH: a harness that was started with a short PATH finds the system's tools all the same. */
const SYSTEM_PATH = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/** A busybox that runs where there is no library: it has no program interpreter. */
export async function findStaticBusybox(): Promise<string | { missing: string; remedy: string }> {
  let dynamic: string | undefined;
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), ...SYSTEM_PATH]) {
    const file = join(folder || '.', 'busybox');
    if (!(await isFile(file))) continue;
    const elf = readElf(file);
    if (elf !== undefined && elf.interpreter === undefined && elf.needed.length === 0) return file;
    dynamic ??= file;
  }
  return {
    missing: dynamic === undefined ? 'busybox is not installed' : `${dynamic} is not statically linked`,
    remedy: 'boxmark setup (package busybox-static)',
  };
}

/** The bytes of an initramfs: a cpio archive, not compressed, because unpacking costs more than reading. */
export function buildInitramfs(
  busybox: Buffer,
  modules: readonly ModuleFile[],
  first: FirstProgram = PAYLOAD_INIT,
): Buffer {
  const folder = (path: string): CpioEntry => ({ path, type: 'directory', mode: 0o755 });
  const file = (path: string, mode: number, data: Buffer): CpioEntry => ({ path, type: 'file', mode, data });
  return writeCpio([
    ...['bin', 'dev', 'etc', 'modules', 'proc', 'root', 'sys'].map(folder),
    file('bin/busybox', 0o755, busybox),
    ...first.applets.map((name): CpioEntry => ({ path: `bin/${name}`, type: 'symlink', target: 'busybox' })),
    file('init', 0o755, Buffer.from(first.script)),
    ...Object.entries(first.files).map(([path, text]) => file(path, 0o644, Buffer.from(text))),
    // The numbers are the order of loading: the script takes the files as the shell sorts them.
    ...modules.map(({ name, data }, at) => file(`modules/${String(at).padStart(2, '0')}-${name}.ko`, 0o644, data)),
  ]);
}

/** The initramfs as a file of the image store, named by its content. Throws when busybox can't be read. */
export async function initramfsFile(
  busybox: string,
  modules: readonly ModuleFile[],
  first: FirstProgram = PAYLOAD_INIT,
): Promise<string> {
  const data = buildInitramfs(await readFile(busybox), modules, first);
  const digest = createHash('sha256').update(data).digest('hex').slice(0, 12);
  const folder = join(storeDir(), 'initramfs');
  const target = join(folder, `${digest}.cpio`);
  if (await isFile(target)) return target;
  makeFolders(folder);
  const half = join(folder, `.tmp-${digest}-${process.pid}`);
  await writeFile(half, data);
  await rename(half, target);
  return target;
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
