import { describe, expect, it } from 'vitest';
import { neighbourRatios, summarizeNeighbour } from '../../../../bench/analysis/capacity/neighbour.ts';
import { randomStream } from '../../../../bench/random.ts';
import type { Aggressor, NeighbourRow } from '../../../../bench/types.ts';
import { visit } from '../../../reports/fixture.ts';

const PLAN = {
  environments: [{ path: 'native' }, { path: 'docker' }],
  baseline: 'native',
  margin: 0.02,
  workloads: ['fft'],
  aggressors: ['cpu', 'forks'] as readonly Aggressor[],
};

/** One pair: how long a pass takes without the neighbour, and how many times as long beside it. */
function pair(env: string, block: number, factor: number, change: Partial<NeighbourRow> = {}, aloneNs = 1e4) {
  const head = { env, block, ...change };
  return [
    visit({ ...head, status: 'completed', beside: false, ...passes(aloneNs, aloneNs, 2 * aloneNs) }),
    visit({
      ...{ ...head, beside: true, ...passes(aloneNs * factor, 1.5 * aloneNs, 6 * aloneNs) },
      ...{ copies: 2, aggressorPasses: 40, leadNs: 1, tailNs: 1 },
    }),
  ];
}

function passes(meanPassNs: number, medianPassNs: number, longestPassNs: number) {
  return { meanPassNs, medianPassNs, longestPassNs };
}

const cellOf = (rows: readonly NeighbourRow[], env: string, aggressor = 'cpu') =>
  summarizeNeighbour(rows, PLAN).find((cell) => cell.env === env && cell.aggressor === aggressor);

describe('a victim beside a neighbour', () => {
  it('is as much slower as its pairs say: geometric mean over blocks of the median over pairs, with Student’s interval', () => {
    const rows = [
      // Medians of the blocks: 2 and 8. Their geometric mean is 4, whatever the times of the blocks.
      ...[1, 2, 8].flatMap((factor, index) => pair('native', 1, factor, { round: index + 1 })),
      ...[8, 8, 8].flatMap((factor, index) => pair('native', 2, factor, { round: index + 1 }, 5e4)),
    ];
    const cell = cellOf(rows, 'native');
    expect(cell).toMatchObject({ blocks: 2, pairs: 6, copies: 2, uncovered: 0, lost: 0, refused: null });
    expect(cell?.slowdown?.ratio).toBeCloseTo(4, 9);
    // t(0.975, 1) = 12.706; s of ln 2 and ln 8 is ln 2 · √2, divided by √2.
    expect(Math.log((cell?.slowdown?.interval?.high ?? 0) / 4)).toBeCloseTo(12.7062 * Math.log(2), 3);
    // Turns of the scheduler that are longer than bursts leave most of them as they are.
    expect(cell?.median?.ratio).toBeCloseTo(1.5, 9);
    expect(cell?.longest?.ratio).toBeCloseTo(3, 9);
    expect(cell).toMatchObject({ ratio: null, verdict: null });
  });

  it('has no interval from one block', () => {
    const cell = cellOf(pair('native', 1, 2), 'native');
    expect(cell?.slowdown).toEqual({ ratio: expect.closeTo(2, 9), interval: null, blocks: 1 });
  });

  it('has no figure of a pair beside a neighbour that did not work throughout, and says how many', () => {
    const uncovered = pair('native', 1, 9, { round: 2 }).map((row) =>
      row.beside ? { ...row, status: 'uncovered' as const } : row,
    );
    const cell = cellOf([...pair('native', 1, 2), ...uncovered], 'native');
    expect(cell).toMatchObject({ pairs: 1, uncovered: 1 });
    expect(cell?.slowdown?.ratio).toBeCloseTo(2, 9);
  });

  it('loses the block of a neighbour that failed, and that one only', () => {
    const failed = visit({ block: 2, env: 'native', round: 2, beside: true, status: 'neighbour-failed' });
    const rows = [
      ...pair('native', 1, 2),
      ...[...pair('native', 2, 9), failed],
      ...pair('native', 2, 3, { aggressor: 'forks' }),
    ];
    expect(cellOf(rows, 'native')).toMatchObject({ blocks: 1, pairs: 1, lost: 1 });
    expect(cellOf(rows, 'native')?.slowdown?.ratio).toBeCloseTo(2, 9);
    expect(cellOf(rows, 'native', 'forks')).toMatchObject({ blocks: 1, lost: 0 });
  });

  it('loses the environment’s whole block when it failed itself', () => {
    const rows = [
      ...pair('native', 1, 2),
      ...pair('native', 2, 9),
      visit({ block: 2, env: 'native', aggressor: 'forks', status: 'timed-out' }),
      ...pair('docker', 2, 3),
    ];
    expect(cellOf(rows, 'native')).toMatchObject({ blocks: 1, slowdown: { ratio: expect.closeTo(2, 9) } });
    expect(cellOf(rows, 'native', 'forks')).toMatchObject({ blocks: 0, slowdown: null });
    expect(cellOf(rows, 'docker')).toMatchObject({ blocks: 1, ratio: null });
  });

  it('has the reason where its environment can not run the neighbour', () => {
    const rows = [visit({ env: 'docker', beside: true, status: 'refused', reason: 'no program to start' })];
    expect(cellOf(rows, 'docker')).toMatchObject({
      ...{ refused: 'no program to start', slowdown: null, blocks: 0, verdict: null },
    });
  });

  it('loses more or less than the baseline does beside its own, block by block, against the control', () => {
    const random = randomStream(1, 1, 'neighbour');
    const noise = () => 1 + 0.004 * (random.nextUint32() / 2 ** 32 - 0.5);
    const blocks = [1, 2, 3, 4, 5, 6].flatMap((block) => {
      // How bad the neighbour is in a block is in no ratio.
      const common = 1.5 + block / 10;
      return (
        [
          ['native', 1, 1],
          ['docker', 1.1, 0.8],
          ['native@control', 1, 1],
        ] as const
      ).flatMap(([env, cpu, forks]) => [
        ...pair(env, block, common * cpu * noise()),
        ...pair(env, block, common * forks * noise(), { aggressor: 'forks' }),
      ]);
    });
    expect(cellOf(blocks, 'docker')).toMatchObject({ verdict: 'slower', ratio: { blocks: 6 } });
    expect(cellOf(blocks, 'docker')?.ratio?.ratio).toBeCloseTo(1.1, 2);
    expect(cellOf(blocks, 'docker', 'forks')).toMatchObject({ verdict: 'faster' });
    expect(cellOf(blocks, 'native@control')?.verdict).toBeNull();
    expect(neighbourRatios(blocks, PLAN)).toMatchObject([
      { env: 'docker', baseline: 'native', workload: 'fft beside cpu', verdict: 'slower' },
      { env: 'docker', baseline: 'native', workload: 'fft beside forks', verdict: 'faster' },
    ]);
  });

  it('has an interval that covers the truth in 95 % of sessions', () => {
    const random = randomStream(3, 1, 'neighbour');
    const normal = () =>
      Array.from({ length: 12 }, () => random.nextUint32() / 2 ** 32).reduce((sum, one) => sum + one, -6);
    const trials = 400;
    const covered = Array.from({ length: trials }, () => {
      const rows = [1, 2, 3, 4, 5, 6].flatMap((block) => {
        const own = 2 * Math.exp(0.05 * normal());
        return [1, 2].flatMap((round) => pair('native', block, own * Math.exp(0.02 * normal()), { round }));
      });
      const { low = 0, high = 0 } = cellOf(rows, 'native')?.slowdown?.interval ?? {};
      return low <= 2 && high >= 2;
    }).filter(Boolean).length;
    // 95 % of 400, three standard errors on each side.
    expect(covered).toBeGreaterThan(366);
    expect(covered).toBeLessThan(394);
  });
});
