/** How many idle instances fit: memory of one more, time to start the next, what ended each series, what they share. */

import { grouped } from '../../grouped.ts';
import { controlOf } from '../../plan/schedule.ts';
import type { Contrast, DensityRow, Estimate, Plan, SeriesEnd } from '../../types.ts';
import { median } from '../../units.ts';
import { fitSlope, type Slope } from '../footprint.ts';
import { largest, smallest } from '../stats/extremes.ts';
import { estimateOf, pairedEstimate } from '../stats/interval.ts';

export const DENSITY_FIGURES = ['host', 'pss', 'rss', 'cgroup', 'slab', 'disk'] as const;
export type DensityFigure = (typeof DENSITY_FIGURES)[number];

const KEYS = {
  host: 'hostDeltaBytes',
  pss: 'pssBytes',
  rss: 'rssBytes',
  cgroup: 'cgroupBytes',
  slab: 'slabBytes',
  disk: 'diskBytes',
} as const satisfies Readonly<Record<DensityFigure, keyof DensityRow>>;

/** With fewer instances, a quarter of a series is one start. */
const LEAST_FOR_GROWTH = 8;

export interface DensitySummary {
  readonly env: string;
  /** Instances held at the end of a series: over blocks. */
  readonly held: { readonly least: number; readonly median: number; readonly most: number };
  /** What ended its series, the most frequent first. */
  readonly ends: readonly SeriesEnding[];
  readonly slopes: Readonly<Record<DensityFigure, Slope | null>>;
  readonly starts: StartTimes | null;
  readonly sharing: Sharing | null;
}

interface SeriesEnding {
  readonly by: SeriesEnd;
  readonly blocks: number;
  /** Of the first such block; empty for `max`. */
  readonly reason: string;
}

/** Of the starts of a series: medians over blocks, ms. */
interface StartTimes {
  readonly firstMs: number;
  readonly medianMs: number;
  readonly lastMs: number;
  /** Median of the last quarter of the starts over that of the first quarter; null with fewer than eight starts. */
  readonly growth: Estimate | null;
}

/** Of the largest weighed number of instances: medians over blocks. */
interface Sharing {
  readonly instances: number;
  readonly rssBytes: number;
  readonly pssBytes: number;
  /** Null where the kernel merges no equal pages. */
  readonly ksmBytes: number | null;
}

/** In the plan's order, the control last; environments without a completed instance or an end are left out. */
export function summarizeDensity(
  rows: readonly DensityRow[],
  plan: Pick<Plan, 'environments' | 'baseline'>,
): DensitySummary[] {
  return [...plan.environments.map(({ path }) => path), controlOf(plan.baseline)].flatMap((env) => {
    const own = rows.filter((row) => row.env === env);
    if (own.length === 0) return [];
    const series = seriesOf(own);
    const held = series.map((one) => one.findLast(isCompleted)?.instances ?? 0);
    const slopeOf = (figure: DensityFigure) => slope(own, figure);
    return [
      {
        env,
        held: { least: smallest(held), median: median(held), most: largest(held) },
        ends: endsOf(own),
        slopes: {
          ...{ host: slopeOf('host'), pss: slopeOf('pss'), rss: slopeOf('rss') },
          ...{ cgroup: slopeOf('cgroup'), slab: slopeOf('slab'), disk: slopeOf('disk') },
        },
        starts: startsOf(series),
        sharing: sharingOf(series),
      },
    ];
  });
}

/** What one more instance takes, over that of the baseline, in the blocks in which both take something. */
export function densityRatio(
  rows: readonly DensityRow[],
  { env, baseline }: Contrast,
  figure: DensityFigure,
): Estimate | null {
  const byBlock = (path: string) => {
    const blocks = seriesOf(rows.filter((row) => row.env === path));
    return new Map(
      blocks.flatMap((one): [number, number][] => {
        const found = slope(one, figure)?.perInstanceBytes;
        return found === undefined || !(found > 0) ? [] : [[one[0]?.block ?? 0, Math.log(found)]];
      }),
    );
  };
  return pairedEstimate(byBlock(env), byBlock(baseline));
}

/** By block, each in the order of its starts. */
function seriesOf(rows: readonly DensityRow[]): DensityRow[][] {
  return grouped(rows, ({ block }) => block).map((own) => own.sort((a, b) => a.instances - b.instances));
}

function isCompleted({ status }: DensityRow): boolean {
  return status === 'completed';
}

/**
 * The line through the figures over the number of instances; of the host and of its kernel, only the blocks make an
 * interval: what one series shows was measured while it grew, so its residuals depend on each other.
 */
function slope(rows: readonly DensityRow[], figure: DensityFigure): Slope | null {
  const points = rows.flatMap((row) => {
    const bytes = row[KEYS[figure]];
    return bytes === null || !isCompleted(row) ? [] : [{ block: row.block, instances: row.instances, bytes }];
  });
  const found = fitSlope(points);
  return found === null || found.blocks > 1 ? found : { ...found, interval: null };
}

function endsOf(rows: readonly DensityRow[]): SeriesEnding[] {
  const last = rows.flatMap(({ endedBy, reason }) => (endedBy === null ? [] : [{ by: endedBy, reason }]));
  return grouped(last, ({ by }) => by)
    .map((own) => ({ ...(own[0] as (typeof own)[number]), blocks: own.length }))
    .sort((a, b) => b.blocks - a.blocks);
}

function startsOf(series: readonly (readonly DensityRow[])[]): StartTimes | null {
  const times = series
    .map((rows) => ({
      block: rows[0]?.block ?? 0,
      ms: rows.filter(isCompleted).flatMap(({ readyMs }) => readyMs ?? []),
    }))
    .filter(({ ms }) => ms.length > 0);
  if (times.length === 0) return null;
  const over = (of: (ms: readonly number[]) => number) => median(times.map(({ ms }) => of(ms)));
  const growth = times.flatMap(({ block, ms }): [number, number][] => {
    if (ms.length < LEAST_FOR_GROWTH) return [];
    const quarter = Math.floor(ms.length / 4);
    const log = Math.log(median(ms.slice(-quarter)) / median(ms.slice(0, quarter)));
    return Number.isFinite(log) ? [[block, log]] : [];
  });
  return {
    firstMs: over((ms) => ms[0] as number),
    medianMs: over(median),
    lastMs: over((ms) => ms.at(-1) as number),
    growth: estimateOf(new Map(growth)),
  };
}

function sharingOf(series: readonly (readonly DensityRow[])[]): Sharing | null {
  const last = series.flatMap(
    (rows) => rows.findLast((row) => isCompleted(row) && row.pssBytes !== null && row.rssBytes !== null) ?? [],
  );
  const instances = largest(last.map((row) => row.instances));
  const own = last.filter((row) => row.instances === instances);
  if (own.length === 0) return null;
  const merged = own.flatMap(({ ksmBytes }) => ksmBytes ?? []);
  return {
    instances,
    rssBytes: median(own.flatMap(({ rssBytes }) => rssBytes ?? [])),
    pssBytes: median(own.flatMap(({ pssBytes }) => pssBytes ?? [])),
    ksmBytes: merged.length === 0 ? null : median(merged),
  };
}
