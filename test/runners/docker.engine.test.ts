/** The runner `docker` on a real daemon: the payload's box, the image, and what is left afterwards. */

import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Box, Image, OpenOptions, Prepared, Probe } from '../../bench/types.ts';
import { usageOfPath } from '../../runners/cgroup/group.ts';
import { hostClientFile } from '../../runners/engines/docker/client.ts';
import { clientOf, startDaemon } from '../../runners/engines/docker/daemon.ts';
import { acquireDaemon, releaseDaemon } from '../../runners/engines/docker/host.ts';
import { loadArchive } from '../../runners/engines/docker/image.ts';
import { hostDaemonDir } from '../../runners/engines/docker/leftovers.ts';
import { docker } from '../../runners/engines/docker/runner.ts';
import { dockerArchive } from '../../runners/image/image.ts';
import { hostExec } from '../../runners/kit/process.ts';
import { type Lab, openLab, talk } from '../lab.ts';
import { processesNaming } from '../leftovers.ts';

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

function options(name: string): OpenOptions {
  const { limits, signal } = lab.workspace;
  return { name, limits, signal };
}

const isPrivate = () => existsSync(hostDaemonDir(lab.workspace));

describe('docker on the host', () => {
  beforeEach((ctx) => {
    if (!probe.available) ctx.skip(`${probe.reason} (${probe.remedy})`);
  });

  it('leaves nothing behind when it is only probed', () => {
    expect(lab.leftovers()).toEqual([]);
    expect(isPrivate()).toBe(false);
  });

  describe('with a prepared image', () => {
    let prepared: Prepared;
    beforeAll(async () => {
      if (probe.available) prepared = await docker.prepare(host, image, lab.workspace);
    });
    afterAll(() => prepared?.dispose());
    afterEach(() => {
      expect(processesNaming(`boxmark-${lab.workspace.id}-`)).toEqual([]);
    });

    it('gives the payload its limits and nothing else', async () => {
      const box = await docker.open(host, prepared, options('facts-1'));
      try {
        const { facts } = await talk(box, [...image.payloadArgv, '--start=x']);
        const { limits } = lab.workspace;
        expect(facts).toMatchObject({
          argv: ['--start=x'],
          cpus: limits.cpus.join(','),
          capEff: '0000000000000000',
          capBnd: '0000000000000000',
          noNewPrivs: '1',
          seccomp: '2',
          hostname: 'boxmark',
          writeRoot: 'EROFS',
          writeTmp: 'written',
          store: 'ENOENT',
        });
        expect(facts.nets).not.toContain('eth0');
        expect(Number(facts.memory)).toBe(limits.memoryBytes);
        expect(Number(facts.pids)).toBe(limits.pids);
        expect(facts.env).toEqual({ PATH: '/usr/bin:/bin', HOME: '/' });
      } finally {
        await box.close();
      }
    });

    it('answers line by line, is accounted on the host, and ends on request', async () => {
      const box = await docker.open(host, prepared, options('talk-1'));
      try {
        const payload = await talk(box, image.payloadArgv);
        const times: number[] = [];
        for (let line = 0; line < 50; line++) {
          const begun = process.hrtime.bigint();
          expect(await payload.ask(`line ${line}`)).toBe(`echo line ${line}`);
          times.push(Number(process.hrtime.bigint() - begun) / 1000);
        }
        console.log(`docker: median of a line and its answer ${times.sort((a, b) => a - b)[25]?.toFixed(0)} us`);
        const usage = usageOfPath(box.cgroup ?? '/none');
        expect(usage.cpuNs).toBeGreaterThan(1e6);
        expect(usage.memoryPeakBytes).toBeGreaterThan(1e6);
        const client = /Cpus_allowed_list:\s*(\S+)/.exec(
          readFileSync(`/proc/${payload.process.pid}/status`, 'utf8'),
        )?.[1];
        expect(client).toBe(lab.workspace.limits.housekeeping.join(','));
        payload.process.write('quit');
        expect(await payload.process.exited).toMatchObject({ exitCode: 0 });
      } finally {
        await box.close();
      }
      await box.close();
      expect(usageOfPath(box.cgroup ?? '/none')).toEqual({});
    });

    it('ends a resident payload on close, and one whose start has only begun', async () => {
      const box = await docker.open(host, prepared, options('resident-1'));
      const payload = await talk(box, image.payloadArgv);
      await box.close();
      expect((await payload.process.exited).exitCode).not.toBe(0);
      for (const delayMs of [0, 30, 120]) {
        const hasty = await docker.open(host, prepared, options(`hasty-${delayMs}`));
        await hasty.spawn(image.payloadArgv);
        await new Promise((resolve) => setTimeout(resolve, delayMs));
        await hasty.close();
      }
      const { client } = await acquireDaemon(host, lab.workspace);
      await releaseDaemon(lab.workspace);
      const socket = client.socket === undefined ? [] : ['-H', `unix://${client.socket}`];
      const filter = ['--filter', `label=boxmark=${lab.workspace.id}`];
      const left = await hostExec(
        [client.file, ...socket, 'ps', '-aq', ...filter],
        client.env ? { env: client.env } : {},
      );
      expect(left).toMatchObject({ exitCode: 0, stdout: '' });
    });

    it('kills the container with the process', async () => {
      const box = await docker.open(host, prepared, options('kill-1'));
      const payload = await talk(box, [...image.payloadArgv, `--start=${lab.workspace.id}-kill`]);
      payload.process.kill();
      await payload.process.exited;
      const isGone = () => processesNaming(`--start=${lab.workspace.id}-kill`, '/boxmark/payload.cjs').length === 0;
      await expect.poll(isGone, { timeout: 10_000 }).toBe(true);
      await box.close();
    });

    it('says what the engine said when the command is not in the image', async () => {
      const box = await docker.open(host, prepared, options('missing-1'));
      await expect(talk(box, ['/no/such/command'])).rejects.toThrow(/127.*no such file/is);
      await box.close();
    });

    it('refuses an image that is not the one of the archive', async (ctx) => {
      const { client, own, facts } = await acquireDaemon(host, lab.workspace);
      try {
        if (own === undefined) return ctx.skip("the daemon is the user's");
        const archive = await dockerArchive(image);
        const folder = join(lab.workspace.dir, 'tampered');
        mkdirSync(folder);
        const file = join(folder, 'docker.tar');
        copyFileSync(archive.file, file);
        // Same length, another environment: the configuration no longer has the digest that names it.
        const bytes = readFileSync(file);
        const at = bytes.indexOf('"HOME=/"');
        expect(at).toBeGreaterThan(0);
        bytes.write('"HOMF=/"', at);
        writeFileSync(file, bytes);
        const wanted = { ...archive, file, id: `sha256:${'0'.repeat(64)}`, tag: archive.tag };
        await expect(loadArchive(host, client, wanted, facts.containerdStore)).rejects.toThrow(
          /not the one of the archive/,
        );
        appendFileSync(file, 'x');
        const layer = bytes.indexOf('use strict');
        bytes.write('use strIct', layer);
        writeFileSync(file, bytes);
        await expect(loadArchive(host, client, wanted, facts.containerdStore)).rejects.toThrow(
          /could not be loaded|not the one/,
        );
        // The refusal took the tag away, and with it the image of the other tests.
        await loadArchive(host, clientOf(own), archive, facts.containerdStore);
      } finally {
        rmSync(join(lab.workspace.dir, 'tampered'), { recursive: true, force: true });
        await releaseDaemon(lab.workspace);
      }
    });
  });

  it('starts one private daemon for all, which listens to nobody but its user, and stops it with the last', async (ctx) => {
    const both = await Promise.all([
      docker.prepare(host, image, lab.workspace),
      docker.prepare(host, image, lab.workspace),
    ]);
    try {
      if (!isPrivate()) return ctx.skip("the daemon is the user's");
      expect(processesNaming(lab.workspace.dir, 'dockerd ')).toHaveLength(1);
      const { uid, gid, mode } = statSync(join(hostDaemonDir(lab.workspace), 's.sock'));
      expect([uid, gid, mode & 0o007]).toEqual([process.geteuid?.(), 0, 0]);
      const boxes = await Promise.all(both.map((made, index) => docker.open(host, made, options(`two-${index}`))));
      const payloads = await Promise.all(boxes.map((box) => talk(box, image.payloadArgv)));
      for (const payload of payloads) expect(await payload.ask('hi')).toBe('echo hi');
      await Promise.all(boxes.map((box) => box.close()));
      await both[0].dispose();
      await both[0].dispose();
      expect(processesNaming(lab.workspace.dir, 'dockerd ')).toHaveLength(1);
    } finally {
      for (const made of both) await made.dispose();
    }
    expect(lab.leftovers()).toEqual([]);
    expect(isPrivate()).toBe(false);
  });

  it('survives the death of its daemon: the payload ends, close returns, the next start works', async (ctx) => {
    const prepared = await docker.prepare(host, image, lab.workspace);
    try {
      if (!isPrivate()) return ctx.skip("the daemon is the user's");
      const box = await docker.open(host, prepared, options('dies-1'));
      const payload = await talk(box, image.payloadArgv);
      process.kill(Number(readFileSync(join(hostDaemonDir(lab.workspace), 'pid'), 'utf8')), 'SIGKILL');
      expect((await payload.process.exited).exitCode).not.toBe(0);
      const begun = Date.now();
      await box.close();
      expect(Date.now() - begun).toBeLessThan(30_000);
      // What is prepared for the next start stays in the folder.
      expect(lab.leftovers().filter((left) => !left.startsWith('file '))).toEqual([]);
      const again = await docker.open(host, prepared, options('dies-2'));
      expect(await (await talk(again, image.payloadArgv)).ask('back')).toBe('echo back');
      await again.close();
    } finally {
      await prepared.dispose();
    }
    expect(lab.leftovers()).toEqual([]);
  });

  it('says why a daemon does not start, with the end of its log', async () => {
    const dir = join(lab.workspace.dir, 'broken');
    mkdirSync(dir);
    writeFileSync(join(dir, 'data'), ''); // A file where the daemon wants its folder.
    const own = {
      dir,
      docker: hostClientFile() ?? 'docker',
      group: '/boxmark/none',
      cpus: lab.workspace.limits.housekeeping,
    };
    await expect(startDaemon(host, own)).rejects.toThrow(/did not start: .*broken\/data/s);
    expect(processesNaming(dir)).toEqual([]);
    const deep = { ...own, dir: join(dir, 'x'.repeat(80)) };
    await expect(startDaemon(host, deep)).rejects.toThrow(/too long for the sockets/);
  });
});

it('answers a probe with a reason and a remedy when the chosen daemon is not there', async () => {
  const before = process.env.DOCKER_HOST;
  process.env.DOCKER_HOST = `unix://${lab.workspace.dir}/nobody.sock`;
  try {
    const answer = await docker.probe(host, lab.workspace);
    expect(answer).toMatchObject({ available: false });
    if (!answer.available) {
      expect(answer.reason).toMatch(hostClientFile() === undefined ? /not installed/ : /DOCKER_HOST/);
      expect(answer.remedy).not.toBe('');
    }
  } finally {
    if (before === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = before;
  }
});
