/** What goes over the root of an emulated host: the packed program, installed for that processor, its Node.js, and the job. */

import { copyFileSync, cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { EmulatedHost } from './hosts.ts';
import type { Work } from './work.ts';

const LIMIT_MS = 10 * 60_000;

/** Where the program is in there. */
export const MAIN = '/opt/boxmark/node_modules/boxmark/dist/cli/main.js';
export const SUMS = ['/lab/sums.mjs', '/lab/kernels.wasm'];

/** What the host under test and this one share: the packed program, and the bundle that computes checksums. */
export class Pack {
  readonly archive: string;
  readonly sums: readonly string[];

  private constructor(archive: string, sums: readonly string[]) {
    this.archive = archive;
    this.sums = sums;
  }

  static async make(work: Work): Promise<Pack> {
    const cwd = process.cwd();
    await work.call('npm', ['pack', '--ignore-scripts', '--pack-destination', work.dir], { limitMs: LIMIT_MS, cwd });
    const archive = join(work.dir, readdirSync(work.dir).find((name) => name.endsWith('.tgz')) ?? '');
    const sums = join(work.dir, 'sums.mjs');
    const flags = ['--bundle', '--platform=node', '--format=esm', '--log-level=warning', `--outfile=${sums}`];
    const esbuild = resolve('node_modules/.bin/esbuild');
    await work.call(esbuild, [resolve('test/emulated/sums.ts'), ...flags], { limitMs: LIMIT_MS, cwd });
    return new Pack(archive, [sums, resolve('dist/kernels.wasm')]);
  }

  /** A tar archive, which serves as a disk. The official build of this Node.js is from the npm registry. */
  async install({ name }: EmulatedHost, job: string, work: Work): Promise<string> {
    const place = join(work.dir, `program-${name}`);
    const there = (path: string) => join(place, path);
    for (const folder of ['opt/boxmark', 'usr/local/bin', 'lab']) mkdirSync(there(folder), { recursive: true });
    writeFileSync(there('opt/boxmark/package.json'), '{"name":"emulated","version":"1.0.0","private":true}\n');
    const node = `node-linux-${name}`;
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--os=linux', `--cpu=${name}`, '--libc=glibc'];
    // Forced: npm compares the processor of what is asked for by name with its own.
    const args = ['install', '--force', ...flags, this.archive, `${node}@${process.versions.node}`];
    await work.call('npm', args, { limitMs: LIMIT_MS, cwd: there('opt/boxmark') });
    copyFileSync(there(`opt/boxmark/node_modules/${node}/bin/node`), there('usr/local/bin/node'));
    rmSync(there(`opt/boxmark/node_modules/${node}`), { recursive: true });
    for (const file of this.sums)
      cpSync(file, there(join('lab', file.endsWith('.wasm') ? 'kernels.wasm' : 'sums.mjs')));
    writeFileSync(there('lab/job'), job, { mode: 0o755 });
    const archive = join(work.dir, `program-${name}.tar`);
    await work.call('tar', ['c', '--owner=0', '--group=0', '-f', archive, '-C', place, '.'], { limitMs: LIMIT_MS });
    rmSync(place, { recursive: true });
    return archive;
  }
}
