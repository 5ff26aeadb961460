/** The runner `ssh`, against a real sshd on the loopback interface: the other host is this one, reached as any other. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Box, Image, Prepared, Runner } from '../../bench/types.ts';
import { docker } from '../../runners/engines/docker/runner.ts';
import type { PreparedSsh } from '../../runners/engines/ssh/box.ts';
import { ssh } from '../../runners/engines/ssh/runner.ts';
import { unshare } from '../../runners/engines/unshare/runner.ts';
import { parsePath } from '../../runners/stack/path.ts';
import { prepareStack } from '../../runners/stack/stack.ts';
import { type Lab, openLab, talk } from '../lab.ts';
import { processesNaming } from '../leftovers.ts';
import { type SshServer, startServer, whyNoServer } from './ssh-server.ts';

const TIMEOUT_MS = 240_000;
const missing = whyNoServer();

let lab: Lab;
let host: Box;
let image: Image;
let server: SshServer;
let loopback: Runner;

beforeAll(async () => {
  if (missing !== undefined) return;
  // Its archive is changed by a test.
  lab = await openLab({ ownStore: true });
  ({ host, image } = lab);
  server = await startServer();
  loopback = parsePath(server.layer, [ssh], () => '')[0]!;
}, TIMEOUT_MS);

afterAll(async () => {
  await server?.stop();
  await lab?.dispose();
}, TIMEOUT_MS);

async function inside(layers: readonly Runner[], name: string, use: (box: Box, made: Prepared) => Promise<void>) {
  const { limits, signal } = lab.workspace;
  const made: Prepared[] = [];
  const opened: Box[] = [host];
  try {
    for (const [index, runner] of layers.entries()) {
      const parent = opened.at(-1)!;
      const holds = layers[index + 1]?.needs;
      expect(await runner.probe(parent, lab.workspace)).toMatchObject({ available: true });
      made.push(await runner.prepare(parent, image, lab.workspace, holds));
      opened.push(await runner.open(parent, made[index]!, { name, limits, signal, ...(holds && { holds }) }));
    }
    await use(opened.at(-1)!, made[0]!);
  } finally {
    for (const box of opened.slice(1).reverse()) await box.close();
    for (const prepared of made.reverse()) await prepared.dispose();
  }
}

describe('ssh', { timeout: TIMEOUT_MS }, () => {
  beforeEach((ctx) => {
    if (missing !== undefined) ctx.skip(missing);
  });
  afterEach(async () => {
    if (missing !== undefined) return;
    expect(await lab.remains()).toEqual([]);
    expect(lab.leftovers()).toEqual([]);
  });

  it('runs a verified copy of the image on the other host, pinned and with a clean environment', async () => {
    await inside([loopback], 'b1-ssh-1', async (box, made) => {
      const { folder } = made as PreparedSsh;
      expect(made.labels).toEqual(['remote host']);
      const payload = await talk(box, [...image.payloadArgv, '--start=x', 'two words', "it's $HOME", '']);
      expect(payload.facts).toMatchObject({
        argv: ['--start=x', 'two words', "it's $HOME", ''],
        env: { PATH: '/usr/bin:/bin', HOME: '/' },
        cpus: lab.workspace.limits.cpus.join(','),
      });
      expect(await payload.ask('a "quoted" line')).toBe('echo a "quoted" line');
      const there = processesNaming(`${folder.dir}/store`, 'payload.cjs').filter((line) => !line.includes(' ssh '));
      expect(there).toHaveLength(1);
      payload.process.write('quit');
      expect((await payload.process.exited).exitCode).toBe(0);
    });
  });

  it('ends a payload over there that is killed or closed in its work, and a command at its time limit', async () => {
    await inside([loopback], 'b1-kill-1', async (box) => {
      const busy = ['/usr/bin/node', '-e', 'for (;;);'];
      const killed = await box.spawn([...image.payloadArgv, '--killed']);
      killed.kill();
      await killed.exited;
      expect(processesNaming('--killed', 'payload.cjs')).toEqual([]);
      const limited = await box.exec([...busy, 'boxmark-limited'], { timeoutMs: 700 });
      expect(limited.exitCode).not.toBe(0);
      await sleep(300);
      expect(processesNaming('boxmark-limited', 'node')).toEqual([]);
      await talk(box, [...image.payloadArgv, '--closed']);
    });
  });

  it('removes its folder over there although this end dies without a word', async () => {
    const prepared = (await loopback.prepare(host, image, lab.workspace)) as PreparedSsh;
    expect(existsSync(prepared.folder.dir)).toBe(true);
    await prepared.connection.close(); // As when the harness is killed: the connection goes, and nothing else is said.
    for (let tries = 0; tries < 200 && existsSync(prepared.folder.dir); tries++) await sleep(50);
    expect(existsSync(prepared.folder.dir)).toBe(false);
  });

  it('refuses a copy that is not what was sent', async () => {
    const store = join(image.root, '..', 'root.tar');
    await inside([loopback], 'b1-whole-1', async () => {}); // Makes the archive that is sent.
    const whole = readFileSync(store);
    const changed = Buffer.from(whole);
    const at = changed.indexOf('process.exit(0)');
    changed.write('process.exit(1)', at);
    try {
      writeFileSync(store, changed);
      await expect(loopback.prepare(host, image, lab.workspace)).rejects.toThrow(
        /differs from what was sent[\s\S]*payload.cjs/,
      );
    } finally {
      writeFileSync(store, whole);
    }
  });

  it('holds the engines of the other host', async (ctx) => {
    for (const engine of [unshare, docker]) {
      const here = await engine.probe(host, lab.workspace);
      if (!here.available) ctx.skip(`${engine.name}: ${here.reason} (${here.remedy})`);
      await inside([loopback, engine], `b1-${engine.name}-1`, async (box) => {
        expect(box.path).toBe(`ssh/${engine.name}`);
        const payload = await talk(box, [...image.payloadArgv, '--start=held']);
        expect(payload.facts).toMatchObject({
          env: { PATH: '/usr/bin:/bin', HOME: '/' },
          capEff: '0000000000000000',
          writeRoot: 'EROFS',
        });
        expect(await payload.ask('held')).toBe('echo held');
      });
      expect(await lab.remains(), engine.name).toEqual([]);
    }
  });

  it('is another machine for the clocks and accounts of this one', async () => {
    const context = { runners: [ssh], image, workspace: lab.workspace };
    const environment = await prepareStack(server.layer, [loopback], context);
    try {
      expect(environment).toMatchObject({ sharesClock: false, cpuClock: 'guest', labels: ['remote host'] });
      const started = await environment.start('b1-clock-1', lab.workspace.signal);
      expect(started.usage()).toEqual({});
      expect(started.limits?.()).toBeUndefined();
      await started.close();
    } finally {
      await environment.dispose();
    }
  });

  it('says what ssh said when there is no connection, and asks for nothing', async () => {
    const wrong = server.layer.replace(/identity=[^:]*/, 'identity=%2Fnonexistent');
    const probe = await parsePath(wrong, [ssh], () => '')[0]!.probe(host, lab.workspace);
    expect(probe).toMatchObject({
      available: false,
      reason: expect.stringMatching(/no connection to 127\.0\.0\.1: .*(denied|Identity)/),
      remedy: expect.stringMatching(/^make this work without a prompt: ssh /),
    });
  });
});

describe('settings of ssh', () => {
  it.each([
    'ssh',
    'ssh:-oProxyCommand=x',
    'ssh:a b',
    'ssh:h:port=0',
    'ssh:h:port=99999',
    'ssh:h:user=a;b',
    'ssh:h:identity=key',
  ])('%s is a usage error', (path) => {
    expect(() => parsePath(path, [ssh], () => '')).toThrow(/The layer ssh/);
  });
});
