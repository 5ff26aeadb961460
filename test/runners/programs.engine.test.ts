/** A program of the user's in every box that runs here: found, started, timed, and the same output everywhere. */

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadSession } from '../../bench/session/load.ts';
import { RUNNERS } from '../../runners/index.ts';
import { boxmark, sessions } from '../cli/program.ts';

/** Ways to a root: folder, layers, disk, another kernel, a box in a box. */
const NAMES = ['native', 'unshare', 'bwrap', 'runc', 'docker', 'podman', 'lxc', 'nspawn', 'gvisor', 'uml'];
const PATHS = [...RUNNERS.map(({ name }) => name).filter((name) => NAMES.includes(name)), 'runc/runc'];

let dir = '';
beforeAll(() => {
  dir = mkdtempSync('/var/tmp/boxmark-test-programs-');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('runs in every box, and prints the same', { timeout: 600_000 }, async () => {
  const script = join(dir, 'words.sh');
  writeFileSync(script, '#!/bin/sh\nread line <words.txt\necho "$line: $#"; echo "rate 12.5"\n');
  chmodSync(script, 0o755);
  writeFileSync(join(dir, 'words.txt'), 'some words\n');
  const program = ['--with', `${join(dir, 'words.txt')}:words.txt`, '--metric', 'rate:k/s:higher=rate ([0-9.]+)'];
  const args = [
    'run',
    '-e',
    PATHS.join(','),
    '--keep-going',
    '--blocks',
    '1',
    '--rounds',
    '1',
    '--out',
    dir,
    '--quiet',
  ];
  const ended = await boxmark(...args, '--expect', 'same-output', ...program, '--', script, 'a b', "c'd");
  // Engines that can't run here are named, and nothing else is.
  expect(ended.stderr.split('\n').filter((line) => line !== '' && !line.includes('no data from'))).toEqual([]);
  expect(ended.code).toBe(0);
  const [session = ''] = sessions(dir).filter((path) => /Z-\w+$/.test(path));
  const { info, samples, starts } = await loadSession(session);
  expect(starts.flatMap((start) => (start.status === 'completed' ? [] : [`${start.env}: ${start.reason}`]))).toEqual(
    [],
  );
  const measured = samples.filter(({ phase, ok }) => phase === 'measure' && ok);
  for (const { path } of info.environments) {
    const own = measured.filter(({ env }) => env === path);
    expect(new Set(own.map(({ workload }) => workload)), path).toEqual(new Set(['words.sh', 'words.sh.rate']));
    expect(new Set(own.flatMap(({ checksum }) => (checksum === '' ? [] : [checksum]))).size, path).toBe(1);
  }
  expect(new Set(measured.flatMap(({ checksum }) => (checksum === '' ? [] : [checksum]))).size).toBe(1);
  expect(info.environments.length).toBeGreaterThan(1);
});
