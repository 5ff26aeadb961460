/** The runner `docker` inside itself: the same code on a box of its own, with a daemon of the same version. */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Box, Image, OpenOptions, Prepared, Probe } from '../../bench/types.ts';
import { usageOfPath } from '../../runners/cgroup/group.ts';
import { docker } from '../../runners/engines/docker/runner.ts';
import { type Lab, openLab, talk } from '../lab.ts';

let lab: Lab;
let host: Box;
let image: Image;
let probe: Probe;

beforeAll(async () => {
  lab = await openLab();
  ({ host, image } = lab);
  probe = await docker.probe(host, lab.workspace);
});

afterAll(() => lab.dispose());

function options(name: string, holds = false): OpenOptions {
  const { limits, signal } = lab.workspace;
  return { name, limits, signal, ...(holds ? { holds: docker.needs } : {}) };
}

/** What the kernel says of a payload, without what differs from start to start: ids, counts and devices. */
async function viewOf({ ask }: Awaited<ReturnType<typeof talk>>): Promise<Record<string, string>> {
  const read = async (file: string) => String(await ask(`/proc/self/${file}`));
  const status = (await read('status'))
    .split('\n')
    .filter((line) => /^(Uid|Gid|Groups|Sig[IBC]|Shd|Cap|NoNew|Seccomp:|Cpus_|Mems_|NS)/.test(line));
  const mounts = (await read('mountinfo')).split('\n').map((line) => line.split(' ').slice(4).join(' '));
  const rest = await Promise.all(['limits', 'oom_score_adj', 'cgroup'].map(read));
  const nameless = (text: string) =>
    text.replace(/b1-dd-\d|[0-9a-f]{64}|[A-Z0-9]{26}/g, 'ID').replace(/(master:|shared:)\d+/g, '$1N');
  return { status: status.join('\n'), mounts: nameless(mounts.join('\n')), rest: nameless(rest.join('\n')) };
}

interface Nested {
  readonly outer: Prepared;
  readonly inner: Prepared;
}

/** As a run does it: the outer box of the preparation is closed before the first start. */
async function prepareNested(name: string): Promise<Nested> {
  const outer = await docker.prepare(host, image, lab.workspace, docker.needs);
  const box = await docker.open(host, outer, options(`prepare-${name}`, true));
  try {
    const inside = await docker.probe(box, lab.workspace);
    expect(inside).toMatchObject({ available: true, version: outer.version });
    return { outer, inner: await docker.prepare(box, image, lab.workspace) };
  } finally {
    await box.close();
  }
}

/** @param ahead the daemon's start by default, as in a run; null for nothing */
async function start({ outer, inner }: Nested, name: string, ahead: readonly string[] | null = inner.ahead ?? null) {
  const below = await docker.open(host, outer, { ...options(name, true), ...(ahead && { ahead }) });
  const box = await docker.open(below, inner, options(name));
  const payload = await talk(box, [...image.payloadArgv, `--start=${name}`]);
  return {
    below,
    box,
    payload,
    close: async () => {
      await box.close();
      await below.close();
    },
  };
}

describe('docker in docker', () => {
  beforeEach((ctx) => {
    if (!probe.available) ctx.skip(`${probe.reason} (${probe.remedy})`);
  });
  let first: Nested;
  beforeAll(async () => {
    if (probe.available) first = await prepareNested('a');
  });
  afterEach(() => {
    expect(lab.leftovers().filter((left) => /b\d-dd-\d/.test(left))).toEqual([]);
  });
  afterAll(async () => {
    await first?.inner.dispose();
    await first?.outer.dispose();
    expect(lab.leftovers()).toEqual([]);
  });

  it('runs the payload with its limits, afresh and again, with two resident side by side', async () => {
    expect(first.inner.version).toBe(first.outer.version);
    expect(first.outer).toMatchObject({ labels: ['relaxed outer'], traits: { relaxed: true } });
    expect(first.inner).toMatchObject({ labels: [], traits: { relaxed: false } }); // overlay2, not vfs
    const { limits } = lab.workspace;
    const one = await start(first, 'b1-dd-1');
    try {
      expect(one.box.path).toBe('docker/docker');
      expect(one.payload.facts).toMatchObject({
        argv: ['--start=b1-dd-1'],
        env: { PATH: '/usr/bin:/bin', HOME: '/' },
        cpus: limits.cpus.join(','),
        capEff: '0000000000000000',
        noNewPrivs: '1',
        seccomp: '2',
        writeRoot: 'EROFS',
        store: 'ENOENT',
      });
      expect(Number(one.payload.facts.memory)).toBe(limits.memoryBytes);
      expect(usageOfPath(one.box.cgroup ?? '/none').cpuNs).toBeGreaterThan(1e6);
      const info = await one.below.exec([
        'docker',
        '-H',
        `unix://${one.below.scratch}/docker/s.sock`,
        'info',
        '-f',
        '{{.Driver}}',
      ]);
      expect(info.stdout.trim()).toBe('overlay2');
      const second = await prepareNested('b');
      try {
        const two = await start(second, 'b1-dd-2');
        expect(await two.payload.ask('two')).toBe('echo two');
        expect(await one.payload.ask('one')).toBe('echo one');
        await two.close();
        expect(await one.payload.ask('still')).toBe('echo still');
      } finally {
        await second.inner.dispose();
        await second.outer.dispose();
      }
    } finally {
      await one.close();
    }
    const begun = Date.now();
    const again = await start(first, 'b2-dd-1');
    console.log(`docker/docker: warm start ${Date.now() - begun} ms`);
    expect(await again.payload.ask('again')).toBe('echo again');
    again.payload.process.write('quit');
    expect(await again.payload.process.exited).toMatchObject({ exitCode: 0 });
    const ending = Date.now();
    await again.close();
    console.log(`docker/docker: teardown ${Date.now() - ending} ms`);
  });

  it('makes the same box when its daemon is not started ahead, or in vain', async () => {
    const views: Record<string, string>[] = [];
    for (const [index, ahead] of [first.inner.ahead, null, ['false']].entries()) {
      const begun = await start(first, `b1-dd-${index + 1}`, ahead);
      try {
        expect(await begun.below.ahead).toBe([true, undefined, false][index]);
        views.push(await viewOf(begun.payload));
      } finally {
        await begun.close();
      }
    }
    expect(views[0]?.status).toMatch(/^Seccomp:\s*2$/m);
    expect(views[1]).toEqual(views[0]);
    expect(views[2]).toEqual(views[0]);
  });

  it('goes on after an outer box that was ended in the middle of a start', async () => {
    const torn = await start(first, 'b1-dd-1');
    await torn.below.close(); // Without asking the inner daemon.
    expect((await torn.payload.process.exited).exitCode).not.toBe(0);
    const begun = Date.now();
    await torn.box.close();
    expect(Date.now() - begun).toBeLessThan(30_000);
    const next = await start(first, 'b2-dd-1');
    expect(await next.payload.ask('on')).toBe('echo on');
    await next.close();
  });
});
