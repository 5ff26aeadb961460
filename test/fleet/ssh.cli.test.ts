/** The transport over ssh, against real sshds, with a program that stands in for Boxmark: what it makes there, and what stays. */

import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Job } from '../../bench/fleet/job.ts';
import { sshTransport } from '../../fleet/ssh/transport.ts';
import type { JobEnd, Transport } from '../../fleet/transport.ts';
import { eventually } from '../cli/program.ts';
import { processesNaming } from '../leftovers.ts';
import { whyNoServer } from '../runners/ssh-server.ts';
import { KITS, removeKit } from './kits.ts';
import { startHosts, type TestHosts } from './ssh-hosts.ts';
import { type StandIn, standInKit } from './stand-in-kit.ts';

const TIMEOUT_MS = 240_000;
const missing = whyNoServer();

let lab: TestHosts;
let kit: StandIn;
let transport: Transport;

beforeAll(async () => {
  if (missing === undefined) lab = await startHosts([{}, {}, {}]);
}, TIMEOUT_MS);
afterAll(async () => {
  await lab?.stop();
}, TIMEOUT_MS);

const job = (...flags: string[]): Job => ({ fleet: 'test', planDigest: '0'.repeat(64), flags, plan: 'env: native\n' });

const folders = () => readdirSync('/var/tmp').filter((name) => name.startsWith('boxmark-node-'));

interface Started {
  readonly end: Promise<JobEnd>;
  readonly lines: string[];
  readonly abort: AbortController;
  readonly dir: string;
}

/** A job on the host of that index, once its program works. */
async function started(index: number, flag: string): Promise<Started> {
  const before = new Set(folders());
  const lines: string[] = [];
  const abort = new AbortController();
  const host = (await transport.hosts())[index]!;
  const end = transport.run(host, job(flag), (line) => lines.push(line), abort.signal);
  end.catch(() => {});
  await eventually(() => lines.find((line) => line === 'started'));
  const [name = ''] = folders().filter((folder) => !before.has(folder));
  return { end, lines, abort, dir: join('/var/tmp', name) };
}

/** What of the job is still there, once it has had a moment to go. */
async function remains(dir: string): Promise<string[]> {
  for (let attempt = 0; ; attempt++) {
    const left = [...(existsSync(dir) ? [dir] : []), ...processesNaming(dir), ...processesNaming(kit.digest)];
    if (left.length === 0 || attempt === 100) return left;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe('a fleet over ssh', { timeout: TIMEOUT_MS }, () => {
  beforeEach(async (ctx) => {
    if (missing !== undefined) ctx.skip(missing);
    kit = standInKit();
    transport = await sshTransport({ hosts: lab.hosts, kit });
  });
  afterEach(async () => {
    if (missing !== undefined) return;
    await transport.close();
    removeKit(kit.digest);
    kit.remove();
    expect(processesNaming('/var/tmp/boxmark-node-')).toEqual([]);
  });

  it('finds its hosts, and what each is', async () => {
    const found = await transport.hosts();
    expect(found.map(({ name, labels }) => [name, labels])).toEqual([
      ['host1', { rack: 'r1' }],
      ['host2', { rack: 'r2' }],
      ['host3', { rack: 'r3' }],
    ]);
    for (const host of found) expect(host).toMatchObject({ architecture: process.arch, refused: null });
  });

  it('gives a job to each, passes on its lines and its end, and leaves the kit alone', async () => {
    for (const host of await transport.hosts()) {
      const lines: string[] = [];
      const end = await transport.run(host, job('say-x'), (line) => lines.push(line), new AbortController().signal);
      expect(end).toEqual({ how: 'ended', exitCode: 3 });
      const [first = '', ...rest] = lines.filter((line) => line !== '');
      expect(JSON.parse(first.replace(/^job /, ''))['plan.yaml']).toBe('env: native\n');
      expect(rest).toEqual(['two words', 'oops']);
      expect(existsSync(kit.cleaned)).toBe(false);
    }
    expect(folders()).toEqual([]);
    const { mode, uid } = lstatSync(KITS);
    expect([mode & 0o777, uid]).toEqual([0o700, process.getuid?.()]);
    expect(readdirSync(join(KITS, kit.digest))).toEqual(['ballast', 'program.sh']);
  });

  it('ends the program there when it is aborted, and removes the folder', async () => {
    const { end, lines, abort, dir } = await started(0, 'work-x');
    expect(lstatSync(dir).mode & 0o777).toBe(0o700);
    abort.abort(new Error('enough'));
    await expect(end).rejects.toThrow('enough');
    expect(lines).toContain('ended');
    expect(await remains(dir)).toEqual([]);
  });

  it('kills a program that does not end, and cleans up after it', async () => {
    const { end, abort, dir } = await started(0, 'stubborn-x');
    abort.abort(new Error('enough'));
    await expect(end).rejects.toThrow('enough');
    expect(await remains(dir)).toEqual([]);
    expect(existsSync(kit.cleaned)).toBe(true);
  });

  it('is lost when its connection is ended there, and nothing is left', async () => {
    const { end, dir } = await started(1, 'work-x');
    expect(lab.hosts[1]!.dropConnections()).toBeGreaterThan(0);
    expect(await end).toEqual({ how: 'lost', reason: expect.stringMatching(/^the connection is gone/) });
    expect(await remains(dir)).toEqual([]);
  });

  it('is lost when its program is killed there, with the signal', async () => {
    const lines: string[] = [];
    const [host] = await transport.hosts();
    const end = await transport.run(host!, job('die-x'), (line) => lines.push(line), new AbortController().signal);
    expect(end).toEqual({ how: 'lost', reason: 'Boxmark was ended there by SIGKILL, as when memory runs out' });
    expect(existsSync(kit.cleaned)).toBe(true);
    expect(folders()).toEqual([]);
  });

  it('is lost when what watches over it there is killed, and removes the folder from here', async () => {
    const { end, dir } = await started(0, 'work-x');
    const [guard = ''] = readFileSync(join(dir, 'guard'), 'utf8').split(' ');
    process.kill(Number(guard), 'SIGKILL');
    expect(await end).toMatchObject({ how: 'lost', reason: expect.stringMatching(/ended from outside/) });
    expect(await remains(dir)).toEqual([]);
  });

  it('removes at the next job what a dead one left, and nothing of others', async () => {
    const [dead, other] = ['/var/tmp/boxmark-node-dead', '/var/tmp/boxmark-node-other'];
    for (const dir of [dead, other]) {
      mkdirSync(dir, { mode: 0o700 });
      writeFileSync(join(dir, 'guard'), `${2 ** 22 + 1} ${readlinkSync('/proc/self/ns/pid')}\n`);
    }
    chownSync(other, 65_534, 65_534);
    try {
      const [host] = await transport.hosts();
      await transport.run(host!, job('say-x'), () => {}, new AbortController().signal);
      expect([dead, other].map(existsSync)).toEqual([false, true]);
    } finally {
      for (const dir of [dead, other]) rmSync(dir, { recursive: true, force: true });
    }
  });

  it('does not use a folder of kits that others can write to, nor a kit that was changed', async () => {
    const run = async () => {
      const [host] = await transport.hosts();
      return transport.run(host!, job('say-x'), () => {}, new AbortController().signal);
    };
    await run();
    const program = join(KITS, kit.digest, 'program.sh');
    writeFileSync(program, 'exit 7\n');
    expect(await run()).toEqual({ how: 'ended', exitCode: 3 });
    writeFileSync(program, 'exit 7\n');
    chmodSync(KITS, 0o777);
    try {
      expect(await run()).toEqual({ how: 'ended', exitCode: 3 });
      expect(readFileSync(program, 'utf8')).toBe('exit 7\n');
    } finally {
      chmodSync(KITS, 0o700);
    }
  });

  it('refuses a kit that arrives as another', async () => {
    kit.damage();
    const [host] = await transport.hosts();
    const end = await transport.run(host!, job('say-x'), () => {}, new AbortController().signal);
    expect(end).toMatchObject({
      how: 'refused',
      reason: expect.stringMatching(/not what was sent.*program\.sh|program\.sh.*FAILED/s),
    });
    expect(folders()).toEqual([]);
  });

  it('says of a host why it can not be measured, and measures the others', async () => {
    const [first, second, third] = lab.hosts;
    const { known } = second!.server;
    const before = readFileSync(known, 'utf8');
    // Another key than the one that it has.
    writeFileSync(
      known,
      before.replace(/ssh-ed25519 .*/, readFileSync(first!.server.known, 'utf8').split(' ').slice(1).join(' ')),
    );
    const closed = { ...third!, address: 'closed', target: { ...third!.target, port: 1 } };
    const other = await sshTransport({ hosts: [first!, second!, closed], kit });
    try {
      const found = await other.hosts();
      expect(found.map(({ refused }) => refused)).toEqual([
        null,
        expect.stringMatching(/host key.*(changed|verification)/is),
        expect.stringMatching(/no connection to .*(refused|closed)/is),
      ]);
    } finally {
      writeFileSync(known, before);
      await other.close();
    }
    const foreign = await sshTransport({ hosts: [first!], kit: { ...kit, architecture: 'vax' } });
    expect((await foreign.hosts())[0]).toMatchObject({
      architecture: process.arch,
      refused: expect.stringMatching(/another type of machine: .*vax/),
    });
    await foreign.close();
  });

  it('is lost within seconds when a cable is cut, and the host tidies up by itself', async () => {
    const { end, dir } = await started(2, 'work-x');
    lab.hosts[2]!.cut();
    expect(await end).toEqual({
      how: 'lost',
      reason: expect.stringMatching(/^the connection is gone: .*(Timeout|not responding)/),
    });
    await eventually(() => (existsSync(dir) ? undefined : true), 200_000);
    expect(await remains(dir)).toEqual([]);
  });
});
