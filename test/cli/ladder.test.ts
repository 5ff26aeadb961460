import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { Runner } from '../../bench/types.ts';
import { candidatesFor, ladderFor, standing } from '../../cli/ladder.ts';
import { RUNNERS } from '../../runners/index.ts';
import { defineSettings, harmless } from '../../runners/stack/settings.ts';

const nearest = () => '';

/** The real runner `docker`, with settings and parts of which one is not among them. */
function engine(): Runner {
  const docker = RUNNERS.find(({ name }) => name === 'docker') as Runner;
  const self: Runner = {
    ...docker,
    settings: defineSettings({
      layer: 'docker',
      schema: z.strictObject({
        seccomp: z.string().optional(),
        network: z.string().optional(),
        storage: z.string().optional(),
      }),
      examples: { seccomp: 'unconfined', network: 'host', storage: 'vfs' },
      risks: { seccomp: harmless, network: harmless, storage: harmless },
      bind: () => self,
    }),
    ablations: [
      { part: 'network namespace', settings: { network: 'host' }, kind: 'removes' },
      { part: 'seccomp filter', settings: { seccomp: 'unconfined' }, kind: 'removes' },
      { part: 'no such thing', settings: { colour: 'blue' }, kind: 'removes' },
      { part: 'copies in place of layers', settings: { storage: 'vfs' }, kind: 'exchanges' },
    ],
  };
  return self;
}

const runners = [...RUNNERS.filter(({ name }) => name !== 'docker'), engine()];

describe('the ladder of an environment', () => {
  it('goes from the barest box to the whole one, one setting a step', () => {
    const candidates = candidatesFor('docker', runners, nearest);
    const { rungs, exchanges } = ladderFor('docker', 'native', candidates, runners);
    expect(rungs).toEqual([
      { env: 'docker:network=host:seccomp=unconfined', part: 'the layer docker without all below' },
      { env: 'docker:seccomp=unconfined', part: 'network namespace' },
      { env: 'docker', part: 'seccomp filter' },
    ]);
    expect(exchanges.map(({ env }) => env)).toEqual(['docker:storage=vfs', 'docker/quota:100%']);
    expect(candidates.missing).toEqual([
      { part: 'no such thing', env: 'docker:colour=blue', reason: 'the layer docker has no setting colour' },
    ]);
  });

  it('holds several copies to no quota of one CPU, and says so', () => {
    const { exchanges, missing } = candidatesFor('docker', runners, nearest, 2);
    expect(exchanges.map(({ env }) => env)).toEqual(['docker:storage=vfs']);
    expect(missing).toContainEqual({
      part: 'a quota of one CPU as well',
      env: 'docker/quota:100%',
      reason: expect.stringMatching(/^2 copies use more than one CPU/),
    });
  });

  it('takes the innermost box apart, and each layer around it as one part', () => {
    const candidates = candidatesFor('docker/docker', runners, nearest);
    const { rungs } = ladderFor('docker/docker', 'native', candidates, runners);
    expect(rungs.map(({ env }) => env)).toEqual([
      'docker',
      'docker/docker:network=host:seccomp=unconfined',
      'docker/docker:seccomp=unconfined',
      'docker/docker',
    ]);
  });

  it('leaves a setting alone that the path has, and layers that make no box where they stand', () => {
    const candidates = candidatesFor('docker:network=host/slow:5%', runners, nearest);
    expect(candidates.missing).toContainEqual({
      part: 'network namespace',
      env: 'docker:network=host:network=host/slow:5%',
      reason: 'the path sets it already',
    });
    const { rungs } = ladderFor('docker:network=host/slow:5%', 'native', candidates, runners);
    expect(rungs.map(({ env }) => env)).toEqual([
      'docker:network=host:seccomp=unconfined',
      'docker:network=host',
      'docker:network=host/slow:5%',
    ]);
  });

  it('stands without the rungs that can not be prepared: their part goes with the next', () => {
    const candidates = candidatesFor('docker', runners, nearest);
    const ladder = ladderFor('docker', 'native', candidates, runners);
    const { rungs, exchanges } = standing(
      ladder,
      (env) => env !== 'docker:seccomp=unconfined' && !env.includes('quota'),
    );
    expect(rungs).toEqual([
      { env: 'docker:network=host:seccomp=unconfined', part: 'the layer docker without all below' },
      { env: 'docker', part: 'network namespace + seccomp filter' },
    ]);
    expect(exchanges.map(({ env }) => env)).toEqual(['docker:storage=vfs']);
  });

  it('names only settings that the runners know, so that no step is lost to a typing error', () => {
    for (const runner of RUNNERS) {
      const known = new Set(runner.settings?.known.map(({ name }) => name));
      const used = (runner.ablations ?? []).flatMap(({ settings }) => Object.keys(settings));
      expect(
        used.filter((name) => !known.has(name)),
        runner.name,
      ).toEqual([]);
    }
  });
});
