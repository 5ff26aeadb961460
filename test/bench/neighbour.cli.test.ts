import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { spanOf } from '../../bench/kinds/neighbour/aggressor.ts';
import { AGGRESSOR_SPECS } from '../../bench/plan/aggressors.ts';
import { checkSession } from '../../bench/session/check.ts';
import { loadSession } from '../../bench/session/load.ts';
import { AGGRESSORS, type Environment } from '../../bench/types.ts';
import { WORKLOAD_IDS } from '../../cli/names.ts';
import { mortal, rehearsed, rehearsedCrew, runIn, tinyPlan } from './boxes.ts';

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

const plan = tinyPlan({
  environments: [{ path: 'native' }, { path: 'twin' }],
  workloads: ['fft'],
  measure: 'neighbour',
  aggressors: ['cpu', 'forks'],
  windowNs: 2_000_000,
  rounds: 2,
  timeoutMs: 20_000,
  limits: { cpus: [0, 1], housekeeping: [0], memoryBytes: 2 ** 30, pids: 512 },
});

function rows(dir: string, file: string): Record<string, string>[] {
  return parse(readFileSync(join(dir, file)), { columns: true }) as Record<string, string>[];
}

/** Starts whose name matches are those of another environment. */
function mixed(environment: Environment, name: RegExp, other: Environment): Environment {
  return { ...environment, start: (id, signal) => (name.test(id) ? other : environment).start(id, signal) };
}

/** A rehearsed box that answers something else: `change` is given the body of every answer that has one. */
function answering(path: string, change: (body: Record<string, unknown>) => object): Environment {
  return rehearsed(path, () => (line) => {
    const at = line.indexOf('{');
    const { body, ...head } = JSON.parse(line.slice(at));
    return body === undefined ? line : line.slice(0, at) + JSON.stringify({ ...head, body: change(body) });
  });
}

const twinsOf = (dir: string, block: number) =>
  rows(dir, 'neighbour.csv').filter((row) => row.env === 'twin' && row.block === String(block));

describe('a neighbour', () => {
  it('does what a workload of Boxmark’s does', () => {
    for (const name of AGGRESSORS) expect(WORKLOAD_IDS).toContain(AGGRESSOR_SPECS[name].workload);
  });

  it('is taken to begin as late and to end as early as it can have, on the host’s clock', () => {
    const body = { bursts: [[100, 1000, 0] as [number, number, number], [1200, 800, 0] as [number, number, number]] };
    const reply = { body: { ...body, passes: 2, checksum: '' }, sentNs: 10_000n, receivedNs: 12_500n };
    // 1900 ns from its first burst to its last one's end; 2000 ns after it was asked at least.
    expect(spanOf(reply, true)).toEqual({ begunNs: 10_600n, endedNs: 12_000n });
    // A guest whose clock is too fast can't have begun before it was asked, nor have ended after its answer.
    expect(spanOf({ ...reply, receivedNs: 11_000n }, false)).toEqual({ begunNs: 10_000n, endedNs: 11_000n });
  });
});

describe('a session of victims beside neighbours', () => {
  it('has a pair of visits for every neighbour in every round, in random order, with its bursts', async () => {
    const { outcome, dir } = await runIn(out, plan, [rehearsed('native'), rehearsed('twin')], rehearsedCrew());
    expect(outcome.failure).toBeNull();
    const found = rows(dir, 'neighbour.csv');
    // Two blocks, three boxes, two neighbours, two rounds, with and without.
    expect(found).toHaveLength(2 * 3 * 2 * 2 * 2);
    expect(new Set(found.map(({ status }) => status))).toEqual(new Set(['completed']));
    const pairs = new Set(found.map((row) => `${row.block} ${row.env} ${row.aggressor} ${row.round} ${row.beside}`));
    expect(pairs.size).toBe(found.length);
    const halves = found.filter(({ turn }) => Number(turn) % 2 === 1).map(({ beside }) => beside);
    expect(new Set(halves)).toEqual(new Set(['true', 'false']));
    const orders = [1, 2].map((block) => {
      const own = found.filter((row) => row.block === String(block));
      return own.map(({ env, aggressor, beside }) => `${env} ${aggressor} ${beside}`).join();
    });
    expect(orders[0]).not.toBe(orders[1]);
    for (const row of found.filter(({ beside }) => beside === 'true')) {
      expect(row.copies).toBe(row.aggressor === 'cpu' ? '2' : '1');
      expect(Number(row.aggressor_passes)).toBeGreaterThan(0);
      expect(Math.min(Number(row.lead_ns), Number(row.tail_ns))).toBeGreaterThanOrEqual(0);
    }
    const bursts = new Set(rows(dir, 'samples.csv').map((row) => `${row.start_id} ${row.round}`));
    for (const row of found) expect(bursts).toContain(`${row.start_id} ${row.turn}`);
    // The victim, two boxes for two CPUs, one that forks; in the first block one more that tells its facts.
    const starts = rows(dir, 'starts.csv').filter(({ env }) => env === 'twin');
    expect(starts.map(({ block }) => block).sort()).toEqual(['1', '1', '1', '1', '1', '2', '2', '2', '2']);
    expect(await checkSession(dir)).toMatchObject({ findings: [] });
    expect((await loadSession(dir)).neighbour).toHaveLength(found.length);
  });

  it('loses a neighbour that dies for the rest of the block, and nothing else', async () => {
    const boxes = [rehearsed('native'), mortal('twin', /^b1-twin-cpu-2$/)];
    const { outcome, dir } = await runIn(out, plan, boxes, rehearsedCrew());
    expect(outcome.failure).toBeNull();
    const beside = twinsOf(dir, 1).filter((row) => row.aggressor === 'cpu' && row.beside === 'true');
    expect(beside).toMatchObject([{ status: 'neighbour-failed', reason: expect.stringContaining('the box ended') }]);
    expect(twinsOf(dir, 1).filter(({ aggressor }) => aggressor === 'forks')).toHaveLength(4);
    expect(twinsOf(dir, 2)).toHaveLength(8);
    const failed = rows(dir, 'starts.csv').filter(({ status }) => status === 'failed');
    expect(failed.map((row) => row.start_id)).toEqual(['b1-twin-cpu-2']);
    expect(await checkSession(dir)).toMatchObject({ findings: [] });
  });

  it('loses the block of an environment whose victim dies', async () => {
    const boxes = [rehearsed('native'), mortal('twin', /^b1-twin-victim$/)];
    const { outcome, dir } = await runIn(out, plan, boxes, rehearsedCrew());
    expect(outcome.failure).toBeNull();
    expect(twinsOf(dir, 1)).toMatchObject([{ status: 'failed', turn: '0' }]);
    expect(twinsOf(dir, 2)).toHaveLength(8);
    expect(rows(dir, 'neighbour.csv').filter((row) => row.env === 'native' && row.block === '1')).toHaveLength(8);
    expect(await checkSession(dir)).toMatchObject({ findings: [] });
  });

  it('records a neighbour that an environment can not run with its reason, and goes on with the others', async () => {
    const unable = answering('twin', (body) =>
      Array.isArray(body.workloads)
        ? { ...body, workloads: [], refused: [{ id: 'spawn', reason: 'the image has no program' }] }
        : body,
    );
    const boxes = [rehearsed('native'), mixed(rehearsed('twin'), /-forks-/, unable)];
    const { outcome, dir } = await runIn(out, plan, boxes, rehearsedCrew());
    expect(outcome.failure).toBeNull();
    const refused = rows(dir, 'neighbour.csv').filter(({ status }) => status === 'refused');
    expect(refused).toMatchObject(
      ['1', '2'].map((block) => ({ block, env: 'twin', aggressor: 'forks', reason: 'the image has no program' })),
    );
    expect(twinsOf(dir, 1).filter(({ aggressor }) => aggressor === 'cpu')).toHaveLength(4);
    const events = outcome.events.filter(({ kind }) => kind === 'workload-refused');
    expect(events).toMatchObject(['1', '2'].map(() => ({ env: 'twin', workload: 'spawn' })));
    expect(await checkSession(dir)).toMatchObject({ findings: [] });
  });

  it('counts no visit beside a neighbour that ended before it', async () => {
    const lazy = answering('twin', (body) =>
      Array.isArray(body.bursts) ? { ...body, bursts: body.bursts.slice(0, 1) } : body,
    );
    const boxes = [rehearsed('native'), mixed(rehearsed('twin'), /-cpu-2$/, lazy)];
    const { dir } = await runIn(out, plan, boxes, rehearsedCrew());
    const beside = [1, 2].flatMap((block) => twinsOf(dir, block)).filter((row) => row.beside === 'true');
    for (const { aggressor, status } of beside) expect(status).toBe(aggressor === 'cpu' ? 'uncovered' : 'completed');
    expect(beside.find(({ aggressor }) => aggressor === 'cpu')?.reason).toMatch(/may have ended [\d.]+ ms before it/);
    expect(await checkSession(dir)).toMatchObject({ findings: [] });
  });

  it.each([
    ['a victim', /-victim$/],
    ['a neighbour', /-forks-/],
  ])('drops the figures of an environment in which %s computed wrongly', async (_, name) => {
    const wrong = answering('twin', (body) =>
      Array.isArray(body.bursts) ? { ...body, checksum: '00000000000000aa' } : body,
    );
    const boxes = [rehearsed('native'), mixed(rehearsed('twin'), name, wrong)];
    const { outcome, dir } = await runIn(out, plan, boxes, rehearsedCrew());
    const mismatches = outcome.events.filter(({ kind }) => kind === 'checksum-mismatch');
    expect(new Set(mismatches.map((event) => 'env' in event && event.env))).toEqual(new Set(['twin']));
    expect(new Set(outcome.neighbour.map(({ env }) => env))).toEqual(new Set(['native', 'native@control']));
    expect(await checkSession(dir)).toMatchObject({ findings: [] });
  });

  it('ends whole when it is interrupted, with every box closed', async () => {
    const controller = new AbortController();
    let open = 0;
    const counted = (environment: Environment): Environment => {
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
    // While a neighbour works.
    const cut = mortal('twin', /^b2-twin-forks/, () => setTimeout(() => controller.abort(), 5));
    const boxes = [counted(rehearsed('native')), counted(cut)];
    const { outcome, dir } = await runIn(out, plan, boxes, { ...rehearsedCrew(), signal: controller.signal });
    expect(outcome.info).toMatchObject({ stopReason: 'interrupted', blocksCompleted: 1 });
    expect(open).toBe(0);
    expect(new Set(outcome.neighbour.map(({ block }) => block))).toEqual(new Set([1]));
    expect(await checkSession(dir)).toMatchObject({ findings: [] });
  });
});
