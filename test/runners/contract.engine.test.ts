/** What every runner promises, looped over the registry with the real engines: it starts, answers, is measured, and leaves nothing. */

import { mkdtempSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Environment } from '../../bench/types.ts';
import { RUNNERS } from '../../runners/index.ts';
import { boxmark, eventually, start, workspaceOf } from '../cli/program.ts';
import { converse, type Lab, openLab, type Talk } from '../lab.ts';
import { leftoversOf } from '../leftovers.ts';

/** Layers that need no further word, and ways of running them that are engines of their own. */
const BOXES = RUNNERS.filter(({ transparent, settings }) => !transparent && !settings?.known.some((it) => it.required));
const PATHS = [...BOXES.map(({ name }) => name), 'podman:rootless=yes', 'podman:runtime=crun', 'docker:runsc'];
const NESTED = ['runc/runc', 'unshare/runc', 'docker/runc', 'crun/bwrap'];

let lab: Lab;
/** Environments that can run and are no emulation, for the last test. */
const quick = new Set<string>();

beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.dispose());

/** No way to write but /tmp, no capabilities, the measured CPUs alone, no link and no variables of the host's. */
async function expectShut({ ask }: Talk): Promise<void> {
  expect(await ask('write:/tmp/written')).toBe('written');
  expect(await ask('write:/written')).not.toBe('written');
  const status = String(await ask('/proc/self/status'));
  const field = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1];
  expect([field('CapEff'), field('NoNewPrivs')]).toEqual(['0000000000000000', '1']);
  expect(field('Cpus_allowed_list')).toBe(lab.workspace.limits.cpus.join(','));
  expect(String(await ask('/proc/self/net/dev'))).not.toMatch(/^\s*(eth|en|wl)\w+:/m);
  const env = (await ask('env')) as Record<string, string>;
  expect(env).toMatchObject({ PATH: '/usr/bin:/bin', HOME: '/' });
  const allowed = ['PATH', 'HOME', 'PWD', 'HOSTNAME', 'container'];
  expect(Object.keys(env).filter((name) => !allowed.includes(name))).toEqual([]);
}

describe.each([...PATHS, ...NESTED])('%s', (path) => {
  let environment: Environment | string;
  beforeAll(async () => {
    environment = await lab.prepare(path);
    const isBox = BOXES.some(({ name, kind }) => path.split(':')[0] === name && kind !== 'vm');
    if (typeof environment !== 'string' && isBox) quick.add(path);
  });
  afterAll(async () => {
    if (typeof environment !== 'string') await environment.dispose();
    expect(await lab.remains()).toEqual([]);
  });

  it('starts isolated, answers, is measured and ends', async (ctx) => {
    if (typeof environment === 'string') return ctx.skip(environment);
    const talk = await converse(environment, 'b1-success');
    try {
      expect(talk.facts.argv).toEqual([expect.stringContaining('b1-success')]);
      expect(await talk.ask('/proc/self/stat')).toMatch(/^\d+ \(/);
      const before = talk.started.cpuNs?.();
      expect(await talk.ask('burn')).toBe('burnt');
      const after = talk.started.cpuNs?.();
      if (before !== undefined && after !== undefined) expect(after).toBeGreaterThan(before);
      else expect(environment.cpuClock).toBe('guest');
      expect(environment.cpuClock === 'host').toBe(!environment.sharesClock);
      if (environment.sharesClock && path !== 'native') await expectShut(talk);
      talk.started.process.write('quit');
      expect((await talk.started.process.exited).exitCode).not.toBeNull();
    } finally {
      await talk.started.close();
    }
    expect(await lab.remains(/b1-success/)).toEqual([]);
  });

  it('leaves nothing when the payload fails, and when it is killed because it takes too long', async (ctx) => {
    if (typeof environment === 'string') return ctx.skip(environment);
    if (environment.slowness > 2)
      return ctx.skip('emulated: three more boots take too long, and its own tests have them');
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
    expect(await lab.remains(/b1-(fails|late|closed)/)).toEqual([]);
  });
});

it.skipIf(process.getuid?.() !== 0)(
  'all of it goes with boxmark clean when the program is killed in the middle of a run',
  async (ctx) => {
    const paths = [...quick].filter((path) => path !== 'native' && !path.includes('runtime='));
    if (paths.length === 0) return ctx.skip('nothing but native can run');
    const out = mkdtempSync('/var/tmp/boxmark-test-out-');
    const tiny = ['--size', 'tiny', '--burst', '1ms', '-w', 'fft', '-q', '--blocks', '1', '--rounds', '20000'];
    const running = start(['run', '-e', ['native', ...paths].join(','), ...tiny, '-o', out]);
    try {
      const id = await eventually(() => workspaceOf(running.child.pid)?.slice(-8));
      const left = () => leftoversOf(id);
      // The last of the order is not known; each has a process that bears its name once it is there.
      const names = paths.map((path) => new RegExp(`b1-${path.replace(/[^a-z0-9]+/gi, '-')}(?![\\w-])`));
      const allThere = () => {
        const lines = left();
        return names.every((name) => lines.some((line) => name.test(line)));
      };
      await eventually(() => (allThere() ? true : undefined), 240_000);
      running.child.kill('SIGKILL');
      await running.ended;
      expect(left().length).toBeGreaterThanOrEqual(paths.length);
      const cleaned = await boxmark('clean');
      expect(cleaned.code).toBe(0);
      expect(left()).toEqual([]);
    } finally {
      running.child.kill('SIGINT');
      await running.ended;
      rmSync(out, { recursive: true, force: true });
    }
  },
  360_000,
);
