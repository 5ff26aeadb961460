import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HostBeat } from '../../bench/run/watch/host-beat.ts';
import { HostAtLimit, type HostGauges } from '../../bench/run/watch/host-gauges.ts';
import { checkSession } from '../../bench/session/check.ts';
import { loadSession } from '../../bench/session/load.ts';
import type { CpuShare, Environment } from '../../bench/types.ts';
import { rehearsed, rehearsedCrew, runIn, tinyPlan } from './boxes.ts';

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

const plan = tinyPlan({
  environments: [{ path: 'native' }, { path: 'twin' }],
  workloads: ['fft'],
  measure: 'storm',
  instances: [6],
  rounds: 1,
  blocks: 1,
  timeoutMs: 20_000,
});

/** Starts of an environment: how many are under way, open, and with which shares. */
class Count {
  open = 0;
  starting = 0;
  /** By the order of starts in a storm: the most that were under way in it. */
  readonly most = new Map<string, number>();
  readonly shares = new Map<string, (CpuShare | undefined)[]>();

  box(path: string, { failing = (_: string): string | undefined => undefined, slowMs = 40 } = {}): Environment {
    const inner = rehearsed(path);
    return {
      ...inner,
      start: async (name, signal, share) => {
        const storm = /-p\d+(?=-\d+$)/.exec(name)?.[0];
        this.starting += 1;
        try {
          if (storm !== undefined) {
            const key = `${path}${storm}`;
            this.most.set(key, Math.max(this.most.get(key) ?? 0, this.starting));
            this.shares.set(key, [...(this.shares.get(key) ?? []), share]);
            await new Promise((resolve) => setTimeout(resolve, slowMs));
          }
          const why = failing(name);
          if (why !== undefined) throw new Error(why);
          const box = await inner.start(name, signal, share);
          this.open += 1;
          const close = async () => {
            await box.close();
            this.open -= 1;
          };
          return { ...box, close };
        } finally {
          this.starting -= 1;
        }
      },
    };
  }
}

const GAUGES: HostGauges = { availableMemoryBytes: () => null, stealMs: () => null, wait: async () => {} };

function rows(dir: string): Record<string, string>[] {
  return parse(readFileSync(join(dir, 'storm.csv')), { columns: true }) as Record<string, string>[];
}

describe('a session of storms', () => {
  it('starts all boxes at once or a few at a time, with the shares of the cell, in random order, beside a victim', async () => {
    const count = new Count();
    const boxes = [count.box('native'), count.box('twin')];
    const { outcome, dir } = await runIn(out, plan, boxes, { ...rehearsedCrew(), gauges: GAUGES });
    expect(outcome.failure).toBeNull();
    expect(count.open).toBe(0);
    const all = rows(dir);
    expect(all).toHaveLength(2 * 5 * 6);
    for (const position of new Set(all.map((row) => row.position))) {
      const own = all.filter((row) => row.position === position);
      expect(own.map(({ instance }) => instance)).toEqual(['1', '2', '3', '4', '5', '6']);
      const { env = '', order, share } = own[0] as Record<string, string>;
      const key = `${env}-p${position}`;
      // One CPU in this plan: two at a time.
      expect(count.most.get(key)).toBe(order === 'at-once' ? 6 : 2);
      const asked = { none: undefined, weight: { weight: 10 }, quota: { quota: 0.5 / 6 } }[share as 'none'];
      expect(count.shares.get(key)).toEqual(Array(6).fill(asked));
      for (const row of own) {
        expect(row.status).toBe('completed');
        expect(Number(row.start_ms)).toBeGreaterThanOrEqual(39);
        expect(Number(row.ready_ms)).toBeGreaterThanOrEqual(Number(row.start_ms));
        expect(Number(row.victim_before_ns)).toBeGreaterThan(0);
        expect(Number(row.victim_during_ns)).toBeGreaterThan(0);
        expect(Number(row.victim_bursts)).toBeGreaterThan(0);
        expect(Number(row.longest_gap_ms)).toBeGreaterThan(0);
      }
    }
    const order = all.filter(({ instance }) => instance === '1').map((row) => `${row.env} ${row.order} ${row.share}`);
    expect(new Set(order).size).toBe(10);
    expect(order).not.toEqual([...order].sort());
    expect((await checkSession(dir)).findings).toEqual([]);
    expect((await loadSession(dir)).storm).toEqual(outcome.storm);
    expect(outcome.info.work).toHaveProperty('fft');
  });

  it('loses only the boxes that fail, and says why', async () => {
    const count = new Count();
    const failing = (name: string) => (name.endsWith('-3') ? 'no more loop devices' : undefined);
    const boxes = [count.box('native'), count.box('twin', { failing })];
    const { outcome, dir } = await runIn(out, plan, boxes, { ...rehearsedCrew(), gauges: GAUGES });
    expect(outcome.failure).toBeNull();
    const twin = rows(dir).filter(({ env }) => env === 'twin');
    expect(twin).toHaveLength(30);
    for (const row of twin) {
      const hasFailed = row.instance === '3';
      expect(row.status).toBe(hasFailed ? 'failed' : 'completed');
      expect(row.reason).toBe(hasFailed ? 'no more loop devices' : '');
      expect(row.ready_ms === '').toBe(hasFailed);
    }
    expect(outcome.info.blocksCompleted).toBe(1);
    expect(count.open).toBe(0);
    expect((await checkSession(dir)).findings).toEqual([]);
  });

  it('starts no further box once the host has no room, and keeps the load out of it', async () => {
    const count = new Count();
    const terms = new Set<string>();
    const admit: HostGauges['admit'] = async (_, asked) => {
      if (asked !== undefined) terms.add(JSON.stringify(asked));
      if (count.open >= 4) throw new HostAtLimit({ what: 'The host has no room.' }, 'memory');
    };
    const boxes = [count.box('native'), count.box('twin')];
    const { outcome, dir } = await runIn(out, plan, boxes, { ...rehearsedCrew(), gauges: { ...GAUGES, admit } });
    expect(outcome.failure).toBeNull();
    expect([...terms]).toEqual(['{"patienceMs":0,"load":"ignored"}']);
    const staggered = rows(dir).filter(({ order }) => order === 'staggered');
    const stopped = staggered.filter(({ status }) => status === 'stopped');
    expect(stopped.length).toBeGreaterThan(0);
    for (const row of stopped) expect(row.reason).toBe('The host has no room.');
    expect(count.open).toBe(0);
  });

  it('ends a storm that locks the host, records it, and closes what was started', async () => {
    const count = new Count();
    // The thread that beats is held up, as if the host were locked.
    const read = HostBeat.prototype.read;
    HostBeat.prototype.read = () => ({ beats: 5, longestGapMs: 1234, missed: 1 });
    try {
      const boxes = [count.box('native', { slowMs: 120 }), count.box('twin', { slowMs: 120 })];
      const { outcome, dir } = await runIn(out, plan, boxes, { ...rehearsedCrew(), gauges: GAUGES });
      const staggered = rows(dir).filter(({ order }) => order === 'staggered');
      expect(staggered.filter(({ status }) => status === 'stopped').length).toBeGreaterThan(0);
      expect(staggered.find(({ status }) => status === 'stopped')?.reason).toBe(
        'a thread that only sleeps got no CPU for 1234 ms',
      );
      expect(new Set(rows(dir).map((row) => row.missed_beats))).toEqual(new Set(['1']));
      const events = outcome.events.filter(({ kind }) => kind === 'missed-beat');
      expect(events).toHaveLength(10);
      expect(events[0]).toMatchObject({ instances: 6, longestGapMs: 1234, missed: 1 });
      expect(count.open).toBe(0);
      expect((await checkSession(dir)).findings).toEqual([]);
    } finally {
      HostBeat.prototype.read = read;
    }
  });

  it('that is interrupted in a storm closes every box, and those that are just starting', async () => {
    const count = new Count();
    const controller = new AbortController();
    const boxes = [count.box('native', { slowMs: 150 }), count.box('twin', { slowMs: 150 })];
    const running = runIn(out, plan, boxes, { ...rehearsedCrew(), gauges: GAUGES, signal: controller.signal });
    while (count.most.size === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort();
    const { outcome, dir } = await running;
    expect(outcome.info).toMatchObject({ stopReason: 'interrupted', blocksCompleted: 0 });
    expect(count).toMatchObject({ open: 0, starting: 0 });
    expect((await checkSession(dir)).findings).toEqual([]);
  });

  it('has one workload beside it', async () => {
    const count = new Count();
    const two = { ...plan, workloads: ['fft', 'sor'] };
    const { outcome } = await runIn(out, two, [count.box('native'), count.box('twin')], {
      ...{ ...rehearsedCrew(), gauges: GAUGES },
    });
    expect(String(outcome.failure)).toContain('A storm has one workload beside it');
  });
});

describe('the heartbeat of the host', () => {
  it('beats beside a busy main thread, and measures how long it was away', async () => {
    const beat = await HostBeat.start();
    try {
      const endMs = performance.now() + 300;
      while (performance.now() < endMs);
      const { beats, longestGapMs, missed } = beat.read();
      // Of some 30; another process may have had the CPU.
      expect(beats).toBeGreaterThan(2);
      expect(longestGapMs).toBeGreaterThanOrEqual(10);
      expect(missed).toBeLessThanOrEqual(beats);
      beat.restart();
      // The gap that is open counts, before any beat.
      expect(beat.read()).toMatchObject({ missed: 0, longestGapMs: expect.any(Number) });
    } finally {
      await beat.stop();
      await beat.stop();
    }
    const { beats } = beat.read();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(beat.read().beats).toBe(beats);
  });
});
