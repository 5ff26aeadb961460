/** What another user of the host plants where root cleans up: nothing of it is believed, read without bounds, or reached through. */

import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cgroupMounts } from '../../runners/host/mounts.ts';
import { isOwnFolder, readOwnFile } from '../../runners/host/ownership.ts';
import { createWorkspaceDir, liveRuns, ownerState, removeWorkspaceDir } from '../../runners/host/workspace.ts';
import { inBuildFolder } from '../../runners/image/store.ts';
import { ENGINES } from '../../runners/index.ts';
import { hostExec } from '../../runners/kit/process.ts';
import { removeTree } from '../../runners/kit/remove.ts';
import { removeLeftovers } from '../../runners/upkeep/clean-up.ts';
import { findLeftovers, hasProcesses, type Leftover } from '../../runners/upkeep/leftovers.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const STRANGER = 12345;
const isRoot = process.getuid?.() === 0;

let place: string;
const undo: (() => unknown)[] = [];

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'boxmark-hostile-'));
});

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
  rmSync(place, { recursive: true, force: true });
});

/**
 * `boxmark clean` on what `prepare` makes, and what it printed. Everything that it looks at is this test's own, because it
 * takes groups, containers and processes of runs that it can't see for abandoned: others may be measuring on this host.
 */
async function cleanWith(prepare: string): Promise<{ exitCode: number | null; stdout: string; timedOut: boolean }> {
  const script = [
    'set -e',
    'mount --make-rprivate /',
    'for place in /var/tmp /run /dev/shm; do mount -t tmpfs -o mode=1777,size=8m none $place; done',
    'while grep -q " /sys/fs/cgroup" /proc/self/mountinfo; do umount -R /sys/fs/cgroup; done',
    // The hook of a set-up that runs in another process namespace would look abandoned.
    'if [ -e /usr/sbin/policy-rc.d ]; then mount --bind /dev/null /usr/sbin/policy-rc.d; fi',
    'mkdir -p /run/containerd/s',
    prepare,
    // One that reads without an end fails instead of filling the host.
    `ulimit -d 2000000; exec ${process.execPath} ${MAIN} clean`,
  ].join('\n');
  const own = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', script];
  return hostExec(own, { timeoutMs: 60_000, env: { BOXMARK_CACHE: join(place, 'store') } });
}

const asStranger = (script: string) =>
  `setpriv --reuid ${STRANGER} --regid ${STRANGER} --clear-groups sh -c '${script}'`;

describe.skipIf(!isRoot)('boxmark clean as root (needs root)', () => {
  it('deletes no file that a stranger names as a socket of a shim, or as left by a daemon', async (ctx) => {
    const precious = join(place, 'precious.conf');
    writeFileSync(precious, 'data');
    const folder = '/var/tmp/boxmark-deadbeef';
    const shim = `${folder}/docker/exec/containerd/daemon/io.containerd.runtime.v2.task/moby/x`;
    const { exitCode, stdout } = await cleanWith(
      [
        asStranger(
          [
            `mkdir -p ${shim}`,
            `printf unix:///run/containerd/s/../../..${precious} > ${shim}/address`,
            `printf "{\\"pid\\":1,\\"startTicks\\":1,\\"id\\":\\"deadbeef\\",\\"bootId\\":\\"x\\"}" > ${folder}/owner.json`,
          ].join('; '),
        ),
        `echo "planted $(ls ${shim})"`,
      ].join('\n'),
    );
    if (!stdout.includes('planted address')) return ctx.skip(`no private mounts here: ${stdout}`);
    expect(exitCode).toBe(0);
    expect(stdout).not.toContain('boxmark-deadbeef');
    expect(readFileSync(precious, 'utf8')).toBe('data');
  });

  it('takes an address for a socket only by the form that containerd gives it, also in a folder of its own', async (ctx) => {
    const precious = join(place, 'precious.conf');
    writeFileSync(precious, 'data');
    const folder = '/var/tmp/boxmark-deadbeef';
    const shim = `${folder}/docker/exec/containerd/daemon/io.containerd.runtime.v2.task/moby`;
    const socket = `/run/containerd/s/${'a'.repeat(64)}`;
    const { exitCode, stdout } = await cleanWith(
      [
        `umask 077; mkdir -p ${shim}/x ${shim}/y; touch ${socket}`,
        `printf unix:///run/containerd/s/../../..${precious} > ${shim}/x/address`,
        `printf unix://${socket} > ${shim}/y/address`,
        `echo '{"pid":1,"startTicks":1,"id":"deadbeef","bootId":"x"}' > ${folder}/owner.json`,
        'echo planted',
      ].join('\n'),
    );
    if (!stdout.includes('planted')) return ctx.skip(`no private mounts here: ${stdout}`);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`removed folder ${folder}`);
    expect(readFileSync(precious, 'utf8')).toBe('data');
  });

  it('removes the empty folders of engines, which a folder of a stranger does not prevent', async (ctx) => {
    const { exitCode, stdout } = await cleanWith(
      [
        asStranger('mkdir -m 700 /var/tmp/boxmark-deadbeef'),
        'mkdir -p /run/lxc/lock/var/tmp /run/systemd/nspawn/locks /run/systemd/nspawn/unix-export /run/crun /run/runc/theirs',
        `trap 'echo "left: $(cd /run; find lxc systemd crun runc 2>/dev/null | tr "\\n" " ")"' EXIT`,
        'echo planted',
        `${process.execPath} ${MAIN} clean`,
        'exit',
      ].join('\n'),
    );
    if (!stdout.includes('planted')) return ctx.skip(`no private mounts here: ${stdout}`);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('left: runc runc/theirs \n');
  });

  it.each([
    ['a FIFO', 'mkfifo $F/owner.json'],
    ['a link to a device without an end', 'ln -s /dev/zero $F/owner.json'],
    ['a large sparse file', 'truncate -s 6G $F/owner.json'],
  ])('ends soon when an owner record is %s, whoever planted it', async (_, plant) => {
    const of = (folder: string) => `F=${folder}; mkdir $F; chmod 700 $F; ${plant}`;
    const { exitCode, stdout, timedOut } = await cleanWith(
      `${asStranger(of('/var/tmp/boxmark-deadbeef'))}\n${of('/var/tmp/boxmark-deadbee0')}\necho planted`,
    );
    expect(stdout).toContain('planted');
    expect(timedOut).toBe(false);
    expect(exitCode).toBe(0);
  });
});

describe.skipIf(!isRoot)('groups of a run whose folder is not to be seen (needs root)', () => {
  it('stay with their processes, and go when they are old and empty', async (ctx) => {
    const id = '0badf00d';
    const mount = cgroupMounts().find((path) => !path.endsWith('/cpuset'));
    if (mount === undefined) return ctx.skip('there is no cgroup hierarchy here');
    const group = join(mount, 'boxmark', id, 'inner');
    mkdirSync(group, { recursive: true });
    undo.push(() => hostExec(['rmdir', group, join(group, '..')]));
    const sleeper = spawn('sleep', ['60'], { stdio: 'ignore' });
    const ended = new Promise((resolve) => sleeper.once('exit', resolve));
    const list: Leftover[] = [{ kind: 'cgroup', run: id, target: join(group, '..'), detail: '' }];
    try {
      writeFileSync(join(group, 'cgroup.procs'), String(sleeper.pid));
      expect(hasProcesses(id)).toBe(true);
      const { failed } = await removeLeftovers(list, ENGINES);
      expect(failed.map(({ reason }) => reason)).toEqual(['its run is still alive']);
      expect(existsSync(group)).toBe(true);
      expect(sleeper.exitCode).toBeNull();
    } finally {
      sleeper.kill('SIGKILL');
      await ended;
    }
    expect(
      (await findLeftovers(ENGINES)).filter(({ run }) => run === id),
      'it is young',
    ).toEqual([]);
    expect((await removeLeftovers(list, ENGINES)).failed).toEqual([]);
    expect(existsSync(join(group, '..'))).toBe(false);
  });
});

describe.skipIf(!isRoot)('a folder of another user (needs root)', () => {
  const dir = '/var/tmp/boxmark-0badf00d';

  beforeEach(() => {
    mkdirSync(dir, { mode: 0o700 });
    undo.push(() => rmSync(dir, { recursive: true, force: true }));
    writeFileSync(join(dir, 'owner.json'), JSON.stringify({ pid: 1, startTicks: 1, id: '0badf00d', bootId: 'gone' }));
  });

  it('is no leftover, and is not removed', async () => {
    expect(ownerState('0badf00d')).toBe('dead');
    chownSync(dir, STRANGER, STRANGER);
    expect(ownerState('0badf00d')).toBe('alive');
    expect((await findLeftovers(ENGINES)).filter(({ run }) => run === '0badf00d')).toEqual([]);
    await expect(removeWorkspaceDir(dir)).rejects.toThrow(/belongs to another user/);
    expect(existsSync(join(dir, 'owner.json'))).toBe(true);
  });

  it('counts as no run of this user, which would keep empty folders of engines', async () => {
    const own = await createWorkspaceDir();
    undo.push(() => removeWorkspaceDir(own.dir));
    chownSync(dir, STRANGER, STRANGER);
    expect(liveRuns()).toContain(own.id);
    expect(liveRuns()).not.toContain('0badf00d');
    chownSync(dir, 0, 0);
    writeFileSync(join(dir, 'owner.json'), readFileSync(join(own.dir, 'owner.json')), { mode: 0o600 });
    expect(ownerState('0badf00d')).toBe('alive');
    expect(liveRuns(), 'a copy').not.toContain('0badf00d');
  });

  it('is neither one that others may write to, nor a link to one', () => {
    expect(isOwnFolder(dir)).toBe(true);
    chmodSync(dir, 0o777);
    expect(isOwnFolder(dir)).toBe(false);
    expect(ownerState('0badf00d')).toBe('alive');
    const link = join(place, 'link');
    symlinkSync(place, link);
    expect(isOwnFolder(link)).toBe(false);
  });

  it('has no record that counts', () => {
    const file = join(dir, 'owner.json');
    expect(readOwnFile(file)).toContain('0badf00d');
    chownSync(file, STRANGER, STRANGER);
    expect(readOwnFile(file)).toBeNull();
  });
});

describe('a run whose record is in doubt', () => {
  beforeEach(() => {
    // As if it had begun a while ago: a folder without a record is then a dead run's.
    const later = Date.now() + 3_600_000;
    const clock = vi.spyOn(Date, 'now').mockReturnValue(later);
    undo.push(() => clock.mockRestore());
  });

  it.each(['000', '002', '077'])('lives on under umask %s', async (umask) => {
    const before = process.umask(umask);
    try {
      const { id, dir } = await createWorkspaceDir();
      undo.push(() => removeWorkspaceDir(dir));
      expect(ownerState(id)).toBe('alive');
      chmodSync(join(dir, 'owner.json'), 0o664);
      expect(ownerState(id), 'as earlier versions wrote it').toBe('alive');
      rmSync(join(dir, 'owner.json'));
      expect(ownerState(id)).toBe('dead');
    } finally {
      process.umask(before);
    }
  });

  it('lives on when its record is that of another run: somebody made a copy', async () => {
    const { id, dir } = await createWorkspaceDir();
    undo.push(() => removeTree(dir));
    writeFileSync(join(dir, 'owner.json'), JSON.stringify({ pid: 1, startTicks: 1, id: 'another', bootId: 'gone' }));
    expect(ownerState(id)).toBe('alive');
    writeFileSync(join(dir, 'owner.json'), JSON.stringify({ pid: 1, startTicks: 1, id, bootId: 'gone' }));
    expect(ownerState(id)).toBe('dead');
  });

  it.skipIf(!isRoot)('lives on when its record may not be read (needs root)', async () => {
    const { id, dir } = await createWorkspaceDir();
    undo.push(() => removeWorkspaceDir(dir));
    const state = () => {
      process.seteuid?.(STRANGER);
      try {
        return ownerState(id);
      } finally {
        process.seteuid?.(0);
      }
    };
    expect(state(), 'it belongs to another user').toBe('alive');
    const record = join(dir, 'owner.json');
    chownSync(dir, STRANGER, STRANGER);
    undo.push(() => chownSync(dir, 0, 0));
    chownSync(record, STRANGER, STRANGER);
    chmodSync(record, 0);
    expect(state(), 'it may not be read').toBe('alive');
    rmSync(record);
    expect(state()).toBe('dead');
  });
});

/** Swaps folders for links to `victim` and back as fast as it can, until it is killed. */
const SWAPPER = `
import ctypes, os, sys
root, victim = sys.argv[1:3]
libc = ctypes.CDLL(None, use_errno=True)
names = [(os.path.join(root, 'd%d' % i).encode(), os.path.join(root, 'l%d' % i).encode()) for i in range(40)]
for folder, link in names:
    os.mkdir(folder)
    for i in range(20): open(os.path.join(folder, b'f%d' % i), 'w').close()
    os.symlink(victim, link)
print('ready', flush=True)
while True:
    for folder, link in names: libc.renameat2(-100, folder, -100, link, 2)
`;

describe('removing a tree', () => {
  it.skipIf(!isRoot)('stays in it while its owner swaps folders for links (needs root)', async (ctx) => {
    if ((await hostExec(['python3', '--version'])).exitCode !== 0) return ctx.skip('there is no python3');
    const victim = join(place, 'victim');
    mkdirSync(victim);
    for (let i = 0; i < 50; i++) writeFileSync(join(victim, `f${i}`), 'data');
    chmodSync(place, 0o755);
    for (let attempt = 0; attempt < 4; attempt++) {
      const tree = join(place, `tree${attempt}`);
      mkdirSync(tree);
      chownSync(tree, STRANGER, STRANGER);
      const options = { uid: STRANGER, gid: STRANGER, stdio: ['ignore', 'pipe', 'ignore'] as const };
      const swapper = spawn('python3', ['-c', SWAPPER, tree, victim], { ...options, stdio: [...options.stdio] });
      const ended = new Promise((resolve) => swapper.once('exit', resolve));
      try {
        await new Promise((resolve, reject) => {
          swapper.stdout?.once('data', resolve);
          void ended.then(() => reject(new Error('the swapper ended')));
        });
        // It may fail, because something new is always in the way; what counts is what it does not reach.
        await removeTree(tree).catch(() => {});
      } finally {
        swapper.kill('SIGKILL');
        await ended;
      }
      expect(readdirSync(victim)).toHaveLength(50);
    }
  });

  it('removes files, folders and links, not what links lead to, and does not mind what is gone', async () => {
    const tree = join(place, '-tree');
    mkdirSync(join(tree, 'a', 'b'), { recursive: true });
    writeFileSync(join(place, 'precious'), 'data');
    symlinkSync(place, join(tree, 'a', 'up'));
    await removeTree(tree);
    await removeTree(tree);
    expect(readdirSync(place)).toEqual(['precious']);
  });

  it('is done in one way: by no other code of the program', () => {
    const files = ['bench', 'cli', 'runners'].flatMap((room) =>
      readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.(?:ts|mjs)$/.test(name))
        .map((name) => join(room, name)),
    );
    expect(files.length).toBeGreaterThan(200);
    // A payload has no `rm` at hand, and removes a folder that it alone can write to.
    const others = files.filter((name) => name !== join('bench', 'payload', 'commands', 'command.ts'));
    const own = others.filter((name) => /\brm(?:Sync)?\([^;]*recursive/.test(readFileSync(join(ROOT, name), 'utf8')));
    expect(own).toEqual([]);
  });

  it.skipIf(!isRoot)('of the image store leaves the old builds of other users (needs root)', async () => {
    vi.stubEnv('BOXMARK_CACHE', place);
    undo.push(() => vi.unstubAllEnvs());
    const longAgo = new Date(0);
    for (const name of ['.build-mine', '.build-theirs']) {
      mkdirSync(join(place, name));
      utimesSync(join(place, name), longAgo, longAgo);
    }
    chownSync(join(place, '.build-theirs'), STRANGER, STRANGER);
    symlinkSync(join(place, '.build-theirs'), join(place, '.build-link'));
    await inBuildFolder(async () => {});
    expect(readdirSync(place).sort()).toEqual(['.build-link', '.build-theirs']);
  });
});
