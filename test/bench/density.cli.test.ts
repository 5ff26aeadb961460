import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runSession } from '../../bench/run/session.ts';
import { HostAtLimit, type HostGauges } from '../../bench/run/watch/host-gauges.ts';
import { checkSession } from '../../bench/session/check.ts';
import { loadSession, readSessionInfo } from '../../bench/session/load.ts';
import { reopenStore } from '../../bench/session/reopen.ts';
import type { Environment } from '../../bench/types.ts';
import { rehearsed, rehearsedCrew, requestFor, runIn, tinyPlan } from './boxes.ts';

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

const MIB = 2 ** 20;
const plan = tinyPlan({
  environments: [{ path: 'native' }, { path: 'twin' }],
  workloads: [],
  measure: 'density',
  instances: [1, 2, 5, 12],
  rounds: 1,
  timeoutMs: 20_000,
});

/** Boxes that are open now, and the most that were. */
class Count {
  open = 0;
  most = 0;
  starts = 0;

  /** `dies`: at this start of the environment, the box that was started first ends. */
  box(
    path: string,
    { failsAt = Number.POSITIVE_INFINITY, diesAt = Number.POSITIVE_INFINITY, why = '' } = {},
  ): Environment {
    const inner = rehearsed(path);
    let first: (() => void) | undefined;
    let started = 0;
    return {
      ...inner,
      start: async (name, signal, share) => {
        started += name.endsWith('-facts') ? 0 : 1;
        this.starts += 1;
        if (started >= failsAt) throw new Error(why);
        const box = await inner.start(name, signal, share);
        if (!name.endsWith('-facts')) first ??= () => box.process.kill();
        if (started === diesAt) first?.();
        this.most = Math.max(this.most, ++this.open);
        const close = async () => {
          await box.close();
          this.open -= 1;
        };
        return { ...box, close, holdings: () => ({ pssBytes: 4 * MIB, rssBytes: 40 * MIB, cgroupBytes: 5 * MIB }) };
      },
    };
  }
}

function gaugesFor(count: Count, more: Partial<HostGauges> = {}): HostGauges {
  return {
    availableMemoryBytes: () => 2 ** 40 - 7 * MIB * count.open,
    stealMs: () => null,
    wait: async () => {},
    slabBytes: () => 100 * MIB + MIB * count.open,
    mergedBytes: () => null,
    memoryKills: () => 0,
    ...more,
  };
}

function rows(dir: string): Record<string, string>[] {
  return parse(readFileSync(join(dir, 'density.csv')), { columns: true }) as Record<string, string>[];
}

const atLimit = () => new HostAtLimit({ what: 'The host has no room for a further box: 1 MiB is left.' }, 'memory');

describe('a session of as many idle instances as fit', () => {
  it('starts them one after another, times each, weighs some numbers, and closes all of them', async () => {
    const count = new Count();
    const boxes = [count.box('native'), count.box('twin')];
    const { outcome, dir } = await runIn(out, plan, boxes, { ...rehearsedCrew(), gauges: gaugesFor(count) });
    expect(outcome.failure).toBeNull();
    expect(count).toMatchObject({ most: 12, open: 0 });
    const twin = rows(dir).filter(({ env, block }) => env === 'twin' && block === '2');
    expect(twin.map(({ instances }) => Number(instances))).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
    for (const row of twin) {
      expect(row.status).toBe('completed');
      expect(Number(row.ready_ms)).toBeGreaterThan(0);
      expect(Number(row.host_delta_bytes)).toBe(7 * MIB * Number(row.instances));
      const isWeighed = ['1', '2', '5', '12'].includes(row.instances ?? '');
      expect(row.pss_bytes).toBe(isWeighed ? String(4 * MIB * Number(row.instances)) : '');
      expect(row.rss_bytes).toBe(isWeighed ? String(40 * MIB * Number(row.instances)) : '');
      expect(row.slab_bytes).toBe(isWeighed ? String(MIB * Number(row.instances)) : '');
      expect(row.ksm_bytes).toBe('');
      expect(row.ended_by).toBe(row.instances === '12' ? 'max' : '');
    }
    // Each once for its facts, and twelve times in each of two blocks.
    expect(outcome.starts.filter(({ env, status }) => env === 'twin' && status === 'completed')).toHaveLength(25);
    expect((await checkSession(dir)).findings).toEqual([]);
    expect((await loadSession(dir)).density).toEqual(outcome.density);
  });

  it('ends a series where the host has no room, starts none beyond, and continues with the next environment', async () => {
    const count = new Count();
    const boxes = [count.box('native'), count.box('twin')];
    const terms: unknown[] = [];
    const admit: HostGauges['admit'] = async (_, asked) => {
      if (count.open > 0) terms.push(asked);
      if (count.open >= 4) throw atLimit();
    };
    const { outcome, dir } = await runIn(out, plan, boxes, { ...rehearsedCrew(), gauges: gaugesFor(count, { admit }) });
    expect(outcome.failure).toBeNull();
    expect(outcome.info.stopReason).toBe('blocks');
    expect(count).toMatchObject({ most: 4, open: 0 });
    const twin = rows(dir).filter(({ env, block }) => env === 'twin' && block === '1');
    expect(twin.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed', 'completed', 'stopped']);
    expect(twin.at(-1)).toMatchObject({
      ...{ instances: '5', ended_by: 'memory', ready_ms: '', host_delta_bytes: '' },
      reason: 'The host has no room for a further box: 1 MiB is left.',
    });
    // The last one that is held is weighed, though its number is none of the plan's.
    expect(twin[3]).toMatchObject({ pss_bytes: String(16 * MIB), ended_by: '' });
    // What is held does not go by itself: there is no use in waiting for long.
    expect(new Set(terms.map((one) => JSON.stringify(one)))).toEqual(new Set(['{"patienceMs":2000,"load":"refuses"}']));
    expect((await checkSession(dir)).findings).toEqual([]);
  });

  it('ends the session where there is no room even for the first instance', async () => {
    const count = new Count();
    let asked = 0;
    const admit = async () => {
      asked += 1;
      if (asked > 3 + 2) throw atLimit();
    };
    const { outcome } = await runIn(out, { ...plan, instances: [1, 2] }, [count.box('native'), count.box('twin')], {
      ...rehearsedCrew(),
      gauges: gaugesFor(count, { admit }),
    });
    expect(outcome.failure).toBeInstanceOf(HostAtLimit);
    expect(asked).toBe(6);
    expect(count.open).toBe(0);
  });

  it.each([
    ['fork: retry: Resource temporarily unavailable', 'processes'],
    ['write /var/lib/engine: no space left on device', 'disk'],
    ['mmap: Cannot allocate memory', 'memory'],
    ['all predefined address pools have been fully subnetted', 'engine'],
  ])('names what a failed start ran short of: %s', async (why, by) => {
    const count = new Count();
    const boxes = [count.box('native'), count.box('twin', { failsAt: 4, why })];
    const one = { ...plan, minBlocks: 1, maxBlocks: 1 };
    const { outcome, dir } = await runIn(out, one, boxes, { ...rehearsedCrew(), gauges: gaugesFor(count) });
    const twin = rows(dir).filter(({ env }) => env === 'twin');
    expect(twin.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed', 'failed']);
    expect(twin.at(-1)).toMatchObject({ instances: '4', ended_by: by, reason: why });
    expect(rows(dir).filter(({ env }) => env === 'native')).toHaveLength(12);
    expect(outcome.events).toContainEqual(expect.objectContaining({ kind: 'failed', env: 'twin', instances: 4 }));
    expect(count.open).toBe(0);
    expect((await checkSession(dir)).findings).toEqual([]);
  });

  it('ends a series when an instance that is held has ended, and blames the memory if the kernel says so', async () => {
    const count = new Count();
    let kills = 0;
    const boxes = [count.box('native'), count.box('twin', { diesAt: 3 })];
    const one = { ...plan, minBlocks: 1, maxBlocks: 1 };
    const gauges = gaugesFor(count, { memoryKills: () => kills++ });
    const { outcome, dir } = await runIn(out, one, boxes, { ...rehearsedCrew(), gauges });
    const twin = rows(dir).filter(({ env }) => env === 'twin');
    expect(twin.at(-1)).toMatchObject({ instances: '3', status: 'failed', ended_by: 'memory' });
    expect(twin.at(-1)?.reason).toMatch(/^an instance that was held, b1-twin-n12-1: the box ended/);
    expect(outcome.starts.find(({ startId }) => startId === 'b1-twin-n12-1')?.status).toBe('failed');
    expect(count.open).toBe(0);
  });

  it('that is interrupted closes all of them, and resumes with whole blocks', async () => {
    const count = new Count();
    const boxes = [count.box('native'), count.box('twin')];
    const controller = new AbortController();
    const gauges = gaugesFor(count, {
      availableMemoryBytes: () => {
        // The facts of both, twelve of both in the first block, and some in the second.
        if (count.starts > 2 + 24 + 8) controller.abort();
        return 2 ** 40 - 7 * MIB * count.open;
      },
    });
    const request = { ...rehearsedCrew(), gauges, signal: controller.signal };
    const { outcome: cut, dir } = await runIn(out, plan, boxes, request);
    expect(cut.info).toMatchObject({ stopReason: 'interrupted', blocksCompleted: 1 });
    expect(count.open).toBe(0);
    const info = readSessionInfo(dir);
    const store = reopenStore(dir, info.session, info.blocksCompleted);
    const earlier = await loadSession(dir);
    const resumed = await runSession({
      ...{ ...requestFor(info.plan, boxes), ...rehearsedCrew(), gauges: gaugesFor(count), store, info, earlier },
    });
    store.close();
    expect(resumed.info).toMatchObject({ stopReason: 'blocks', blocksCompleted: 2 });
    const keys = rows(dir).map(({ block, env, instances }) => `${block} ${env} ${instances}`);
    expect(new Set(keys).size).toBe(2 * 3 * 12);
    expect(keys).toHaveLength(2 * 3 * 12);
    expect((await checkSession(dir)).findings).toEqual([]);
  });
});
