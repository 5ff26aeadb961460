/** The layers `slow` and `quota`, around real boxes. */

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { type Environment, NO_TRAITS } from '../../bench/types.ts';
import { hostHierarchies } from '../../runners/cgroup/group.ts';
import { RUNNERS } from '../../runners/index.ts';
import { parsePath } from '../../runners/stack/path.ts';
import { converse, type Lab, openLab } from '../lab.ts';

const TIMEOUT_MS = 120_000;

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
}, TIMEOUT_MS);
afterAll(async () => {
  expect(lab.leftovers()).toEqual([]);
  await lab.dispose();
}, TIMEOUT_MS);

/** Starts the environment once; skips where it can't run. */
async function started(
  path: string,
  ctx: TestContext,
  use: (talk: Awaited<ReturnType<typeof converse>>, environment: Environment) => Promise<void>,
): Promise<void> {
  const environment = await lab.prepare(path);
  if (typeof environment === 'string') return ctx.skip(`${path}: ${environment}`);
  try {
    const talk = await converse(environment, 'truth');
    try {
      await use(talk, environment);
    } finally {
      await talk.started.close();
    }
  } finally {
    await environment.dispose();
  }
}

describe('slow', () => {
  it.for(['slow:2%', 'native/slow:2%', 'unshare/slow:2%', 'docker/slow:2%', 'uml/slow:2%'])(
    '%s reaches the payload below, and the reader',
    async (path, ctx) => {
      await started(path, ctx, async ({ facts }, { labels }) => {
        expect(facts.argv).toContain('--slow=0.02');
        expect(labels).toContain('known truth: +2 %');
      });
    },
  );
});

describe('quota', () => {
  const quotaFile = (path: string): string => {
    const { mount, version } = hostHierarchies().find(({ controllers }) => controllers.includes('cpu'))!;
    return readFileSync(`${mount}${path}/${version === 1 ? 'cpu.cfs_quota_us' : 'cpu.max'}`, 'utf8').trim();
  };

  it.for(['quota:20%', 'unshare/quota:20%'])(
    '%s holds the group of the box to its share, which a busy payload comes to feel',
    async (path, ctx) => {
      await started(path, ctx, async ({ ask, started: box }, { labels, traits }) => {
        expect(labels).toContain('known truth: CPU quota of 20 %');
        expect(traits).toEqual({ ...NO_TRAITS, quotaAsked: true });
        expect(quotaFile(`/boxmark/${lab.workspace.id}/truth`)).toMatch(/^20000\b/);
        const cpuBefore = box.usage().cpuNs ?? 0;
        const begun = process.hrtime.bigint();
        // Five times 0.2 s, and on a busy host, which leaves the payload less than its share, until it gets more.
        for (let burn = 0; burn < 5 || (burn < 50 && box.usage().throttledNs === 0); burn++) {
          await ask('burn');
        }
        const elapsedNs = Number(process.hrtime.bigint() - begun);
        const { cpuNs = 0, throttledNs = 0 } = box.usage();
        // A fifth and what the first and the last period add.
        expect((cpuNs - cpuBefore) / elapsedNs).toBeLessThan(0.35);
        expect(throttledNs).toBeGreaterThan(0);
      });
    },
  );

  it('is refused around a box that has no group of its own, with reason and remedy', async () => {
    const [, quota] = parsePath('quota:50%', RUNNERS, () => '');
    const bare = { path: 'bare', scratch: '/', exec: async () => ({}), close: async () => {} } as never;
    expect(await quota?.probe(bare, lab.workspace)).toMatchObject({
      available: false,
      reason: expect.stringMatching(/bare.*not have its own cgroup/),
      remedy: expect.stringMatching(/native\/quota/),
    });
    const foreign = { ...(bare as object), cgroup: '/system.slice/other' } as never;
    expect(await quota?.probe(foreign, lab.workspace)).toMatchObject({ available: false });
  });
});
