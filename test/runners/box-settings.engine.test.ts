/** Settings of layers, each tried for real: the box differs in what was set and in nothing else of what is looked at. */

import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { BoxmarkError } from '../../bench/errors.ts';
import type { Environment, Started } from '../../bench/types.ts';
import { RUNNERS } from '../../runners/index.ts';
import { BOX_FIELDS, limitsWith, payloadOnly } from '../../runners/stack/box-settings.ts';
import { parsePath } from '../../runners/stack/path.ts';
import { converse, type Lab, openLab } from '../lab.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.dispose());

interface Seen {
  readonly root: string;
  readonly seccomp: string;
  readonly users: string;
  readonly interfaces: readonly string[];
  readonly cpus: string;
  readonly limits: ReturnType<NonNullable<Started['limits']>>;
}

async function look(path: string, ctx: TestContext): Promise<Seen> {
  const environment = await lab.prepare(path);
  if (typeof environment === 'string') return ctx.skip(environment);
  try {
    return await seeIn(environment, path);
  } finally {
    await environment.dispose();
  }
}

async function seeIn(environment: Environment, path: string): Promise<Seen> {
  const talk = await converse(environment, `b1-${path.replace(/[^a-z0-9]+/gi, '-')}`);
  try {
    const status = String(await talk.ask('/proc/self/status'));
    const mounts = String(await talk.ask('/proc/self/mountinfo'));
    return {
      root: / \/ \/ .* - (\S+)|^\S+ \S+ \S+ \S+ \/ .* - (\S+)/m.exec(mounts)?.slice(1).find(Boolean) ?? '',
      seccomp: /^Seccomp:\s*(\d)/m.exec(status)?.[1] ?? '',
      users: String(await talk.ask('/proc/self/uid_map'))
        .trim()
        .replace(/\s+/g, ' '),
      interfaces: String(await talk.ask('/proc/self/net/dev'))
        .split('\n')
        .slice(2)
        .map((line) => line.split(':')[0]?.trim() ?? '')
        .filter(Boolean)
        .sort(),
      cpus: /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '',
      limits: talk.started.limits?.(),
    };
  } finally {
    await talk.started.close();
  }
}

describe('values', () => {
  it.each([
    ['memory', '1g', 2 ** 30],
    ['memory', '1.5G', 1.5 * 2 ** 30],
    ['memory', '64m', 64 * 2 ** 20],
    ['memory', 'none', 'none'],
    ['pids', '100', 100],
    ['pids', 'none', 'none'],
    ['cpus', '0.5', 0.5],
    ['network', 'host', 'host'],
    ['seccomp', '/etc/profile.json', '/etc/profile.json'],
    ['seccomp', 'profile.json', resolve('profile.json')],
  ] as const)('%s=%s is read as %s', (name, text, value) => {
    expect(BOX_FIELDS[name].parse(text)).toBe(value);
  });

  it.each([
    ['memory', '63m'],
    ['memory', 'much'],
    ['memory', '-1g'],
    ['pids', '15'],
    ['pids', '1.5'],
    ['cpus', '0'],
    ['cpus', '-1'],
    ['network', 'bridge'],
    ['userns', '1'],
    ['seccomp', '../profile.json'],
    ['seccomp', 'profile'],
  ] as const)('%s=%s is refused', (name, text) => {
    expect(BOX_FIELDS[name].safeParse(text).success).toBe(false);
  });

  it('change the limits of the run and leave the others', () => {
    const limits = { cpus: [1], housekeeping: [0], memoryBytes: 1000, pids: 10 };
    expect(limitsWith(limits, {})).toEqual({ cpus: [1], memoryBytes: 1000, pids: 10 });
    expect(limitsWith(limits, { memory: 'none', pids: 20, cpus: 2 })).toEqual({ cpus: [1], pids: 20, quota: 2 });
  });

  it('that are for a payload are refused on a box that holds another', () => {
    const needs = { privileges: 'none', commands: [] } as const;
    expect(() => payloadOnly('docker', { memory: 1, storage: 'vfs' }, needs, ['storage'])).toThrow(BoxmarkError);
    expect(() => payloadOnly('docker', { memory: undefined, storage: 'vfs' }, needs, ['storage'])).not.toThrow();
    expect(() => payloadOnly('docker', { memory: 1 }, undefined)).not.toThrow();
  });

  it('that a layer does not know are usage errors which name those that it knows', () => {
    expect(() => parsePath('unshare:storage=vfs', RUNNERS, () => '')).toThrow(/no setting storage/);
    expect(() => parsePath('docker:storage=zfs', RUNNERS, () => '')).toThrow(/overlay2 or vfs/);
  });
});

/** Layer → value of the default box that its settings change, by the setting. */
const LAYERS = ['unshare', 'bwrap', 'runc', 'crun', 'docker', 'podman', 'nspawn'] as const;

describe.each(LAYERS)('%s', (layer) => {
  const knows = (name: string) =>
    RUNNERS.find((runner) => runner.name === layer)?.settings?.known.some((setting) => setting.name === name);
  let normal: Seen;
  let kept: Environment | string;

  beforeAll(async () => {
    // Its daemon or storage serves the others too.
    kept = await lab.prepare(layer);
    if (typeof kept !== 'string') normal = await seeIn(kept, layer);
  });
  afterAll(async () => {
    if (typeof kept !== 'string') await kept.dispose();
    expect(await lab.remains()).toEqual([]);
  });

  it('limits memory, processes and CPU time as set', async (ctx) => {
    const seen = await look(`${layer}:memory=256m:pids=100:cpus=0.5`, ctx);
    if (seen.limits === undefined) return ctx.skip('the host does not show its limits');
    expect(seen.limits).toMatchObject({ memory_limit_bytes: 256 << 20, cpu_quota: 0.5 });
    expect(seen).toEqual({ ...normal, limits: { ...normal.limits, ...seen.limits } });
    expect(seen.limits.cpuset).toBe(normal.limits?.cpuset);
  });

  it('takes the limits of memory and processes away', async (ctx) => {
    const seen = await look(`${layer}:memory=none:pids=none`, ctx);
    expect(seen.limits?.memory_limit_bytes).toBe('none');
    expect(seen).toEqual({ ...normal, limits: { ...normal.limits, memory_limit_bytes: 'none' } });
  });

  it('gives the box the host’s network', async (ctx) => {
    const seen = await look(`${layer}:network=host`, ctx);
    expect(seen.interfaces).not.toEqual(['lo']);
    expect(seen).toEqual({ ...normal, interfaces: seen.interfaces });
    expect(normal.interfaces.filter((name) => /^(eth|en|wl)/.test(name))).toEqual([]);
  });

  it('makes a user namespace', async (ctx) => {
    if (!knows('userns')) return ctx.skip(`${layer} has no such setting`);
    const seen = await look(`${layer}:userns=yes`, ctx);
    expect(seen.users).not.toBe(normal.users);
    expect(seen).toEqual({ ...normal, users: seen.users });
  });

  it('filters no system calls', async (ctx) => {
    if (!knows('seccomp')) return ctx.skip(`${layer} has no such setting`);
    const [none, some] = [await look(`${layer}:seccomp=unconfined`, ctx), await look(`${layer}:seccomp=default`, ctx)];
    expect(none.seccomp).toBe('0');
    expect(some.seccomp).toBe('2');
    expect(none).toEqual({ ...normal, seccomp: '0' });
    expect(some).toEqual({ ...normal, seccomp: '2' });
  });
});

it('unshare:root=overlay has the image below an overlay, still read-only', async (ctx) => {
  const seen = await look('unshare:root=overlay', ctx);
  expect(seen.root).toBe('overlay');
});

it('docker:storage=vfs copies the image, and a layer around another takes no setting of a payload’s box', async (ctx) => {
  const environment = await lab.prepare('docker:storage=vfs');
  if (typeof environment === 'string') return ctx.skip(environment);
  expect(environment.labels).toContain('storage vfs');
  await environment.dispose();
  expect(await lab.prepare('docker:memory=1g/docker')).toMatch(/memory of docker is for the payload's box/);
  expect(await lab.remains()).toEqual([]);
});
