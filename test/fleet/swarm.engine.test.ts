import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FleetInfo, readFleet } from '../../bench/fleet/info.ts';
import { boxmark, type Ended, eventually, type Running, sessions, start } from '../cli/program.ts';
import { SwarmLab } from './swarm-lab.ts';

const LIMIT_MS = 300_000;
const isRoot = process.getuid?.() === 0;
const PLAN = 'env: native,docker\nworkload: fft\nsize: tiny\nblocks: 2\nrounds: 4\nburst: 2ms\n';
/** Long enough to be interrupted. */
const LONG = PLAN.replace('blocks: 2', 'blocks: 40');

let lab: SwarmLab;
let folder: string;
let plan: string;
let long: string;

function asked(node: number, ...args: string[]): Running {
  return start(args, ['env', `DOCKER_HOST=${lab.host(node)}`]);
}

const fleetOf = (out: string): FleetInfo => readFleet(sessions(out)[0] ?? '');
/** Hosts whose baseline is no process of the host, and why. */
const lessThanHosts = (out: string) =>
  fleetOf(out).hosts.flatMap(({ name, footing, footingReason }) =>
    footing === 'container' ? [`${name}: ${footingReason}`] : [],
  );
const statesOf = (out: string) => Object.fromEntries(fleetOf(out).hosts.map(({ name, state }) => [name, state]));

/** What the fleet has left on the nodes and with the manager, once what is just ending has had time for it. */
async function remains(): Promise<string[]> {
  for (let tries = 0; ; tries++) {
    const left = [
      ...[1, 2, 3].flatMap((node) => lab.containers(node)),
      ...[
        ['service', 'ls', '-q'],
        ['config', 'ls', '-q'],
      ].map((words) => lab.docker(1, ...words).stdout.trim()),
    ].filter((line) => line !== '');
    if (left.length === 0 || tries === 60) return left;
    await sleep(500);
  }
}

describe.skipIf(!isRoot)('a fleet on a Docker Swarm', { timeout: LIMIT_MS }, () => {
  beforeAll(async () => {
    folder = mkdtempSync('/var/tmp/boxmark-test-fleet-');
    [plan, long] = [join(folder, 'plan.yaml'), join(folder, 'long.yaml')];
    writeFileSync(plan, PLAN);
    writeFileSync(long, LONG);
    const image = join(folder, 'node.tar');
    const made = await boxmark('fleet', 'image', image);
    expect(made.stderr).toBe('');
    lab = await SwarmLab.open(3, image);
  }, LIMIT_MS);
  afterAll(async () => {
    await lab?.close();
    rmSync(folder, { recursive: true, force: true });
  }, LIMIT_MS);

  it('measures on every node that can, says which can not, and takes those up again', async () => {
    const out = join(folder, 'drained');
    lab.docker(1, 'node', 'update', '--availability', 'drain', 'node2');
    const first = await asked(1, 'fleet', 'run', '--plan', plan, '--at-once', '-o', out).ended;
    expect(first.stdout).toContain('2 of 3 hosts measured.');
    expect(first.stdout).toMatch(/^node2: refused: the node is drained/m);
    expect(first.code).toBe(1);
    expect(statesOf(out)).toEqual({ node1: 'measured', node2: 'refused', node3: 'measured' });
    await expectWhole(out);

    lab.docker(1, 'node', 'update', '--availability', 'active', 'node2');
    const [dir = ''] = sessions(out);
    const other = await asked(1, 'fleet', 'resume', dir, '--plan', long).ended;
    expect([other.code, other.stderr]).toEqual([
      2,
      expect.stringContaining('not the plan that the fleet has measured'),
    ]);
    const before = fleetOf(out).hosts.filter(({ name }) => name !== 'node2');
    const again = await asked(1, 'fleet', 'resume', dir, '--plan', plan, '--json').ended;
    expect(again.code).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({ schema: 1, dir, hosts: [{}, { state: 'measured' }, {}] });
    expect(fleetOf(out).hosts.filter(({ name }) => name !== 'node2')).toEqual(before);
    await expectWhole(out);
    expect(await remains()).toEqual([]);
  });

  it('keeps what others measured when a daemon is killed, and its boxes end', async () => {
    const out = join(folder, 'killed');
    const running = asked(1, 'fleet', 'run', '--plan', long, '--nodes', `boxmark.socket=${socketOf(3)}`, '-o', out);
    await measuring(running, out, 'node3');
    lab.kill(3);
    const ended = await running.ended;
    expect(ended.stdout).toMatch(/^node3: lost: the node is down/m);
    expect([ended.code, statesOf(out)]).toEqual([1, { node3: 'lost' }]);
    await lab.start(3);
    const left = await eventually(() => (runningOn(3).length === 0 ? [] : undefined));
    expect(left).toEqual([]);
    const next = await asked(
      1,
      'fleet',
      'run',
      '--plan',
      plan,
      '--nodes',
      `boxmark.socket=${socketOf(3)}`,
      '-o',
      join(folder, 'next'),
    ).ended;
    expect([next.stdout, next.code]).toEqual([expect.stringContaining('1 of 1 host measured.'), 0]);
    expect([...lessThanHosts(out), ...lessThanHosts(join(folder, 'next'))]).toEqual([]);
    for (const name of lab.containers(3)) lab.docker(3, 'rm', '-f', name.split(' ')[0] ?? '');
  });

  it('ends on every node when it is interrupted, and leaves nothing there', async () => {
    const out = join(folder, 'interrupted');
    const running = asked(1, 'fleet', 'run', '--plan', long, '--parallel', '3', '-o', out);
    await measuring(running, out, 'node1');
    running.child.kill('SIGINT');
    const ended = await running.ended;
    expect(ended.code).toBe(130);
    expect(lessThanHosts(out)).toEqual([]);
    expect(ended.stderr).toMatch(/interrupted; .* To resume: boxmark fleet resume /);
    expect(await remains()).toEqual([]);
  });

  it('refuses where it can not work, and says why', async () => {
    const worker = await asked(2, 'fleet', 'run', '--plan', plan, '-o', folder).ended;
    expect([worker.code, worker.stderr]).toEqual([2, expect.stringMatching(/worker of its Swarm.*10\.99\.0\.1:2377/s)]);
    const none = await asked(1, 'fleet', 'run', '--plan', plan, '--nodes', 'kind=none', '-o', folder).ended;
    expect([none.code, none.stderr]).toEqual([
      2,
      expect.stringMatching(/No node of the Swarm has these labels.*node1, node2, node3/s),
    ]);
    lab.docker(2, 'image', 'rm', '--force', imageId());
    const out = join(folder, 'changed');
    const changed = await asked(
      1,
      'fleet',
      'run',
      '--plan',
      plan,
      '--nodes',
      `boxmark.socket=${socketOf(2)}`,
      '-o',
      out,
    ).ended;
    expect([changed.code, changed.stdout]).toEqual([
      1,
      expect.stringMatching(/^node2: refused: .*boxmark fleet image FILE/m),
    ]);
    expect(await remains()).toEqual([]);
  });
});

function socketOf(node: number): string {
  return lab.host(node).slice('unix://'.length);
}

function imageId(): string {
  return lab.docker(2, 'images', '-q', '--no-trunc', 'boxmark-node').stdout.trim();
}

function runningOn(node: number): string[] {
  return lab.containers(node).filter((line) => / Up /.test(line));
}

/** Until the node has begun its first block. */
async function measuring(running: Running, out: string, host: string): Promise<void> {
  const gone = running.ended.then((ended: Ended) => {
    throw new Error(`it ended: ${ended.stderr}`);
  });
  const seen = eventually(() => {
    const [dir = ''] = sessions(out);
    const file = join(dir, 'fleet.json');
    const text = dir !== '' && existsSync(file) ? readFileSync(file, 'utf8') : '';
    return (JSON.parse(text || '{"hosts":[]}') as FleetInfo).hosts.some(
      ({ name, footing }) => name === host && footing !== null,
    )
      ? true
      : undefined;
  }, 120_000);
  await Promise.race([seen, gone]);
  await sleep(3000);
}

/** Every session that came back, in its own folder. */
async function expectWhole(out: string): Promise<void> {
  const [dir = ''] = sessions(out);
  for (const { session, seal, footing, footingReason } of fleetOf(out).hosts) {
    if (session === null) continue;
    expect([footing, footingReason]).toEqual(['host', null]);
    const checked = await boxmark('check', join(dir, session), '--seal', seal ?? '');
    expect([checked.code, checked.stdout]).toEqual([0, expect.stringContaining('whole and unchanged')]);
  }
}
