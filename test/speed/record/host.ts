/** The host that benches run on: what figures depend on, and what else is installed to compare with. */

import { spawnSync } from 'node:child_process';
import { loadavg, release } from 'node:os';
import { readHost } from '../../../runners/host/facts.ts';
import type { BenchHost } from './file.ts';

/** Programs that take part in some bench, and how they say their version. */
const PEERS: Readonly<Record<string, readonly string[]>> = {
  gcc: ['--version'],
  clang: ['--version'],
  java: ['-version'],
  hyperfine: ['--version'],
  docker: ['--version'],
  podman: ['--version'],
  unshare: ['--version'],
  bwrap: ['--version'],
  chromium: ['--version'],
};

export type LoadAverage = BenchHost['loadBefore'];

export function loadNow(): LoadAverage {
  const [one = 0, five = 0, fifteen = 0] = loadavg().map((value) => Number(value.toFixed(2)));
  return [one, five, fifteen];
}

export async function benchHost(loadBefore: LoadAverage): Promise<BenchHost> {
  const { hardware, stack } = await readHost({ cpus: [0] });
  return {
    cpu: hardware.cpuModel,
    cpus: hardware.threads,
    memoryGib: hardware.memoryGib,
    hypervisor: hardware.hypervisor,
    kernel: release(),
    distribution: stack.distribution,
    node: process.version,
    v8: process.versions.v8,
    peers: Object.fromEntries(Object.entries(PEERS).map(([name, args]) => [name, versionOf(name, args)])),
    loadBefore,
    loadAfter: loadNow(),
  };
}

/** The first line that it prints; null when it isn't installed. */
function versionOf(name: string, args: readonly string[]): string | null {
  const { status, stdout, stderr } = spawnSync(name, args, { encoding: 'utf8', timeout: 10_000 });
  const [line = ''] = `${stdout ?? ''}${stderr ?? ''}`.trim().split('\n');
  return status === 0 && line !== '' ? line.slice(0, 200) : null;
}

/** The commit of the clone that this runs in, with `-dirty` for changed files; null outside one. */
export function commitNow(): string | null {
  const git = (...args: readonly string[]) => spawnSync('git', args, { encoding: 'utf8' });
  const { status, stdout } = git('rev-parse', 'HEAD');
  if (status !== 0) return null;
  const changed = git('status', '--porcelain', '--untracked-files=no').stdout.trim() !== '';
  return `${stdout.trim()}${changed ? '-dirty' : ''}`;
}
