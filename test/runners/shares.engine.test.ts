/** CPU weights and quotas of boxes are real: by the account of their groups, boxes get what they were given. */

import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { Resident } from '../../bench/run/resident.ts';
import { NO_GAUGES } from '../../bench/run/watch/host-gauges.ts';
import type { CpuShare, Environment, Image, Started } from '../../bench/types.ts';
import { ensureImage } from '../../runners/image/image.ts';
import { RUNNERS } from '../../runners/index.ts';
import { parsePath } from '../../runners/stack/path.ts';
import { prepareStack, UnavailableError } from '../../runners/stack/stack.ts';
import { PAYLOAD, tinyPlan } from '../bench/boxes.ts';
import { type Lab, openLab } from '../lab.ts';

const TIMEOUT_MS = 180_000;
const WORKLOAD = 'monte-carlo';
const QUOTA = 0.5;
const WINDOW_NS = 2e9;
/** Others on the host may take a CPU from boxes with a quota and without one alike. */
const ATTEMPTS = 5;

let lab: Lab;
let image: Image;
beforeAll(async () => {
  lab = await openLab();
  image = await ensureImage(PAYLOAD);
}, TIMEOUT_MS);
afterAll(async () => {
  expect(lab.leftovers()).toEqual([]);
  await lab.dispose();
}, TIMEOUT_MS);

async function prepared(path: string, ctx: TestContext): Promise<Environment> {
  const layers = parsePath(path, RUNNERS, () => '');
  try {
    return await prepareStack(path, layers, { runners: RUNNERS, image, workspace: lab.workspace });
  } catch (error) {
    if (error instanceof UnavailableError) ctx.skip(`${path}: ${error.message}`);
    throw error;
  }
}

function start(environment: Environment, startId: string, share?: CpuShare): Promise<Resident> {
  const { signal } = lab.workspace;
  const plan = tinyPlan({ environments: [{ path: environment.path }], workloads: [WORKLOAD], timeoutMs: 60_000 });
  const scope = { plan, gauges: NO_GAUGES, signal, image: { node: '', payload: '' } };
  const request = { box: environment.path, startId, position: 1, environment, digests: false };
  return Resident.start(scope, { ...request, ...(share === undefined ? {} : { share }) });
}

/** CPUs' worth of time that a box uses while it works without a pause. */
async function cpusOf(resident: Resident): Promise<number> {
  const reply = await resident.ask('long', { workload: WORKLOAD, work: 1000, leastNs: WINDOW_NS });
  if (reply.hostCpuNs === null) throw new Error('the group has no account');
  return reply.hostCpuNs / Number(reply.receivedNs - reply.sentNs);
}

async function withBoxes(
  environment: Environment,
  shares: readonly (CpuShare | undefined)[],
  use: (boxes: readonly Resident[], throttledNs: () => readonly number[]) => Promise<void>,
): Promise<void> {
  const boxes: Resident[] = [];
  const started: Started[] = [];
  const watched: Environment = {
    ...environment,
    start: async (...request) => {
      const one = await environment.start(...request);
      started.push(one);
      return one;
    },
  };
  try {
    for (const [index, share] of shares.entries()) boxes.push(await start(watched, `shares-${index}`, share));
    await use(boxes, () => started.map((one) => one.usage().throttledNs ?? Number.NaN));
  } finally {
    for (const box of boxes) await box.close();
    await environment.dispose();
  }
}

describe.each(['unshare', 'docker', 'runc'])('a box of %s', (path) => {
  it('with a quota of half a CPU gets half a CPU', { timeout: TIMEOUT_MS }, async (ctx) => {
    const environment = await prepared(path, ctx);
    const seen: { readonly limited: number; readonly free: number; readonly throttledNs: number }[] = [];
    // Half a CPU beside a busy neighbour may be all that there is: only a throttled box shows the quota.
    const isHeld = ({ limited, throttledNs }: (typeof seen)[number]) =>
      Math.abs(limited - QUOTA) <= 0.05 && throttledNs > 0;
    await withBoxes(environment, [{ quota: QUOTA }, undefined], async ([limited, free], throttled) => {
      while (seen.length < ATTEMPTS && !seen.some(isHeld)) {
        const cpus = { limited: await cpusOf(limited as Resident), free: await cpusOf(free as Resident) };
        seen.push({ ...cpus, throttledNs: throttled()[0] ?? Number.NaN });
      }
      expect(throttled()[1]).toBe(0);
    });
    // Never more, however busy the host is.
    for (const { limited } of seen) expect(limited).toBeLessThanOrEqual(QUOTA + 0.05);
    const most = Math.max(...seen.map(({ free }) => free));
    if (!seen.some(isHeld) && most < 0.9) {
      ctx.skip(`the host is busy: a box without a quota got ${Math.round(100 * most)} % of a CPU`);
    }
    expect(seen.some(isHeld), JSON.stringify(seen)).toBe(true);
  });

  it('gets CPU time by its weight: 1 to 4 beside another on the same CPU', { timeout: TIMEOUT_MS }, async (ctx) => {
    const environment = await prepared(path, ctx);
    expect(lab.workspace.limits.cpus).toHaveLength(1);
    await withBoxes(environment, [{ weight: 1024 }, { weight: 4096 }], async (boxes) => {
      const [light = 0, heavy = 0] = await Promise.all(boxes.map(cpusOf));
      // Whatever others take of the CPU, the two share the rest.
      expect(heavy / light).toBeGreaterThan(4 * 0.85);
      expect(heavy / light).toBeLessThan(4 * 1.15);
    });
  });
});
