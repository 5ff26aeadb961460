import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readFleet } from '../../bench/fleet/info.ts';
import { type Ended, sessions, start } from '../cli/program.ts';

const NOBODY = 65534;

/** Faults of a Swarm that can't be provoked here: a daemon that answers Docker's client as one would. */
let dir: string;
let server: Server | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'boxmark-test-swarm-'));
  writeFileSync(join(dir, 'plan.yaml'), 'env: native,docker\nblocks: 2\n');
});
afterEach(async () => {
  await new Promise((resolve) => (server === undefined ? resolve(null) : server.close(resolve)));
  server = undefined;
  rmSync(dir, { recursive: true, force: true });
});

interface Daemon {
  readonly swarm: object;
  readonly nodes?: readonly { readonly ID: string }[];
}

/** The daemon's API on a socket; nothing can be made with it. */
async function serve({ swarm, nodes = [] }: Daemon): Promise<void> {
  server = createServer(({ method, url = '' }, answer) => {
    const path = url.replace(/^\/v[\d.]+/, '').replace(/\?.*/, '');
    const send = (content: unknown, code = 200) => {
      answer.writeHead(code, { 'content-type': 'application/json', 'api-version': '1.41' });
      answer.end(JSON.stringify(content));
    };
    const node = nodes.find(({ ID }) => path === `/nodes/${ID}`);
    if (path === '/_ping') send('OK');
    else if (path === '/info') send({ Swarm: swarm });
    else if (path === '/nodes') send(nodes);
    else if (node !== undefined) send(node);
    else if (path.startsWith('/images/') && method === 'GET') send({ Id: 'sha256:there' });
    else send({ message: `no ${method} ${path} here` }, 500);
  });
  await new Promise<void>((resolve) => server?.listen(socket(), resolve));
}

const socket = () => join(dir, 'docker.sock');

function fleetRun(wrap: readonly string[] = []): Promise<Ended> {
  const args = ['fleet', 'run', '--plan', join(dir, 'plan.yaml'), '-o', join(dir, 'out'), '-q'];
  return start(args, [...wrap, 'env', `DOCKER_HOST=unix://${socket()}`]).ended;
}

const swarm = (state: string, control: boolean): object => ({
  ...{ NodeID: 'a', LocalNodeState: state, ControlAvailable: control, RemoteManagers: [{ Addr: '10.0.0.1:2377' }] },
});

interface Change {
  readonly os?: string;
  readonly architecture?: string;
  readonly state?: string;
  readonly availability?: string;
}

function node(id: string, { os = 'linux', architecture, state = 'ready', availability = 'active' }: Change) {
  const own = process.arch === 'x64' ? 'x86_64' : 'aarch64';
  return {
    ID: id,
    Spec: { Labels: {}, Availability: availability },
    Description: {
      ...{ Hostname: id, Platform: { Architecture: architecture ?? own, OS: os }, Engine: { Labels: {} } },
    },
    Status: { State: state },
  };
}

describe('fleet run', () => {
  it('ends with exit code 2 where no daemon answers', async () => {
    const ended = await fleetRun();
    expect([ended.code, ended.stderr]).toEqual([2, expect.stringMatching(/No Docker daemon answers: .*docker\.sock/)]);
  });

  it.each([
    ['in no Swarm', swarm('inactive', false), /is in no Swarm.*docker swarm init/s],
    ['a worker', swarm('active', false), /is a worker of its Swarm.*10\.0\.0\.1:2377/s],
  ])('ends with exit code 2 where the daemon is %s', async (_, info, message) => {
    await serve({ swarm: info });
    const ended = await fleetRun();
    expect([ended.code, ended.stderr]).toEqual([2, expect.stringMatching(message)]);
    expect(sessions(join(dir, 'out'))).toEqual([]);
  });

  it.skipIf(process.getuid?.() !== 0)('says that the socket is not for this user', async () => {
    await serve({ swarm: swarm('active', true) });
    for (const folder of [dir, join(dir, 'out'), join(dir, 'cache')]) {
      mkdirSync(folder, { recursive: true });
      chownSync(folder, NOBODY, NOBODY);
    }
    const ids = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
    const ended = await fleetRun(['setpriv', ...ids, 'env', `BOXMARK_CACHE=${join(dir, 'cache')}`]);
    expect([ended.code, ended.stderr]).toEqual([
      2,
      expect.stringMatching(/may not be used by this user.*group docker/s),
    ]);
  });

  it('names nodes of another architecture or system, and those that are down, and tries none of them', async () => {
    const other = process.arch === 'x64' ? 'aarch64' : 'x86_64';
    const nodes = [
      node('arm', { architecture: other }),
      node('down', { state: 'down' }),
      node('paused', { availability: 'pause' }),
      node('windows', { os: 'windows' }),
    ];
    await serve({ swarm: swarm('active', true), nodes });
    const ended = await fleetRun();
    expect(ended.code).toBe(1);
    const { hosts } = readFleet(sessions(join(dir, 'out'))[0] ?? '');
    expect(hosts.map(({ name, state, reason, attempts }) => [name, state, reason, attempts])).toEqual([
      ['arm', 'refused', expect.stringMatching(/^the node is \w+, and the node image is for \w+$/), 0],
      ['down', 'refused', expect.stringContaining('the node is down'), 0],
      ['paused', 'refused', expect.stringContaining('the node is on pause'), 0],
      ['windows', 'refused', expect.stringContaining('runs windows'), 0],
    ]);
  });
});
