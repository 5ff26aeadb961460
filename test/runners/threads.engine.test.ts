/** Copies of workloads at once in real boxes: a kernel, a workload of the system and a program, each copy on its own CPU. */

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadSession } from '../../bench/session/load.ts';
import { allowedCpus } from '../../runners/host/cpus.ts';
import { RUNNERS } from '../../runners/index.ts';
import { boxmark, sessions } from '../cli/program.ts';

const NAMES = ['native', 'unshare', 'bwrap', 'runc', 'docker', 'podman', 'lxc', 'gvisor', 'uml'];
const PATHS = [...RUNNERS.map(({ name }) => name).filter((name) => NAMES.includes(name)), 'runc/runc'];

let dir = '';
beforeAll(() => {
  dir = mkdtempSync('/var/tmp/boxmark-test-threads-');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it.skipIf(allowedCpus().length < 2)('runs two copies in every box with two CPUs', { timeout: 600_000 }, async () => {
  const script = join(dir, 'copy.sh');
  writeFileSync(script, '#!/bin/sh\nread line <made.txt\necho "$line rate $BOXMARK_COPY"\n');
  chmodSync(script, 0o755);
  const program = [
    '--prepare',
    'echo made > made.txt',
    '--metric',
    'rate:k/s:higher=rate ([0-9.]+)',
    '--expect',
    'any',
  ];
  const little = ['--size', 'tiny', '--burst', '2ms', '--blocks', '1', '--rounds', '1'];
  const run = ['run', '-e', PATHS.join(','), '--threads', '2', '--keep-going', '--no-guard', '--out', dir, '--quiet'];
  const ended = await boxmark(...run, ...little, '-w', 'sor,file-read', ...program, '--', script);
  expect(ended.code, ended.stderr).toBe(0);
  const [session = ''] = sessions(dir).filter((path) => /Z-\w+$/.test(path));
  const { info, samples, starts } = await loadSession(session);
  expect(info.plan.threads).toBe(2);
  expect(info.unavailable.find(({ path }) => path === 'uml')?.reason).toMatch(
    /has one CPU, and 2 copies need one each/,
  );
  expect(starts.flatMap((start) => (start.status === 'completed' ? [] : [`${start.env}: ${start.reason}`]))).toEqual(
    [],
  );
  const measured = samples.filter(({ phase, ok }) => phase === 'measure' && ok);
  for (const { path } of info.environments) {
    const own = measured.filter(({ env }) => env === path);
    const workloads = ['sor', 'file-read', 'copy.sh', 'copy.sh.rate'];
    expect(new Set(own.map(({ workload }) => workload)), path).toEqual(new Set(workloads));
    for (const { workload, threads, work, rate, spread } of own) {
      expect(threads, path).toBe(2);
      if (workload !== 'copy.sh.rate') {
        expect(work, path).toBe(2 * (info.work[workload] ?? 0));
        expect(spread, path).toBeGreaterThanOrEqual(1);
      } else {
        // The copies print 1 and 2.
        expect(rate, path).toBe(1.5);
      }
    }
  }
  expect(info.environments.length).toBeGreaterThan(1);
});
