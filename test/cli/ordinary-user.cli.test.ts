/** The built program as a user without root, by real engines: what it can't do it says, and what it leaves it can remove. */

import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { leftoversOf } from '../leftovers.ts';
import { OrdinaryUser } from './ordinary-user.ts';
import { eventually, workspaceOf } from './program.ts';

const LIMIT_MS = 240_000;

let user: OrdinaryUser;
const undo: (() => unknown)[] = [];

beforeAll(() => {
  user = new OrdinaryUser(64_117);
});

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

afterAll(() => user.leave());

/** Processes that keep a user namespace for a podman below this folder. */
function keepersBelow(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return (
          readFileSync(`/proc/${name}/cmdline`, 'utf8').startsWith('podman') &&
          readFileSync(`/proc/${name}/environ`, 'utf8').includes(`HOME=${folder}/`) &&
          readFileSync(`/proc/${name}/environ`, 'utf8').includes('_PODMAN_PAUSE=')
        );
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** What looks like podman's keeper of a user namespace, but is not in the folder that its environment names. */
function decoy(named: string): ChildProcess {
  const script = 'exec -a podman sleep 300';
  const env = { HOME: named, XDG_RUNTIME_DIR: `${named}/xdg`, _PODMAN_PAUSE: '1' };
  const child = user.start(['bash', '-c', script], env);
  undo.push(() => child.kill('SIGKILL'));
  return child;
}

describe('doctor without root', () => {
  it('prints its whole table, and leaves no folder and no process', { timeout: LIMIT_MS }, async () => {
    const { child, ended } = user.boxmark(['doctor']);
    const dir = await eventually(() => workspaceOf(child.pid));
    const { code, stdout, stderr } = await ended;
    expect(stderr).not.toMatch(/boxmark: /);
    expect(stdout).toMatch(/^can run {2}native/m);
    for (const name of ['docker', 'podman', 'lxc', 'uml'])
      expect(stdout).toMatch(new RegExp(`^(can run|cannot) +${name} `, 'm'));
    expect(stdout).toMatch(/^Noise$/m);
    expect(code).toBe(0);
    expect(existsSync(dir)).toBe(false);
    expect(leftoversOf(dir.slice(-8))).toEqual([]);
    expect(keepersBelow(dir)).toEqual([]);
  });

  it('prints its whole table where no image can be kept, and says why and what to set', {
    timeout: LIMIT_MS,
  }, async () => {
    const { code, stdout } = await user.boxmark(['doctor'], { BOXMARK_CACHE: '/usr/boxmark-cache' }).ended;
    expect(stdout).toMatch(/^cannot +native/m);
    expect(stdout.replace(/\s+/g, ' ')).toMatch(/cannot uml .*set BOXMARK_CACHE to a folder that you may write to/);
    expect(stdout).toMatch(/^Noise$/m);
    expect(code).toBe(5);
  });
});

describe('clean without root', () => {
  it('removes layers of rootless podman and ends what keeps its user namespace, and no other process like it', {
    timeout: LIMIT_MS,
  }, async (ctx) => {
    const { child, ended } = user.boxmark(['doctor', '--json']);
    const dir = await eventually(() => workspaceOf(child.pid));
    const isOver = ended.then(() => 'over' as const);
    const keeper = await Promise.race([
      isOver,
      eventually(() => (keepersBelow(dir).length > 0 ? 'there' : undefined), LIMIT_MS),
    ]);
    if (keeper === 'over') return ctx.skip('podman starts no process that keeps a user namespace here');
    // With a layer of the image in its storage, whose folders can't be written to.
    const layers = join(dir, 'pm-rl-runc-overlay/root/overlay');
    const found = await Promise.race([isOver, eventually(() => (existsSync(layers) ? 'there' : undefined))]);
    if (found === 'over') return ctx.skip('podman loads no image here');
    child.kill('SIGKILL');
    await ended;
    const others = [decoy(join(dir, 'pm-rl-runc-overlay')), decoy(join(user.home, 'pm'))];
    const { code, stdout } = await user.boxmark(['clean']).ended;
    expect(stdout).toMatch(/removed process \d+ {2}keeps the user namespace of a rootless podman/);
    expect(stdout).toContain(`removed folder ${dir}`);
    expect(stdout).not.toContain('could not');
    expect(code).toBe(0);
    expect(existsSync(dir)).toBe(false);
    expect(keepersBelow(dir)).toEqual([others[0]?.pid]);
    for (const { exitCode, signalCode } of others) expect([exitCode, signalCode]).toEqual([null, null]);
  });
});
