/** What aliases stand for, where some or all of their candidates can't run. */

import { describe, expect, it } from 'vitest';
import type { Image, Probe, Runner, Workspace } from '../../bench/types.ts';
import { CONTAINERS, candidatesOf, resolveEnvironments, resolvePlanned } from '../../runners/aliases.ts';
import { RUNNERS } from '../../runners/index.ts';

const limits = { cpus: [0], housekeeping: [0], memoryBytes: 2 ** 29, pids: 64 };
const signal = new AbortController().signal;
const workspace: Workspace = { id: 'test', dir: '/nonexistent', limits, signal, note: () => {} };

/** Every layer of the registry, of which only these can run. */
function contextWhere(...there: readonly string[]) {
  const disposed: string[] = [];
  const made = { labels: [], version: '1', slowness: 1 };
  // Without settings a path takes the layer as it stands here.
  const runners = RUNNERS.map(({ settings: _, ...runner }): Runner => {
    const probe: Probe = there.includes(runner.name)
      ? { available: true, version: '1', labels: [] }
      : { available: false, reason: `no ${runner.name}`, remedy: `get ${runner.name}` };
    return {
      ...runner,
      probedByPrepare: false,
      probe: async () => probe,
      prepare: async () => ({ ...made, dispose: async () => void disposed.push(runner.name) }),
      open: async () => ({ close: async () => {} }) as Awaited<ReturnType<Runner['open']>>,
    };
  });
  return { disposed, runners, image: {} as Image, workspace, nearest: () => '', onAttempt: () => {} };
}

const pathsOf = (list: readonly { readonly path: string }[]) => list.map(({ path }) => path);

describe.each([
  ['prepared for a run', resolveEnvironments],
  ['looked at for a dry run', resolvePlanned],
])('an alias, %s', (_, resolve) => {
  it('`container` falls back to bwrap where nothing else can run, and every other candidate says why not', async () => {
    const { planned, refused, passedOver } = await resolve(['native', 'container'], contextWhere('native', 'bwrap'));
    expect(planned).toEqual([{ path: 'native' }, { path: 'bwrap', alias: 'container' }]);
    expect(refused).toEqual([]);
    expect(pathsOf(passedOver)).toEqual(['docker', 'podman', 'runc', 'unshare']);
    expect(passedOver[0]).toMatchObject({ alias: 'container', reason: 'no docker', remedy: 'get docker' });
  });

  it('`nested` is refused with reasons where `container` is one that nests nowhere', async () => {
    const { planned, refused } = await resolve(['container', 'nested'], contextWhere('bwrap'));
    expect(pathsOf(planned)).toEqual(['bwrap']);
    expect(pathsOf(refused)).toEqual(['docker/docker', 'runc/runc', 'unshare/unshare']);
    for (const { alias, reason } of refused) expect([alias, reason]).toEqual(['nested', expect.stringMatching(/^no /)]);
  });

  it('that nothing can stand for is refused with the reason of each candidate', async () => {
    const { planned, refused, passedOver } = await resolve(['container'], contextWhere());
    expect(planned).toEqual([]);
    expect(pathsOf(refused)).toEqual(CONTAINERS);
    expect(passedOver).toEqual([]);
  });
});

it('`nested` begins with the engine of `container`, and has a candidate whatever that is', async () => {
  expect(await candidatesOf('nested', 'runc', workspace)).toEqual(['runc/runc', 'unshare/unshare']);
  for (const container of [undefined, ...CONTAINERS]) {
    expect(await candidatesOf('nested', container, workspace)).not.toEqual([]);
  }
});

it('what is prepared already is removed again when an interrupt comes before the rest is', async () => {
  const controller = new AbortController();
  const context = contextWhere('native', 'docker', 'unshare');
  const interrupted = {
    ...context,
    workspace: { ...workspace, signal: controller.signal },
    onAttempt: (path: string) => {
      if (path === 'docker') controller.abort(new Error('interrupted'));
    },
  };
  await expect(resolveEnvironments(['native', 'docker', 'unshare'], interrupted)).rejects.toThrow('interrupted');
  expect(context.disposed).toEqual(['docker', 'native']);
});
