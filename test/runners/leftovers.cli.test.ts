/** Leftovers of killed runs: real ones are provoked and go, and what belongs to others stays. */

import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { cgroupMounts, mountsBelow } from '../../runners/host/mounts.ts';
import { identify, isAlive, type ProcessIdentity } from '../../runners/host/processes.ts';
import { createWorkspaceDir, ownerState, removeWorkspaceDir, workspaceDir } from '../../runners/host/workspace.ts';
import { ENGINES } from '../../runners/index.ts';
import { hostExec } from '../../runners/kit/process.ts';
import { removeLeftovers } from '../../runners/upkeep/clean-up.ts';
import { findLeftovers, type Leftover } from '../../runners/upkeep/leftovers.ts';

const undo: (() => unknown)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** Starts a process that sleeps, without a terminal, like everything that a run starts. */
function sleeper(...words: string[]): { child: ChildProcess; identity: ProcessIdentity } {
  const child = spawn('sh', ['-c', 'while :; do sleep 1; done', ...words], { detached: true, stdio: 'ignore' });
  undo.push(() => {
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
    } catch {
      // The test has ended it.
    }
  });
  const identity = identify(child.pid ?? 0);
  if (identity === null) throw new Error('the sleeper did not start');
  return { child, identity };
}

/** The identity of a process that has ended. */
async function deadOwner(): Promise<ProcessIdentity> {
  const { child, identity } = sleeper();
  const gone = new Promise((resolve) => child.once('exit', resolve));
  process.kill(-identity.pid, 'SIGKILL');
  await gone;
  return identity;
}

/** A work folder as a killed run leaves it. */
async function deadRun(): Promise<{ id: string; dir: string }> {
  const { id, dir } = await createWorkspaceDir();
  undo.push(() => rmSync(dir, { recursive: true, force: true }));
  const owner = JSON.parse(readFileSync(join(dir, 'owner.json'), 'utf8')) as object;
  writeFileSync(join(dir, 'owner.json'), JSON.stringify({ ...owner, ...(await deadOwner()) }));
  return { id, dir };
}

/** Groups of a run in every hierarchy that takes processes without further settings. */
function makeGroups(id: string): string[] {
  const made: string[] = [];
  for (const mount of cgroupMounts().filter((path) => !path.endsWith('/cpuset'))) {
    const path = join(mount, 'boxmark', id, 'inner');
    try {
      mkdirSync(path, { recursive: true });
    } catch {
      continue;
    }
    made.push(path);
    undo.push(() => removeGroups([path, join(path, '..'), join(path, '../..')]));
  }
  return made;
}

/** A group stays busy for a moment after its processes were killed; the common parent may be in use by others for good. */
async function removeGroups(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    for (let attempt = 0; attempt < 100 && existsSync(folder); attempt++) {
      try {
        rmdirSync(folder);
      } catch {
        if (folder.endsWith('boxmark')) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
}

const ofRun = (list: readonly Leftover[], id: string) => list.filter(({ run }) => run === id);
const isRoot = process.getuid?.() === 0;

describe('work folders', () => {
  it('are owned by the process that made them', async () => {
    const { id, dir } = await createWorkspaceDir();
    try {
      expect(id).toMatch(/^[0-9a-f]{8}$/);
      expect(dir).toBe(workspaceDir(id));
      expect(JSON.parse(readFileSync(join(dir, 'owner.json'), 'utf8'))).toMatchObject({ pid: process.pid, id });
      expect(readdirSync(dir)).toEqual(['owner.json']);
      expect(ownerState(id)).toBe('alive');
    } finally {
      await removeWorkspaceDir(dir);
    }
    expect(ownerState(id)).toBe('absent');
  });

  it.skipIf(!isRoot)('take their empty control groups with them (needs root)', async (ctx) => {
    const { id, dir } = await createWorkspaceDir();
    undo.push(() => rmSync(dir, { recursive: true, force: true }));
    const groups = makeGroups(id);
    if (groups.length === 0) return ctx.skip('no cgroup can be made here');
    await removeWorkspaceDir(dir);
    for (const group of groups) expect(existsSync(join(group, '..'))).toBe(false);
  });

  it('are dead with their owner, also when another process has got its id', async () => {
    const { id, dir } = await deadRun();
    expect(ownerState(id)).toBe('dead');
    const owner = { ...(identify(process.pid) as ProcessIdentity), id };
    writeFileSync(join(dir, 'owner.json'), JSON.stringify({ ...owner, startTicks: owner.startTicks - 1 }));
    expect(ownerState(id)).toBe('dead');
    writeFileSync(join(dir, 'owner.json'), JSON.stringify(owner));
    expect(ownerState(id)).toBe('alive');
  });

  it('are left alone in doubt', async () => {
    const { id, dir } = await deadRun();
    const owner = JSON.parse(readFileSync(join(dir, 'owner.json'), 'utf8')) as object;
    writeFileSync(join(dir, 'owner.json'), JSON.stringify({ ...owner, pidNamespace: 'pid:[1]' }));
    expect(ownerState(id), 'its owner may live in another container').toBe('alive');
    rmSync(join(dir, 'owner.json'));
    expect(ownerState(id), 'it may just be being made').toBe('alive');
    expect(ofRun(await findLeftovers(ENGINES), id)).toEqual([]);
  });
});

describe('leftovers', () => {
  it.skipIf(!isRoot)('of a killed run are found and removed, everything else stays (needs root)', async () => {
    const { id, dir } = await deadRun();
    const outside = mkdtempSync(join(tmpdir(), 'boxmark-outside-'));
    undo.push(() => rmSync(outside, { recursive: true, force: true }));
    writeFileSync(join(outside, 'precious'), 'data');

    const groups = makeGroups(id);
    const grouped = sleeper();
    for (const group of groups) writeFileSync(join(group, 'cgroup.procs'), String(grouped.identity.pid));
    const named = sleeper('dockerd', '--data-root', join(dir, 'data'));
    const mount = join(dir, 'a mount');
    mkdirSync(mount);
    const mounted = (await hostExec(['mount', '--bind', outside, mount])).exitCode === 0;
    undo.push(() => hostExec(['umount', '-l', mount]));
    const shared = `/dev/shm/boxmark-${id}-memory`;
    writeFileSync(shared, 'x');
    undo.push(() => rmSync(shared, { force: true }));

    const live = await createWorkspaceDir();
    undo.push(() => removeWorkspaceDir(live.dir));
    const liveGroups = makeGroups(live.id);
    const bystanders = [
      sleeper('boxmark', 'run'),
      sleeper(`${live.dir}/guest`),
      sleeper(`${dir}0/else`),
      sleeper(`/home/x/boxmark-${id}`),
    ];
    for (const group of liveGroups) writeFileSync(join(group, 'cgroup.procs'), String(bystanders[1]?.identity.pid));

    const found = await findLeftovers(ENGINES);
    const mine = ofRun(found, id);
    const targets = mine.map(({ target }) => target);
    expect(targets).toContain(String(grouped.identity.pid));
    expect(targets).toContain(String(named.identity.pid));
    expect(targets).toContain(dir);
    if (mounted) expect(targets).toContain(mount);
    for (const group of groups) expect(targets).toContain(join(group, '..'));
    expect(ofRun(found, live.id)).toEqual([]);
    for (const { identity } of bystanders)
      expect(found.map(({ target }) => target)).not.toContain(String(identity.pid));
    expect(existsSync(dir), 'finding only looks').toBe(true);

    const { removed, failed } = await removeLeftovers(mine, ENGINES);
    expect(failed).toEqual([]);
    expect(removed).toHaveLength(mine.length);
    expect(isAlive(grouped.identity)).toBe(false);
    expect(isAlive(named.identity)).toBe(false);
    expect(existsSync(dir)).toBe(false);
    expect(existsSync(shared)).toBe(false);
    expect(mountsBelow(dir)).toEqual([]);
    for (const group of groups) expect(existsSync(join(group, '..'))).toBe(false);
    expect(readFileSync(join(outside, 'precious'), 'utf8'), 'not reached through the mount').toBe('data');
    for (const { identity } of bystanders) expect(isAlive(identity)).toBe(true);
    expect(existsSync(live.dir)).toBe(true);
    for (const group of liveGroups) expect(existsSync(group)).toBe(true);
    expect(ofRun(await findLeftovers(ENGINES), id)).toEqual([]);
  });

  it.skipIf(!isRoot)(
    'include processes in the group of a dead run that come after the list was made (needs root)',
    async (ctx) => {
      const { id } = await deadRun();
      const [group] = makeGroups(id);
      if (group === undefined) return ctx.skip('no cgroup can be made here');
      const list = ofRun(await findLeftovers(ENGINES), id);
      const late = sleeper();
      writeFileSync(join(group, 'cgroup.procs'), String(late.identity.pid));
      const { failed } = await removeLeftovers(list, ENGINES);
      expect(failed).toEqual([]);
      expect(isAlive(late.identity)).toBe(false);
    },
  );

  it('are not touched when the list is out of date', async () => {
    const { id } = await deadRun();
    const bystander = sleeper();
    const { pid, startTicks } = bystander.identity;
    const stale: Leftover = {
      kind: 'process',
      run: id,
      target: String(pid),
      detail: '',
      process: { pid, startTicks: startTicks - 1 },
    };
    await removeLeftovers([stale], ENGINES);
    expect(isAlive(bystander.identity)).toBe(true);

    const live = await createWorkspaceDir();
    undo.push(() => removeWorkspaceDir(live.dir));
    const { failed } = await removeLeftovers([{ kind: 'folder', run: live.id, target: live.dir, detail: '' }], ENGINES);
    expect(failed[0]?.reason).toContain('still alive');
    expect(existsSync(live.dir)).toBe(true);
  });

  it.skipIf(!isRoot)('are never removed through a mount (needs root)', async (ctx) => {
    const { dir } = await createWorkspaceDir();
    undo.push(() => rmSync(dir, { recursive: true, force: true }));
    const mount = join(dir, 'mount');
    mkdirSync(mount);
    const mounted = await hostExec(['mount', '-t', 'tmpfs', 'none', mount]);
    if (mounted.exitCode !== 0) return ctx.skip(`nothing can be mounted here: ${mounted.stderr.trim()}`);
    undo.push(() => hostExec(['umount', '-l', mount]));
    await expect(removeWorkspaceDir(dir)).rejects.toThrow(/still has mounts/);
    expect(existsSync(mount)).toBe(true);
    await hostExec(['umount', mount]);
    await removeWorkspaceDir(dir);
    expect(existsSync(dir)).toBe(false);
  });

  it('include half-built store entries that nobody works on, not those in use', async () => {
    const store = mkdtempSync(join(tmpdir(), 'boxmark-store-'));
    undo.push(() => rmSync(store, { recursive: true, force: true }));
    const before = process.env.BOXMARK_CACHE;
    process.env.BOXMARK_CACHE = store;
    undo.push(() => {
      if (before === undefined) delete process.env.BOXMARK_CACHE;
      else process.env.BOXMARK_CACHE = before;
    });
    const abandoned = join(store, '.build-abandoned');
    const unpacking = join(store, 'kernels', '.tmp-abandoned');
    const stamp = join(store, 'stamps', `${'5'.repeat(64)}.1234.abc.tmp`);
    const named = join(store, 'thesis.tmp');
    const busy = join(store, '.build-busy');
    const finished = join(store, '0123456789ab');
    for (const folder of [abandoned, unpacking, busy, finished, join(store, 'stamps')])
      mkdirSync(folder, { recursive: true });
    for (const file of [stamp, named]) writeFileSync(file, '');
    const open = openSync(join(busy, 'layer.tar'), 'w');
    undo.push(() => closeSync(open));

    const ofStore = (list: readonly Leftover[]) => list.filter(({ target }) => target.startsWith(store));
    expect(ofStore(await findLeftovers(ENGINES)), 'all of it is young').toEqual([]);
    const old = ofStore(await findLeftovers(ENGINES, { storeAgeMs: -1 }));
    expect(old.map(({ target }) => target).sort()).toEqual([abandoned, unpacking, stamp].sort());
    expect((await removeLeftovers(old, ENGINES)).failed).toEqual([]);
    expect(readdirSync(store).sort()).toEqual(['.build-busy', '0123456789ab', 'kernels', 'stamps', 'thesis.tmp']);
    expect(readdirSync(join(store, 'kernels'))).toEqual([]);
  });
});
