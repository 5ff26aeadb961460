/** The runner `appc`: pods of a signed image, started for real, each with an id and a root of its own. */

import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Box, Image, Probe } from '../../bench/types.ts';
import { usageOfPath } from '../../runners/cgroup/group.ts';
import type { PreparedAppc } from '../../runners/engines/appc/box.ts';
import { appc } from '../../runners/engines/appc/runner.ts';
import { nspawnCommand, rktCommand } from '../../runners/engines/appc/stage1.ts';
import { type Lab, openLab, talk } from '../lab.ts';

const TIMEOUT_MS = 180_000;
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

let lab: Lab;
let host: Box;
let image: Image;
let probe: Probe;

beforeAll(async () => {
  lab = await openLab();
  ({ host, image } = lab);
  probe = await appc.probe(host, lab.workspace);
}, TIMEOUT_MS);

afterAll(() => lab.dispose());

async function withPrepared(use: (prepared: PreparedAppc) => Promise<void>): Promise<void> {
  const prepared = (await appc.prepare(host, image, lab.workspace)) as PreparedAppc;
  try {
    await use(prepared);
  } finally {
    await prepared.dispose();
  }
}

function open(prepared: PreparedAppc, name: string): Promise<Box> {
  const { limits, signal } = lab.workspace;
  return appc.open(host, prepared, { name, limits, signal });
}

describe('appc', { timeout: TIMEOUT_MS }, () => {
  beforeEach((ctx) => {
    if (!probe.available) ctx.skip(`${probe.reason} (${probe.remedy})`);
  });
  afterEach(() => expect(lab.leftovers()).toEqual([]));

  it('isolates, pins and limits a payload, with the environment of all others', async () => {
    const { limits } = lab.workspace;
    await withPrepared(async (prepared) => {
      expect(prepared.labels).toEqual(['signed image']);
      const box = await open(prepared, 'b1-appc-1');
      try {
        const payload = await talk(box, [...image.payloadArgv, '--start=x', 'two words', '$HOME', '']);
        expect(payload.facts).toMatchObject({
          argv: ['--start=x', 'two words', '$HOME', ''],
          env: { PATH: '/usr/bin:/bin', HOME: '/' },
          hostname: 'boxmark',
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
        payload.process.write('quit');
        expect((await payload.process.exited).exitCode).toBe(0);
      } finally {
        await box.close();
      }
    });
  });

  it('gives each launch an id of its own and a root of its own, and ends one that is killed in its work', async () => {
    await withPrepared(async (prepared) => {
      const boxes = [await open(prepared, 'b1-appc-1'), await open(prepared, 'b1-appc-2')];
      try {
        const payloads = await Promise.all(boxes.map((box) => talk(box, image.payloadArgv)));
        const pods = readdirSync(prepared.pods);
        expect(pods).toHaveLength(2);
        for (const uuid of pods) {
          expect(uuid).toMatch(UUID_V4);
          const pod = JSON.parse(readFileSync(join(prepared.pods, uuid, 'pod'), 'utf8'));
          expect(pod.apps[0].image.id).toMatch(/^sha512-/);
        }
        payloads[0]?.process.kill();
        await payloads[0]?.process.exited;
        expect(await payloads[1]?.ask('still')).toBe('echo still');
      } finally {
        for (const box of boxes) await box.close();
      }
      expect(readdirSync(prepared.pods)).toEqual([]);
    });
  });

  it('does not launch an image that was changed, lost its signature, or whose root was touched', async () => {
    await withPrepared(async (prepared) => {
      const { file, signatureFile } = prepared.image;
      const added = join(prepared.tree, 'added');
      writeFileSync(added, '');
      await expect(open(prepared, 'b1-touched-1')).rejects.toThrow(/was changed after it was unpacked/);
      appendFileSync(file, Buffer.alloc(512));
      await expect(open(prepared, 'b1-changed-1')).rejects.toThrow(/was changed after it was signed/);
      rmSync(signatureFile);
      await expect(open(prepared, 'b1-unsigned-1')).rejects.toThrow(/is not signed/);
    });
  });
});

describe('the command of a pod', () => {
  const pod = {
    uuid: '6ba7b810-9dad-41d1-80b4-00c04fd430c8',
    dir: '/w/p:1',
    machine: 'boxmark-00000000-6ba7b810',
    aci: '/w/image.aci',
    tree: '/w/tree',
    tools: '/s/tools',
  };

  it('names the pod to systemd-nspawn and mounts its root where nobody else sees it', () => {
    const argv = nspawnCommand(pod, ['/usr/bin/node', 'a b']);
    expect(argv.slice(0, 2)).toEqual(['unshare', '--mount']);
    expect(argv[4]).toContain(String.raw`upperdir=/w/p\:1/fresh/upper`);
    expect(argv).toContain(`--uuid=${pod.uuid}`);
    expect(argv.slice(-2)).toEqual(['/usr/bin/node', 'a b']);
  });

  it('hands rkt the image that was verified, without a network, with a folder of its own', () => {
    expect(rktCommand(pod, ['/usr/bin/node', 'a b', '--x'])).toEqual([
      ...['rkt', '--dir=/w/p:1/rkt', 'run', '--insecure-options=image', '--net=none', '--hostname=boxmark'],
      ...['--interactive', '--uuid-file-save=/w/p:1/uuid', '/w/image.aci', '--readonly-rootfs=true', '--caps-retain='],
      ...['--exec=/usr/bin/node', '--', 'a b', '--x'],
    ]);
  });
});
