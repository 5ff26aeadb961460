/** The memory that a series of idle instances takes, against what another program reads of the same host at the same time. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { SETTLE_MS } from '../../bench/kinds/idle.ts';
import { NO_GAUGES } from '../../bench/run/watch/host-gauges.ts';
import type { Environment, Image } from '../../bench/types.ts';
import { median } from '../../bench/units.ts';
import { availableMemoryBytes } from '../../runners/host/cpus.ts';
import { ensureImage } from '../../runners/image/image.ts';
import { RUNNERS } from '../../runners/index.ts';
import { parsePath } from '../../runners/stack/path.ts';
import { prepareStack, UnavailableError } from '../../runners/stack/stack.ts';
import { infoFor, PAYLOAD, rehearsed, runIn, tinyPlan } from '../bench/boxes.ts';
import { type Lab, openLab } from '../lab.ts';

const TIMEOUT_MS = 240_000;
const HELD = 20;
const WITHIN = 0.1;

let lab: Lab;
let image: Image;
let out: string;
beforeAll(async () => {
  lab = await openLab();
  image = await ensureImage(PAYLOAD);
}, TIMEOUT_MS);
afterAll(async () => {
  expect(lab.leftovers()).toEqual([]);
  await lab.dispose();
}, TIMEOUT_MS);
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

async function prepared(path: string, ctx: TestContext): Promise<Environment> {
  try {
    const layers = parsePath(path, RUNNERS, () => '');
    return await prepareStack(path, layers, { runners: RUNNERS, image, workspace: lab.workspace });
  } catch (error) {
    if (error instanceof UnavailableError) ctx.skip(`${path}: ${error.message}`);
    throw error;
  }
}

/** Free pages on the CPUs' own lists count as well, which MemAvailable leaves out. */
const AVAILABLE = `awk '
  FILENAME ~ /meminfo/ && $1 == "MemAvailable:" { bytes += 1024 * $2 }
  FILENAME ~ /zoneinfo/ && $1 == "count:" { bytes += $2 * page }
  END { printf "%.0f", bytes }' page=$(getconf PAGESIZE) /proc/meminfo /proc/zoneinfo`;

/** Proportional set sizes of the processes that bear the name of the run and of the boxes, in bytes. */
const HELD_BYTES = (name: string) => `
  for pid in $(grep -lsa -- "${name}" /proc/[0-9]*/cmdline | cut -d/ -f3); do
    awk '$1 == "Pss:" { print 1024 * $2 }' /proc/$pid/smaps_rollup 2>/dev/null
  done | awk '{ sum += $1 } END { printf "%.0f", sum }'`;

const shell = (script: string) => Number(execFileSync('sh', ['-c', script], { encoding: 'utf8' }));

describe.each(['unshare', 'docker'])('idle instances of %s', (path) => {
  it('take what /proc shows to another program', { timeout: TIMEOUT_MS }, async (ctx) => {
    const environment = await prepared(path, ctx);
    /** Of each weighing, before which the harness waits. */
    const seen: { available: number[]; held: number }[] = [];
    const gauges = {
      ...NO_GAUGES,
      availableMemoryBytes: () => availableMemoryBytes(),
      // Between its readings of a host that has settled, of which it takes the median, another program reads, too.
      wait: async (ms: number) => {
        await new Promise((resolve) => setTimeout(resolve, ms));
        if (ms !== SETTLE_MS) {
          seen.at(-1)?.available.push(shell(AVAILABLE));
          return;
        }
        const held = path === 'unshare' ? shell(HELD_BYTES(`--start=${lab.workspace.id}-b1-unshare-n`)) : 0;
        seen.push({ available: [], held });
      },
    };
    const plan = tinyPlan({
      ...{ environments: [{ path }], baseline: path, workloads: [], measure: 'density', instances: [1, HELD] },
      ...{ rounds: 1, blocks: 1, timeoutMs: 60_000 },
    });
    const info = { ...infoFor(plan, [environment]), image: { digest: '', node: '', payload: '' } };
    try {
      const { outcome } = await runIn(out, plan, [environment], {
        ...{ gauges, info, control: rehearsed(path), verifier: rehearsed(path) },
      });
      expect(outcome.failure).toBeNull();
      const own = outcome.density.filter(({ env }) => env === path);
      expect(own).toHaveLength(HELD);
      expect(own.at(-1)).toMatchObject({ instances: HELD, status: 'completed', endedBy: 'max' });
      // One series waits before its first start and at 1 and 20 instances; that of the control does so before or after.
      const first = outcome.density[0]?.env === path ? 0 : 3;
      const [before, , after] = seen.slice(first, first + 3);
      const taken = median(before?.available ?? []) - median(after?.available ?? []);
      const told = own.at(-1)?.hostDeltaBytes ?? 0;
      const pss = own.at(-1)?.pssBytes ?? 0;
      // Both read the same host at the same time, so what others do there is in both.
      expect(Math.abs(told - taken)).toBeLessThan(WITHIN * Math.max(pss, Math.abs(taken)));
      if (path === 'unshare') expect(Math.abs(pss - (after?.held ?? 0))).toBeLessThan(WITHIN * pss);
    } finally {
      await environment.dispose();
    }
  });
});
