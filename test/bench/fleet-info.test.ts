import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  assertPlainFleet,
  type FleetHost,
  type FleetInfo,
  hostName,
  readFleet,
  writeFleet,
} from '../../bench/fleet/info.ts';
import { digestOfText, jobFiles, readJob } from '../../bench/fleet/job.ts';
import { FleetRecord } from '../../cli/fleet/record.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'boxmark-test-fleet-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const HOST: FleetHost = {
  ...{
    name: 'node1',
    address: 'abc',
    labels: { kind: 'worker' },
    architecture: 'x64',
    state: 'measured',
    reason: null,
  },
  ...{ footing: 'host', footingReason: null, session: 'hosts/node1/20261129T234114Z-7b461e', seal: 'a'.repeat(64) },
  ...{ attempts: 1, startedAt: '2026-11-29T23:41:14.000Z', endedAt: null, lastSeenAt: null },
};
const FLEET: FleetInfo = {
  ...{
    schema: 1,
    fleet: 'fleet-1',
    program: '0.1.0',
    command: 'boxmark fleet run',
    startedAt: '2026-11-29T23:41:09.000Z',
  },
  ...{ finishedAt: null, transport: 'swarm', parallel: 1, image: null, planDigest: 'b'.repeat(64), hosts: [HOST] },
};

describe('fleet.json', () => {
  it('is read as it was written', () => {
    writeFleet(dir, FLEET);
    expect(readFleet(dir)).toEqual(FLEET);
  });

  it.each([
    ['a session elsewhere', { session: '../../etc/20261129T234114Z-7b461e' }, 'hosts.0.session'],
    ['a name that is a path', { name: '../node1' }, 'hosts.0.name'],
    ['a state that there is not', { state: 'done' as 'lost' }, 'hosts.0.state'],
    ['no time', { lastSeenAt: 'now' }, 'hosts.0.lastSeenAt'],
    ['a very long reason', { reason: 'x'.repeat(3000) }, 'hosts.0.reason'],
  ])('with %s is refused, and the field named', (_, change, field) => {
    writeFleet(dir, { ...FLEET, hosts: [{ ...HOST, ...change }] });
    expect(() => readFleet(dir)).toThrow(field);
  });

  it('that is missing, no JSON or a link is refused', () => {
    expect(() => readFleet(join(dir, 'nowhere'))).toThrow('There is no fleet here');
    writeFileSync(join(dir, 'fleet.json'), '{');
    expect(() => readFleet(dir)).toThrow('There is no fleet here');
    mkdirSync(join(dir, 'linked'));
    symlinkSync('/etc/passwd', join(dir, 'linked', 'fleet.json'));
    expect(() => readFleet(join(dir, 'linked'))).toThrow('There is no fleet here');
  });
});

describe('the folder of a fleet', () => {
  it.each(['hosts', 'hosts/node1', 'hosts/node1/session'])('with a link in place of %s is refused', (place) => {
    const path = join(dir, place);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync('/tmp', path);
    expect(() => assertPlainFleet(dir)).toThrow(path);
  });

  it('of files and folders is taken, whole or not yet there', () => {
    assertPlainFleet(join(dir, 'nowhere'));
    mkdirSync(join(dir, 'hosts', 'node1', 'session'), { recursive: true });
    writeFleet(dir, FLEET);
    assertPlainFleet(dir);
  });
});

describe('what a host says of itself', () => {
  it('is written only as a reader takes it', () => {
    const record = new FleetRecord(dir, FLEET);
    const said = { architecture: 'x'.repeat(99), startedAt: 'x', endedAt: '2026-11-29T23:50:00.000Z' };
    record.change('node1', { ...said, seal: 'b'.repeat(64) });
    record.finish(null);
    const [host] = readFleet(dir).hosts;
    expect(host).toEqual({ ...HOST, endedAt: said.endedAt, seal: 'b'.repeat(64) });
  });
});

describe('the name of a host’s folder', () => {
  it.each([
    ['node1', 'node1'],
    ['user@host.example', 'user-host.example'],
    ['../../etc', 'etc'],
    ['\u001b[31m', '31m'],
    ['', 'host'],
    ['x'.repeat(300), 'x'.repeat(56)],
  ])('%j is %s', (wanted, name) => expect(hostName(wanted, new Set())).toBe(name));

  it('is not that of another', () => {
    expect(hostName('node', new Set(['node', 'node-2']))).toBe('node-3');
  });
});

describe('a job', () => {
  const plan = 'env: native\n';
  const job = { fleet: 'fleet-1', planDigest: digestOfText(plan), flags: ['--wait', '60s'], plan };

  function write(files: Readonly<Record<string, string>>): string {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), content);
    return dir;
  }

  it('is read as it was written', () => expect(readJob(write(jobFiles(job)))).toEqual(job));

  it('with another plan than it names is refused', () => {
    write({ ...jobFiles(job), 'plan.yaml': 'env: docker\n' });
    expect(() => readJob(dir)).toThrow('not the one that the job names');
  });

  it('that is damaged or missing is refused', () => {
    expect(() => readJob(dir)).toThrow('There is no job here');
    write({ ...jobFiles(job), 'job.json': '{"schema":1}' });
    expect(() => readJob(dir)).toThrow('The job is damaged: fleet');
  });
});
