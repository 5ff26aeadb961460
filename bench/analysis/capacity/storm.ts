/** Storms of starts: how long until all boxes are ready, what a box at work beside them loses, and against the worst way. */

import { grouped } from '../../grouped.ts';
import type { Estimate, Interval, StormOrder, StormRow, StormShare } from '../../types.ts';
import { median } from '../../units.ts';
import { largest } from '../stats/extremes.ts';
import { estimateOf, pairedEstimate, ratioOf } from '../stats/interval.ts';

/** How boxes are started: the first is what went wrong, the others are remedies, one by one and together. */
export const STORM_CELLS = [
  { order: 'at-once', share: 'none' },
  { order: 'at-once', share: 'weight' },
  { order: 'at-once', share: 'quota' },
  { order: 'staggered', share: 'none' },
  { order: 'staggered', share: 'weight' },
] as const satisfies readonly StormCell[];

/** Of which capacity takes the quicker one: the worst way, and the one that spares what already runs. */
export const RESTART_WAYS = [
  { order: 'at-once', share: 'none' },
  { order: 'staggered', share: 'weight' },
] as const satisfies readonly StormCell[];

export interface StormCell {
  readonly order: StormOrder;
  readonly share: StormShare;
}

export interface StormSummary extends StormCell {
  readonly env: string;
  readonly instances: number;
  readonly blocks: number;
  /** Until all boxes were ready, of a typical block; null unless all were in some block. */
  readonly allReady: { readonly ms: number; readonly interval: Interval | null; readonly blocks: number } | null;
  /** The slowest start of a box, from its own beginning: median over blocks, ms. */
  readonly worstMs: number | null;
  /** Of the box at work: its median pass during the storm over that before. */
  readonly victim: Estimate | null;
  /** The same of its 99th percentile. */
  readonly victimP99: Estimate | null;
  readonly longestGapMs: number | null;
  readonly missedBeats: number;
  /** Boxes that did not become ready, of all blocks. */
  readonly lost: number;
  /** Against all at once with nothing that holds them back, paired by block; null for that itself. */
  readonly against: { readonly allReady: Estimate | null; readonly victim: Estimate | null } | null;
}

/** One storm of one block. */
interface Storm {
  readonly block: number;
  readonly rows: readonly StormRow[];
}

/** In the plan's order of environments, then by number of boxes and way of starting; what was not measured is left out. */
export function summarizeStorms(
  rows: readonly StormRow[],
  environments: readonly { readonly path: string }[],
): StormSummary[] {
  return environments.flatMap(({ path: env }) => {
    const ascending = rows.filter((row) => row.env === env).sort((a, b) => a.instances - b.instances);
    return grouped(ascending, ({ instances }) => instances).flatMap((own) =>
      STORM_CELLS.flatMap((cell) => {
        const { instances } = own[0] as StormRow;
        const storms = stormsOf(own, instances, cell);
        return storms.length === 0 ? [] : [summaryOf(storms, { env, instances, cell, own })];
      }),
    );
  });
}

/** Time until all boxes are ready, and slowdown of the box at work: by block, over those of the baseline's storm. */
export function stormRatio(
  rows: readonly StormRow[],
  { env, baseline, instances, cell }: { env: string; baseline: string; instances: number; cell: StormCell },
  figure: 'allReady' | 'victim',
): Estimate | null {
  const logsOf = (path: string) => {
    const storms = stormsOf(
      rows.filter((row) => row.env === path),
      instances,
      cell,
    );
    return figure === 'allReady' ? logsBy(storms, allReadyMs) : logsBy(storms, slowdown);
  };
  return pairedEstimate(logsOf(env), logsOf(baseline));
}

function summaryOf(
  storms: readonly Storm[],
  { env, instances, cell, own }: { env: string; instances: number; cell: StormCell; own: readonly StormRow[] },
): StormSummary {
  const [worst] = STORM_CELLS;
  const isWorst = cell.order === worst.order && cell.share === worst.share;
  const references = stormsOf(own, instances, worst);
  const ready = logsBy(storms, allReadyMs);
  const victim = logsBy(storms, slowdown);
  const slowest = storms.flatMap(({ rows }) => {
    const times = rows.flatMap(({ startMs }) => startMs ?? []);
    return times.length === 0 ? [] : [largest(times)];
  });
  const gaps = storms.flatMap(({ rows }) => rows[0]?.longestGapMs ?? []);
  return {
    ...{ env, instances, order: cell.order, share: cell.share, blocks: storms.length },
    allReady: typical(ready),
    worstMs: slowest.length === 0 ? null : median(slowest),
    victim: estimateOf(victim),
    victimP99: estimateOf(logsBy(storms, ({ rows: [row] }) => over(row?.victimP99Ns, row?.victimBeforeNs))),
    longestGapMs: gaps.length === 0 ? null : largest(gaps),
    missedBeats: storms.reduce((sum, { rows }) => sum + (rows[0]?.missedBeats ?? 0), 0),
    lost: storms.reduce((sum, { rows }) => sum + rows.filter(({ status }) => status !== 'completed').length, 0),
    against: isWorst
      ? null
      : {
          allReady: pairedEstimate(ready, logsBy(references, allReadyMs)),
          victim: pairedEstimate(victim, logsBy(references, slowdown)),
        },
  };
}

function stormsOf(rows: readonly StormRow[], instances: number, { order, share }: StormCell): Storm[] {
  const own = rows.filter((row) => row.instances === instances && row.order === order && row.share === share);
  return grouped(own, ({ block }) => block).map((of) => ({ block: (of[0] as StormRow).block, rows: of }));
}

/** Null unless every box became ready: a storm that lost some has no such time. */
function allReadyMs({ rows }: Storm): number | null {
  const times = rows.flatMap(({ status, readyMs }) => (status === 'completed' && readyMs !== null ? [readyMs] : []));
  return times.length === 0 || times.length < rows.length ? null : largest(times);
}

function slowdown({ rows: [row] }: Storm): number | null {
  return over(row?.victimDuringNs, row?.victimBeforeNs);
}

function over(a: number | null | undefined, b: number | null | undefined): number | null {
  return a == null || b == null ? null : a / b;
}

function logsBy(storms: readonly Storm[], of: (storm: Storm) => number | null): Map<number, number> {
  return new Map(
    storms.flatMap((storm): [number, number][] => {
      const value = of(storm);
      return value === null || !(value > 0) || !Number.isFinite(value) ? [] : [[storm.block, Math.log(value)]];
    }),
  );
}

function typical(logs: ReadonlyMap<number, number>): StormSummary['allReady'] {
  if (logs.size === 0) return null;
  const { ratio: ms, interval } = ratioOf([...logs.values()]);
  return { ms, interval, blocks: logs.size };
}
