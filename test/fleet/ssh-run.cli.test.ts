/** A plan on hosts that ssh reaches: their sessions come back whole, and a host whose connection is cut keeps nothing. */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { digestOfText, type Job } from '../../bench/fleet/job.ts';
import { Arrival } from '../../cli/fleet/arrival.ts';
import { programFiles } from '../../cli/fleet/program-files.ts';
import { payloadFile } from '../../cli/paths.ts';
import { nodeKit } from '../../fleet/kit.ts';
import { sshKit } from '../../fleet/ssh/kit.ts';
import { sshTransport } from '../../fleet/ssh/transport.ts';
import type { Transport } from '../../fleet/transport.ts';
import { ensureImage } from '../../runners/image/image.ts';
import { boxmark, eventually, tracesOf } from '../cli/program.ts';
import { processesNaming } from '../leftovers.ts';
import { whyNoServer } from '../runners/ssh-server.ts';
import { KITS, removeKit } from './kits.ts';
import { startHosts, type TestHosts } from './ssh-hosts.ts';

const TIMEOUT_MS = 600_000;
const missing = whyNoServer();

let lab: TestHosts;
let transport: Transport;
let digest: string;
let out: string;

beforeAll(async () => {
  if (missing !== undefined) return;
  out = mkdtempSync('/var/tmp/boxmark-test-fleet-');
  lab = await startHosts([{}, {}, {}]);
  const kit = sshKit(await nodeKit(await ensureImage(payloadFile()), programFiles()));
  digest = kit.digest;
  transport = await sshTransport({ hosts: lab.hosts, kit });
}, TIMEOUT_MS);

afterAll(async () => {
  await transport?.close();
  await lab?.stop();
  if (digest !== undefined) removeKit(digest);
  if (out !== undefined) rmSync(out, { recursive: true, force: true });
}, TIMEOUT_MS);

function job(blocks: number): Job {
  const plan = `env: [native, unshare]\nworkload: fft\nsize: tiny\nburst: 1ms\nrounds: 4\nblocks: ${blocks}\n`;
  // All three are this host, whose lock others may have.
  return { fleet: 'fleet-test', planDigest: digestOfText(plan), flags: ['--allow-other-runs', '--no-guard'], plan };
}

const nodeFolders = () => readdirSync('/var/tmp').filter((name) => name.startsWith('boxmark-node-'));

/** Ids of the runs whose process knows the text from its environment. */
function runsOf(words: string): string[] {
  const ids = readdirSync('/var/tmp').flatMap((name) => /^boxmark-([0-9a-f]{8})$/.exec(name)?.[1] ?? []);
  return ids.filter((id) => {
    try {
      const { pid } = JSON.parse(readFileSync(`/var/tmp/boxmark-${id}/owner.json`, 'utf8'));
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(words);
    } catch {
      return false;
    }
  });
}

describe.skipIf(missing !== undefined)('a plan on three hosts over ssh', { timeout: TIMEOUT_MS }, () => {
  it('is measured on each from a kit that is sent once, and leaves only that', async () => {
    const found = await transport.hosts();
    expect(found.map(({ refused }) => refused)).toEqual([null, null, null]);
    for (const host of found) {
      const arrival = new Arrival(out, host.name);
      const end = await transport.run(host, job(1), (line) => arrival.line(line), new AbortController().signal);
      const arrived = await arrival.finish();
      expect([end, arrived.reason]).toEqual([{ how: 'ended', exitCode: 0 }, null]);
      expect(arrived.begin).toMatchObject({ footing: 'host', architecture: process.arch });
      const session = JSON.parse(readFileSync(join(out, arrived.session?.path ?? '', 'session.json'), 'utf8'));
      expect(session.environments.map(({ path }: { path: string }) => path)).toEqual(['native', 'unshare']);
    }
    expect(nodeFolders()).toEqual([]);
    expect(readdirSync(KITS)).toContain(digest);
  });

  it('is measured by boxmark fleet run, from an inventory', async () => {
    const [first, second] = lab.hosts;
    const { port, user, identity, config } = first!.target;
    const reached = { name: 'first', host: first!.target.host, port, user, identity, config, labels: { rack: 'r1' } };
    const inventory = join(out, 'hosts.yaml');
    // Its list of known hosts does not have the second one.
    const unreached = { ...reached, name: 'second', host: second!.target.host, port: second!.target.port };
    writeFileSync(inventory, stringify({ hosts: [reached, unreached] }));
    const plan = join(out, 'plan.yaml');
    writeFileSync(plan, job(1).plan);
    const words = ['--plan', plan, '--inventory', inventory, '--wait', '300s', '--json', '-q', '-o', out];
    const ended = await boxmark('fleet', 'run', ...words);
    expect(ended.stderr).toBe('');
    expect(ended.code).toBe(1);
    const { dir, hosts, transport: by } = JSON.parse(ended.stdout);
    expect(by).toBe('ssh');
    expect(hosts).toEqual([
      expect.objectContaining({ name: 'first', state: 'measured', footing: 'host', labels: { rack: 'r1' } }),
      expect.objectContaining({ name: 'second', state: 'refused', reason: expect.stringMatching(/no connection to/) }),
    ]);
    expect(existsSync(join(dir, hosts[0].session, 'samples.csv'))).toBe(true);
  });

  it('leaves no box on a host whose connection ends in the middle', async () => {
    const [host] = await transport.hosts();
    let blocks = 0;
    const arrival = new Arrival(out, 'cut', {
      progress: ({ block }) => {
        blocks = block;
      },
    });
    const end = transport.run(host!, job(200), (line) => arrival.line(line), new AbortController().signal);
    await eventually(() => (blocks > 1 ? blocks : undefined), 240_000);
    const [folder = ''] = nodeFolders();
    const runs = runsOf(`${folder}/`);
    expect(runs.length).toBeGreaterThan(0);
    expect(lab.hosts[0]!.dropConnections()).toBeGreaterThan(0);
    expect(await end).toMatchObject({ how: 'lost', reason: expect.stringMatching(/^the connection is gone/) });
    expect(await arrival.finish()).toMatchObject({ session: null });
    await eventually(() => (nodeFolders().includes(folder) ? undefined : true));
    expect(runs.flatMap(tracesOf)).toEqual([]);
    expect(processesNaming(digest)).toEqual([]);
  });
});
