/** Finds the Linux kernel that virtual machines boot, or unpacks the distribution's own package for it, without installing it. */

import { access, constants, mkdir, mkdtemp, readdir, rename } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { BoxmarkError } from '../../bench/errors.ts';
import { makeFolders } from '../../bench/folders.ts';
import { storeDir } from '../image/image.ts';
import { hostExec } from '../kit/process.ts';
import { removeTree } from '../kit/remove.ts';

export interface GuestKernel {
  /** Bootable kernel file. */
  readonly vmlinuz: string;
  /** `…/lib/modules/<version>`. */
  readonly modulesDir: string;
  readonly version: string;
}

export interface KernelMissing {
  readonly missing: string;
  readonly remedy: string;
}

/** Folder of Boxmark's own kernels: one folder for each version, laid out like a root. */
export function kernelDir(): string {
  return join(storeDir(), 'kernels');
}

/** The kernel for virtual machines: Boxmark's own newest one, else the host's. Never throws. */
export async function findGuestKernel(): Promise<GuestKernel | KernelMissing> {
  const own = (await names(kernelDir())).filter((name) => !name.startsWith('.')).sort(newestFirst);
  for (const name of own) {
    const found = await kernelBelow(join(kernelDir(), name));
    if (found !== undefined) return found;
  }
  const host = await kernelBelow('/', release());
  return (
    host ?? {
      missing:
        'no kernel for virtual machines: none in the kernels folder, and no readable /boot/vmlinuz-* with its modules',
      remedy: 'boxmark setup',
    }
  );
}

/**
 * Downloads the distribution's kernel package for virtual machines and unpacks it into the kernels folder, in one step.
 * Needs apt with up-to-date lists, not root. Throws `BoxmarkError` with a remedy when that fails.
 */
export async function fetchGuestKernel(log: (line: string) => void): Promise<GuestKernel> {
  const packages = await kernelPackages();
  log(`downloading ${packages.join(', ')}`);
  makeFolders(kernelDir());
  const folder = await mkdtemp(join(kernelDir(), '.tmp-'));
  try {
    const debs = join(folder, 'debs');
    const root = join(folder, 'root');
    await mkdir(debs);
    await mkdir(root);
    await must(
      ['env', `--chdir=${debs}`, 'apt-get', '-q', 'download', ...packages],
      'run `apt-get update`, then try again',
    );
    for (const deb of await names(debs)) await must(['dpkg-deb', '-x', join(debs, deb), root], 'install dpkg');
    const unpacked = await kernelBelow(root);
    if (unpacked === undefined) {
      throw new BoxmarkError({ what: 'The kernel package holds no kernel with modules.', value: packages.join(' ') });
    }
    const target = join(kernelDir(), unpacked.version);
    await rename(root, target).catch(() => {}); // It is there already: unpacked before, or by another Boxmark just now.
    const found = await kernelBelow(target);
    if (found === undefined) {
      throw new BoxmarkError({
        what: 'The kernels folder holds a broken kernel.',
        value: target,
        remedy: 'remove it and try again',
      });
    }
    log(`kernel ${found.version} is ready`);
    return found;
  } finally {
    await removeTree(folder);
  }
}

/** Names of the packages that hold the kernel and its modules; meta packages are followed to them. */
async function kernelPackages(): Promise<string[]> {
  if ((await hostExec(['apt-get', '--version'])).exitCode !== 0) {
    throw new BoxmarkError({
      what: 'A kernel for virtual machines can be fetched on Debian and Ubuntu only.',
      remedy: `unpack a kernel and its modules as ${kernelDir()}/<version>/{boot/vmlinuz-<version>,lib/modules/<version>}`,
    });
  }
  const arch = (await hostExec(['dpkg', '--print-architecture'])).stdout.trim() || 'amd64';
  const metas = [`linux-image-cloud-${arch}`, 'linux-image-virtual', `linux-image-${arch}`, 'linux-image-generic'];
  for (const meta of metas) {
    const packages = await packagesBelow(meta);
    if (packages.length > 0) return packages;
  }
  throw new BoxmarkError({
    what: 'The package lists know no kernel for virtual machines.',
    value: metas.join(' '),
    remedy: 'run `apt-get update`, then try again',
  });
}

/** Follows dependencies on real kernel and module packages (their names continue with a version number). */
async function packagesBelow(name: string, seen = new Set<string>()): Promise<string[]> {
  const shown = await hostExec(['apt-cache', 'show', '--no-all-versions', name]);
  const depends = /^(?:Pre-)?Depends: (.*)$/m.exec(shown.stdout)?.[1] ?? '';
  for (const dependency of depends.split(/[,|]/)) {
    const real = /^\s*(linux-(?:image|binary|modules)-(?:unsigned-)?\d[^\s(:]*)/.exec(dependency)?.[1];
    if (real === undefined || seen.has(real)) continue;
    seen.add(real);
    await packagesBelow(real, seen);
  }
  return [...seen];
}

/** A kernel with modules in a root folder; `preferred` is a version to take when it is there. */
async function kernelBelow(root: string, preferred?: string): Promise<GuestKernel | undefined> {
  const files = (await names(join(root, 'boot'))).filter((name) => name.startsWith('vmlinuz-'));
  const versions = files.map((name) => name.slice('vmlinuz-'.length)).sort(newestFirst);
  if (preferred !== undefined && versions.includes(preferred)) versions.unshift(preferred);
  for (const version of versions) {
    const vmlinuz = join(root, 'boot', `vmlinuz-${version}`);
    for (const parent of ['lib', 'usr/lib']) {
      const modulesDir = join(root, parent, 'modules', version);
      // Ubuntu lets only root read its kernels, so that reading is tried and not assumed.
      if ((await readable(vmlinuz)) && (await names(modulesDir)).includes('kernel'))
        return { vmlinuz, modulesDir, version };
    }
  }
  return undefined;
}

async function must(argv: readonly string[], remedy: string): Promise<void> {
  const env: Record<string, string> = {};
  for (const name of ['http_proxy', 'https_proxy', 'no_proxy', 'all_proxy']) {
    const value = process.env[name] ?? process.env[name.toUpperCase()];
    if (value !== undefined) env[name] = value;
  }
  const result = await hostExec(argv, { timeoutMs: 600_000, env });
  if (result.exitCode === 0) return;
  const reason = result.timedOut ? 'no end within 10 minutes' : result.stderr.trim().slice(-400);
  throw new BoxmarkError({ what: `\`${argv.join(' ')}\` failed.`, value: reason, remedy });
}

async function readable(file: string): Promise<boolean> {
  return access(file, constants.R_OK).then(
    () => true,
    () => false,
  );
}

async function names(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

function newestFirst(a: string, b: string): number {
  return b.localeCompare(a, 'en', { numeric: true });
}
