/** The disk, kernel and first file system of an emulated host: Debian's packages from where this host has its own. */

import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { buildInitramfs } from '../../runners/guest/initramfs.ts';
import { resolveModules } from '../../runners/guest/modules.ts';
import { type EmulatedHost, PACKAGES } from './hosts.ts';
import { FIRST, FIRST_MODULES } from './job.ts';
import { StepFailed, type Work } from './work.ts';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const FORMAT = '$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)';
const DISK_SIZE = '4G';
const LIMIT_MS = 20 * 60_000;

/** Raised when the steps below change what a root holds. */
const RECIPE = 1;

export interface Root {
  readonly disk: string;
  readonly kernel: string;
  readonly initramfs: string;
}

/** Lines of a sources.list from what `apt-get indextargets` printed: Debian's own, without what else is configured. */
export function sourcesOf(targets: string, keyring: string | null): string[] {
  const option = keyring === null ? '' : `[signed-by=${keyring}] `;
  const lines = targets.split('\n').flatMap((line) => {
    const [origin, uri, release, component] = line.split('|');
    return origin === 'Debian' ? [`deb ${option}${uri} ${release} ${component}`] : [];
  });
  return [...new Set(lines)];
}

/** In `cache`, from an earlier run where it is the same; removed by nobody but the owner of that folder. */
export async function rootOf(host: EmulatedHost, work: Work, cache: string): Promise<Root & { fresh: boolean }> {
  const targets = await work.call('apt-get', ['indextargets', '--format', FORMAT, 'Created-By: Packages'], {
    limitMs: 60_000,
  });
  const sources = sourcesOf(targets, existsSync(KEYRING) ? KEYRING : null);
  const suite = /^VERSION_CODENAME=(\w+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  if (suite === undefined || sources.length === 0) {
    throw new StepFailed('apt knows no packages of Debian: on Debian, run `apt-get update`');
  }
  const packages = [...PACKAGES, ...host.packages].sort();
  const inputs = JSON.stringify([RECIPE, suite, sources, packages, DISK_SIZE, FIRST, FIRST_MODULES]);
  const key = createHash('sha256').update(inputs).digest('hex').slice(0, 12);
  const folder = join(cache, `${host.name}-${key}`);
  const root = { disk: join(folder, 'disk'), kernel: join(folder, 'kernel'), initramfs: join(folder, 'initramfs') };
  if (existsSync(folder)) return { ...root, fresh: false };

  const tree = join(work.dir, `root-${host.name}`);
  const flags = ['--variant=extract', '--mode=root', `--architectures=${host.debian}`];
  await work.call('mmdebstrap', [...flags, `--include=${packages}`, suite, tree, ...sources], { limitMs: LIMIT_MS });
  const half = join(work.dir, `made-${host.name}`);
  mkdirSync(half);
  const kernel = await finish(tree, half, work);
  cpSync(kernel, join(half, 'kernel'));
  const mkfs = ['-q', '-F', '-O', '^has_journal', '-d', tree, join(half, 'disk'), DISK_SIZE];
  await work.call('mkfs.ext4', mkfs, { limitMs: LIMIT_MS });
  rmSync(tree, { recursive: true });
  mkdirSync(cache, { recursive: true });
  // It may be on another file system, and is there whole or not at all.
  const copy = `${folder}.${process.pid}`;
  try {
    await work.call('cp', ['-r', '--sparse=always', half, copy], { limitMs: LIMIT_MS });
    renameSync(copy, folder);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  rmSync(half, { recursive: true });
  return { ...root, fresh: true };
}

/** Packages are unpacked and not configured: what their scripts would make and Boxmark needs. Returns the kernel's file. */
async function finish(tree: string, half: string, work: Work): Promise<string> {
  const etc = (name: string, text: string) => writeFileSync(join(tree, 'etc', name), text);
  etc('passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n');
  etc('group', 'root:x:0:\nnogroup:x:65534:\n');
  etc('hosts', '127.0.0.1 localhost\n');
  if (!existsSync(join(tree, 'usr/bin/awk'))) symlinkSync('gawk', join(tree, 'usr/bin/awk'));
  const name = readdirSync(join(tree, 'boot')).find((file) => file.startsWith('vmlinuz-'));
  if (name === undefined) throw new StepFailed('the packages have no kernel');
  const version = name.slice('vmlinuz-'.length);
  await work.call('depmod', ['-b', tree, version], { limitMs: LIMIT_MS });
  const kernel = { vmlinuz: join(tree, 'boot', name), modulesDir: join(tree, 'lib/modules', version), version };
  const busybox = ['bin/busybox', 'usr/bin/busybox'].map((file) => join(tree, file)).find((file) => existsSync(file));
  if (busybox === undefined) throw new StepFailed('the packages have no busybox');
  const modules = await resolveModules(kernel, FIRST_MODULES);
  writeFileSync(join(half, 'initramfs'), buildInitramfs(readFileSync(busybox), modules, FIRST));
  return kernel.vmlinuz;
}
