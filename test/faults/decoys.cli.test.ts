/** Things that only look like those of a run: a killed run is cleaned up beside them, and each would be seen if it were touched. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeLab } from './lab.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const CACHE = join(ROOT, 'node_modules', '.cache', 'boxmark');
const LIMIT_MS = 110_000;

let folder: string;
beforeAll(() => {
  // Where packages are found.
  mkdirSync(CACHE, { recursive: true });
  folder = mkdtempSync(join(CACHE, 'decoys-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function bundle(contents: string): Promise<string> {
  const file = join(folder, 'program.mjs');
  const stdin = { contents, resolveDir: ROOT, loader: 'ts' as const };
  await build({ stdin, bundle: true, platform: 'node', format: 'esm', packages: 'external', outfile: file });
  return file;
}

describe.skipIf(process.getuid?.() !== 0)('decoys (needs root)', () => {
  it(
    'are untouched after a run beside them is killed, cleaned up and resumed; and nothing else is left',
    async () => {
      const program = await bundle("import './test/faults/main.ts';");
      const args = [program, '--only', 'kill', '--engines', 'native', '--kills', '5', '--seed', '2'];
      const ended = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
      expect(ended.stderr).toBe('');
      expect(ended.stdout).toMatch(
        /\n1 tried: 0 whole blocks lost, 0 resources left, 0 of \d\d decoys touched, harness/,
      );
      expect(ended.status).toBe(0);
    },
    LIMIT_MS,
  );

  it(
    'are seen to be touched, each of them',
    async () => {
      const program = await bundle(`
      import { plantDecoys } from './test/faults/decoys.ts';
      import { execFileSync } from 'node:child_process';
      const lab = process.env.BOXMARK_LAB;
      const decoys = await plantDecoys(lab);
      const before = decoys.touched(true);
      await decoys.end();
      const all = 'umount /run/netns/* /var/tmp/boxmark-mnt ' + lab + '/tmp/boxmark-88888888; ip link del boxmark0; ' +
        'rm -rf /var/tmp/* /dev/shm/* /run/netns/* /run/containerd ' + lab + '/tmp/* ' + lab + '/store/* /var/lib/lxc/boxmark* /var/lib/machines/boxmark*; ' +
        'rmdir /sys/fs/cgroup/boxmark*/* /sys/fs/cgroup/*/boxmark/* /sys/fs/cgroup/*/boxmark-*; true';
      execFileSync('bash', ['-c', all], { stdio: 'ignore' });
      console.log(JSON.stringify({ count: decoys.count, missing: decoys.missing, before, untouched: decoys.untouched() }));
      process.exit();
    `);
      const lab = makeLab();
      const [file = '', ...args] = [...lab.argv, process.execPath, program];
      const { stdout, stderr } = spawnSync(file, args, { cwd: ROOT, encoding: 'utf8' });
      lab.remove();
      expect(stderr).toBe('');
      const seen = JSON.parse(stdout);
      expect(seen.count).toBeGreaterThanOrEqual(28);
      expect(seen).toEqual({ count: seen.count, missing: [], before: [], untouched: [] });
    },
    LIMIT_MS,
  );
});
