import { mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RatioRow } from '../../bench/analysis/reproduction.ts';
import { type EarlierRows, runSession, type SessionOutcome } from '../../bench/run/session.ts';
import { checkSession } from '../../bench/session/check.ts';
import type { SessionInfo } from '../../bench/session/info.ts';
import { loadSession, wholeSamples } from '../../bench/session/load.ts';
import { reopenStore } from '../../bench/session/reopen.ts';
import { createStore, type Store } from '../../bench/session/store.ts';
import type { Environment, Plan, Sample } from '../../bench/types.ts';
import { honest, infoFor, rehearsed, rehearsedCrew, requestFor, scripted, tampered, tinyPlan } from './boxes.ts';

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

const environments = [{ path: 'native' }, { path: 'twin' }];
/** Frozen, so that sessions differ in nothing but their times. */
const work = { fft: 20, sor: 20, 'monte-carlo': 20 };

/** Where it matters what a box computes. */
const REAL = {
  boxes: [honest('native'), honest('twin')],
  ...{ control: honest('native'), verifier: honest('native') },
};
const REHEARSED = { boxes: [rehearsed('native'), rehearsed('twin')], ...rehearsedCrew() };

interface Options {
  readonly boxes?: readonly Environment[];
  readonly control?: Environment;
  readonly verifier?: Environment;
  readonly earlier?: EarlierRows;
  /** Interrupts after this round. */
  readonly until?: { block: number; round: number };
  onRound?(): void;
  onStandings?(blocks: number, rows: readonly RatioRow[] | null): void;
}

async function execute(store: Store, info: SessionInfo, options: Options = {}): Promise<SessionOutcome> {
  const controller = new AbortController();
  const { boxes, control, verifier, earlier, until, onRound, onStandings } = { ...REHEARSED, ...options };
  const outcome = await runSession({
    ...requestFor(info.plan, boxes),
    ...(earlier === undefined ? {} : { earlier }),
    control,
    verifier,
    store,
    info,
    signal: controller.signal,
    progress: {
      phase: () => {},
      block: () => {},
      round: ({ block, round }) => {
        onRound?.();
        if (block === until?.block && round === until.round) controller.abort();
      },
      standings: (blocks, rows) => onStandings?.(blocks, rows()),
    },
  });
  store.close();
  return outcome;
}

function begin(plan: Plan, options: Options = {}) {
  const info = { ...infoFor(plan, options.boxes ?? REHEARSED.boxes), work };
  const store = createStore(out, info);
  return execute(store, info, options).then((outcome) => ({ outcome, dir: store.dir }));
}

/** What `boxmark resume` does, without the preparation of environments. */
async function goOn(dir: string, change: Partial<Plan> = {}, options: Options = {}): Promise<SessionOutcome> {
  const before = JSON.parse(readFileSync(join(dir, 'session.json'), 'utf8')) as SessionInfo;
  const store = reopenStore(dir, before.session, before.blocksCompleted);
  const earlier = await loadSession(dir);
  return execute(store, { ...before, plan: { ...before.plan, ...change } }, { ...options, earlier });
}

/** Everything about a burst that the seed decides. Long visits are as many as fit into their time. */
function design(samples: readonly Sample[]): string[] {
  const all = samples.map(
    ({ block, round, position, env, phase, workload, work: passes, startId }) =>
      `${block} ${round} ${position} ${env} ${phase} ${workload} ${passes} ${startId}`,
  );
  return all.filter((line, index) => !line.includes(' long ') || line !== all[index - 1]);
}

describe('a session that is interrupted and resumed', () => {
  it('shows its ratios at every end of a block, and where it is resumed those that it has', async () => {
    const seen: [number, number | undefined, (RatioRow['interval'] | undefined)?][] = [];
    const onStandings = (blocks: number, rows: readonly RatioRow[] | null) =>
      seen.push([blocks, rows?.length, rows?.[0]?.interval]);
    const cut = await begin(tinyPlan({ environments, blocks: 3 }), { onStandings, until: { block: 3, round: 1 } });
    const resumed = await goOn(cut.dir, {}, { onStandings });
    const count = resumed.contrasts.length;
    expect(seen.map(([blocks, rows]) => [blocks, rows])).toEqual([1, 2, 2, 3].map((blocks) => [blocks, count]));
    expect(seen.map(([, , interval]) => interval === null)).toEqual([true, false, false, false]);
    expect(seen[1]?.[2]).toEqual(seen[2]?.[2]);
  });

  it('has the bursts of one that was not: same orders in every block, same counts, same states', async () => {
    const plan = tinyPlan({ environments, blocks: 3 });
    const whole = await begin(plan, REAL);
    const cut = await begin(plan, { ...REAL, until: { block: 2, round: 2 } });
    expect(cut.outcome.info).toMatchObject({ stopReason: 'interrupted', blocksCompleted: 1 });
    const resumed = await goOn(cut.dir, {}, REAL);
    expect(resumed.failure).toBeNull();
    expect(resumed.info).toMatchObject({ stopReason: 'blocks', blocksCompleted: 3, work });
    expect(resumed.info.warmup).toEqual(cut.outcome.info.warmup);
    expect(design(resumed.samples)).toEqual(design(whole.outcome.samples));
    const states = (outcome: SessionOutcome) =>
      outcome.samples.filter(({ phase }) => phase === 'measure').map(({ checksum }) => checksum);
    expect(states(resumed)).toEqual(states(whole.outcome));
    expect(resumed.starts.map(({ block, env, status }) => `${block} ${env} ${status}`)).toEqual(
      whole.outcome.starts.map(({ block, env, status }) => `${block} ${env} ${status}`),
    );
  });

  it('leaves a folder that verifies and says the same as the outcome', async () => {
    const plan = tinyPlan({ environments, blocks: 2 });
    const { dir } = await begin(plan, { until: { block: 2, round: 1 } });
    const resumed = await goOn(dir);
    expect((await checkSession(dir)).findings).toEqual([]);
    const loaded = await loadSession(dir);
    expect(loaded.info).toEqual(resumed.info);
    expect(loaded.starts).toEqual(resumed.starts.map((start) => ({ ...start, ...rounded(start) })));
    expect(design(wholeSamples(loaded))).toEqual(design(resumed.samples));
    expect(loaded.samples.filter(({ block }) => block === 2)).toHaveLength(
      resumed.samples.filter(({ block }) => block === 2).length,
    );
  });

  it('after a kill in the middle of a row is the same session as well', async () => {
    const plan = tinyPlan({ environments, blocks: 2 });
    const { dir, outcome } = await begin(plan, { until: { block: 2, round: 2 } });
    for (const name of ['manifest.json', 'contrasts.csv']) rmSync(join(dir, name));
    const file = join(dir, 'samples.csv');
    truncateSync(file, readFileSync(file).length - 37);
    await expect(loadSession(dir)).rejects.toThrow(/can't be read/);
    const resumed = await goOn(dir);
    expect(resumed.info).toMatchObject({ stopReason: 'blocks', blocksCompleted: 2 });
    expect(design(resumed.samples.filter(({ block }) => block === 1))).toEqual(design(outcome.samples));
    expect((await checkSession(dir)).findings).toEqual([]);
  });

  it('is not held responsible for a wrong answer in the block that was cut', async () => {
    const plan = tinyPlan({ environments, blocks: 2 });
    // Right in the first block, wrong in the second, where the session is interrupted soon after.
    const mark = join(out, 'starts');
    const edit = `if (seen === 1) require('node:fs').appendFileSync(${JSON.stringify(mark)}, 'x');
      if (seen > 8 && require('node:fs').readFileSync(${JSON.stringify(mark)}).length === 2)
        line = line.replace(/"checksum":"[0-9a-f]{4}/, '"checksum":"dead');`;
    const boxes = [honest('native'), tampered('twin', edit)];
    const { dir, outcome } = await begin(plan, { ...REAL, boxes, until: { block: 2, round: 4 } });
    expect(outcome.events).toContainEqual(expect.objectContaining({ kind: 'checksum-mismatch', block: 2 }));
    const resumed = await goOn(dir, {}, { ...REAL, boxes });
    expect(resumed.events).toContainEqual(expect.objectContaining({ kind: 'checksum-mismatch', cutBlock: 2 }));
    const twin = resumed.samples.filter(
      ({ block, env, phase }) => block === 2 && env === 'twin' && phase === 'measure',
    );
    expect(twin).toHaveLength(3 * plan.rounds);
  });

  it('reports an environment that can not run any more, and continues with the others', async () => {
    const plan = tinyPlan({ environments, blocks: 2 });
    const { dir } = await begin(plan, { until: { block: 2, round: 1 } });
    const resumed = await goOn(dir, {}, { boxes: [rehearsed('native')] });
    const twin = resumed.starts.find(({ block, env }) => block === 2 && env === 'twin');
    expect(twin).toMatchObject({ status: 'skipped' });
    expect(resumed.info.blocksCompleted).toBe(2);
    expect(resumed.info.environments.map(({ path }) => path)).toEqual(['native', 'twin']);
  });

  it('in its very first block starts over, pilot included', async () => {
    const plan = tinyPlan({ environments, blocks: 1 });
    const { dir, outcome } = await begin(plan, { until: { block: 1, round: 1 } });
    expect(outcome.info).toMatchObject({ blocksCompleted: 0, warmup: null });
    const resumed = await goOn(dir);
    expect(resumed.info.warmup?.series.length).toBe(9);
    expect(new Set(resumed.samples.map(({ block }) => block))).toEqual(new Set([1]));
  });
});

describe('a finished session', () => {
  it('gets the blocks that a larger plan has in addition', async () => {
    const whole = await begin(tinyPlan({ environments, blocks: 3 }));
    const small = await begin(tinyPlan({ environments, blocks: 2 }));
    const resumed = await goOn(small.dir, { minBlocks: 3, maxBlocks: 3 });
    expect(resumed.info).toMatchObject({ stopReason: 'blocks', blocksCompleted: 3, plan: { maxBlocks: 3 } });
    expect(design(resumed.samples)).toEqual(design(whole.outcome.samples));
    expect((await checkSession(small.dir)).findings).toEqual([]);
  });
});

describe('the end of a session with a target', () => {
  /** Answers with the same times whatever the host does, so that every ratio is 1 and every interval a point. */
  const clockwork = (path: string, extraOf: () => number = () => 0) =>
    rehearsed(path, () => {
      const wallNs = 1e6 + extraOf();
      return (line) => {
        const bursts = /"bursts":(\[\[.*?\]\])/.exec(line)?.[1];
        if (bursts === undefined) return line;
        const even = (JSON.parse(bursts) as number[][]).map(([at, , cpu]) => [at, wallNs, cpu]);
        return line.replace(bursts, JSON.stringify(even));
      };
    });

  it('comes at the first block end from the minimum on at which every interval is narrow enough', async () => {
    const plan = tinyPlan({ environments, minBlocks: 3, maxBlocks: 6, target: 0.01, workloads: ['fft'] });
    const boxes = [clockwork('native'), clockwork('twin', () => 3e5)];
    const { outcome, dir } = await begin(plan, { boxes, control: clockwork('native') });
    // 30 % slower from the first block on: significance does not end it before the minimum.
    expect(outcome.info).toMatchObject({ stopReason: 'precision', blocksCompleted: 3 });
    expect(readFileSync(join(dir, 'contrasts.csv'), 'utf8')).toMatch(/precision/);
    expect((await checkSession(dir)).findings).toEqual([]);
  });

  it('is the cap when an interval stays wide, however clear the difference', async () => {
    const plan = tinyPlan({ environments, minBlocks: 2, maxBlocks: 4, target: 0.001, workloads: ['fft'] });
    // From 1.5 to 2 times the time, another in each start.
    const boxes = [clockwork('native'), clockwork('twin', () => 5e5 + Math.round(Math.random() * 5e5))];
    const { outcome } = await begin(plan, { boxes, control: clockwork('native') });
    expect(outcome.info).toMatchObject({ stopReason: 'blocks', blocksCompleted: 4 });
    const [row] = outcome.contrasts;
    expect(row?.interval?.low).toBeGreaterThan(1.1);
  });

  it('does not wait for an environment that was given up', async () => {
    const plan = tinyPlan({ environments, minBlocks: 4, maxBlocks: 6, target: 0.01, workloads: ['fft'] });
    const boxes = [clockwork('native'), scripted('twin', ['false'])];
    const { outcome } = await begin(plan, { boxes, control: clockwork('native') });
    expect(outcome.info).toMatchObject({ stopReason: 'precision', blocksCompleted: 4 });
  });

  it('is the time limit when that is shorter, and the minimum does not hold it back', async () => {
    const plan = tinyPlan({ environments, minBlocks: 4, maxBlocks: 6, target: 0.01, maxTimeMs: 1, workloads: ['fft'] });
    const { outcome } = await begin(plan);
    expect(outcome.info).toMatchObject({ stopReason: 'time', blocksCompleted: 1 });
  });
});

describe('a wall clock that is set while a session runs', () => {
  const DAY_MS = 86_400_000;
  afterEach(() => vi.useRealTimers());

  /** Sets the clock by a day at the first round. Timers and the monotonic clock stay real. */
  async function withJump(byMs: number, change: Partial<Plan>) {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    let jumped = false;
    const onRound = () => {
      if (!jumped) vi.setSystemTime(Date.now() + byMs);
      jumped = true;
    };
    const begunMs = performance.now();
    const { outcome } = await begin(tinyPlan({ environments, workloads: ['fft'], ...change }), { onRound });
    expect(jumped).toBe(true);
    expect(outcome.info.measuredMs).toBeGreaterThan(0);
    expect(outcome.info.measuredMs).toBeLessThanOrEqual(performance.now() - begunMs);
    return outcome.info;
  }

  it('by a day forward ends nothing early', async () => {
    const info = await withJump(DAY_MS, { maxTimeMs: DAY_MS / 2, minBlocks: 2, maxBlocks: 2 });
    expect(info).toMatchObject({ stopReason: 'blocks', blocksCompleted: 2 });
  });

  it('by a day back does not keep a session running', async () => {
    const info = await withJump(-DAY_MS, { maxTimeMs: 1, minBlocks: 3, maxBlocks: 3 });
    expect(info).toMatchObject({ stopReason: 'time', blocksCompleted: 1 });
  });
});

/** Figures as they stand in a file: nine significant digits. */
function rounded(row: object): object {
  const figures = Object.entries(row).filter(([, value]) => typeof value === 'number' && !Number.isInteger(value));
  return Object.fromEntries(figures.map(([name, value]) => [name, Number((value as number).toPrecision(9))]));
}
