/** The built program as a user without root, by real engines: what it can't do it says, and what it leaves it can remove. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { leftoversOf } from '../leftovers.ts';
import { type Ended, eventually, MAIN, workspaceOf } from './program.ts';

const isRoot = process.getuid?.() === 0;
/** Nobody's: without a name, a home or ids for user namespaces. */
const UID = isRoot ? 64_117 : (process.getuid?.() ?? 0);
const AS_USER = isRoot ? ['setpriv', '--reuid', `${UID}`, '--regid', `${UID}`, '--clear-groups'] : [];
const LIMIT_MS = 240_000;

let home = '';
const undo: (() => unknown)[] = [];

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'boxmark-user-'));
  cpSync(join(MAIN, '../..'), join(home, 'dist'), { recursive: true });
  cpSync(join(MAIN, '../../../package.json'), join(home, 'package.json'));
  if (isRoot) execFileSync('chown', ['-hR', `${UID}:${UID}`, home]);
});

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

afterAll(() => rmSync(home, { recursive: true, force: true }));

function startAsUser(argv: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = home): ChildProcess {
  const [file = '', ...rest] = [...AS_USER, ...argv];
  const own = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: home, BOXMARK_CACHE: join(home, 'cache') };
  const lock = process.env.BOXMARK_LOCK ?? 'ordinary-user';
  return spawn(file, rest, {
    cwd,
    env: { ...own, BOXMARK_LOCK: lock, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
}

function boxmarkAsUser(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = startAsUser([process.execPath, join(home, 'dist/cli/main.js'), ...args], env);
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (text) => {
    stdout += text;
  });
  child.stderr?.on('data', (text) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, ended };
}

const workFolders = () =>
  readdirSync('/var/tmp')
    .filter((name) => /^boxmark-[0-9a-f]{8}$/.test(name))
    .filter((name) => existsSync(join('/var/tmp', name)) && statSync(join('/var/tmp', name)).uid === UID);

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
  const child = startAsUser(['bash', '-c', script], env);
  undo.push(() => child.kill('SIGKILL'));
  return child;
}

describe('doctor without root', () => {
  it('prints its whole table, and leaves no folder and no process', { timeout: LIMIT_MS }, async () => {
    const before = workFolders();
    const { child, ended } = boxmarkAsUser(['doctor']);
    const dir = await eventually(() => workspaceOf(child.pid));
    const { code, stdout, stderr } = await ended;
    expect(stderr).not.toMatch(/boxmark: /);
    expect(stdout).toMatch(/^can run {2}native/m);
    for (const name of ['docker', 'podman', 'lxc', 'uml'])
      expect(stdout).toMatch(new RegExp(`^(can run|cannot) +${name} `, 'm'));
    expect(stdout).toMatch(/^Noise$/m);
    expect(code).toBe(0);
    expect(workFolders()).toEqual(before);
    expect(leftoversOf(dir.slice(-8))).toEqual([]);
    expect(keepersBelow(dir)).toEqual([]);
  });

  it('prints its whole table where no image can be kept, and says why and what to set', {
    timeout: LIMIT_MS,
  }, async () => {
    const { code, stdout } = await boxmarkAsUser(['doctor'], { BOXMARK_CACHE: '/usr/boxmark-cache' }).ended;
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
    const { child, ended } = boxmarkAsUser(['doctor', '--json']);
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
    const others = [decoy(join(dir, 'pm-rl-runc-overlay')), decoy(join(home, 'pm'))];
    const { code, stdout } = await boxmarkAsUser(['clean']).ended;
    expect(stdout).toMatch(/removed process \d+ {2}keeps the user namespace of a rootless podman/);
    expect(stdout).toContain(`removed folder ${dir}`);
    expect(stdout).not.toContain('could not');
    expect(code).toBe(0);
    expect(existsSync(dir)).toBe(false);
    expect(keepersBelow(dir)).toEqual([others[0]?.pid]);
    for (const { exitCode, signalCode } of others) expect([exitCode, signalCode]).toEqual([null, null]);
  });
});
