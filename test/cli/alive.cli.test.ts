/** Signs of life of real runs: `watch`, `check --nagios`, hooks, and a host without room. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Ended, eventually, type Running, rehearse, rehearseWith, sessions } from './program.ts';
import { writeSession } from './stored-session.ts';

const LONG = ['run', '-e', 'native', '--blocks', '500', '--rounds', '10', '-w', 'fft', '-q'];
const SHORT = ['run', '-e', 'native', '--blocks', '2', '--rounds', '2', '-w', 'fft', '-q'];

let out: string;
let running: Running | undefined;
beforeEach(() => {
  out = mkdtempSync('/var/tmp/boxmark-test-out-');
});
afterEach(async () => {
  if (running !== undefined) {
    running.child.kill('SIGKILL');
    await running.ended;
    await rehearse('clean');
    running = undefined;
  }
  rmSync(out, { recursive: true, force: true });
});

const nagios = (...more: string[]) => rehearse('check', out, '--nagios', ...more);

it('a run is alive until it is killed, then gone, and whole once it is resumed', async () => {
  running = rehearseWith('boxmark-test-alive', ...LONG, '-o', out);
  const dir = await eventually(() => sessions(out).find((path) => existsSync(join(path, 'heartbeat.json'))));
  const watched = await rehearse('watch', out, '--json');
  expect(JSON.parse(watched.stdout).sessions).toMatchObject([{ dir, state: 'running', maxBlocks: 500 }]);
  expect(watched.code).toBe(0);
  expect(await nagios()).toMatchObject({ code: 0, stdout: expect.stringMatching(/^BOXMARK OK - .*last sign of life/) });
  const blocks = () => Number(JSON.parse(readFileSync(join(dir, 'session.json'), 'utf8')).blocksCompleted);
  await eventually(() => blocks() || undefined);
  running.child.kill('SIGKILL');
  await running.ended;
  const gone = await rehearse('watch', out, '--once');
  expect(gone.code).toBe(1);
  expect(gone.stdout).toMatch(/^! \S+ {2}gone .*its process ended/);
  expect(await nagios()).toMatchObject({ code: 2, stdout: expect.stringMatching(/^BOXMARK CRITICAL - .* gone/) });
  const resumed = await rehearse('resume', dir, '--max-blocks', `${blocks() + 1}`, '-q');
  expect([resumed.code, resumed.stderr]).toEqual([0, '']);
  expect(existsSync(join(dir, 'heartbeat.json'))).toBe(false);
  expect(await nagios('--max-age', '1h')).toMatchObject({ code: 0 });
});

it('a monitoring plug-in hears of old sessions, interrupted ones, changed ones, and of none', async () => {
  expect(await nagios()).toMatchObject({ code: 3, stdout: expect.stringMatching(/^BOXMARK UNKNOWN - /) });
  const ended = { finishedAt: '2026-11-23T17:03:00.000Z' };
  writeSession({ out, name: '20261123T170000Z-000001', info: { ...ended, stopReason: 'interrupted' } });
  expect((await nagios()).code).toBe(1);
  writeSession({ out, name: '20261123T170000Z-000002', info: ended });
  expect(await nagios()).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/samples whole \| age=\d+s blocks=6 /),
  });
  const old = await nagios('--max-age', '26h');
  expect(old).toMatchObject({ code: 2, stdout: expect.stringContaining('no activity since 2026-11-23T17:03:00Z') });
  rmSync(join(out, '20261123T170000Z-000002', 'starts.csv'));
  expect(await nagios()).toMatchObject({ code: 2, stdout: expect.stringContaining('starts.csv: is missing') });
});

describe('hooks', () => {
  let server: Server;
  let letters: { session: string; text: string; events: { kind: string }[] }[];
  /** Answers to the first requests. */
  let refusals: number;
  beforeEach(async () => {
    letters = [];
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (text) => {
        body += text;
      });
      request.on('end', () => {
        refusals -= 1;
        if (refusals < 0) letters.push(JSON.parse(body));
        response.writeHead(refusals < 0 ? 200 : 500).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => {
    server.close();
  });
  const kinds = () => letters.flatMap(({ events }) => events.map(({ kind }) => kind));
  const run = (...more: string[]): Promise<Ended> => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-path`;
    return rehearse(...SHORT, '-o', out, '--webhook', url, ...more);
  };

  it('hear of the start, the problems and the end, once each, also after refusals', async () => {
    refusals = 2;
    const { code, stderr } = await run();
    expect([code, stderr]).toEqual([0, '']);
    expect(kinds()[0]).toBe('started');
    expect(kinds().at(-1)).toBe('ended');
    expect(kinds().filter((kind) => kind === 'started')).toHaveLength(1);
    expect(letters[0]?.text).toMatch(/^Boxmark session \S+ on \S+: started/);
  });

  it('that take nothing cost the session nothing, and are named without their path', async () => {
    refusals = 1000;
    const { code, stderr } = await run();
    expect(code).toBe(0);
    expect(stderr).toMatch(/^boxmark: \d+ events were not delivered to 127\.0\.0\.1:\d+: HTTP 500\n$/);
    expect(readFileSync(join(sessions(out)[0] ?? '', 'session.json'), 'utf8')).not.toContain('secret-path');
  });

  it('can be a command, which gets the same JSON and the kinds of events', async () => {
    refusals = 0;
    const file = join(out, 'heard');
    const parent = join(out, 'results');
    const { code } = await rehearse(...SHORT, '-o', parent, '--on-event', `(echo "$BOXMARK_EVENTS"; cat) >>${file}`);
    expect(code).toBe(0);
    const [kindsOfFirst = '', json = ''] = readFileSync(file, 'utf8').split('\n');
    expect(kindsOfFirst).toMatch(/^started/);
    expect(JSON.parse(json)).toMatchObject({ schema: 1, dir: sessions(parent)[0] });
    expect(readFileSync(join(sessions(parent)[0] ?? '', 'session.json'), 'utf8')).not.toContain('BOXMARK_EVENTS');
  });

  it('of another scheme are refused', async () => {
    const { code, stderr } = await rehearse(...SHORT, '-o', out, '--webhook', 'file:///etc/passwd');
    expect(code).toBe(2);
    expect(stderr).toContain('http:// or https://');
  });
});
