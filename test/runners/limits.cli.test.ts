/** What the host books for a process and limits it by, against a real group where cgroups can be written. */

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createGroup, removeWorkspaceGroups } from '../../runners/cgroup/group.ts';
import { limitsOfPid } from '../../runners/cgroup/limits.ts';
import { accountOfPath, accountOfPid } from '../../runners/cgroup/usage.ts';
import { allowedCpus, cpuPressureMs } from '../../runners/host/cpus.ts';
import { bearsToken, payloadLimits } from '../../runners/stack/accounting.ts';

const id = randomBytes(4).toString('hex');
afterEach(() => removeWorkspaceGroups(id));

describe('the token of a payload', () => {
  it('is a word of its own on the command line, also within a longer argument', () => {
    const bears = (...argv: string[]) => bearsToken(argv, '--start=ab-b1-uml');
    expect(bears('node', '--start=ab-b1-uml')).toBe(true);
    expect(bears('linux', 'boxmark.start=--start=ab-b1-uml boxmark.root=/')).toBe(true);
    expect(bears('qemu', '-append', 'argv=--start=ab-b1-uml-docker,--start=ab-b1-uml"')).toBe(true);
    expect(bears('node', '--start=ab-b1-uml-docker')).toBe(false);
    expect(bears('node', '--start=ab-b1-uml2')).toBe(false);
    expect(bears()).toBe(false);
  });
});

describe('the host’s view of a process', () => {
  it('has its limits, by the group that it is in, and its CPU time from one file', async (ctx) => {
    let reason = '';
    const cpus = allowedCpus().slice(-1);
    const limits = { cpus, memoryBytes: 256 << 20, pids: 32, quota: 0.5 };
    const onUnavailable = (why: string): void => {
      reason = why;
    };
    const group = await createGroup(id, 'b1-limits', limits, { onUnavailable });
    if (group === undefined) return ctx.skip(reason);
    const token = `--start=${id}`;
    const loop = 'console.log(1); const end = Date.now() + 200; while (Date.now() < end); setInterval(() => {}, 1000);';
    const [file = '', ...args] = [...group.enterArgvPrefix, process.execPath, '-e', loop, '--', token];
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = new Promise((resolve) => child.on('exit', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    expect(limitsOfPid(child.pid!)).toEqual({
      cpus_allowed: cpus.join(','),
      cpuset: cpus.join(','),
      cpu_quota: 0.5,
      cpu_period_us: 100_000,
      memory_limit_bytes: 256 << 20,
    });
    expect(payloadLimits({ token, guest: false })).toEqual(limitsOfPid(child.pid!));
    expect(payloadLimits({ token: '--start=nobody', guest: false })).toBeUndefined();
    // The box b1-uml must not be taken for b1-uml-docker, nor the first instance for the tenth.
    expect(payloadLimits({ token: token.slice(0, -1), guest: false })).toBeUndefined();
    for (const account of [accountOfPid(child.pid!), accountOfPath(group.path)]) {
      const before = account.cpuNs() ?? 0;
      expect(before).toBeGreaterThan(0);
      expect(account.usage().cpuNs).toBeGreaterThanOrEqual(before);
    }
    await group.remove();
    await exited;
    expect(accountOfPath(group.path).cpuNs()).toBeUndefined();
    expect(accountOfPath(group.path).usage()).toEqual({});
  });

  it('has its own CPU time when it has no group of its own, and nothing once it has ended', () => {
    expect(accountOfPid(process.pid).cpuNs()).toBeGreaterThan(0);
    const gone = accountOfPid(2 ** 22 + 1);
    expect(gone.cpuNs()).toBeUndefined();
    expect(gone.usage()).toEqual({});
    expect(limitsOfPid(2 ** 22 + 1)).toMatchObject({ cpus_allowed: null, memory_limit_bytes: null });
  });

  it('counts the limits of every level above it, of v2', () => {
    const mount = mkdtempSync(join(tmpdir(), 'boxmark-limits-'));
    try {
      const hierarchies = [{ mount, root: '/', version: 2, controllers: ['cpu', 'cpuset', 'memory'] }] as const;
      // The group of this very process, wherever it is, with limits made up at its top.
      mkdirSync(mount, { recursive: true });
      for (const [name, value] of [
        ['cpu.max', '25000 50000'],
        ['memory.max', '4096'],
      ] as const) {
        writeFileSync(join(mount, name), `${value}\n`);
      }
      const found = limitsOfPid(process.pid, hierarchies);
      expect(found).toMatchObject({ cpu_quota: 0.5, cpu_period_us: 50_000, memory_limit_bytes: 4096, cpuset: null });
    } finally {
      rmSync(mount, { recursive: true, force: true });
    }
  });
});

describe('pressure on the CPU', () => {
  it('is read in ms, and null where the kernel keeps none', () => {
    const root = mkdtempSync(join(tmpdir(), 'boxmark-pressure-'));
    try {
      expect(cpuPressureMs(root)).toBeNull();
      mkdirSync(join(root, 'proc/pressure'), { recursive: true });
      const text = 'some avg10=1.00 avg60=0.00 avg300=0.00 total=1234567\nfull avg10=0.00 total=0\n';
      writeFileSync(join(root, 'proc/pressure/cpu'), text);
      expect(cpuPressureMs(root)).toBe(1234.567);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});
