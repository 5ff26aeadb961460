/** A user without root who may use a Docker daemon of root's: files that root writes for that user's boxes go again. */

import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cgroupMounts, mountsBelow, unmount } from '../../runners/host/mounts.ts';
import { findCommand } from '../../runners/kit/commands.ts';
import { ownGroupsOf } from '../leftovers.ts';
import { OrdinaryUser } from './ordinary-user.ts';
import { eventually, tracesOf, workspaceOf } from './program.ts';

const LIMIT_MS = 240_000;
/** Of the user alone, and of the daemon's socket. */
const GROUP = 64_118;
const canStart =
  process.getuid?.() === 0 && ['dockerd', 'containerd', 'runc'].every((name) => findCommand(name) !== undefined);
const TINY = ['-e', 'native,docker/docker', '-w', 'fft', '--size', 'tiny', '--no-guard'];

let user: OrdinaryUser;
let folder = '';
let daemon: ChildProcess | undefined;
let env: Record<string, string> = {};

beforeAll(async () => {
  user = new OrdinaryUser(GROUP);
  if (!canStart) return;
  folder = mkdtempSync('/var/tmp/bm-group-');
  writeFileSync(join(folder, 'daemon.json'), '{}');
  const at = (name: string) => join(folder, name);
  const places = [
    '--data-root',
    at('data'),
    '--exec-root',
    at('exec'),
    '-H',
    `unix://${at('s.sock')}`,
    '--pidfile',
    at('pid'),
  ];
  const closed = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'];
  const groups = ['--exec-opt', 'native.cgroupdriver=cgroupfs', '--cgroup-parent', '/bm-group', '--group', `${GROUP}`];
  daemon = spawn('dockerd', ['--config-file', at('daemon.json'), ...places, ...closed, ...groups], { stdio: 'ignore' });
  env = { DOCKER_HOST: `unix://${at('s.sock')}` };
  await eventually(() => (existsSync(at('s.sock')) ? true : undefined));
  await eventually(() => (statSync(at('s.sock')).gid === GROUP ? true : undefined));
  chmodSync(folder, 0o711);
}, LIMIT_MS);

afterAll(async () => {
  user.leave();
  if (daemon === undefined) return;
  const ended = new Promise((resolve) => daemon?.once('exit', resolve));
  daemon.kill('SIGTERM');
  await ended;
  for (const path of mountsBelow(folder)) await unmount(path);
  for (const mount of cgroupMounts()) if (existsSync(`${mount}/bm-group`)) rmdirSync(`${mount}/bm-group`);
  rmSync(folder, { recursive: true, force: true });
}, LIMIT_MS);

/** Files of root's in the folder of a run. */
function isWrittenByRoot(dir: string): boolean {
  const [scratch] = readdirSync(dir).filter((name) => name.startsWith('docker-scratch-'));
  return scratch !== undefined && existsSync(join(dir, scratch, 'docker/daemon.json'));
}

describe.skipIf(!canStart)('docker/docker of a user of the group docker (needs root, and Docker’s programs)', () => {
  it('leaves no file, no container and no control group', { timeout: LIMIT_MS }, async () => {
    const { child, ended } = user.boxmark(
      ['run', ...TINY, '--blocks', '1', '--rounds', '2', '-o', join(user.home, 'out')],
      env,
    );
    const dir = await eventually(() => workspaceOf(child.pid));
    const { code, stderr, stdout } = await ended;
    expect(stderr).not.toMatch(/Left behind|cannot run/);
    expect(stdout).toMatch(/^docker\/docker/m);
    expect(code).toBe(0);
    expect(existsSync(dir)).toBe(false);
    expect(tracesOf(dir.slice(-8))).toEqual([]);
  });

  it('is removed by clean after a kill, also what only root can remove', { timeout: LIMIT_MS }, async () => {
    const { child, ended } = user.boxmark(['run', ...TINY, '--blocks', '9', '-o', join(user.home, 'out-killed')], env);
    const dir = await eventually(() => workspaceOf(child.pid));
    await eventually(() => (isWrittenByRoot(dir) ? true : undefined), LIMIT_MS);
    child.kill('SIGKILL');
    await ended;
    const { code, stdout } = await user.boxmark(['clean'], env).ended;
    expect(stdout).toContain(`removed folder ${dir}`);
    expect(stdout).not.toContain('could not');
    expect(code).toBe(0);
    expect(existsSync(dir)).toBe(false);
    expect(ownGroupsOf(dir.slice(-8))).toEqual([]);
  });
});
