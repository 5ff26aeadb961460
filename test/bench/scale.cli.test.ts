import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkSession } from '../../bench/session/check.ts';
import { loadSession } from '../../bench/session/load.ts';
import type { Environment } from '../../bench/types.ts';
import { mortal, rehearsed, rehearsedCrew, runIn, tinyPlan } from './boxes.ts';

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

const plan = tinyPlan({
  environments: [{ path: 'native' }, { path: 'twin' }],
  workloads: ['fft', 'sor'],
  measure: 'scale',
  instances: [1, 2, 3],
  windowNs: 2_000_000,
  rounds: 1,
  timeoutMs: 20_000,
});

function rows(dir: string, file: string): Record<string, string>[] {
  return parse(readFileSync(join(dir, file)), { columns: true }) as Record<string, string>[];
}

describe('a session of instances that work at once', () => {
  it('has a row for every instance at every level, in random order, with its bursts', async () => {
    const { outcome, dir } = await runIn(out, plan, [rehearsed('native'), rehearsed('twin')], rehearsedCrew());
    expect(outcome.failure).toBeNull();
    const found = rows(dir, 'scale.csv');
    // Two blocks, three boxes, two workloads, 1 + 2 + 3 instances.
    expect(found).toHaveLength(2 * 3 * 2 * 6);
    expect(new Set(found.map(({ status }) => status))).toEqual(new Set(['completed']));
    const orders = [1, 2].map((block) => {
      const own = found.filter((row) => row.block === String(block));
      return [...new Set(own.map(({ position, env, instances }) => `${position} ${env} ${instances}`))];
    });
    expect(orders[0]).toHaveLength(9);
    expect(orders[0]).not.toEqual(orders[1]);
    const samples = rows(dir, 'samples.csv');
    expect(new Set(samples.map(({ phase }) => phase))).toEqual(new Set(['long']));
    const bursts = new Set(samples.map((row) => `${row.start_id} ${row.workload}`));
    for (const row of found) expect(bursts).toContain(`${row.start_id} ${row.workload}`);
    for (const { begin_ns: begin, end_ns: end } of found) expect(Number(end)).toBeGreaterThan(Number(begin));
    expect(await checkSession(dir)).toMatchObject({ findings: [] });
    expect((await loadSession(dir)).scale).toHaveLength(found.length);
  });

  it('counts an instance that dies at a level, and leaves out that level and those above it in the block', async () => {
    const boxes = [rehearsed('native'), mortal('twin', /^b1-twin-n2-1$/)];
    const { outcome, dir } = await runIn(out, plan, boxes, rehearsedCrew());
    expect(outcome.failure).toBeNull();
    const twins = rows(dir, 'scale.csv').filter(({ env, block }) => env === 'twin' && block === '1');
    const pair = twins.filter(({ instances, workload }) => instances === '2' && workload === 'fft');
    expect(pair.map(({ status }) => status).sort()).toEqual(['completed', 'failed']);
    expect(pair.find(({ status }) => status === 'failed')?.reason).toContain('the box ended');
    expect(outcome.events.filter(({ kind }) => kind === 'failed')).toHaveLength(1);
    // The other instance goes on with the next workload, the level fails in the next block no more.
    expect(rows(dir, 'scale.csv').filter((row) => row.env === 'twin' && row.block === '2')).toHaveLength(12);
    expect(await checkSession(dir)).toMatchObject({ findings: [] });
  });

  it('drops what a box computed wrongly', async () => {
    const wrong = rehearsed(
      'twin',
      () => (line) => line.replace(/"checksum":"[0-9a-f]{16}"/, '"checksum":"00000000000000aa"'),
    );
    const { outcome, dir } = await runIn(out, plan, [rehearsed('native'), wrong], rehearsedCrew());
    const mismatches = outcome.events.filter(({ kind }) => kind === 'checksum-mismatch');
    expect(mismatches.length).toBeGreaterThan(0);
    expect(new Set(mismatches.map((event) => 'env' in event && event.env))).toEqual(new Set(['twin']));
    expect(new Set(outcome.samples.map(({ env }) => env))).toEqual(new Set(['native', 'native@control']));
    expect(await checkSession(dir)).toMatchObject({ findings: [] });
  });

  it('records once that a box can not run a workload, and measures the others there', async () => {
    const unable = rehearsed('twin', () => (line) => {
      const at = line.indexOf('{');
      const { body, ...head } = JSON.parse(line.slice(at));
      if (!Array.isArray(body?.workloads)) return line;
      const workloads = body.workloads.filter(({ id }: { id: string }) => id !== 'sor');
      const refused = [{ id: 'sor', reason: 'no room for it' }];
      return line.slice(0, at) + JSON.stringify({ ...head, body: { ...body, workloads, refused } });
    });
    const small = { ...plan, instances: [1, 2] };
    const { outcome, dir } = await runIn(out, small, [rehearsed('native'), unable], rehearsedCrew());
    expect(outcome.failure).toBeNull();
    const events = outcome.events.filter(({ kind }) => kind === 'workload-refused');
    expect(events).toMatchObject([{ env: 'twin', block: 1, workload: 'sor', reason: 'no room for it' }]);
    const found = rows(dir, 'scale.csv').filter(({ env }) => env === 'twin');
    expect(found.map(({ workload }) => workload)).toEqual(found.map(() => 'fft'));
    expect(found).toHaveLength(2 * 3);
    expect(await checkSession(dir)).toMatchObject({ findings: [] });
  });

  it('does not start a level for which the host has too little memory', async () => {
    let available = 2 ** 30;
    const hungry = (path: string): Environment => {
      const environment = rehearsed(path);
      return {
        ...environment,
        async start(name, signal) {
          available -= 300 * 2 ** 20;
          const started = await environment.start(name, signal);
          return {
            ...started,
            close: async () => {
              available += 300 * 2 ** 20;
              await started.close();
            },
          };
        },
      };
    };
    const gauges = { availableMemoryBytes: () => available, stealMs: () => null };
    const small = { ...plan, instances: [1, 3], workloads: ['fft'], minBlocks: 3, maxBlocks: 3 };
    const { outcome } = await runIn(out, small, [rehearsed('native'), hungry('twin')], { ...rehearsedCrew(), gauges });
    const events = outcome.events.filter(({ kind }) => kind === 'too-little-memory');
    // Until a single one was started, nothing is known of its size.
    expect(events.length).toBeGreaterThan(0);
    expect(events).toMatchObject(
      events.map(() => ({ env: 'twin', reason: '3 instances would leave the host less than 512 MiB' })),
    );
    expect(available).toBe(2 ** 30);
  });

  it('ends whole when it is interrupted, with every box closed', async () => {
    const controller = new AbortController();
    let open = 0;
    const counted = (path: string): Environment => {
      const environment = rehearsed(path);
      return {
        ...environment,
        async start(name, signal) {
          open += 1;
          const started = await environment.start(name, signal);
          return {
            ...started,
            close: async () => {
              open -= 1;
              await started.close();
            },
          };
        },
      };
    };
    const progress = {
      phase: () => {},
      block: () => {},
      round: ({ block, round }: { block: number; round: number }) => {
        if (block === 2 && round > 0.4) controller.abort();
      },
    };
    const boxes = [counted('native'), counted('twin')];
    const { outcome, dir } = await runIn(out, plan, boxes, { ...rehearsedCrew(), signal: controller.signal, progress });
    expect(outcome.info).toMatchObject({ stopReason: 'interrupted', blocksCompleted: 1 });
    expect(open).toBe(0);
    expect(new Set(outcome.scale.map(({ block }) => block))).toEqual(new Set([1]));
    expect(await checkSession(dir)).toMatchObject({ findings: [] });
  });
});
