import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diskUse } from '../../bench/kinds/disk-use.ts';
import { kindOf } from '../../bench/kinds/index.ts';
import { finishSession, runSession } from '../../bench/run/session.ts';
import type { HostGauges } from '../../bench/run/watch/host-gauges.ts';
import { checkSession } from '../../bench/session/check.ts';
import { loadSession, readSessionInfo } from '../../bench/session/load.ts';
import { reopenStore } from '../../bench/session/reopen.ts';
import type { Environment, Plan } from '../../bench/types.ts';
import { honest, infoFor, rehearsed, rehearsedCrew, requestFor, runIn, scripted, tinyPlan } from './boxes.ts';

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
/** Where it matters that boxes start and end. */
const REAL = { control: honest('native'), verifier: honest('native') };
const GAUGES: HostGauges = { availableMemoryBytes: () => null, stealMs: () => null, wait: async () => {} };

interface Options {
  readonly gauges?: Partial<HostGauges>;
  readonly signal?: AbortSignal;
  readonly crew?: ReturnType<typeof rehearsedCrew>;
  onRound?(at: { block: number; round: number }): void;
}

function run(plan: Plan, boxes: readonly Environment[], options: Options = {}) {
  return runIn(out, plan, boxes, {
    ...(options.crew ?? rehearsedCrew()),
    gauges: { ...GAUGES, ...options.gauges },
    ...(options.signal && { signal: options.signal }),
    progress: { phase: () => {}, block: () => {}, round: (at) => options.onRound?.(at) },
  });
}

/** What `boxmark resume` does, without the preparation of environments. */
async function resume(dir: string, boxes: readonly Environment[]) {
  const info = readSessionInfo(dir);
  const store = reopenStore(dir, info.session, info.blocksCompleted);
  const earlier = await loadSession(dir);
  const outcome = await runSession({
    ...requestFor(info.plan, boxes),
    ...rehearsedCrew(),
    gauges: GAUGES,
    store,
    info,
    earlier,
  });
  store.close();
  return outcome;
}

/** Runs until a round, and is interrupted there. */
function runUntil(plan: Plan, boxes: readonly Environment[], block: number, round: number) {
  const controller = new AbortController();
  const onRound = (at: { block: number; round: number }) => {
    if (at.block === block && at.round >= round) controller.abort();
  };
  return run(plan, boxes, { signal: controller.signal, onRound });
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
    const { outcome, dir } = await run(startup, [honest('native'), honest('twin')], {
      crew: REAL,
      gauges: { dropCaches },
    });
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
    const { outcome } = await run(startup, [rehearsed('native'), rehearsed('twin')], { gauges: { dropCaches } });
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
    const { outcome, dir } = await run(plan, [rehearsed('native'), broken]);
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
      crew: REAL,
      signal: controller.signal,
      onRound,
    });
    expect(outcome.info).toMatchObject({ stopReason: 'interrupted', blocksCompleted: 1 });
    expect(outcome.starts).toHaveLength(9);
    expect((await checkSession(dir)).findings).toEqual([]);
  });
});

describe('a session of starts that is resumed', () => {
  const boxes = [rehearsed('native'), rehearsed('twin')];
  const design = (dir: string) =>
    rows(dir, 'starts.csv').map(
      ({ block, round, position, env, temperature, status, start_id: id }) =>
        `${block} ${round} ${position} ${env} ${temperature} ${status} ${id}`,
    );

  it('has the starts of one that was never cut, once each, and figures of all of them', async () => {
    const plan = { ...startup, cold: false };
    const whole = await run(plan, boxes);
    const { outcome: cut, dir } = await runUntil(plan, boxes, 2, 2);
    expect(cut.info).toMatchObject({ stopReason: 'interrupted', blocksCompleted: 1 });
    const resumed = await resume(dir, boxes);
    expect(resumed.failure).toBeNull();
    expect(resumed.info).toMatchObject({ stopReason: 'blocks', blocksCompleted: 2 });
    expect(design(dir)).toEqual(design(whole.dir));
    const counts = (folder: string) =>
      rows(folder, 'startup.csv').map(({ env, figure, starts, blocks }) => `${env} ${figure} ${starts} ${blocks}`);
    expect(counts(dir)).toEqual(counts(whole.dir));
    expect(await checkSession(dir)).toMatchObject({ findings: [], starts: resumed.starts.length });
  });

  it('has another first start, where the page cache may not be dropped: its images were prepared again', async () => {
    const { dir } = await runUntil(startup, boxes, 2, 1);
    await resume(dir, boxes);
    const first = rows(dir, 'starts.csv').filter(({ temperature }) => temperature === 'first');
    expect(first.map(({ block }) => block)).toEqual(['1', '1', '1', '2', '2', '2']);
  });

  it('is what it was when it was killed after its last block, as soon as it is finished', async () => {
    const { outcome, dir } = await run({ ...startup, cold: false }, boxes);
    const figures = readFileSync(join(dir, 'startup.csv'), 'utf8');
    for (const name of ['manifest.json', 'contrasts.csv', 'startup.csv']) rmSync(join(dir, name));
    const info = { ...outcome.info, stopReason: 'running', finishedAt: null } as const;
    const store = reopenStore(dir, info.session, info.blocksCompleted);
    const earlier = await loadSession(dir);
    const none = { planChanged: [], hardwareChanged: [], stackChanged: [], enginesChanged: [] };
    const event = { kind: 'resumed' as const, blocksKept: 2, stoppedBy: 'running', ...none };
    const finished = finishSession({ kind: kindOf(info.plan), plan: info.plan, store, info, earlier, event });
    store.close();
    expect(finished).toMatchObject({ failure: null, info: { stopReason: 'blocks', blocksCompleted: 2 } });
    expect(finished.info.environments).toEqual(outcome.info.environments);
    expect(readFileSync(join(dir, 'startup.csv'), 'utf8')).toBe(figures);
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
    const { outcome, dir } = await run(footprint, [counting('native'), counting('twin')], { crew: REAL, gauges });
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

  it('that is cut and resumed has every number of every box in every block once', async () => {
    const boxes = [rehearsed('native'), rehearsed('twin')];
    const { outcome: cut, dir } = await runUntil(footprint, boxes, 2, 0.1);
    expect(cut.info).toMatchObject({ stopReason: 'interrupted', blocksCompleted: 1 });
    expect(rows(dir, 'footprint.csv').length).toBeGreaterThan(6);
    expect(cut.footprint).toHaveLength(6);
    const resumed = await resume(dir, boxes);
    expect(resumed.info).toMatchObject({ stopReason: 'blocks', blocksCompleted: 2 });
    const cells = rows(dir, 'footprint.csv').map(({ block, env, instances }) => `${block} ${env} ${instances}`);
    expect(new Set(cells).size).toBe(2 * 3 * 2);
    expect(cells).toHaveLength(2 * 3 * 2);
    expect((await loadSession(dir)).footprint).toEqual(resumed.footprint);
    expect((await checkSession(dir)).findings).toEqual([]);
  });

  it('leaves cells empty that can not be read, and begins nothing that the host has no memory for', async () => {
    let reads = 0;
    // Enough for the first number, then next to nothing.
    const availableMemoryBytes = () => (reads++ < 40 ? 2 ** 33 - reads * 2 ** 26 : 2 ** 29);
    const { outcome, dir } = await run(footprint, [rehearsed('native'), rehearsed('twin')], {
      gauges: { availableMemoryBytes },
    });
    expect(outcome.events.some(({ kind }) => kind === 'too-little-memory')).toBe(true);
    const [row] = rows(dir, 'footprint.csv');
    expect(row).toMatchObject({ pss_bytes: '', cgroup_bytes: '', disk_bytes: '', image_bytes: '' });
  });
});

describe('a session of load', () => {
  const plan = tinyPlan({
    environments,
    workloads: ['fft'],
    measure: 'load',
    rates: [50, 200],
    levelNs: 1e8,
    levelArrivals: 10,
    rounds: 1,
    timeoutMs: 20_000,
  });
  const boxes = () => [rehearsed('native'), rehearsed('twin')];
  const cells = (dir: string) =>
    rows(dir, 'load.csv').map(
      ({ block, position, env, rate, arrival, intended_ns: at }) =>
        `${block} ${position} ${env} ${rate} ${arrival} ${at}`,
    );

  it('has a level at each rate in every box of a block, with the same arrivals for all of them', async () => {
    const { outcome, dir } = await run(plan, boxes());
    expect(outcome.failure).toBeNull();
    expect(outcome.info).toMatchObject({ stopReason: 'blocks', rates: { fft: [50, 200] } });
    const table = rows(dir, 'load.csv');
    const levels = table.filter(({ arrival }) => arrival === '1');
    expect(levels).toHaveLength(2 * 3 * 2);
    for (const block of ['1', '2']) {
      const own = levels.filter((row) => row.block === block);
      expect(own.map(({ position }) => position)).toEqual(['1', '2', '3', '4', '5', '6']);
      for (const rate of ['50', '200']) {
        const times = (env: string) =>
          table
            .filter((row) => row.block === block && row.rate === rate && row.env === env)
            .map(({ intended_ns: at }) => Number(at));
        expect(times('native').length).toBeGreaterThanOrEqual(10);
        expect(times('twin')).toEqual(times('native'));
        expect(times('native@control')).toEqual(times('native'));
      }
    }
    expect(table.every(({ status }) => status === 'answered')).toBe(true);
    for (const row of table) {
      expect(Number(row.sent_ns)).toBeGreaterThanOrEqual(Number(row.intended_ns));
      expect(Number(row.done_ns)).toBeGreaterThan(Number(row.sent_ns));
    }
    expect(outcome.starts.filter(({ status }) => status === 'completed')).toHaveLength(6);
    expect((await checkSession(dir)).findings).toEqual([]);
    expect((await loadSession(dir)).load).toEqual(outcome.load);
  });

  it('finds its rates on the baseline, once, and keeps them', async () => {
    const { rates: _, ...open } = plan;
    const { outcome } = await run({ ...open, minBlocks: 1, maxBlocks: 1 }, boxes());
    const found = outcome.info.rates?.fft ?? [];
    expect(found).toHaveLength(6);
    expect((found[5] ?? 0) / (found[0] ?? 1)).toBeCloseTo(5.5, 1);
    const known = { ...infoFor(open, []), work: { fft: 10 }, rates: { fft: [77] } };
    const kept = await runIn(out, { ...open, minBlocks: 1, maxBlocks: 1 }, boxes(), {
      ...rehearsedCrew(),
      gauges: GAUGES,
      info: known,
    });
    expect(kept.outcome.info).toMatchObject({ work: { fft: 10 }, rates: { fft: [77] } });
    expect(new Set(kept.outcome.load.map(({ rate }) => rate))).toEqual(new Set([77]));
  });

  it('that is cut and resumed is one that was never cut', async () => {
    const whole = await run(plan, boxes());
    const { outcome: cut, dir } = await runUntil(plan, boxes(), 2, 0.1);
    expect(cut.info).toMatchObject({ stopReason: 'interrupted', blocksCompleted: 1 });
    expect(cut.load.every(({ block }) => block === 1)).toBe(true);
    const resumed = await resume(dir, boxes());
    expect(resumed.info).toMatchObject({ stopReason: 'blocks', blocksCompleted: 2, rates: { fft: [50, 200] } });
    expect(cells(dir)).toEqual(cells(whole.dir));
    expect((await checkSession(dir)).findings).toEqual([]);
  });

  it('keeps the requests of a box that ends in a level, and measures the others to the end', async () => {
    // Ends after its preparation, its warm-up and a few requests.
    const ending = () => {
      let answers = 0;
      return (line: string) => (++answers === 12 ? line.replace('"ok":true', '"ok":false,"error":"broke"') : line);
    };
    const { outcome, dir } = await run({ ...plan, minBlocks: 1, maxBlocks: 1 }, [
      rehearsed('native'),
      rehearsed('twin', ending),
    ]);
    expect(outcome.failure).toBeNull();
    const twin = rows(dir, 'load.csv').filter(({ env }) => env === 'twin');
    expect(twin.some(({ status }) => status === 'answered')).toBe(true);
    expect(twin.some(({ status, done_ns: done }) => status === 'failed' && done === '')).toBe(true);
    const start = outcome.starts.find(({ env }) => env === 'twin');
    expect(start).toMatchObject({ status: 'failed', reason: expect.stringContaining('broke') });
    const levels = outcome.load.filter(({ env, arrival }) => env === 'native' && arrival === 1);
    expect(levels).toHaveLength(2);
    expect((await checkSession(dir)).findings).toEqual([]);
  });

  it('counts nothing of a box in a block in which its state was wrong', async () => {
    const lying = () => (line: string) => line.replace(/"checksum":"[0-9a-f]{16}"/, '"checksum":"0123456789abcdef"');
    const { outcome } = await run({ ...plan, minBlocks: 1, maxBlocks: 1 }, [
      rehearsed('native'),
      rehearsed('twin', lying),
    ]);
    expect(outcome.events.filter(({ kind }) => kind === 'checksum-mismatch')).toMatchObject([
      { env: 'twin', block: 1 },
    ]);
    expect(outcome.load.some(({ env }) => env === 'twin')).toBe(false);
    expect(outcome.load.some(({ env }) => env === 'native')).toBe(true);
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
