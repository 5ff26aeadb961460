/** What every runner promises, looped over the registry with the real engines: it starts, answers, is measured, and leaves nothing. */

import { mkdtempSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Environment } from '../../bench/types.ts';
import { RUNNERS } from '../../runners/index.ts';
import { boxmark, eventually, sessions, start, workspaceOf } from '../cli/program.ts';
import { readRows } from './rows.ts';
import { converse, leftoversOf, openStackLab, type StackLab } from './stack-fixture.ts';

/** Layers that need no further word, and ways of running them that are engines of their own. */
const BOXES = RUNNERS.filter(({ transparent, settings }) => !transparent && !settings?.known.some((it) => it.required));
const PATHS = [...BOXES.map(({ name }) => name), 'podman:rootless=yes', 'podman:runtime=crun', 'docker:runsc'];
const NESTED = ['runc/runc', 'crun/unshare', 'unshare/runc', 'unshare/bwrap', 'docker/runc'];

let lab: StackLab;
/** Environments that can run and are no emulation, for the last test. */
const quick = new Set<string>();

beforeAll(async () => {
  lab = await openStackLab();
});
afterAll(() => lab.dispose());

/** Shells that the container engines need are in a box only when it holds another. */
const isShut = (path: string) => path !== 'native';

describe.each([...PATHS, ...NESTED])('%s', (path) => {
  let environment: Environment | string;
  beforeAll(async () => {
    environment = await lab.prepare(path);
    if (typeof environment !== 'string' && environment.slowness <= 2 && !path.includes('/')) quick.add(path);
  });
  afterAll(async () => {
    if (typeof environment !== 'string') await environment.dispose();
    expect(lab.leftovers()).toEqual([]);
  });

  it('starts, answers, is measured and ends', async (ctx) => {
    if (typeof environment === 'string') return ctx.skip(environment);
    const talk = await converse(environment, 'b1-success');
    try {
      expect(talk.hello.argv).toEqual([expect.stringContaining('b1-success')]);
      expect(await talk.ask('/proc/self/stat')).toMatch(/^\d+ \(/);
      const before = talk.started.cpuNs?.();
      expect(await talk.ask('burn')).toBeNull();
      const after = talk.started.cpuNs?.();
      if (before !== undefined && after !== undefined) expect(after).toBeGreaterThan(before);
      else expect(environment.cpuClock).toBe('guest');
      expect(environment.cpuClock === 'host').toBe(!environment.sharesClock);
      talk.started.process.write('quit');
      expect((await talk.started.process.exited).exitCode).not.toBeNull();
    } finally {
      await talk.started.close();
    }
    expect(lab.leftovers().filter((line) => line.includes('b1-success'))).toEqual([]);
  });

  it('shuts the payload in: no way to write but /tmp, no network, no capabilities', async (ctx) => {
    if (typeof environment === 'string') return ctx.skip(environment);
    if (!isShut(path) || RUNNERS.some(({ name, kind }) => name === path && kind === 'vm')) return;
    const talk = await converse(environment, 'b1-shut');
    try {
      expect(await talk.ask('write:/tmp/written')).toBe('written');
      expect(await talk.ask('write:/written')).not.toBe('written');
      if (environment.sharesClock) {
        const status = String(await talk.ask('/proc/self/status'));
        expect(/^CapEff:\s*(\S+)/m.exec(status)?.[1]).toBe('0000000000000000');
        expect(/^NoNewPrivs:\s*(\S+)/m.exec(status)?.[1]).toBe('1');
        expect(/^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1]).toBe(lab.workspace.limits.cpus.join(','));
        const links = String(await talk.ask('/proc/self/net/dev'));
        expect(
          links
            .split('\n')
            .slice(2)
            .map((line) => line.split(':')[0]?.trim())
            .filter((name) => /^(eth|en|wl)/.test(name ?? '')),
        ).toEqual([]);
        const env = (await talk.ask('env')) as Record<string, string>;
        expect(env).toMatchObject({ PATH: '/usr/bin:/bin', HOME: '/' });
        expect(
          Object.keys(env).filter((name) => !['PATH', 'HOME', 'PWD', 'HOSTNAME', 'container'].includes(name)),
        ).toEqual([]);
      }
    } finally {
      await talk.started.close();
    }
  });

  it('leaves nothing when the payload fails, and when it is killed because it takes too long', async (ctx) => {
    if (typeof environment === 'string') return ctx.skip(environment);
    const failing = await converse(environment, 'b1-fails');
    failing.started.process.write('fail');
    await failing.started.process.exited;
    await failing.started.close();
    const late = await converse(environment, 'b1-late');
    late.started.process.kill();
    await late.started.process.exited;
    await late.started.close();
    await late.started.close();
    const shut = await converse(environment, 'b1-closed');
    await shut.started.close();
    await shut.started.process.exited;
    const left = lab.leftovers().filter((line) => /b1-(fails|late|closed)/.test(line));
    expect(left).toEqual([]);
  });
});

it.skipIf(process.getuid?.() !== 0)(
  'all of it goes with boxmark clean when the program is killed in the middle of a run',
  async () => {
    const out = mkdtempSync('/var/tmp/boxmark-test-out-');
    try {
      const paths = [...quick].filter((path) => path !== 'native');
      const envs = ['native', ...paths].join(',');
      const tiny = ['--size', 'tiny', '--burst', '1ms', '-w', 'fft', '-q', '--blocks', '1', '--rounds', '20000'];
      const running = start(['run', '-e', envs, ...tiny, '-o', out]);
      // Every environment is resident from the first measured round on.
      const rows = () => new Set(sessions(out).flatMap((dir) => readRows(dir, 'samples.csv').map(({ env }) => env)));
      await eventually(() => (paths.every((path) => rows().has(path)) ? true : undefined), 150_000);
      const id = (workspaceOf(running.child.pid) ?? '').slice(-8);
      expect(id).toMatch(/^[0-9a-f]{8}$/);
      running.child.kill('SIGKILL');
      await running.ended;
      expect(leftoversOf(id, `/var/tmp/boxmark-${id}`)).not.toEqual([]);
      const cleaned = await boxmark('clean');
      expect(cleaned.stderr).not.toContain('could not');
      expect(leftoversOf(id, `/var/tmp/boxmark-${id}`)).toEqual([]);
    } finally {
      rmSync(out, { recursive: true, force: true });
    }
  },
  240_000,
);
