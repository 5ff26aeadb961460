import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { executeCosts } from '../../bench/kinds/cost-session.ts';
import { diskUse } from '../../bench/kinds/disk-use.ts';
import type { HostGauges } from '../../bench/run/watch/host-gauges.ts';
import { checkSession } from '../../bench/session/check.ts';
import { loadSession } from '../../bench/session/load.ts';
import { createStore } from '../../bench/session/store.ts';
import type { Environment, Plan } from '../../bench/types.ts';
import { honest, infoFor, scripted, tinyPlan } from './boxes.ts';

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

const environments = [{ path: 'native' }, { path: 'twin' }];
const startup = tinyPlan({ environments, workloads: [], measure: 'startup', cold: true, rounds: 3, timeoutMs: 20_000 });
const footprint = tinyPlan({
  environments,
  workloads: [],
  measure: 'footprint',
  instances: [1, 2],
  rounds: 1,
  timeoutMs: 20_000,
});
const GAUGES: HostGauges = { availableMemoryBytes: () => null, stealMs: () => null };

interface Options {
  readonly gauges?: Partial<HostGauges>;
  readonly signal?: AbortSignal;
  onRound?(at: { block: number; round: number }): void;
}

async function run(plan: Plan, boxes: readonly Environment[], options: Options = {}) {
  const info = infoFor(plan, boxes);
  const store = createStore(out, info);
  const outcome = await executeCosts({
    plan,
    environments: boxes,
    control: honest(plan.baseline),
    verifier: honest('native'),
    store,
    info,
    gauges: { ...GAUGES, ...options.gauges },
    signal: options.signal ?? new AbortController().signal,
    notices: () => {},
    progress: { phase: () => {}, round: (at) => options.onRound?.(at) },
  });
  store.close();
  return { outcome, dir: store.dir };
}

function rows(dir: string, file: string): Record<string, string>[] {
  return parse(readFileSync(join(dir, file)), { columns: true }) as Record<string, string>[];
}

describe('a session of starts', () => {
  it('opens each block with a cold start of every box, right after the page cache was dropped', async () => {
    let dropped = 0;
    const dropCaches = async () => {
      dropped++;
      return null;
    };
    const { outcome, dir } = await run(startup, [honest('native'), honest('twin')], { gauges: { dropCaches } });
    expect(outcome.failure).toBeNull();
    expect(outcome.info.stopReason).toBe('blocks');
    expect(dropped).toBe(2 * 3);
    const starts = rows(dir, 'starts.csv');
    expect(starts).toHaveLength(2 * 3 * (1 + 3));
    for (const block of ['1', '2']) {
      const own = starts.filter((row) => row.block === block);
      expect(own.slice(0, 3).map(({ temperature }) => temperature)).toEqual(['dropped', 'dropped', 'dropped']);
      for (const round of ['0', '1', '2', '3']) {
        const envs = own.filter((row) => row.round === round).map(({ env }) => env);
        expect(envs.sort()).toEqual(['native', 'native@control', 'twin']);
      }
    }
    expect(new Set(starts.map(({ start_id: id }) => id)).size).toBe(starts.length);
    expect(rows(dir, 'samples.csv')).toEqual([]);
    const table = rows(dir, 'startup.csv');
    expect(
      table.find((row) => row.env === 'twin' && row.figure === 'ready' && row.temperature === 'warm'),
    ).toMatchObject({
      starts: '6',
      blocks: '2',
    });
    expect(await checkSession(dir)).toMatchObject({ findings: [], starts: 24 });
    const loaded = await loadSession(dir);
    expect(loaded.starts.filter(({ temperature }) => temperature === 'dropped')).toHaveLength(6);
    expect(outcome.info.environments.map(({ facts }) => facts?.host_kernel_shared)).toEqual([true, true]);
  });

  it('says why the cache was kept, and then has a cold start in the first block only', async () => {
    const dropCaches = async () => 'not allowed here';
    const { outcome } = await run(startup, [honest('native'), honest('twin')], { gauges: { dropCaches } });
    expect(outcome.events.filter(({ kind }) => kind === 'page-cache-kept')).toMatchObject([
      { reason: 'not allowed here' },
    ]);
    const cold = outcome.starts.filter(({ round }) => round === 0);
    expect(cold.map(({ block, temperature }) => [block, temperature])).toEqual([
      [1, 'first'],
      [1, 'first'],
      [1, 'first'],
    ]);
  });

  it("keeps a failing box from costing the others' data, and gives it up after two blocks", async () => {
    const broken = scripted('twin', ['false']);
    const plan = { ...startup, cold: false, minBlocks: 3, maxBlocks: 3 };
    const { outcome, dir } = await run(plan, [honest('native'), broken]);
    const twin = outcome.starts.filter(({ env }) => env === 'twin');
    expect(twin.map(({ status }) => status)).toEqual(['failed', 'failed', 'skipped']);
    expect(outcome.starts.filter(({ env, status }) => env === 'native' && status === 'completed')).toHaveLength(9);
    expect((await checkSession(dir)).findings).toEqual([]);
  });

  it('ends whole when it is interrupted: starts of whole blocks count', async () => {
    const controller = new AbortController();
    const onRound = (at: { block: number; round: number }) => {
      if (at.block === 2 && at.round === 1) controller.abort();
    };
    const plan = { ...startup, cold: false };
    const { outcome, dir } = await run(plan, [honest('native'), honest('twin')], {
      signal: controller.signal,
      onRound,
    });
    expect(outcome.info).toMatchObject({ stopReason: 'interrupted', blocksCompleted: 1 });
    expect(outcome.starts).toHaveLength(9);
    expect((await checkSession(dir)).findings).toEqual([]);
  });
});

describe('a session of idle instances', () => {
  it('weighs every number of every box in every block, with as many boxes open as it says', async () => {
    let open = 0;
    let most = 0;
    const counting = (path: string): Environment => {
      const box = honest(path);
      return {
        ...box,
        disk: { folders: [out], imageBytes: 12_345 },
        async start(name, signal) {
          const started = await box.start(name, signal);
          most = Math.max(most, ++open);
          const close = async () => {
            await started.close();
            open--;
          };
          return { ...started, close, holdings: () => ({ pssBytes: 1000, cgroupBytes: 500 }) };
        },
      };
    };
    // The host has the less memory, the more boxes are open: the slope is known.
    const gauges = { availableMemoryBytes: () => 2 ** 40 - 7_000_000 * open };
    const { outcome, dir } = await run(footprint, [counting('native'), counting('twin')], { gauges });
    expect(outcome.failure).toBeNull();
    expect(most).toBe(2);
    expect(open).toBe(0);
    const table = rows(dir, 'footprint.csv').filter(({ env }) => env === 'twin');
    expect(table).toHaveLength(4);
    for (const row of table) {
      const instances = Number(row.instances);
      expect(Number(row.host_delta_bytes)).toBe(7_000_000 * instances);
      expect(Number(row.pss_bytes)).toBe(1000 * instances);
      expect(Number(row.cgroup_bytes)).toBe(500 * instances);
      expect(row.image_bytes).toBe('12345');
    }
    expect((await checkSession(dir)).findings).toEqual([]);
    expect((await loadSession(dir)).footprint).toEqual(outcome.footprint);
  });

  it('leaves cells empty that can not be read, and begins nothing that the host has no memory for', async () => {
    let reads = 0;
    // Enough for the first number, then next to nothing.
    const availableMemoryBytes = () => (reads++ < 40 ? 2 ** 33 - reads * 2 ** 26 : 2 ** 29);
    const { outcome, dir } = await run(footprint, [honest('native'), honest('twin')], {
      gauges: { availableMemoryBytes },
    });
    expect(outcome.events.some(({ kind }) => kind === 'too-little-memory')).toBe(true);
    const [row] = rows(dir, 'footprint.csv');
    expect(row).toMatchObject({ pss_bytes: '', cgroup_bytes: '', disk_bytes: '', image_bytes: '' });
  });
});

describe('bytes on disk', () => {
  it('are those allocated, a file with two names once, in all folders together', async () => {
    const [a, b] = [join(out, 'a'), join(out, 'b')];
    for (const folder of [a, b]) mkdirSync(folder);
    const empty = (await diskUse([a, b])) ?? 0;
    writeFileSync(join(a, 'file'), Buffer.alloc(1 << 20, 1));
    const one = (await diskUse([a, b])) ?? 0;
    expect(one - empty).toBeGreaterThanOrEqual(1 << 20);
    linkSync(join(a, 'file'), join(b, 'again'));
    expect(await diskUse([a, b])).toBe(one);
    expect(await diskUse([a, a, out])).toBe((await diskUse([out])) ?? 0);
  });

  it('of a folder that is not there are none', async () => {
    expect(await diskUse([join(out, 'nothing')])).toBe(0);
  });
});
