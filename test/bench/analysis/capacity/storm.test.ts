import { describe, expect, it } from 'vitest';
import { STORM_CELLS, type StormCell, stormRatio, summarizeStorms } from '../../../../bench/analysis/capacity/storm.ts';
import type { StormRow } from '../../../../bench/types.ts';

const environments = [{ path: 'native' }, { path: 'docker' }];
const [WORST, WEIGHT] = STORM_CELLS;

interface Storm {
  readonly block?: number;
  readonly env?: string;
  readonly cell?: StormCell;
  readonly instances?: number;
  /** When the last of the boxes is ready; each of the others a tenth of a second before the next. */
  readonly readyMs?: number;
  /** Median and 99th percentile of the box at work over its median before. */
  readonly slowdown?: number;
  readonly p99?: number;
  readonly gapMs?: number;
}

function stormRows(storm: Storm = {}): StormRow[] {
  const { block = 1, env = 'docker', cell = WORST, instances = 4, readyMs = 1000 } = storm;
  const { slowdown = 2, p99 = 5, gapMs = 20 } = storm;
  return Array.from({ length: instances }, (_, index) => ({
    ...{ block, position: 1, env, instances, order: cell.order, share: cell.share, instance: index + 1 },
    ...{ startId: `b${block}-${env}-${index + 1}`, status: 'completed', reason: '' },
    ...{ startMs: readyMs - 100 * index - 5, readyMs: readyMs - 100 * index },
    ...{ victimBeforeNs: 1000, victimDuringNs: 1000 * slowdown, victimP99Ns: 1000 * p99, victimBursts: 50 },
    ...{ longestGapMs: gapMs, missedBeats: gapMs > 1000 ? 1 : 0 },
  }));
}

describe('a storm of starts', () => {
  it('is over when the last box is ready, in a typical block, and has the median of the slowest starts', () => {
    const rows = [1000, 4000].flatMap((readyMs, index) => stormRows({ block: index + 1, readyMs }));
    const [worst] = summarizeStorms(rows, environments);
    expect(worst).toMatchObject({ env: 'docker', order: 'at-once', share: 'none', blocks: 2, lost: 0, against: null });
    // The geometric mean.
    expect(worst?.allReady?.ms).toBeCloseTo(2000, 9);
    expect(worst?.allReady?.interval?.low).toBeLessThan(2000);
    expect(worst?.worstMs).toBeCloseTo((995 + 3995) / 2, 9);
  });

  it('has what the box at work loses, by its median and its 99th percentile', () => {
    const rows = [1, 2, 3].flatMap((block) => stormRows({ block, slowdown: 3, p99: 12, gapMs: 10 * block }));
    const [worst] = summarizeStorms(rows, environments);
    expect(worst?.victim?.ratio).toBeCloseTo(3, 9);
    expect(worst?.victim?.interval?.high).toBeCloseTo(3, 6);
    expect(worst?.victimP99?.ratio).toBeCloseTo(12, 9);
    expect(worst?.longestGapMs).toBe(30);
    expect(worst?.missedBeats).toBe(0);
  });

  it('is compared with all at once without limits in the same blocks, whose levels cancel', () => {
    const rows = [1, 2, 3].flatMap((block) => [
      ...stormRows({ block, readyMs: 1000 * block, slowdown: 4 }),
      ...stormRows({ block, cell: WEIGHT, readyMs: 1500 * block, slowdown: 1 }),
    ]);
    const weighted = summarizeStorms(rows, environments)[1];
    expect(weighted).toMatchObject({ order: 'at-once', share: 'weight' });
    expect(weighted?.against?.allReady?.ratio).toBeCloseTo(1.5, 9);
    expect(weighted?.against?.allReady?.interval?.low).toBeCloseTo(1.5, 6);
    expect(weighted?.against?.victim?.ratio).toBeCloseTo(0.25, 9);
    // The level itself differs between blocks by factors.
    expect(weighted?.allReady?.interval?.high).toBeGreaterThan(2 * (weighted?.allReady?.ms ?? 0));
  });

  it('that lost a box has no time until all are ready, counts the lost, and keeps what the others show', () => {
    const rows = [1, 2].flatMap((block) =>
      stormRows({ block }).map((row) =>
        block === 2 && row.instance === 1
          ? ({ ...row, status: 'stopped', reason: 'locked', startMs: null, readyMs: null } as const)
          : row,
      ),
    );
    const [worst] = summarizeStorms(rows, environments);
    expect(worst).toMatchObject({ lost: 1, blocks: 2, allReady: { ms: expect.closeTo(1000, 6), blocks: 1 } });
    expect(worst?.victim?.blocks).toBe(2);
    const all = rows.map((row) => ({ ...row, status: 'failed' as const, startMs: null, readyMs: null }));
    expect(summarizeStorms(all, environments)[0]).toMatchObject({ lost: 8, allReady: null, worstMs: null });
  });

  it('of other numbers of boxes is another one, and missed beats add up', () => {
    const rows = [
      ...stormRows({ instances: 8, gapMs: 1500 }),
      ...stormRows({ instances: 4 }),
      ...stormRows({ block: 2, instances: 8, gapMs: 1200 }),
    ];
    const found = summarizeStorms(rows, environments);
    expect(found.map(({ instances }) => instances)).toEqual([4, 8]);
    expect(found[1]).toMatchObject({ missedBeats: 2, longestGapMs: 1500 });
  });

  it('has no figures of a box at work that failed', () => {
    const rows = stormRows().map((row) => ({ ...row, victimDuringNs: null, victimP99Ns: null }));
    expect(summarizeStorms(rows, environments)[0]).toMatchObject({ victim: null, victimP99: null });
  });

  it('is compared with the same storm of the baseline', () => {
    const rows = [1, 2].flatMap((block) => [
      ...stormRows({ block, env: 'native', readyMs: 500 * block }),
      ...stormRows({ block, readyMs: 2000 * block, slowdown: 6 }),
    ]);
    const pair = { env: 'docker', baseline: 'native', instances: 4, cell: WORST };
    expect(stormRatio(rows, pair, 'allReady')?.ratio).toBeCloseTo(4, 9);
    expect(stormRatio(rows, pair, 'victim')?.ratio).toBeCloseTo(3, 9);
    expect(stormRatio(rows, { ...pair, instances: 5 }, 'victim')).toBeNull();
  });
});
