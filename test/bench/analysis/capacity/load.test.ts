import { describe, expect, it } from 'vitest';
import {
  isTooLate,
  KNEE_SERVICE_TIMES,
  type LoadLevel,
  lateLimitNs,
  summarizeLoad,
} from '../../../../bench/analysis/capacity/load.ts';
import type { LoadRow } from '../../../../bench/types.ts';

const MS = 1e6;
const plan = { environments: [{ path: 'native' }, { path: 'docker' }], baseline: 'native', burstNs: 5 * MS };

interface Truth {
  readonly env: string;
  readonly rate?: number;
  readonly block?: number;
  readonly count?: number;
  readonly serviceNs?: number;
  /** Of the request with this number, from 1. */
  readonly latencyNs?: (arrival: number) => number | null;
  readonly lateNs?: (arrival: number) => number;
}

let position = 0;
/** A level whose requests arrive evenly. */
function level(truth: Truth): LoadRow[] {
  const { env, rate = 100, block = 1, count = 200, serviceNs = 5 * MS } = truth;
  const { latencyNs = () => serviceNs, lateNs = () => 0 } = truth;
  position += 1;
  const place = position;
  return Array.from({ length: count }, (_, index) => {
    const intendedNs = ((index + 1) * 1e9) / rate;
    const latency = latencyNs(index + 1);
    return {
      ...{ block, position: place, env, startId: `b${block}-${env}`, workload: 'lu', rate, arrival: index + 1 },
      ...{ intendedNs, sentNs: intendedNs + lateNs(index + 1) },
      doneNs: latency === null ? null : intendedNs + latency,
      serviceNs: latency === null ? null : serviceNs,
      status: latency === null ? 'dropped' : 'answered',
    };
  });
}

const levelOf = (rows: readonly LoadRow[], env: string, rate = 100): LoadLevel => {
  const found = summarizeLoad(rows, plan).levels.find((one) => one.env === env && one.ratePerSecond === rate);
  if (found === undefined) throw new Error(`no level of ${env} at ${rate}`);
  return found;
};

/** 1 ms, 2 ms, …: the k-th smallest is k ms. */
const ramp = (arrival: number) => arrival * MS;

describe('the latency of a level', () => {
  it('is the nearest rank of all its requests, from when they were to arrive', () => {
    const found = levelOf(level({ env: 'native', count: 200, latencyNs: ramp }), 'native');
    expect(found.latencyNs.p50).toEqual({ value: expect.closeTo(100 * MS, 0), interval: null, blocks: 1 });
    expect(found.latencyNs.p99?.value).toBeCloseTo(198 * MS, 0);
    expect(found).toMatchObject({ arrivals: 200, answered: 200, blocks: 1, lateBlocks: 0 });
  });

  it('has a percentile only where a block has enough requests for it', () => {
    const at = (count: number) => levelOf(level({ env: 'native', count, latencyNs: ramp }), 'native').latencyNs;
    expect(at(99)).toMatchObject({ p99: null, p999: null });
    expect(at(100)).toMatchObject({ p99: { value: expect.closeTo(99 * MS, 0) }, p999: null });
    expect(at(999).p999).toBeNull();
    expect(at(1000).p999?.value).toBeCloseTo(999 * MS, 0);
  });

  it('counts requests without an answer as longer than all others, and has no percentile among them', () => {
    const lost = (share: number) =>
      levelOf(level({ env: 'native', latencyNs: (arrival) => (arrival > 200 * (1 - share) ? null : MS) }), 'native');
    expect(lost(0.01).latencyNs.p99?.value).toBeCloseTo(MS, 0);
    expect(lost(0.02).latencyNs).toMatchObject({ p50: { value: expect.closeTo(MS, 0) }, p99: null });
    expect(lost(0.02)).toMatchObject({ answered: 196, arrivals: 200, isSaturated: true });
    expect(lost(0.6).latencyNs.p50).toBeNull();
  });

  it('has no percentile where it is beyond all answers in one of the blocks', () => {
    const rows = [1, 2, 3].flatMap((block) =>
      level({ env: 'native', block, latencyNs: (arrival) => (block === 2 && arrival > 190 ? null : 5 * MS) }),
    );
    expect(levelOf(rows, 'native')).toMatchObject({ isSaturated: false, latencyNs: { p50: { blocks: 3 }, p99: null } });
    const knees = summarizeLoad([...level({ env: 'native', rate: 50 }), ...rows], plan).knees;
    expect(knees).toMatchObject([{ env: 'native', ratePerSecond: 50, beyondPerSecond: 100 }]);
  });

  it("is the mean of the blocks' logarithms, with Student's interval over blocks", () => {
    const rows = [1, 2, 3].flatMap((block) => level({ env: 'native', block, latencyNs: () => 10 ** block * MS }));
    const { p50 } = levelOf(rows, 'native').latencyNs;
    expect(p50?.value).toBeCloseTo(100 * MS, 0);
    // t(0.975, 2) = 4.30265; the logarithms are ln 10 apart.
    const half = (4.302653 * Math.LN10) / Math.sqrt(3);
    expect(Math.log((p50?.interval?.high ?? 0) / (100 * MS))).toBeCloseTo(half, 4);
    expect(Math.log((p50?.interval?.low ?? 0) / (100 * MS))).toBeCloseTo(-half, 4);
  });
});

describe('a level that the harness spoils', () => {
  it('is marked where more than 1 % of its requests were sent too late, and is in no figure of latency', () => {
    const late = (many: number) => ({ lateNs: (arrival: number) => (arrival <= many ? 1.1 * MS : 0.9 * MS) });
    const good = levelOf(level({ env: 'native', ...late(2) }), 'native');
    expect(good).toMatchObject({ lateBlocks: 0, lateShare: 0.01, latenessNs: expect.closeTo(0.9 * MS, 0) });
    const bad = levelOf(level({ env: 'native', ...late(3) }), 'native');
    expect(bad).toMatchObject({ lateBlocks: 1, lateShare: 0.015, latencyNs: { p50: null, p99: null, p999: null } });
    expect(bad).toMatchObject({ achievedPerSecond: null, utilisation: null, arrivals: 200 });
  });

  it('leaves the figures to the other blocks', () => {
    const rows = [
      ...level({ env: 'native', block: 1, latencyNs: () => 5 * MS }),
      ...level({ env: 'native', block: 2, latencyNs: () => 500 * MS, lateNs: () => 400 * MS }),
    ];
    expect(levelOf(rows, 'native').latencyNs.p50).toMatchObject({ value: expect.closeTo(5 * MS, 0), blocks: 1 });
  });

  it('may be late by a tenth of a burst where that is longer than a millisecond', () => {
    expect(lateLimitNs(plan, 'lu')).toBe(MS);
    expect(lateLimitNs({ ...plan, burstNs: 50 * MS }, 'lu')).toBe(5 * MS);
    const program = { id: 'job', command: ['job'], argv: [], runNs: 1000 * MS };
    expect(lateLimitNs({ ...plan, commands: [program] }, 'job')).toBe(100 * MS);
    expect([isTooLate(10, 1000), isTooLate(11, 1000)]).toEqual([false, true]);
  });
});

describe('saturation', () => {
  it('shows in answers that come more slowly than requests arrive', () => {
    // Service takes 11 ms, and a request arrives every 10 ms: the queue grows.
    const growing = (arrival: number) => 11 * MS + (arrival - 1) * MS;
    const found = levelOf(level({ env: 'native', serviceNs: 11 * MS, latencyNs: growing }), 'native');
    expect(found).toMatchObject({ isSaturated: true, saturatedBlocks: 1 });
    expect(found.achievedPerSecond?.value).toBeCloseTo(91.3, 0);
    expect(found.utilisation).toBeCloseTo(1, 2);
  });

  it('is not the time that the last request takes itself', () => {
    const slow = levelOf(level({ env: 'native', rate: 1, count: 2, serviceNs: 900 * MS }), 'native', 1);
    expect(slow).toMatchObject({ isSaturated: false, achievedPerSecond: { value: expect.closeTo(1, 5) } });
  });

  it('decides over the blocks by their majority', () => {
    const rows = [1, 2, 3].flatMap((block) =>
      level({ env: 'native', block, latencyNs: (arrival) => (block === 1 && arrival > 190 ? null : 5 * MS) }),
    );
    expect(levelOf(rows, 'native')).toMatchObject({ saturatedBlocks: 1, isSaturated: false });
  });
});

describe('ratios at the same rate', () => {
  const rows = [1, 2].flatMap((block) => [
    ...level({ env: 'native', block, latencyNs: () => 5 * block * MS }),
    ...level({ env: 'native@control', block, latencyNs: () => 20 * block * MS }),
    ...level({ env: 'docker', block, latencyNs: () => 30 * block * MS }),
  ]);

  it('are paired by block with the baseline and the control, averaged in logarithms', () => {
    expect(levelOf(rows, 'docker').ratios.p99).toMatchObject({ ratio: expect.closeTo(3, 9), blocks: 2 });
    expect(levelOf(rows, 'native@control').ratios.p50?.ratio).toBeCloseTo(4, 9);
    expect(levelOf(rows, 'native').ratios).toEqual({ p50: null, p99: null, p999: null });
  });

  it('are left out where either side is saturated or was not judged', () => {
    const one = (docker: Partial<Truth>, native: Partial<Truth> = {}) =>
      levelOf([...level({ env: 'native', ...native }), ...level({ env: 'docker', ...docker })], 'docker').ratios.p50;
    expect(one({})?.ratio).toBeCloseTo(1, 9);
    expect(one({ latencyNs: (arrival) => 5 * MS + arrival * 2 * MS })).toBeNull();
    expect(one({}, { latencyNs: (arrival) => (arrival > 150 ? null : 5 * MS) })).toBeNull();
    expect(one({ lateNs: () => 2 * MS })).toBeNull();
  });
});

describe('the knee', () => {
  const kneeOf = (rows: readonly LoadRow[], env: string) =>
    summarizeLoad(rows, plan).knees.find((knee) => knee.env === env);
  const baseline = level({ env: 'native', rate: 50, serviceNs: 4 * MS });
  const at = (rate: number, latencyMs: number) => level({ env: 'docker', rate, latencyNs: () => latencyMs * MS });

  it('is the highest rate up to which p99 stays within ten service times of the baseline', () => {
    const rows = [...baseline, ...at(50, 8), ...at(100, 39), ...at(150, 41), ...at(200, 30)];
    expect(kneeOf(rows, 'docker')).toMatchObject({ ratePerSecond: 100, beyondPerSecond: 150 });
    expect(kneeOf(rows, 'docker')?.limitNs).toBe(KNEE_SERVICE_TIMES * 4 * MS);
  });

  it('is not known beyond the highest rate, and below the lowest there is none', () => {
    expect(kneeOf([...baseline, ...at(50, 8), ...at(100, 9)], 'docker')).toMatchObject({
      ratePerSecond: 100,
      beyondPerSecond: null,
    });
    expect(kneeOf([...baseline, ...at(50, 80)], 'docker')).toMatchObject({ ratePerSecond: null, beyondPerSecond: 50 });
  });

  it('passes over levels that were not judged', () => {
    const late = level({ env: 'docker', rate: 100, lateNs: () => 2 * MS });
    expect(kneeOf([...baseline, ...at(50, 8), ...late, ...at(150, 9)], 'docker')).toMatchObject({
      ratePerSecond: 150,
      beyondPerSecond: null,
    });
    expect(kneeOf([...baseline, ...late], 'docker')).toBeUndefined();
  });

  it('ends where a level is saturated, whatever its percentile', () => {
    const full = level({ env: 'docker', rate: 100, latencyNs: (arrival) => (arrival > 150 ? null : MS) });
    expect(kneeOf([...baseline, ...at(50, 8), ...full], 'docker')).toMatchObject({
      ratePerSecond: 50,
      beyondPerSecond: 100,
    });
  });
});

it('a session without requests has neither levels nor knees', () => {
  expect(summarizeLoad([], plan)).toEqual({ levels: [], knees: [] });
});
