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

async function start({ outer, inner }: Nested, name: string) {
  const below = await docker.open(host, outer, options(name, true));
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
  afterEach(() => {
    expect(lab.leftovers()).toEqual([]);
  });

  it('runs the payload with its limits, afresh and again, with two resident side by side', async () => {
    const first = await prepareNested('a');
    try {
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
    } finally {
      await first.inner.dispose();
      await first.outer.dispose();
    }
  });

  it('goes on after an outer box that was ended in the middle of a start', async () => {
    const nested = await prepareNested('c');
    try {
      const torn = await start(nested, 'b1-dd-1');
      await torn.below.close(); // Without asking the inner daemon.
      expect((await torn.payload.process.exited).exitCode).not.toBe(0);
      const begun = Date.now();
      await torn.box.close();
      expect(Date.now() - begun).toBeLessThan(30_000);
      const next = await start(nested, 'b2-dd-1');
      expect(await next.payload.ask('on')).toBe('echo on');
      await next.close();
    } finally {
      await nested.inner.dispose();
      await nested.outer.dispose();
    }
  });
});
