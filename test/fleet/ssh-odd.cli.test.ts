/** Hosts over ssh that are not as one would like: an ordinary user whose shell greets, little room, no room. */

import { chmodSync, chownSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job } from '../../bench/fleet/job.ts';
import { sshTransport } from '../../fleet/ssh/transport.ts';
import type { Transport } from '../../fleet/transport.ts';
import { processesNaming } from '../leftovers.ts';
import { whyNoServer } from '../runners/ssh-server.ts';
import { removeKit } from './kits.ts';
import { startHosts, type TestHosts } from './ssh-hosts.ts';
import { type StandIn, standInKit } from './stand-in-kit.ts';

const TIMEOUT_MS = 240_000;
const missing = whyNoServer();
/** Nobody's. */
const UID = 64_123;
const USERS_KITS = `/var/tmp/boxmark-kits-${UID}`;

let home: string;
let lab: TestHosts;
let kit: StandIn;
let transport: Transport;

beforeAll(async () => {
  if (missing !== undefined) return;
  home = mkdtempSync(join(tmpdir(), 'boxmark-test-home-'));
  chmodSync(home, 0o755);
  chownSync(home, UID, UID);
  const entry = (name: string, shell: string) => `${name}:x:${UID}:${UID}::${home}:${shell}\n`;
  const users = readFileSync('/etc/passwd', 'utf8') + entry('greeted', '/bin/bash') + entry('barred', '/bin/false');
  writeFileSync(join(home, 'passwd'), users);
  // Also without a line end, so that what follows would stand on the same line.
  writeFileSync(
    join(home, '.bashrc'),
    'echo "{\\"boxmark\\":\\"note\\",\\"text\\":\\"hello\\"}"; printf "Have a lot of fun"\n',
  );
  const before = `mount --bind ${join(home, 'passwd')} /etc/passwd`;
  const small = 'mount -t tmpfs -o size=1m,mode=1777 none /var/tmp';
  lab = await startHosts([{ user: 'greeted', before }, { user: 'barred', before }, { before: small }]);
  kit = standInKit(2 << 20);
  transport = await sshTransport({ hosts: lab.hosts, kit });
}, TIMEOUT_MS);

afterAll(async () => {
  await transport?.close();
  await lab?.stop();
  if (kit !== undefined) removeKit(kit.digest);
  kit?.remove();
  rmSync(USERS_KITS, { recursive: true, force: true });
  if (home !== undefined) rmSync(home, { recursive: true, force: true });
}, TIMEOUT_MS);

const job: Job = { fleet: 'test', planDigest: '0'.repeat(64), flags: ['say-x'], plan: 'env: native\n' };

async function run(index: number) {
  const lines: string[] = [];
  const { name, address, labels } = lab.hosts[index]!;
  const host = { name, address, labels, architecture: null, refused: null };
  const end = await transport.run(host, job, (line) => lines.push(line), new AbortController().signal);
  return { end, lines: lines.filter((line) => line !== '') };
}

describe.skipIf(missing !== undefined)('hosts over ssh that are odd', { timeout: TIMEOUT_MS }, () => {
  it('are refused with the reason when no command runs or there is little room; the others are found', async () => {
    const found = await transport.hosts();
    expect(found.map(({ refused }) => refused)).toEqual([
      null,
      expect.stringMatching(/^The host runs no commands: .*login shell/s),
      expect.stringMatching(/^\/var\/tmp has \d MiB free, and a job needs 1 GiB$/),
    ]);
  });

  it('measure as an ordinary user, from a cache of that user, whatever the login shell prints', async () => {
    const { end, lines } = await run(0);
    expect(end).toEqual({ how: 'ended', exitCode: 3 });
    expect(lines.map((line) => line.slice(0, 4))).toEqual(['job ', 'two ', 'oops']);
    const { uid, mode } = lstatSync(USERS_KITS);
    expect([uid, mode & 0o777]).toEqual([UID, 0o700]);
  });

  it('do not use a cache that somebody else made for them', async () => {
    rmSync(USERS_KITS, { recursive: true });
    mkdirSync(USERS_KITS, { mode: 0o700 });
    expect((await run(0)).end).toEqual({ how: 'ended', exitCode: 3 });
  });

  it('refuse a job that has no room, and keep nothing of it', async () => {
    expect((await run(2)).end).toEqual({
      how: 'refused',
      reason: expect.stringMatching(/^The kit can not be sent: .*; \/var\/tmp is full/s),
    });
    expect((await run(1)).end).toMatchObject({ how: 'refused' });
    expect(processesNaming('/var/tmp/boxmark-node-')).toEqual([]);
  });
});
