/** The runner `lxc`: system containers with init, bare ones, and Docker inside, each with a real payload. */

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Box, Image, Prepared, Probe, Runner } from '../../bench/types.ts';
import { hostHierarchies, usageOfPath } from '../../runners/cgroup/group.ts';
import { docker } from '../../runners/engines/docker/runner.ts';
import { LXC_LOCKS, removeLocks } from '../../runners/engines/lxc/leftovers.ts';
import { lxc } from '../../runners/engines/lxc/runner.ts';
import { createWorkspaceDir } from '../../runners/host/workspace.ts';
import { ENGINES } from '../../runners/index.ts';
import { parsePath } from '../../runners/stack/path.ts';
import { removeLeftovers } from '../../runners/upkeep/clean-up.ts';
import { findLeftovers } from '../../runners/upkeep/leftovers.ts';
import { type Lab, openLab, talk } from '../lab.ts';

const TIMEOUT_MS = 180_000;

let lab: Lab;
let host: Box;
let image: Image;
let probe: Probe;

beforeAll(async () => {
  lab = await openLab();
  ({ host, image } = lab);
  probe = await lxc.probe(host, lab.workspace);
}, TIMEOUT_MS);

afterAll(() => lab.dispose());

/** Opens the layers on each other as a run does, hands the innermost box to `use`, and closes everything again. */
async function inside(layers: readonly Runner[], name: string, use: (box: Box, below: Box) => Promise<void>) {
  const { limits, signal } = lab.workspace;
  const made: Prepared[] = [];
  const opened: Box[] = [host];
  try {
    for (const [index, runner] of layers.entries()) {
      const parent = opened.at(-1)!;
      const holds = layers[index + 1]?.needs;
      if (index > 0) expect(await runner.probe(parent, lab.workspace)).toMatchObject({ available: true });
      made.push(await runner.prepare(parent, image, lab.workspace, holds));
      opened.push(await runner.open(parent, made[index]!, { name, limits, signal, ...(holds && { holds }) }));
    }
    await use(opened.at(-1)!, opened.at(-2)!);
  } finally {
    for (const box of opened.slice(1).reverse()) await box.close();
    for (const prepared of made.reverse()) await prepared.dispose();
  }
}

function layer(path: string): Runner {
  return parsePath(path, [lxc, docker], () => '')[0]!;
}

function processes(cgroup: string): string[] {
  const { mount } = hostHierarchies().find(({ controllers }) => controllers.includes('memory'))!;
  const pids = readFileSync(`${mount}${cgroup}/cgroup.procs`, 'utf8').trim().split('\n').filter(Boolean);
  return pids.map((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim());
}

function limitsIn(group: string): string[] {
  const read = (controller: string, v1: string, v2: string): string => {
    const found = hostHierarchies().find(({ controllers }) => controllers.includes(controller))!;
    return readFileSync(`${found.mount}${group}/${found.version === 1 ? v1 : v2}`, 'utf8').trim();
  };
  return [read('memory', 'memory.limit_in_bytes', 'memory.max'), read('pids', 'pids.max', 'pids.max')];
}

describe('what a killed run leaves of LXC', () => {
  it.skipIf(process.getuid?.() !== 0)('is found by its name and removed, and nobody else’s (needs root)', async () => {
    const { id, dir } = await createWorkspaceDir();
    const [dead, foreign] = [dir, `${dir}0`].map((path) => join(LXC_LOCKS, path)) as [string, string];
    try {
      for (const folder of [dead, foreign]) mkdirSync(folder, { recursive: true });
      const mine = async () => (await findLeftovers(ENGINES)).filter(({ run }) => run === id);
      expect(await mine()).toEqual([]);
      const owner = JSON.parse(readFileSync(join(dir, 'owner.json'), 'utf8')) as { startTicks: number };
      writeFileSync(join(dir, 'owner.json'), JSON.stringify({ ...owner, startTicks: owner.startTicks - 1 }));
      const found = await mine();
      expect(found.map(({ target }) => target)).toEqual([dead, dir]);
      expect((await removeLeftovers(found, ENGINES)).failed).toEqual([]);
      expect([dead, foreign, dir].map((path) => existsSync(path))).toEqual([false, true, false]);
    } finally {
      for (const folder of [dead, foreign, dir]) rmSync(folder, { recursive: true, force: true });
      await removeLocks('/var/tmp');
    }
  });
});

describe('lxc', { timeout: TIMEOUT_MS }, () => {
  beforeEach((ctx) => {
    if (!probe.available) ctx.skip(`${probe.reason} (${probe.remedy})`);
  });
  afterEach(() => expect(lab.leftovers()).toEqual([]));

  it.each(['lxc', 'lxc:app'])(
    '%s isolates, pins and limits a payload, with the environment of all others',
    async (path) => {
      const { limits } = lab.workspace;
      await inside([layer(path)], 'b1-lxc-1', async (box) => {
        const payload = await talk(box, [...image.payloadArgv, '--start=x', 'two words', '$HOME', '']);
        expect(payload.facts).toMatchObject({
          argv: ['--start=x', 'two words', '$HOME', ''],
          env: { PATH: '/usr/bin:/bin', HOME: '/' },
          hostname: 'boxmark',
          nets: [],
          cpus: limits.cpus.join(','),
          capEff: '0000000000000000',
          capBnd: '0000000000000000',
          noNewPrivs: '1',
          writeRoot: 'EROFS',
          writeTmp: 'written',
          store: 'ENOENT',
        });
        expect(await payload.ask('a line')).toBe('echo a line');
        expect(usageOfPath(box.cgroup ?? '/none').cpuNs).toBeGreaterThan(1e6);
        expect(processes(box.cgroup ?? '')).toContain('node');
        payload.process.write('quit');
        expect((await payload.process.exited).exitCode).toBe(0);
      });
    },
  );

  it('has an init as its first process in a system container, and none of the distribution’s in a bare one', async () => {
    await inside([layer('lxc')], 'b1-init-1', async (box) => {
      const first = await box.exec(['/usr/bin/busybox', 'cat', '/proc/1/comm']);
      expect(first.stdout.trim()).toBe('init');
      expect(processes(box.cgroup ?? '')).toEqual(['init']);
    });
    await inside([layer('lxc:app')], 'b1-init-2', async (box) => {
      const ended = await box.exec(['/usr/bin/busybox', 'sh', '-c', 'echo $$; exit 7']);
      expect(ended).toMatchObject({ exitCode: 7, stdout: '2\n' });
    });
  });

  it('leaves the filter of system calls out on request', async () => {
    for (const [path, mode] of [
      ['lxc', '2'],
      ['lxc:seccomp=unconfined', '0'],
    ] as const) {
      await inside([layer(path)], 'b1-seccomp-1', async (box) => {
        expect((await talk(box, image.payloadArgv)).facts.seccomp).toBe(mode);
      });
    }
  });

  it('takes limits of its own instead of the run’s, on the payload’s box alone', async () => {
    await inside([layer('lxc:memory=300m:pids=100')], 'b1-limits-1', async (box) => {
      await talk(box, image.payloadArgv);
      const group = (box.cgroup ?? '').replace(/\/container$/, '');
      expect(limitsIn(group)).toEqual([String(300 << 20), '100']);
    });
    await expect(layer('lxc:memory=300m').prepare(host, image, lab.workspace, docker.needs)).rejects.toThrow(
      /memory of lxc is for the payload's box/,
    );
  });

  it('ends a payload that is killed in its work, and the container with whoever opened it', async () => {
    await inside([layer('lxc')], 'b1-kill-1', async (box) => {
      const payload = await talk(box, [...image.payloadArgv, '--start=killed']);
      payload.process.kill();
      expect((await payload.process.exited).signal).toBe('SIGKILL');
      for (let tries = 0; processes(box.cgroup ?? '').length > 0 && tries < 200; tries++) await sleep(50);
      expect(processes(box.cgroup ?? '')).toEqual([]);
    });
  });

  it('says why a container did not start', async () => {
    const made = (await lxc.prepare(host, image, lab.workspace)) as Prepared & { root: Image };
    const { limits, signal } = lab.workspace;
    const broken = { ...made, root: { ...made.root, root: '/nonexistent' } };
    await expect(lxc.open(host, broken, { name: 'b1-broken-1', limits, signal })).rejects.toThrow(
      /The box lxc did not start[\s\S]*lxc/,
    );
    await made.dispose();
  });

  it('runs Docker inside, as the review had it, with the inner limits and accounts', async (ctx) => {
    const found = await docker.probe(host, lab.workspace);
    if (!found.available) ctx.skip(`${found.reason} (${found.remedy})`);
    const { limits } = lab.workspace;
    await inside([layer('lxc'), docker], 'b1-nested-1', async (box, below) => {
      expect([below.path, box.path]).toEqual(['lxc', 'lxc/docker']);
      const payload = await talk(box, [...image.payloadArgv, '--start=nested']);
      expect(payload.facts).toMatchObject({
        env: { PATH: '/usr/bin:/bin', HOME: '/' },
        cpus: limits.cpus.join(','),
        capEff: '0000000000000000',
        seccomp: '2',
        writeRoot: 'EROFS',
      });
      expect(Number(payload.facts.memory)).toBe(limits.memoryBytes);
      expect(usageOfPath(box.cgroup ?? '/none').cpuNs).toBeGreaterThan(1e6);
      const socket = `unix://${below.scratch}/docker/s.sock`;
      const info = await below.exec(['docker', '-H', socket, 'info', '-f', '{{.Driver}}']);
      expect(info.stdout.trim()).toBe('overlay2');
    });
  });
});
