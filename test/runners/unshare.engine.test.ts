/** The runners `native` and `unshare`, alone and inside themselves, with a real payload in real boxes. */

import { readFileSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, type TestContext, vi } from 'vitest';
import type { Box, Image, Prepared, Runner } from '../../bench/types.ts';
import { hostHierarchies, usageOfPath } from '../../runners/cgroup/group.ts';
import { native } from '../../runners/engines/native/runner.ts';
import type { PreparedUnshare } from '../../runners/engines/unshare/box.ts';
import { unshare } from '../../runners/engines/unshare/runner.ts';
import { callProgram } from '../../runners/image/call-program.ts';
import { type Facts, type Lab, openLab, talk } from '../lab.ts';
import { groupsOf, processesNaming } from '../leftovers.ts';

const TIMEOUT_MS = 120_000;

let lab: Lab;
let host: Box;
let image: Image;
const unavailable = new Map<Runner, string>();

beforeAll(async () => {
  lab = await openLab();
  ({ host, image } = lab);
  for (const runner of [native, unshare]) {
    const probe = await runner.probe(host, lab.workspace);
    if (!probe.available) unavailable.set(runner, `${probe.reason} (${probe.remedy})`);
  }
}, TIMEOUT_MS);

afterAll(async () => {
  expect(lab.leftovers()).toEqual([]);
  await lab.dispose();
}, TIMEOUT_MS);

function needs(runner: Runner, ctx: TestContext): void {
  const reason = unavailable.get(runner);
  if (reason !== undefined) ctx.skip(reason);
}

/** Opens the layers on each other, hands the innermost box to `use`, and closes everything again. */
async function inside(layers: readonly Runner[], name: string, use: (box: Box) => Promise<void>): Promise<void> {
  const opened: Box[] = [];
  const made: Prepared[] = [];
  try {
    for (const [index, runner] of layers.entries()) {
      const parent = opened.at(-1) ?? host;
      const holds = layers[index + 1]?.needs;
      made.push(await runner.prepare(parent, image, lab.workspace, holds));
      const options = { name, limits: lab.workspace.limits, signal: lab.workspace.signal, ...(holds && { holds }) };
      opened.push(await runner.open(parent, made[index]!, options));
    }
    await use(opened.at(-1)!);
  } finally {
    for (const box of opened.reverse()) await box.close();
    for (const prepared of made) await prepared.dispose();
  }
}

function limitOf(controller: string, group: string, v1: string, v2: string): string {
  const { mount, version } = hostHierarchies().find(({ controllers }) => controllers.includes(controller))!;
  return readFileSync(`${mount}${group}/${version === 1 ? v1 : v2}`, 'utf8').trim();
}

/** Prints all that the kernel says of a box, without ids and amounts. */
const VIEW = `const { readFileSync, readdirSync, statSync } = require('node:fs');
const lines = (name) => readFileSync('/proc/self/' + name, 'utf8').split('\\n');
const amounts = /^(Vm|Rss|Hugetlb|voluntary|nonvoluntary|SigQ)/;
const folders = ['/', '/dev', '/tmp', '/boxmark', '/proc/self/fd'];
console.log([
  ...lines('status').filter((line) => !amounts.test(line)),
  ...lines('mountinfo').map((line) => line.split(' ').slice(3).join(' ').replace(/(shared|master):\\d+/, '$1')),
  ...['cgroup', 'limits', 'oom_score_adj', 'uid_map', 'gid_map', 'setgroups'].flatMap(lines),
  ...readFileSync('/proc/self/environ', 'utf8').split('\\0').sort(),
  ...folders.map((folder) => folder + ': ' + readdirSync(folder).filter((name) => !/^\\d{2,}$/.test(name))),
  process.cwd(), process.umask(), require('node:os').hostname(), statSync('/dev/null').rdev, process.pid, process.ppid,
].join('\\n'));`;

/** Everything that a payload's box promises, whatever it stands on. */
function expectIsolated(facts: Facts): void {
  expect(facts.pid).toBe(1);
  expect(facts.processes).toEqual(['1']);
  expect(facts.uid).toBe(0);
  expect(facts.cwd).toBe('/');
  for (const set of [facts.capEff, facts.capPrm, facts.capBnd]) expect(set).toBe('0000000000000000');
  expect(facts.noNewPrivs).toBe('1');
  expect(facts.cpus).toBe(lab.workspace.limits.cpus.join(','));
  expect(facts.env).toEqual({ PATH: '/usr/bin:/bin', HOME: '/' });
  expect(facts.interfaces).toEqual(['lo']);
  expect(facts.route).toBe(0);
  expect(facts.hostname).toBe('boxmark');
  expect(facts.bin).toBe(1);
  expect(facts.root).toEqual(
    ['bin', 'boxmark', 'dev', 'etc', 'lib', 'lib64', 'proc', 'root', 'run', 'sbin', 'sys', 'tmp', 'usr', 'var'].sort(),
  );
  expect(facts.mounts.filter((place) => !/^\/(|proc|sys|tmp|dev\/\w+|boxmark\/store)$/.test(place))).toEqual([]);
  expect([facts.writeRoot, facts.writeTmp]).toEqual(['EROFS', 'written']);
  expect(facts.writes).toEqual(['EROFS', 'EROFS', 'EROFS']);
}

describe('native', { timeout: TIMEOUT_MS }, () => {
  it('runs the image on the host, pinned, limited and with a clean environment', async (ctx) => {
    needs(native, ctx);
    await inside([native], 'b1-native-1', async (box) => {
      const running = await talk(box, [...image.payloadArgv, 'an argument', "it's"]);
      const { facts } = running;
      expect(facts.cpus).toBe(lab.workspace.limits.cpus.join(','));
      expect(facts.env).toEqual({ PATH: '/usr/bin:/bin', HOME: '/' });
      expect(facts.argv).toEqual(['an argument', "it's"]);
      expect(readFileSync(`/proc/${facts.pid}/cmdline`, 'utf8').split('\0')[0]).toBe(image.nativeArgv[0]);
      if (box.cgroup !== undefined) {
        expect(limitOf('memory', box.cgroup, 'memory.limit_in_bytes', 'memory.max')).toBe(String(512 << 20));
        expect(limitOf('pids', box.cgroup, 'pids.max', 'pids.max')).toBe(String(lab.workspace.limits.pids));
        expect(limitOf('memory', box.cgroup, 'cgroup.procs', 'cgroup.procs').split('\n')).toContain(String(facts.pid));
      }
      running.process.write('fail');
      expect((await running.process.exited).exitCode).toBe(3);
    });
  });

  it('stands on nothing but the host', async () => {
    const probe = await native.probe({ ...host, path: 'docker' }, lab.workspace);
    expect(probe).toMatchObject({ available: false, reason: expect.stringContaining('first layer') });
    expect(native.holds).toBe(false);
  });
});

describe('unshare', { timeout: TIMEOUT_MS }, () => {
  it('isolates, pins and limits a payload, and speaks with it line by line', async (ctx) => {
    needs(unshare, ctx);
    await inside([unshare], 'b1-unshare-1', async (box) => {
      const running = await talk(box, [...image.payloadArgv, 'two words', "it's", '', '$HOME', '*']);
      const { facts } = running;
      expectIsolated(facts);
      expect(facts.argv).toEqual(['two words', "it's", '', '$HOME', '*']);
      for (const line of ['a line', '"quoted" $HOME']) {
        expect(await running.ask(line)).toBe(`echo ${line}`);
      }
      running.process.write('fail');
      expect((await running.process.exited).exitCode).toBe(3);
    });
  });

  const ways: [string, Readonly<Record<string, string>>, boolean][] = [
    ['by default', {}, false],
    ['with a folder for data', {}, true],
    ['in a user namespace', { userns: 'yes' }, false],
    ['in a user namespace on the host’s network', { userns: 'yes', network: 'host' }, false],
    ['through an overlay', { root: 'overlay' }, false],
  ];
  it.each(ways)('makes the same box by system calls and by a script %s', async (_, settings, scratch) => {
    if (unavailable.has(unshare)) return;
    const runner = unshare.settings!.bind(settings);
    const spec = { scratch };
    const prepared = (await runner.prepare(host, image, lab.workspace, undefined, spec)) as PreparedUnshare;
    if (callProgram(process.arch, []) !== undefined) expect(prepared.programs).toBeDefined();
    const views: string[] = [];
    for (const programs of [prepared.programs, undefined]) {
      const options = { name: 'b1-ways', limits: lab.workspace.limits, signal: lab.workspace.signal, spec };
      const box = await runner.open(host, { ...prepared, programs } as PreparedUnshare, options);
      const { stdout, stderr } = await box.exec(['/usr/bin/node', '-e', VIEW], { env: { EXTRA: "it's" } });
      views.push(stdout + stderr);
      await box.close();
    }
    await prepared.dispose();
    expect(views[0]).toMatch(/^NoNewPrivs:\s*1$/m);
    expect(views[0]).toContain(' /proc ro,nosuid,nodev,noexec');
    expect(views[0]).toBe(views[1]);
  });

  it('says of a mount that fails what it is of, where to, and why', async () => {
    if (unavailable.has(unshare) || callProgram(process.arch, []) === undefined) return;
    const prepared = (await unshare.prepare(host, image, lab.workspace, undefined, {
      scratch: true,
    })) as PreparedUnshare;
    const options = {
      name: 'b1-fails',
      limits: lab.workspace.limits,
      signal: lab.workspace.signal,
      spec: { scratch: true },
    };
    const box = await unshare.open(host, prepared, options);
    rmSync(prepared.newRoot, { recursive: true });
    const { exitCode, stderr } = await box.exec(['/usr/bin/true']);
    await box.close();
    await prepared.dispose();
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^boxmark: \/\S+ can't be mounted on \/\S+\/root: ENOENT, no such file or directory$/m);
  });

  it('accounts the CPU time and memory of the payload in a limited group', async (ctx) => {
    needs(unshare, ctx);
    await inside([unshare], 'b1-unshare-2', async (box) => {
      const { cgroup } = box;
      if (cgroup === undefined) return ctx.skip(lab.notes.join(' '));
      expect(limitOf('cpuset', cgroup, 'cpuset.cpus', 'cpuset.cpus')).toBe(lab.workspace.limits.cpus.join(','));
      expect(limitOf('memory', cgroup, 'memory.limit_in_bytes', 'memory.max')).toBe(String(512 << 20));
      expect(limitOf('pids', cgroup, 'pids.max', 'pids.max')).toBe(String(lab.workspace.limits.pids));
      const running = await talk(box, image.payloadArgv);
      const before = usageOfPath(cgroup);
      await running.ask('burn');
      const after = usageOfPath(cgroup);
      // Other load may take the CPU away meanwhile, but a loop of 200 ms can't use more than that by much, nor nothing.
      const burnt = (after.cpuNs ?? 0) - (before.cpuNs ?? 0);
      expect(burnt).toBeGreaterThan(1_000_000);
      expect(burnt).toBeLessThan(1_000_000_000);
      expect(after.memoryPeakBytes).toBeGreaterThan(1 << 20);
      expect(after.memoryPeakBytes).toBeLessThanOrEqual(512 << 20);
    });
  });

  it('ends with its input', async (ctx) => {
    needs(unshare, ctx);
    await inside([unshare], 'b1-unshare-3', async (box) => {
      const done = await box.exec(image.payloadArgv, { input: 'hello\n', env: { EXTRA: "it's set" } });
      expect(done.stderr).toBe('');
      expect(done.exitCode).toBe(0);
      const [facts, echo] = done.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line.replace('@boxmark ', '')).value);
      expect((facts as Facts).env.EXTRA).toBe("it's set");
      expect(echo).toBe('echo hello');
    });
  });

  it('leaves no process and no group behind when it is closed in the middle of work, twice', async (ctx) => {
    needs(unshare, ctx);
    const prepared = await unshare.prepare(host, image, lab.workspace);
    const options = { name: 'b1-unshare-4', limits: lab.workspace.limits, signal: lab.workspace.signal };
    const box = await unshare.open(host, prepared, options);
    await talk(box, [...image.payloadArgv, `--start=${lab.workspace.id}-b1-unshare-4`]);
    expect(processesNaming(`${lab.workspace.id}-b1-unshare-4`).length).toBeGreaterThan(0);
    await box.close();
    await box.close();
    await prepared.dispose();
    expect(processesNaming(`${lab.workspace.id}-b1-unshare-4`)).toEqual([]);
    expect(groupsOf(lab.workspace.id)).toEqual([]);
  });

  it('says why a start failed', async (ctx) => {
    needs(unshare, ctx);
    await inside([unshare], 'b1-unshare-5', async (box) => {
      const done = await box.exec(['/no/such/program']);
      expect(done.exitCode).not.toBe(0);
      expect(done.stderr).toContain('/no/such/program');
    });
  });

  it('does not start when it is interrupted', async (ctx) => {
    needs(unshare, ctx);
    const prepared = await unshare.prepare(host, image, lab.workspace);
    const options = { name: 'b1-unshare-6', limits: lab.workspace.limits, signal: AbortSignal.abort() };
    await expect(unshare.open(host, prepared, options)).rejects.toThrow();
    await prepared.dispose();
  });
});

describe('unshare in unshare', { timeout: TIMEOUT_MS }, () => {
  it('gives a payload the same box as outside, two levels deep', async (ctx) => {
    needs(unshare, ctx);
    await inside([unshare, unshare], 'b1-nested-1', async (box) => {
      expect(box.path).toBe('unshare/unshare');
      const running = await talk(box, image.payloadArgv);
      expectIsolated(running.facts);
      if (box.cgroup === undefined) return;
      expect(limitOf('cpuset', box.cgroup, 'cpuset.cpus', 'cpuset.cpus')).toBe(lab.workspace.limits.cpus.join(','));
      expect(limitOf('memory', box.cgroup, 'memory.limit_in_bytes', 'memory.max')).toBe(String(512 << 20));
    });
    expect(groupsOf(lab.workspace.id)).toEqual([]);
  });

  it('gives a payload the same box as outside, three levels deep', async (ctx) => {
    needs(unshare, ctx);
    await inside([unshare, unshare, unshare], 'b1-nested-2', async (box) => {
      expectIsolated((await talk(box, image.payloadArgv)).facts);
    });
    expect(groupsOf(lab.workspace.id)).toEqual([]);
  });

  it('keeps the scratch folder from start to start and shows the store read-only', async (ctx) => {
    needs(unshare, ctx);
    const prepared = await unshare.prepare(host, image, lab.workspace, unshare.needs);
    const options = { limits: lab.workspace.limits, signal: lab.workspace.signal, holds: unshare.needs };
    const first = await unshare.open(host, prepared, { ...options, name: 'b1-holder-1' });
    const shell = (box: Box, script: string) => box.exec(['sh', '-c', script]);
    expect((await shell(first, `echo kept >${first.scratch}/file`)).exitCode).toBe(0);
    expect((await shell(first, `echo x >${await first.put(lab.payloadFile)}`)).exitCode).not.toBe(0);
    const seen = await shell(first, `cat ${await first.put(image.root)}/boxmark/payload.cjs`);
    expect(seen.stdout).toBe(readFileSync(lab.payloadFile, 'utf8'));
    await first.close();
    const second = await unshare.open(host, prepared, { ...options, name: 'b1-holder-2' });
    expect((await shell(second, `cat ${second.scratch}/file`)).stdout).toBe('kept\n');
    await second.close();
    await prepared.dispose();
  });

  it('ends everything inside with the outer box, also what nobody closed', async (ctx) => {
    needs(unshare, ctx);
    const prepared = await unshare.prepare(host, image, lab.workspace, unshare.needs);
    const options = {
      name: 'b1-holder-3',
      limits: lab.workspace.limits,
      signal: lab.workspace.signal,
      holds: unshare.needs,
    };
    const outer = await unshare.open(host, prepared, options);
    const mark = `${lab.workspace.id}-abandoned`;
    const child = await outer.spawn(['sh', '-c', 'mkdir /sys/fs/cgroup/cpu/left; cat; :', mark]);
    try {
      // A process has no command line for a moment of its execve(), which spawn() doesn't wait for.
      await vi.waitFor(() => expect(processesNaming(mark).length).toBeGreaterThan(0), 10_000);
    } finally {
      await outer.close();
      await child.exited;
      await prepared.dispose();
    }
    expect(processesNaming(mark)).toEqual([]);
    expect(groupsOf(lab.workspace.id)).toEqual([]);
  });
});
