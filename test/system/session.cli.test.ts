import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SUITE } from '../../bench/plan/suite.ts';
import { checkSession } from '../../bench/session/check.ts';
import { loadSession } from '../../bench/session/load.ts';
import type { Environment, Plan } from '../../bench/types.ts';
import { SYSTEM_METRICS, SYSTEM_WORKLOADS } from '../../system/index.ts';
import { runIn, scripted, tampered, tinyPlan } from '../bench/boxes.ts';
import { makeRoot, type Root } from './root.ts';

let root: Root;
let out: string;
beforeAll(() => {
  root = makeRoot();
});
afterAll(() => root.remove());
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

const box = (path: string, ...more: string[]) =>
  scripted(path, [process.execPath, root.payload, `--scratch=${root.scratch}`, ...more]);
const environments = [{ path: 'native' }, { path: 'twin' }];

async function run(plan: Plan, twin: Environment) {
  const boxes = [box('native'), twin];
  const { outcome, dir } = await runIn(out, plan, boxes, { control: box('native'), verifier: box('native') });
  expect(outcome.failure).toBeNull();
  return { outcome, dir };
}

const IDS = SYSTEM_WORKLOADS.map(({ id }) => id);
const METRICS = SYSTEM_METRICS['disk-sync'] ?? [];
const slow = { timeoutMs: 30_000, blocks: 1 };

describe('a box that can not run one of the workloads', () => {
  const workloads = ['syscall', 'disk-sync', 'disk-sync.median', 'disk-sync.p99'];
  const plan = (more: Partial<Plan> = {}) =>
    tinyPlan({ ...slow, environments, workloads, suite: [], metrics: { 'disk-sync': METRICS }, ...more });
  const without = (path: string) => scripted(path, [process.execPath, root.payload]);

  it('has the others whole, and an event with the reason', async () => {
    const { outcome, dir } = await run(plan({ minBlocks: 2, maxBlocks: 2 }), without('twin'));
    expect((await checkSession(dir)).findings).toEqual([]);
    expect(outcome.events.filter(({ kind }) => kind === 'workload-refused')).toMatchObject([
      {
        env: 'twin',
        workload: 'disk-sync',
        reason: 'disk-sync: this environment gives its payload no folder on a disk',
      },
    ]);
    const measured = (env: string) => [
      ...new Set(
        outcome.samples.filter((row) => row.env === env && row.phase === 'measure').map((row) => row.workload),
      ),
    ];
    expect(measured('native')).toEqual(workloads);
    expect(measured('twin')).toEqual(['syscall']);
    expect(outcome.contrasts.filter(({ env }) => env === 'twin').map(({ workload }) => workload)).toEqual(['syscall']);
    expect(outcome.info.blocksCompleted).toBe(2);
  });

  it('fails when it can run none of them', async () => {
    const { outcome } = await run(plan({ workloads: workloads.slice(1) }), without('twin'));
    expect(outcome.events).toContainEqual(
      expect.objectContaining({ kind: 'failed', env: 'twin', reason: expect.stringMatching(/no folder on a disk/) }),
    );
  });

  it.each([workloads, workloads.slice(1)])('is no baseline, for %j', async (...own) => {
    const boxes = [without('native'), box('twin')];
    const crew = { control: box('native'), verifier: box('native') };
    const { outcome } = await runIn(out, plan({ workloads: own }), boxes, crew);
    expect(outcome.failure).toMatchObject({
      what: expect.stringMatching(/^The baseline native can't run a workload: disk-sync: this environment gives/),
      value: 'disk-sync',
    });
  });
});

describe('a session of kernels and workloads of the system', () => {
  it('has figures beside the rate as rows of their own, whose ratio is theirs', async () => {
    const workloads = ['disk-sync', ...METRICS.map(({ id }) => id)];
    const plan = tinyPlan({ ...slow, environments, workloads, suite: [], metrics: { 'disk-sync': METRICS } });
    const { outcome } = await run(plan, box('twin'));
    const [median, p99] = METRICS.map(({ id }) => outcome.samples.filter(({ workload }) => workload === id));
    expect(median).toHaveLength(p99?.length ?? 0);
    for (const row of median ?? []) expect(row).toMatchObject({ unit: 'µs', better: 'lower', ok: true, mflops: null });
    // Of four syncs the slowest is the 99th percentile, and none is quicker than the median of a burst.
    for (const [at, row] of (p99 ?? []).entries()) {
      expect(row.rate).toBeGreaterThanOrEqual(median?.[at]?.rate ?? Number.NaN);
    }
    const ofTwin = outcome.contrasts.filter(({ env }) => env === 'twin');
    expect(ofTwin.map(({ workload }) => workload)).toEqual(workloads);
  });

  it('has rates in their own units, states that a replay confirms, and a suite of kernels alone', async () => {
    const workloads = ['fft', 'sor', ...IDS];
    const plan = tinyPlan({ ...slow, environments, workloads, suite: ['fft', 'sor'] });
    const { outcome, dir } = await run(plan, box('twin'));
    expect((await checkSession(dir)).findings).toEqual([]);
    const { samples } = await loadSession(dir);
    expect(samples.length).toBe(outcome.samples.length);
    for (const { id, unit, sizes } of SYSTEM_WORKLOADS) {
      const rows = samples.filter(({ workload, phase }) => workload === id && phase === 'measure');
      expect(rows).toHaveLength(3 * plan.rounds);
      for (const row of rows) {
        expect(row).toMatchObject({ ok: true, unit, mflops: null });
        expect((row.rate ?? 0) * row.wallNs).toBeCloseTo(sizes.tiny.perPass * row.work * 1e9, -6);
      }
    }
    const kernel = samples.find(({ workload }) => workload === 'fft');
    expect(kernel).toMatchObject({ unit: 'MFLOPS', rate: kernel?.mflops });
    const ofTwin = outcome.contrasts.filter(({ env }) => env === 'twin');
    expect(ofTwin.map(({ workload }) => workload)).toEqual([...workloads, SUITE]);
    const log = (workload: string) =>
      Math.log(ofTwin.find((row) => row.workload === workload)?.timeRatio ?? Number.NaN);
    expect(log(SUITE)).toBeCloseTo((log('fft') + log('sor')) / 2, 9);
  });

  it('finds a wrong answer of the system: its rows lose their rate, and an event reports it', async () => {
    const edit = `if (line.includes('"passes"')) line = line.replace(/("checksum":")[0-9a-f]/, '$1' + (seen % 2 ? 'e' : 'f'));`;
    const plan = tinyPlan({ ...slow, environments, workloads: ['syscall'], suite: [] });
    const { outcome } = await run(plan, tampered('twin', edit));
    expect(outcome.events).toContainEqual(expect.objectContaining({ kind: 'checksum-mismatch', env: 'twin' }));
    expect(outcome.contrasts).toEqual([]);
  });

  it('slows a workload of the system by a known share too, with states that stay comparable', async () => {
    const plan = tinyPlan({ ...slow, environments, workloads: ['syscall', 'file-read'], suite: [], burstNs: 3e6 });
    const { outcome } = await run(plan, box('twin', '--slow=0.5'));
    expect(outcome.events.filter(({ kind }) => kind === 'checksum-mismatch')).toEqual([]);
    expect(outcome.samples.some(({ env, ok }) => env === 'twin' && ok)).toBe(true);
  });
});
