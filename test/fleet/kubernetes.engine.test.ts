/**
 * The pods of a manifest, run by a Docker daemon with what the manifest gives them, and their logs collected. No cluster is
 * in it: what a kubelet and a scheduler do is not tested.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFleet } from '../../bench/fleet/info.ts';
import { ownNodeImage } from '../../cli/commands/fleet-image.ts';
import { cgroupMounts, mountsBelow, unmount } from '../../runners/host/mounts.ts';
import { findCommand } from '../../runners/kit/commands.ts';
import '../../runners/index.ts';
import { boxmark, eventually, start } from '../cli/program.ts';
import { namesIn } from '../leftovers.ts';
import { containerWords } from './pod-as-container.ts';

const LIMIT_MS = 300_000;
const canStart =
  process.getuid?.() === 0 && ['dockerd', 'containerd', 'runc'].every((name) => findCommand(name) !== undefined);
const GROUP = 'bm-kube';
const PLAN = [
  'env: [native, docker]',
  'workload: [fft]',
  ...['size: tiny', 'blocks: 1', 'rounds: 2', 'seed: 1', ''],
].join('\n');

let folder = '';
let daemon: ChildProcess | undefined;
let image = '';
let before: readonly string[] = [];
const at = (name: string) => join(folder, name);
const docker = (...words: readonly string[]) =>
  spawnSync('docker', ['-H', `unix://${at('s.sock')}`, ...words], { encoding: 'utf8', maxBuffer: 1 << 28 });

beforeAll(async () => {
  if (!canStart) return;
  before = namesIn('/var/tmp');
  folder = mkdtempSync('/var/tmp/bm-kube-');
  mkdirSync(at('kept'));
  writeFileSync(at('daemon.json'), '{}');
  writeFileSync(at('plan.yaml'), PLAN);
  const places = ['--data-root', at('data'), '--exec-root', at('exec'), '--pidfile', at('pid')];
  const closed = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'];
  const groups = ['--exec-opt', 'native.cgroupdriver=cgroupfs', '--cgroup-parent', `/${GROUP}`];
  const words = ['--config-file', at('daemon.json'), '-H', `unix://${at('s.sock')}`, ...places, ...closed, ...groups];
  daemon = spawn('dockerd', words, { stdio: 'ignore' });
  await eventually(() => (docker('info').status === 0 ? true : undefined));
  const node = await ownNodeImage();
  image = node.tag;
  const loaded = docker('load', '--input', node.file);
  if (loaded.status !== 0) throw new Error(loaded.stderr);
}, LIMIT_MS);

afterAll(async () => {
  if (daemon === undefined) return;
  const ended = new Promise((resolve) => daemon?.once('exit', resolve));
  daemon.kill('SIGTERM');
  await ended;
  for (const path of mountsBelow(folder)) await unmount(path);
  for (const mount of cgroupMounts()) {
    if (existsSync(join(mount, GROUP)))
      spawnSync('find', [join(mount, GROUP), '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';']);
  }
  rmSync(folder, { recursive: true, force: true });
}, LIMIT_MS);

async function manifest(name: string, ...flags: readonly string[]): Promise<string> {
  const words = ['fleet', 'manifest', '--plan', at('plan.yaml'), '--image', image, '--name', name, ...flags];
  const { code, stdout, stderr } = await boxmark(...words);
  expect(code, stderr).toBe(0);
  return stdout;
}

const pod = (text: string, name: string) =>
  containerWords(text, {
    ...{ name, folder: mkdtempSync(at('pod-')) },
    paths: { '/var/run/docker.sock': at('s.sock'), '/var/lib/boxmark/fleets': at('kept') },
  });
/** Other tests measure on this host meanwhile: with a lock of its own. */
const run = (words: readonly string[]) =>
  docker('run', '--rm', '-e', `BOXMARK_LOCK=${process.env.BOXMARK_LOCK}`, ...words);
const containers = () => docker('ps', '-aq').stdout;

/** Work folders of pods that have ended; others measure on this host meanwhile. */
function left(): string[] {
  const alive = new Set(namesIn('/proc').flatMap((pid) => (/^\d+$/.test(pid) ? [pidNamespace(pid)] : [])));
  return namesIn('/var/tmp').filter((name) => {
    if (!/^boxmark-[0-9a-f]{8}$/.test(name) || before.includes(name)) return false;
    try {
      const owner = JSON.parse(readFileSync(join('/var/tmp', name, 'owner.json'), 'utf8'));
      return owner.pidNamespace === pidNamespace('self')
        ? !existsSync(`/proc/${owner.pid}`)
        : !alive.has(owner.pidNamespace);
    } catch {
      return false;
    }
  });
}

function pidNamespace(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return '';
  }
}

async function collected(log: string, out: string) {
  const file = at(`${out}.log`);
  writeFileSync(file, log);
  const { code, stdout, stderr } = await start(['fleet', 'collect', file, '-o', at(out)]).ended;
  expect(stderr).toBe('');
  return { code, stdout, hosts: readFleet(at(out)).hosts };
}

describe.skipIf(!canStart)('the pod of a manifest (needs root, and Docker’s programs)', () => {
  it('measures in containers of its node, and its log has the session', { timeout: LIMIT_MS }, async () => {
    const { stdout, stderr } = run(pod(await manifest('job-1', '--indexed', '3', '--wait', '10m'), 'worker-1'));
    const { code, hosts, stdout: said } = await collected(stdout, 'job');
    expect(said, `${stdout.slice(-1000)}\n${stderr}`).toMatch(/^1 session arrived, 0 did not/);
    expect(code).toBe(0);
    expect(hosts).toMatchObject([{ name: 'worker-1', state: 'measured', footing: 'container' }]);
    const session = join(at('job'), hosts[0]?.session ?? '');
    const { environments } = JSON.parse(readFileSync(join(session, 'session.json'), 'utf8'));
    expect(environments.map(({ path }: { path: string }) => path)).toEqual([
      'docker:network=host:seccomp=unconfined',
      'docker',
    ]);
    expect(containers()).toBe('');
    expect(left()).toEqual([]);
  });

  it('has processes of its node as the baseline with --native', { timeout: LIMIT_MS }, async () => {
    const { stdout, stderr } = run(pod(await manifest('job-2', '--indexed', '3', '--native'), 'worker-2'));
    const { hosts } = await collected(stdout, 'native');
    expect(hosts, `${stdout.slice(-1000)}\n${stderr}`).toMatchObject([
      { name: 'worker-2', state: 'measured', footing: 'host' },
    ]);
    expect(containers()).toBe('');
    expect(left()).toEqual([]);
  });

  it('measures its node without any socket', { timeout: LIMIT_MS }, async () => {
    const { stdout, stderr } = run(
      pod(await manifest('job-3', '--indexed', '3', '--native', '--socket', 'none'), 'worker-4'),
    );
    const { hosts } = await collected(stdout, 'alone');
    expect(hosts, `${stdout.slice(-1000)}\n${stderr}`).toMatchObject([{ state: 'measured', footing: 'host' }]);
    const session = join(at('alone'), hosts[0]?.session ?? '');
    const { environments, unavailable } = JSON.parse(readFileSync(join(session, 'session.json'), 'utf8'));
    expect(environments.map(({ path }: { path: string }) => path)).toEqual(['native']);
    expect(unavailable.map(({ path }: { path: string }) => path)).toEqual(['docker']);
  });

  it('of a DaemonSet measures once, however often its node starts it again', { timeout: LIMIT_MS }, async () => {
    const words = pod(await manifest('set-1'), 'worker-3');
    const first = run(words);
    expect(first.status, first.stderr).toBe(0);
    const again = run(words);
    expect(again).toMatchObject({ status: 0, stdout: first.stdout });
    const [kept = '', ...others] = readdirSync(at('kept'));
    expect(others).toEqual([]);
    expect(kept).toMatch(/^set-1-[0-9a-f]{12}-worker-3\.log$/);
    expect(readFileSync(join(at('kept'), kept), 'utf8')).toBe(first.stdout);
    // The folder is as good as the log, which a kubelet may have rotated.
    const { stdout } = await boxmark('fleet', 'collect', at('kept'), '-o', at('volume'));
    expect(stdout).toMatch(/^1 session arrived/);
    expect(readFleet(at('volume')).hosts).toMatchObject([{ name: 'worker-3', state: 'measured' }]);
  });
});
