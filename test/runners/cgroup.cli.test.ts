/** Cgroups: v1 for real where this host has it, v2 on a fixture tree, and the decisions for both. */

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Box } from '../../bench/types.ts';
import { limitsSwap } from '../../runners/cgroup/box-group.ts';
import {
  createGroup,
  entrancesOf,
  type Group,
  hostHierarchies,
  listWorkspaceGroups,
  removeWorkspaceGroups,
  runStep,
  usageOfPath,
  usageOfPid,
} from '../../runners/cgroup/group.ts';
import { groupSteps, hierarchiesFor, parseHierarchies, stepsToShell } from '../../runners/cgroup/tree.ts';
import { cgroupMounts } from '../../runners/engines/unshare/script.ts';
import { allowedCpus } from '../../runners/host/cpus.ts';
import { hostExec } from '../../runners/kit/process.ts';

const V1_JOINED = `
30 20 0:26 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755
31 30 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate
32 30 0:28 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
33 30 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
34 30 0:30 /docker/ab /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
35 30 0:31 / /sys/fs/cgroup/with\\040space rw - cgroup cgroup rw,cpuset
36 30 0:32 / /sys/fs/cgroup/devices rw - cgroup cgroup rw,devices`;

const V1_GROUPS = '5:name=systemd:/\n4:cpu,cpuacct:/\n3:memory:/docker/ab\n2:cpuset:/\n1:devices:/\n0::/\n';

describe('the hierarchies of a host', () => {
  it('are read from its mounts: joined controllers, parts, spaces, and a v2 without controllers', () => {
    expect(parseHierarchies(V1_JOINED, V1_GROUPS, () => [])).toEqual([
      { mount: '/sys/fs/cgroup/unified', root: '/', version: 2, controllers: [] },
      { mount: '/sys/fs/cgroup/systemd', root: '/', version: 1, controllers: ['name=systemd'] },
      { mount: '/sys/fs/cgroup/cpu,cpuacct', root: '/', version: 1, controllers: ['cpu', 'cpuacct'] },
      { mount: '/sys/fs/cgroup/memory', root: '/docker/ab', version: 1, controllers: ['memory'] },
      { mount: '/sys/fs/cgroup/with space', root: '/', version: 1, controllers: ['cpuset'] },
      { mount: '/sys/fs/cgroup/devices', root: '/', version: 1, controllers: ['devices'] },
    ]);
  });

  it('are those that the kernel names: no other option of a mount is taken for a controller', () => {
    const options = [
      'rw,seclabel,cpu,cpuacct',
      'rw,context=system_u:object_r:cgroup_t:s0,memory',
      'rw,seclabel,cpuset,cpuset_v2_mode,noprefix',
      'rw,favordynmods,xattr,release_agent=/lib/agent,name=systemd',
    ];
    const mountinfo = options
      .map((words, at) => `3${at} 30 0:3${at} / /cg/${at} rw - cgroup cgroup ${words}`)
      .join('\n');
    const found = parseHierarchies(
      `${mountinfo}\n39 30 0:39 / /cg/v2 rw - cgroup2 cgroup2 rw,seclabel`,
      V1_GROUPS,
      () => [],
    );
    expect(found.map(({ controllers }) => controllers.join(','))).toEqual([
      'cpu,cpuacct',
      'memory',
      'cpuset',
      'name=systemd',
      '',
    ]);
    const table = cgroupMounts(found).map(([, , type, text]) => `${type} ${text}`);
    expect(table[1]).toBe('cgroup cpu,cpuacct,nosuid,nodev,noexec,x-mount.mkdir');
    expect(table[4]).toBe('cgroup none,name=systemd,nosuid,nodev,noexec,x-mount.mkdir');
  });

  it('of both versions are used together, each for its own controllers', () => {
    const both = parseHierarchies(V1_JOINED, V1_GROUPS, () => ['hugetlb', 'pids']);
    const steps = groupSteps(hierarchiesFor(both, false), '/boxmark/ab', { pids: 9, memoryBytes: 4096 }, false);
    const writes = steps.filter((step) => step.kind === 'write').map(({ file, value }) => `${file} ${value}`);
    expect(writes).toEqual([
      '/sys/fs/cgroup/unified/boxmark/ab/pids.max 9',
      '/sys/fs/cgroup/memory/boxmark/ab/memory.limit_in_bytes 4096',
      '/sys/fs/cgroup/memory/boxmark/ab/memory.memsw.limit_in_bytes 4096',
    ]);
    expect(hierarchiesFor(both, true).map(({ mount }) => mount)).toContain('/sys/fs/cgroup/devices');
    expect(hierarchiesFor(both, false).map(({ mount }) => mount)).not.toContain('/sys/fs/cgroup/devices');
  });
});

describe('a group at the top that has processes, as in a container', () => {
  const V2 = '/sys/fs/cgroup/unified';
  const own = `${V2}/boxmark-${randomBytes(4).toString('hex')}`;

  it('hands its controllers on once they are in a leaf', async (ctx) => {
    // A controller that nothing else uses here.
    const control = `${V2}/cgroup.subtree_control`;
    const has = (file: string) => existsSync(file) && /\bhugetlb\b/.test(readFileSync(file, 'utf8'));
    if (process.getuid?.() !== 0 || !has(`${V2}/cgroup.controllers`)) return ctx.skip('no free v2 controller here');
    const wasOn = has(control);
    const child = spawn('sleep', ['100']);
    try {
      writeFileSync(control, '+hugetlb');
      mkdirSync(own);
      writeFileSync(`${own}/cgroup.procs`, String(child.pid));
      const step = { kind: 'enable', group: own, controllers: ['hugetlb'], top: false } as const;
      expect(() => runStep(step)).toThrow(/EBUSY/);
      runStep({ ...step, top: true });
      expect(has(`${own}/cgroup.subtree_control`)).toBe(true);
      expect(readFileSync(`${own}/init/cgroup.procs`, 'utf8').trim()).toBe(String(child.pid));
    } finally {
      const ended = new Promise((resolve) => child.on('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      for (const folder of [`${own}/init`, own]) if (existsSync(folder)) rmdirSync(folder);
      if (!wasOn) writeFileSync(control, '-hugetlb');
    }
  });
});

describe('the swap of a group', () => {
  it('is limited where the groups have the file for it, and where nothing shows groups', async () => {
    const mount = mkdtempSync(join(tmpdir(), 'boxmark-swap-'));
    const box = { path: 'host', exec: hostExec } as unknown as Box;
    const of = (version: 1 | 2) => limitsSwap(box, [{ mount, root: '/', version, controllers: ['memory'] }]);
    try {
      expect([await of(1), await of(2), await limitsSwap(box, [])]).toEqual([true, true, true]);
      mkdirSync(join(mount, 'job'));
      for (const file of ['memory.limit_in_bytes', 'memory.max']) writeFileSync(join(mount, 'job', file), '');
      expect([await of(1), await of(2)]).toEqual([false, false]);
      for (const file of ['memory.memsw.limit_in_bytes', 'memory.swap.max'])
        writeFileSync(join(mount, 'job', file), '');
      expect([await of(1), await of(2)]).toEqual([true, true]);
    } finally {
      rmSync(mount, { recursive: true });
    }
  });
});

describe('a v2 group', () => {
  let top: string;
  let mountinfo: string;

  beforeEach(() => {
    const dir = mkdtempSync(join(tmpdir(), 'boxmark-cgroup-'));
    top = join(dir, 'cgroup');
    mountinfo = join(dir, 'mountinfo');
    mkdirSync(top);
    writeFileSync(mountinfo, `31 30 0:27 / ${top} rw - cgroup2 cgroup2 rw\n`);
    writeFileSync(join(top, 'cgroup.controllers'), 'cpuset cpu io memory pids\n');
    writeFileSync(join(top, 'cgroup.subtree_control'), 'memory\n');
  });

  afterEach(() => rmSync(join(top, '..'), { recursive: true, force: true }));

  const read = (path: string): string => readFileSync(join(top, path), 'utf8');

  it('is limited, with controllers handed on along the path and not to the group itself', async () => {
    const hierarchies = hostHierarchies(mountinfo);
    const limits = { cpus: [1, 3], memoryBytes: 1 << 30, pids: 64, cpuShares: 1024, quota: 0.5 };
    const group = (await createGroup('ab', 'b1-x-1', limits, { hierarchies })) as Group;
    expect(group.path).toBe('/boxmark/ab/b1-x-1');
    expect(group.procsFiles).toEqual([join(top, 'boxmark/ab/b1-x-1/cgroup.procs')]);
    expect(read('cgroup.subtree_control')).toBe('+cpuset +cpu +pids');
    expect(read('boxmark/cgroup.subtree_control')).toBe('+cpuset +cpu +memory +pids');
    expect(read('boxmark/ab/cgroup.subtree_control')).toBe('+cpuset +cpu +memory +pids');
    expect(existsSync(join(top, 'boxmark/ab/b1-x-1/cgroup.subtree_control'))).toBe(false);
    const values = ['cpuset.cpus', 'memory.max', 'memory.swap.max', 'pids.max', 'cpu.weight', 'cpu.max'];
    expect(values.map((name) => read(`boxmark/ab/b1-x-1/${name}`))).toEqual([
      ...['1,3', String(1 << 30), '0', '64', '40', '50000 100000'],
    ]);
  });

  it('gets a leaf for its processes when it is to hold others', async () => {
    const hierarchies = hostHierarchies(mountinfo);
    await createGroup('ab', 'b1-x-1', { pids: 4 }, { hierarchies, holds: true });
    expect(existsSync(join(top, 'boxmark/ab/b1-x-1/init'))).toBe(true);
  });

  it('is accounted', async () => {
    const hierarchies = hostHierarchies(mountinfo);
    const group = (await createGroup('ab', 'b1-x-1', {}, { hierarchies })) as Group;
    const folder = join(top, group.path);
    writeFileSync(join(folder, 'cpu.stat'), 'usage_usec 1500\nuser_usec 1000\nsystem_usec 500\nthrottled_usec 7\n');
    const cpu = { cpuNs: 1_500_000, cpuUserNs: 1_000_000, cpuSystemNs: 500_000, throttledNs: 7000 };
    expect(group.usage()).toEqual(cpu);
    writeFileSync(join(folder, 'memory.peak'), '4096\n');
    expect(usageOfPath(group.path, hierarchies)).toEqual({ ...cpu, memoryPeakBytes: 4096 });
  });

  it('is made by the shell commands just as in-process', async () => {
    const hierarchies = hostHierarchies(mountinfo);
    const limits = { cpus: [0], memoryBytes: 4096, pids: 3 };
    const script = stepsToShell(groupSteps(hierarchies, '/boxmark/ab/shell', limits, true));
    expect(await hostExec(['sh', '-c', script])).toMatchObject({ exitCode: 0, stderr: '' });
    expect(read('boxmark/ab/shell/memory.max')).toBe('4096\n');
    expect(read('boxmark/ab/cgroup.subtree_control')).toBe('+cpuset +cpu +memory +pids\n');
    expect(existsSync(join(top, 'boxmark/ab/shell/init'))).toBe(true);
  });

  it('that has no controllers is not made for a box, and what an engine makes in it goes with the run', async () => {
    writeFileSync(join(top, 'cgroup.controllers'), '');
    const hierarchies = hostHierarchies(mountinfo);
    expect(hierarchiesFor(hierarchies, true)).toEqual([]);
    mkdirSync(join(top, 'boxmark/ab/docker/0123'), { recursive: true });
    await removeWorkspaceGroups('ab', hierarchies);
    expect(existsSync(join(top, 'boxmark'))).toBe(false);
  });

  it('is not made where a limit is written and another one is in force', async () => {
    const hierarchies = hostHierarchies(mountinfo);
    const folder = join(top, 'boxmark/ab/b1-x-1');
    mkdirSync(folder, { recursive: true });
    // Takes every write, and reads as empty.
    symlinkSync('/dev/null', join(folder, 'memory.max'));
    let reason = '';
    const onUnavailable = (why: string): void => {
      reason = why;
    };
    expect(await createGroup('ab', 'b1-x-1', { memoryBytes: 4096 }, { hierarchies, onUnavailable })).toBeUndefined();
    expect(reason).toContain('memory.max is empty after 4096 was written to it');
  });

  it('is not made, with a reason, where the hierarchy is read-only', async () => {
    const hierarchies = [{ ...hostHierarchies(mountinfo)[0]!, mount: '/proc/self' }];
    let reason = '';
    const onUnavailable = (why: string): void => {
      reason = why;
    };
    expect(await createGroup('ab', 'x', {}, { hierarchies, onUnavailable })).toBeUndefined();
    expect(reason).toContain("can't be written");
    expect(await createGroup('ab', 'x', {}, { hierarchies: [], onUnavailable })).toBeUndefined();
    expect(reason).toContain('no cgroup controllers');
  });
});

describe('the way into a group', () => {
  const hierarchy = (mount: string, version: 1 | 2) => ({ mount, version, root: '/', controllers: ['pids'] });

  it('is its file of threads where a thread can move by itself, else that of processes', () => {
    const hierarchies = [hierarchy('/sys/fs/cgroup/pids', 1), hierarchy('/sys/fs/cgroup/unified', 2)];
    expect(entrancesOf('/boxmark/ab/b1', hierarchies)).toEqual([
      '/sys/fs/cgroup/pids/boxmark/ab/b1/tasks',
      '/sys/fs/cgroup/unified/boxmark/ab/b1/cgroup.procs',
    ]);
  });
});

describe('a group of this host', () => {
  const id = randomBytes(4).toString('hex');
  afterEach(() => removeWorkspaceGroups(id));

  it('limits, accounts, ends and removes what runs in it', async (ctx) => {
    let reason = '';
    const cpus = allowedCpus().slice(-1);
    const limits = { cpus, memoryBytes: 256 << 20, pids: 32 };
    const onUnavailable = (why: string): void => {
      reason = why;
    };
    const group = await createGroup(id, 'b1-real-1', limits, { onUnavailable });
    if (group === undefined) return ctx.skip(reason);
    expect((await listWorkspaceGroups()).get(id)?.length).toBe(group.procsFiles.length);
    const [file = '', ...args] = [...group.enterArgvPrefix, process.execPath, '-e', 'console.log(1); for (;;);'];
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = new Promise((resolve) => child.on('exit', (_code, signal) => resolve(signal)));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    expect(/Cpus_allowed_list:\s*(\S+)/.exec(status)?.[1]).toBe(cpus.join(','));
    for (const procs of group.procsFiles)
      expect(readFileSync(procs, 'utf8').trim().split('\n')).toContain(String(child.pid));
    // With all its threads, although the shell before it moved one thread only.
    const threads = readdirSync(`/proc/${child.pid}/task`).map((thread) => `/proc/${child.pid}/task/${thread}/cgroup`);
    expect(threads.length).toBeGreaterThan(1);
    const own = readFileSync(`/proc/${child.pid}/cgroup`, 'utf8');
    expect(own).toContain(group.path);
    expect(new Set(threads.map((file) => readFileSync(file, 'utf8')))).toEqual(new Set([own]));
    const usage = usageOfPid(child.pid!);
    expect(usage.cpuNs).toBeGreaterThan(0);
    expect(usage.memoryPeakBytes).toBeGreaterThan(1 << 20);
    expect(group.usage().cpuNs).toBeGreaterThanOrEqual(usage.cpuNs!);
    await group.remove();
    expect(await exited).toBe('SIGKILL');
    expect(group.procsFiles.filter((procs) => existsSync(procs))).toEqual([]);
    await removeWorkspaceGroups(id);
    expect((await listWorkspaceGroups()).has(id)).toBe(false);
  });

  it('is emptied and removed with its workspace, groups below it included', async (ctx) => {
    const group = await createGroup(id, 'b1-real-2', {}, { holds: true });
    if (group === undefined) return ctx.skip('cgroups are not writable');
    for (const procs of group.procsFiles) mkdirSync(join(procs, '../inner/deeper'), { recursive: true });
    const child = spawn('sleep', ['1000']);
    const exited = new Promise((resolve) => child.on('exit', (_code, signal) => resolve(signal)));
    await new Promise((resolve) => child.once('spawn', resolve));
    group.add(child.pid!);
    await removeWorkspaceGroups(id);
    expect(await exited).toBe('SIGKILL');
    expect((await listWorkspaceGroups()).has(id)).toBe(false);
  });

  it('counts a process by itself when it has no group of its own', () => {
    const usage = usageOfPid(process.pid);
    expect(usage.cpuNs).toBeGreaterThan(0);
    expect(usage.cpuNs).toBeLessThan(process.uptime() * 64e9);
    expect(usage.memoryPeakBytes).toBeGreaterThan(1 << 20);
    expect(usageOfPid(2 ** 22 + 1)).toEqual({});
  });
});
