/**
 * The container image of packaging/container: built by Podman in a store of its own on a base made of this host's Node.js,
 * because no registry is asked; then its files are run as its user. That needs no control group, which differ between hosts.
 */

import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

const BUILD = resolve('packaging/container/build.sh');
const MAIN = resolve('dist/cli/main.js');
/** What pictures need beside Node.js' own libraries; every base with a C library from GNU has it. */
const LIBRARY = 'librt.so.1';

export class Skipped {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** Draws a picture of the session with the image; null, or what went wrong. */
export function containerReports(dir: string, archive: string, session: string): string | Skipped | null {
  if (process.getuid?.() !== 0) return new Skipped('not root');
  if (spawnSync('podman', ['--version']).status !== 0) return new Skipped('podman is missing');
  const podman = join(dir, 'podman');
  const store = ['--root', join(dir, 'store'), '--runroot', join(dir, 'run'), '--storage-driver', 'vfs'];
  writeFileSync(podman, `#!/bin/sh\nexec podman ${store.join(' ')} "$@"\n`, { mode: 0o755 });
  must(podman, ['import', baseOf(dir), 'localhost/base:test']);
  const base = ['--build-arg', 'BASE=localhost/base:test'];
  must(BUILD, [archive, '-t', 'boxmark:test', ...base], { env: { ...process.env, BUILDER: podman } });
  const config = JSON.parse(must(podman, ['image', 'inspect', '--format', '{{json .Config}}', 'boxmark:test']));
  const root = join(dir, 'root');
  must(podman, ['create', '--name', 'made', 'boxmark:test']);
  must(podman, ['export', '-o', join(dir, 'root.tar'), 'made']);
  mkdirSync(root);
  must('tar', ['xf', join(dir, 'root.tar'), '-C', root]);
  return runs(root, config, session);
}

interface Config {
  readonly User: string;
  readonly WorkingDir: string;
  readonly Entrypoint: readonly string[];
}

function runs(
  root: string,
  { User: user, WorkingDir: data, Entrypoint: entry }: Config,
  session: string,
): string | null {
  if (!/^[1-9]\d*:[1-9]\d*$/.test(user)) return `the image runs as ${user}`;
  const name = basename(session);
  const there = join(data, name);
  cpSync(session, join(root, there), { recursive: true });
  mkdirSync(join(root, 'out'));
  chmodSync(join(root, 'out'), 0o777);
  const inside = (...args: readonly string[]) =>
    must('unshare', ['--net', 'chroot', `--userspec=${user}`, root, ...entry, ...args]);
  for (const args of [['version'], ['check', there], ['report', there, '--format', 'png,html', '-o', '/out']]) {
    inside(...args);
  }
  const missing = ['ladder.png', 'report.html'].filter((file) => !existsSync(join(root, 'out', file)));
  return missing.length === 0 ? null : `missing: ${missing.join(', ')}; there is ${readdirSync(join(root, 'out'))}`;
}

/** A root file system of this host's Node.js. */
function baseOf(dir: string): string {
  const file = join(dir, 'base.tar');
  const env = { ...process.env, BOXMARK_CACHE: join(dir, 'cache') };
  must(process.execPath, [MAIN, 'image', 'export', file], { env });
  const path = must('ldconfig', ['-p'])
    .split('\n')
    .find((line) => line.trim().startsWith(`${LIBRARY} `));
  const library = path?.split('=> ')[1]?.trim() ?? '';
  must('tar', ['rhf', file, '-C', '/', '--transform', 's,^lib/,usr/lib/,', library.slice(1)]);
  return file;
}

function must(file: string, args: readonly string[], options: SpawnSyncOptions = {}): string {
  const { status, stdout, stderr } = spawnSync(file, args, { timeout: 300_000, ...options, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}
