import { describe, expect, it } from 'vitest';
import { scaleRatios, scalingLaws, summarizeScale, WindowBursts } from '../../../../bench/analysis/capacity/scale.ts';
import { randomStream } from '../../../../bench/random.ts';
import type { Sample, ScaleRow } from '../../../../bench/types.ts';
import { testSample } from '../simulate.ts';

const MS = 1e6;
const PLAN = {
  environments: [{ path: 'native' }, { path: 'docker' }],
  baseline: 'native',
  margin: 0.02,
  limits: { cpus: [0, 1], housekeeping: [0, 1], memoryBytes: 2 ** 30, pids: 512 },
};

interface Instance {
  readonly env: string;
  readonly block: number;
  readonly instances: number;
  readonly instance: number;
  readonly beginMs?: number;
  /** Of each burst of ten passes. */
  readonly burstsMs: readonly number[];
  readonly status?: ScaleRow['status'];
}

function rowsOf(all: readonly Instance[]): { rows: ScaleRow[]; bursts: WindowBursts; samples: Sample[] } {
  const bursts = new WindowBursts();
  const samples: Sample[] = [];
  const rows = all.map(({ env, block, instances, instance, beginMs = 0, burstsMs, status = 'completed' }): ScaleRow => {
    const startId = `b${block}-${env}-n${instances}-${instance}`;
    const head = { block, env, startId, workload: 'fft', phase: 'long', unit: 'MFLOPS', better: null } as const;
    for (const wallMs of status === 'completed' ? burstsMs : []) {
      samples.push(testSample({ ...head, work: 10, wallNs: wallMs * MS, rate: 1000 / wallMs }));
    }
    const spanMs = burstsMs.reduce((sum, ms) => sum + ms, 0);
    return {
      ...{ block, position: 1, env, workload: 'fft', instances, instance, startId, status, reason: '' },
      ...{ beginNs: beginMs * MS, endNs: (beginMs + spanMs) * MS, cpuNs: null },
      ...{ stealMs: 4, hostDeltaBytes: instances * 8 * 2 ** 20, availableBytes: 2 ** 30 },
    };
  });
  for (const sample of samples) bursts.add(sample);
  return { rows, bursts, samples };
}

/** So many instances of a box, each with bursts of the same length. */
function level(env: string, block: number, instances: number, burstMs: number): Instance[] {
  return Array.from({ length: instances }, (_, index) => ({
    ...{ env, block, instances, instance: index + 1 },
    burstsMs: Array.from({ length: 20 }, () => burstMs),
  }));
}

const levelOf = (found: ReturnType<typeof summarizeScale>, env: string, instances: number) =>
  found.find((one) => one.env === env && one.instances === instances);

describe('instances that work at once', () => {
  it('have the sum of their rates as throughput, and are as much slower as their bursts are longer', () => {
    // Two CPUs: two instances are as fast as one, four take twice as long.
    const blocks = [1, 2, 3].flatMap((block) =>
      [
        [1, 10],
        [2, 10],
        [4, 20],
      ].flatMap(([instances = 1, ms = 1]) => level('native', block, instances, ms)),
    );
    const { rows, bursts } = rowsOf(blocks);
    const found = summarizeScale(rows, bursts, PLAN);
    expect(found.map(({ instances }) => instances)).toEqual([1, 2, 4]);
    expect(found.map(({ throughput }) => throughput?.value)).toEqual([
      expect.closeTo(100, 6),
      expect.closeTo(200, 6),
      expect.closeTo(200, 6),
    ]);
    expect(found.map(({ speedup }) => speedup?.ratio)).toEqual([1, expect.closeTo(2, 9), expect.closeTo(2, 9)]);
    expect(found.map(({ slowdown }) => slowdown?.ratio)).toEqual([1, 1, expect.closeTo(2, 9)]);
    expect(levelOf(found, 'native', 4)).toMatchObject({
      ...{ blocks: 3, failed: 0, unit: 'MFLOPS', fairness: { mean: 1, least: 1 }, instanceBytes: 8 * 2 ** 20 },
      ...{ ratio: null, verdict: null },
      // 4 ms of two CPUs in a window of 400 ms.
      stealShare: expect.closeTo(0.005, 9),
    });
  });

  it('count only what they did while all of them worked', () => {
    const two = [
      { env: 'native', block: 1, instances: 2, instance: 1, burstsMs: [10, 10, 10] },
      // Begins 5 ms later: the window is from 5 to 30 ms.
      { env: 'native', block: 1, instances: 2, instance: 2, beginMs: 5, burstsMs: [10, 10, 10] },
    ];
    const { rows, bursts } = rowsOf(two);
    const [found] = summarizeScale(rows, bursts, PLAN);
    expect(found?.throughput?.value).toBeCloseTo(200, 6);
    const late = rowsOf([
      { ...(two[0] as Instance), burstsMs: [10, 10, 10] },
      { ...(two[1] as Instance), beginMs: 40 },
    ]);
    expect(summarizeScale(late.rows, late.bursts, PLAN)[0]).toMatchObject({ throughput: null, blocks: 0 });
  });

  it('have a 99th percentile of bursts, not of means', () => {
    const alone = level('native', 1, 1, 10);
    const burstsMs = Array.from({ length: 200 }, (_, index) => (index % 50 === 0 ? 100 : 10));
    const { rows, bursts } = rowsOf([
      ...alone,
      { env: 'native', block: 1, instances: 2, instance: 1, burstsMs },
      { env: 'native', block: 1, instances: 2, instance: 2, burstsMs },
    ]);
    const pair = levelOf(summarizeScale(rows, bursts, PLAN), 'native', 2);
    expect(pair?.slowdown?.ratio).toBe(1);
    expect(pair?.slowdownP99?.ratio).toBeCloseTo(10, 6);
  });

  it('are not averaged over one that died: its level counts in no figure, and says so', () => {
    const whole = [1, 2].flatMap((block) => [...level('native', block, 1, 10), ...level('native', block, 2, 10)]);
    const died = whole.map((one) =>
      one.block === 2 && one.instances === 2 && one.instance === 2 ? { ...one, status: 'failed' as const } : one,
    );
    const { rows, bursts } = rowsOf(died);
    const pair = levelOf(summarizeScale(rows, bursts, PLAN), 'native', 2);
    expect(pair).toMatchObject({ blocks: 1, failed: 1 });
    expect(pair?.throughput?.value).toBeCloseTo(200, 6);
  });

  it('follow a law, which is fitted to the throughput of every window', () => {
    const known = { lambda: 100, sigma: 0.1, kappa: 0.01 };
    const blocks = [1, 2, 3, 4].flatMap((block) =>
      [1, 2, 4, 8].flatMap((instances) => {
        const more = instances - 1;
        const slower = 1 + known.sigma * more + known.kappa * instances * more;
        return level('native', block, instances, 10 * slower * (1 + block / 100));
      }),
    );
    const { rows, bursts } = rowsOf(blocks);
    const [{ law, ...found }] = scalingLaws(rows, bursts, PLAN) as [ReturnType<typeof scalingLaws>[number]];
    expect(found).toEqual({ env: 'native', workload: 'fft', unit: 'MFLOPS' });
    expect(law.sigma.value).toBeCloseTo(known.sigma, 6);
    expect(law.kappa.value).toBeCloseTo(known.kappa, 6);
    expect(law.peak?.value).toBeCloseTo(Math.sqrt((1 - known.sigma) / known.kappa), 3);
    const one = rowsOf(level('native', 1, 2, 10));
    expect(scalingLaws(one.rows, one.bursts, PLAN)).toEqual([]);
  });

  it('show how evenly the host is shared', () => {
    const { rows, bursts } = rowsOf([
      { env: 'native', block: 1, instances: 2, instance: 1, burstsMs: [10, 10, 10] },
      { env: 'native', block: 1, instances: 2, instance: 2, burstsMs: [30] },
    ]);
    // Shares of 3 to 1: (3 + 1)² ÷ (2 · (9 + 1)).
    expect(summarizeScale(rows, bursts, PLAN)[0]?.fairness?.mean).toBeCloseTo(0.8, 9);
  });

  it('are compared with as many of the baseline, block by block, against the control', () => {
    const random = randomStream(1, 1, 'scale');
    const noise = () => 1 + 0.002 * (random.nextUint32() / 2 ** 32 - 0.5);
    const blocks = [1, 2, 3, 4, 5, 6].flatMap((block) => {
      // What a block has in common is in no ratio.
      const common = 1 + block / 10;
      return [
        ...level('native', block, 2, 10 * common * noise()),
        ...level('docker', block, 2, 11 * common * noise()),
        ...level('native@control', block, 2, 10 * common * noise()),
      ];
    });
    const { rows, bursts, samples } = rowsOf(blocks);
    const found = summarizeScale(rows, bursts, PLAN);
    expect(levelOf(found, 'docker', 2)).toMatchObject({ verdict: 'slower', ratio: { blocks: 6 } });
    expect(levelOf(found, 'docker', 2)?.ratio?.ratio).toBeCloseTo(1.1, 2);
    expect(levelOf(found, 'native@control', 2)?.verdict).toBeNull();
    expect(scaleRatios({ scale: rows, samples }, PLAN)).toMatchObject([
      { env: 'docker', baseline: 'native', workload: 'fft, 2 at once', verdict: 'slower' },
    ]);
  });
});
