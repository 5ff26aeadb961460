/** What one more idle instance costs: slopes over the number of instances, with intervals over blocks. */

import { controlOf } from '../plan/schedule.ts';
import type { Contrast, Estimate, FootprintRow, Interval, Plan } from '../types.ts';
import { median } from '../units.ts';
import { tQuantile } from './stats/distributions.ts';
import { estimateOf, logInterval, UPPER } from './stats/interval.ts';

export const FOOTPRINT_FIGURES = ['host', 'pss', 'cgroup', 'disk'] as const;
export type FootprintFigure = (typeof FOOTPRINT_FIGURES)[number];

const KEYS: Readonly<Record<FootprintFigure, 'hostDeltaBytes' | 'pssBytes' | 'cgroupBytes' | 'diskBytes'>> = {
  host: 'hostDeltaBytes',
  pss: 'pssBytes',
  cgroup: 'cgroupBytes',
  disk: 'diskBytes',
};

/** A line through the figures of one environment over the number of instances. Bytes. */
export interface Slope {
  /** Of one more instance. */
  readonly perInstanceBytes: number;
  /** Of 95 %. Over blocks from two on; of the regression with one block and three numbers or more; else null. */
  readonly interval: Interval | null;
  /** The fixed cost, independent of the number of instances: the intercept of the line. */
  readonly fixedBytes: number;
  readonly blocks: number;
  readonly observations: number;
}

export interface FootprintSummary {
  readonly env: string;
  readonly slopes: Readonly<Record<FootprintFigure, Slope | null>>;
  /** Size of the image as the engine holds it; what of it is not in the slope of the disk is shared by all instances. */
  readonly imageBytes: number | null;
  readonly sharedDiskBytes: number | null;
}

/** In the plan's order, the control last; environments without rows are left out. */
export function summarizeFootprint(
  rows: readonly FootprintRow[],
  plan: Pick<Plan, 'environments' | 'baseline'>,
): FootprintSummary[] {
  return [...plan.environments.map(({ path }) => path), controlOf(plan.baseline)].flatMap((env) => {
    const own = rows.filter((row) => row.env === env);
    if (own.length === 0) return [];
    const slopeOf = (figure: FootprintFigure) => fitSlope(observations(own, figure));
    const slopes = { host: slopeOf('host'), pss: slopeOf('pss'), cgroup: slopeOf('cgroup'), disk: slopeOf('disk') };
    const imageBytes = own.find((row) => row.imageBytes !== null)?.imageBytes ?? null;
    const sharedDiskBytes =
      imageBytes === null || slopes.disk === null ? null : Math.max(0, imageBytes - slopes.disk.perInstanceBytes);
    return [{ env, slopes, imageBytes, sharedDiskBytes }];
  });
}

/** Bytes of one more instance, block by block. */
export function slopesByBlock(
  rows: readonly FootprintRow[],
  env: string,
  figure: FootprintFigure,
): Map<number, number> {
  const slopes = new Map<number, number>();
  for (const block of new Set(rows.map((row) => row.block))) {
    const slope = fitSlope(
      observations(
        rows.filter((row) => row.env === env && row.block === block),
        figure,
      ),
    );
    if (slope !== null) slopes.set(block, slope.perInstanceBytes);
  }
  return slopes;
}

/** One more instance of an environment over one more of another, over the blocks in which both take something. */
export function slopeRatio(
  rows: readonly FootprintRow[],
  { env, baseline }: Contrast,
  figure: FootprintFigure,
): Estimate | null {
  const base = slopesByBlock(rows, baseline, figure);
  const logs = [...slopesByBlock(rows, env, figure)].flatMap(([block, slope]): [number, number][] => {
    const log = Math.log(slope / (base.get(block) ?? Number.NaN));
    return slope > 0 && Number.isFinite(log) ? [[block, log]] : [];
  });
  return estimateOf(new Map(logs));
}

function observations(rows: readonly FootprintRow[], figure: FootprintFigure): Observation[] {
  return rows.flatMap((row) => {
    const bytes = row[KEYS[figure]];
    return bytes === null ? [] : [{ block: row.block, instances: row.instances, bytes }];
  });
}

export interface Observation {
  readonly block: number;
  readonly instances: number;
  readonly bytes: number;
}

/**
 * Least squares within each block, because conditions differ between blocks; the slopes of the blocks are the values that
 * the interval is made of. From a single block, the interval is that of its own regression (residuals with n − 2
 * degrees). A block with fewer than two different numbers of instances has no slope. Null when none has one.
 */
export function fitSlope(points: readonly Observation[]): Slope | null {
  const blocks = [...new Set(points.map(({ block }) => block))];
  const lines = blocks.flatMap((block) => lineOf(points.filter((it) => it.block === block)) ?? []);
  const [only] = lines;
  if (only === undefined) return null;
  const count = points.length;
  if (lines.length === 1) {
    const { slope, intercept, standardError, degrees } = only;
    const halfWidth = standardError === null ? null : tQuantile(UPPER, degrees) * standardError;
    return { ...estimate(slope, halfWidth), fixedBytes: intercept, blocks: 1, observations: count };
  }
  const { mean, halfWidth } = logInterval(lines.map(({ slope }) => slope));
  const fixedBytes = median(lines.map(({ intercept }) => intercept));
  return { ...estimate(mean, halfWidth), fixedBytes, blocks: lines.length, observations: count };
}

function estimate(slope: number, halfWidth: number | null): Pick<Slope, 'perInstanceBytes' | 'interval'> {
  return {
    perInstanceBytes: slope,
    interval: halfWidth === null ? null : { low: slope - halfWidth, high: slope + halfWidth },
  };
}

/** Ordinary least squares; standard error of the slope from the residuals, null without any to spare. */
function lineOf(points: readonly Observation[]) {
  const count = points.length;
  const meanX = points.reduce((sum, { instances }) => sum + instances, 0) / count;
  const meanY = points.reduce((sum, { bytes }) => sum + bytes, 0) / count;
  const squares = points.reduce((sum, { instances }) => sum + (instances - meanX) ** 2, 0);
  if (!(squares > 0)) return null;
  const slope = points.reduce((sum, it) => sum + (it.instances - meanX) * (it.bytes - meanY), 0) / squares;
  const intercept = meanY - slope * meanX;
  const degrees = count - 2;
  const residual = points.reduce((sum, it) => sum + (it.bytes - intercept - slope * it.instances) ** 2, 0);
  const standardError = degrees > 0 ? Math.sqrt(residual / degrees / squares) : null;
  return { slope, intercept, standardError, degrees };
}
