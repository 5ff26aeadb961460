/** Kernel modules for a guest: which files, in which order, as plain bytes that `insmod` takes. */

import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import * as zlib from 'node:zlib';
import { BoxmarkError } from '../../bench/errors.ts';
import { hostExec } from '../kit/process.ts';
import { removeTree } from '../kit/remove.ts';
import type { GuestKernel } from './kernel.ts';

export interface ModuleFile {
  readonly name: string;
  readonly data: Buffer;
}

/**
 * The wanted modules and all they depend on, in an order in which each finds what it needs; those built into the kernel
 * are left out. Dependencies are read from the modules themselves, because `modules.dep` is written only when a kernel is
 * installed. Throws `BoxmarkError` for a module that the kernel doesn't have.
 */
export async function resolveModules(kernel: GuestKernel, wanted: readonly string[]): Promise<ModuleFile[]> {
  const builtIn = new Set((await lines(join(kernel.modulesDir, 'modules.builtin'))).map(moduleName));
  const files = await moduleFiles(join(kernel.modulesDir, 'kernel'));
  const order: ModuleFile[] = [];
  const seen = new Set<string>();

  async function visit(name: string, soft: boolean): Promise<void> {
    if (seen.has(name) || builtIn.has(name)) return;
    const file = files.get(name);
    if (file === undefined) {
      if (soft) return;
      throw new BoxmarkError({ what: `Kernel ${kernel.version} has no module \`${name}\`.`, remedy: 'boxmark setup' });
    }
    seen.add(name);
    const data = await readModule(file);
    for (const need of infoOf(data, 'depends').flatMap((list) => list.split(','))) {
      if (need !== '') await visit(normal(need), false);
    }
    for (const need of infoOf(data, 'softdep').flatMap(softBefore)) {
      await visit(need, true);
      await visit(`${need}_generic`, true); // Soft dependencies name an algorithm; the module in plain C provides it anywhere.
    }
    order.push({ name, data });
  }

  for (const name of wanted) await visit(normal(name), false);
  return order;
}

/** Values of a field of the module's `.modinfo` section, which is a list of `field=value` strings. */
function infoOf(data: Buffer, field: string): string[] {
  const values: string[] = [];
  for (let at = data.indexOf(`${field}=`); at >= 0; at = data.indexOf(`${field}=`, at + 1)) {
    const before = at === 0 ? 0 : data[at - 1];
    const end = data.indexOf(0, at);
    if (before === 0 && end > at) values.push(data.toString('latin1', at + field.length + 1, end));
  }
  return values;
}

/** `pre: a b post: c` → a, b. */
function softBefore(value: string): string[] {
  const before = /pre:\s*([^:]*?)\s*(?:post:|$)/.exec(value)?.[1] ?? '';
  return before.split(/\s+/).filter(Boolean).map(normal);
}

async function moduleFiles(folder: string): Promise<Map<string, string>> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const modules = found.filter((entry) => /\.ko(\.(zst|xz|gz))?$/.test(entry.name));
  return new Map(modules.map((entry) => [moduleName(entry.name), join(entry.parentPath, entry.name)]));
}

async function readModule(file: string): Promise<Buffer> {
  if (file.endsWith('.gz')) return zlib.gunzipSync(await readFile(file));
  if (file.endsWith('.zst')) {
    // Node.js 20 has no zstd; newer ones do.
    const inflate = (zlib as { zstdDecompressSync?: (data: Buffer) => Buffer }).zstdDecompressSync;
    return inflate === undefined ? unpackWith('zstd', file) : inflate(await readFile(file));
  }
  return file.endsWith('.xz') ? unpackWith('xz', file) : readFile(file);
}

async function unpackWith(tool: 'zstd' | 'xz', file: string): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'boxmark-module-'));
  try {
    const plain = join(folder, 'module');
    const done = await hostExec(['sh', '-c', `exec ${tool} -dc <"$1" >"$2"`, 'sh', file, plain]);
    if (done.exitCode !== 0) {
      throw new BoxmarkError({
        what: `The kernel module can't be unpacked with ${tool}.`,
        value: file,
        remedy: `install ${tool}`,
      });
    }
    return await readFile(plain);
  } finally {
    await removeTree(folder);
  }
}

function moduleName(path: string): string {
  return normal(basename(path).replace(/\.ko(\.\w+)?$/, ''));
}

/** The kernel treats `-` and `_` in module names alike. */
function normal(name: string): string {
  return name.trim().replaceAll('-', '_');
}

async function lines(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').filter(Boolean);
}
