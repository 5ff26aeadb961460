/** How long a workload takes to settle: the pilot's bursts segmented, classified, and one length for the session. */

import { median, medianDistance } from '../numbers/select.ts';
import type { Sample, Warmup, WarmupSeries } from '../types.ts';
import { segmentStarts } from './stats/change-points.ts';
import { largest } from './stats/extremes.ts';

/** However fast everything settles: compiler and caches affect the first bursts of a fresh start. */
export const LEAST_WARMUP = 5;

/** Penalty of a change point per ln n, as in Barrett et al. */
const PENALTY = 15;
/** Two values are enough for a variance. */
const LEAST_SEGMENT = 2;
/** Levels nearer than this, relative, are the same: half of what the margin of verdicts can resolve. */
const SAME_LEVEL = 0.005;
/** Two means with a wide scatter may differ by this much by chance, and no more: a ramp has a wide scatter, too. */
const CHANCE_AT_MOST = 0.02;
/** Standard deviation below which a burst's scatter is of no interest, relative. */
const NOISE_FLOOR = 0.001;
/** Share of the pilot that the steady state must fill; Barrett et al. look at the last quarter of 2000 iterations. */
const STEADY_SHARE = 1 / 3;
/** A burst is isolated when it lies this many scaled median absolute deviations from those around it. */
const LONE_LIMIT = 5;
const LONE_REACH = 4;
/** Bursts of the same work don't differ by this much: such a time is invalid, and nothing is computed from it. */
const ABSURD_FACTOR = 1e9;
const MAD_TO_SIGMA = 1.4826;

/**
 * Segments the wall times of a series (PELT, mean and variance, penalty 15 ln n) and classifies it: `flat` when there
 * is one level; `no steady state` when the last level fills less than a third; `warm-up` when no level before it was
 * faster; else `slow-down`. Segments before the last one belong to its level as long as their means differ by less
 * than its standard deviation, 0.5 %, or two standard errors of the difference (counted up to 2 %), so that a change
 * of scatter alone is no warm-up. Scaling all times changes nothing. Times
 * that are not positive, not finite or a thousand million times the median have no steady state either. Barrett et al., "Virtual machine warmup blows hot and cold", OOPSLA 2017, section 4.
 */
export function classifyWarmup(times: readonly number[]): Pick<WarmupSeries, 'class' | 'length' | 'segments'> {
  const centre = median(times);
  if (times.some((time) => !(time / centre > 1 / ABSURD_FACTOR && time / centre < ABSURD_FACTOR))) {
    return { class: 'no steady state', length: times.length, segments: [] };
  }
  const values = withoutLone(times).map((time) => time / centre);
  const starts = segmentStarts(values, {
    penalty: PENALTY * Math.log(values.length),
    least: LEAST_SEGMENT,
    varianceFloor: NOISE_FLOOR ** 2,
  });
  const parts = starts.map((start, index) => ({ start, ...momentsOf(values.slice(start, starts[index + 1])) }));
  const last = parts.at(-1) as (typeof parts)[number];
  const isNear = (part: Moments) => Math.abs(part.mean - last.mean) <= tolerance(part, last);
  const steady = parts.findLastIndex((part) => !isNear(part)) + 1;
  const length = parts[steady]?.start ?? 0;
  const faster = parts.slice(0, steady).some((part) => part.mean < last.mean && !isNear(part));
  return {
    class:
      length === 0
        ? 'flat'
        : values.length - length < STEADY_SHARE * values.length
          ? 'no steady state'
          : faster
            ? 'slow-down'
            : 'warm-up',
    length,
    segments: parts.map(({ start, mean }) => ({ start, level: Number((mean / last.mean).toFixed(4)) })),
  };
}

/**
 * The session's warm-up from the pilot's samples: of each workload the longest over all boxes, at least 5 and at most
 * `pilotBursts`. A series without steady state is reported and decides nothing, because no length would do for it. Null
 * when no box did all bursts: the next block is the pilot then.
 */
export function decideWarmup(pilot: Iterable<Sample>, pilotBursts: number): Warmup | null {
  const series = [...seriesOf(pilot).values()]
    .filter(({ times }) => times.length === pilotBursts)
    .map(({ env, workload, times }) => ({ env, workload, bursts: times.length, ...classifyWarmup(times) }));
  if (series.length === 0) return null;
  const least = Math.min(pilotBursts, LEAST_WARMUP);
  const lengths: Record<string, number> = {};
  for (const { workload, length, ...one } of series) {
    const needed = one.class === 'no steady state' ? 0 : length;
    lengths[workload] = Math.max(lengths[workload] ?? least, needed);
  }
  return { length: largest(Object.values(lengths)), lengths, series };
}

/** Warm-up bursts of a workload in every box; of one whose boxes all failed in the pilot those of the longest. */
export function warmupBurstsOf(warmup: Warmup, workload: string): number {
  return warmup.lengths?.[workload] ?? warmup.length;
}

function seriesOf(samples: Iterable<Sample>) {
  const all = new Map<string, { env: string; workload: string; times: number[] }>();
  for (const { phase, env, workload, wallNs, ok } of samples) {
    if (phase !== 'warmup' || !ok) continue;
    const key = JSON.stringify([env, workload]);
    const known = all.get(key);
    if (known === undefined) all.set(key, { env, workload, times: [wallNs] });
    else known.times.push(wallNs);
  }
  return all;
}

/**
 * The series with lone bursts set to the median of those around them (Hampel's filter; Barrett et al. take outliers out
 * before they segment, too): one burst that a neighbour on the host delayed is no level. Only the segmentation sees
 * this. A burst of the first five is left alone, a slow one there is what warm-up looks like.
 */
function withoutLone(times: readonly number[]): number[] {
  return times.map((time, index) => {
    if (index < LEAST_WARMUP) return time;
    const around = times.slice(Math.max(0, index - LONE_REACH), index + LONE_REACH + 1);
    const centre = median(around);
    const spread = medianDistance(around, centre) * MAD_TO_SIGMA;
    const limit = LONE_LIMIT * Math.max(spread, NOISE_FLOOR * centre);
    return Math.abs(time - centre) > limit ? centre : time;
  });
}

interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Standard deviation. */
  readonly deviation: number;
}

/** Difference of their means up to which a segment counts as the level of the last one. */
function tolerance(part: Moments, last: Moments): number {
  const error = Math.sqrt(part.deviation ** 2 / part.count + last.deviation ** 2 / last.count);
  return Math.max(last.deviation, SAME_LEVEL * last.mean, Math.min(2 * error, CHANCE_AT_MOST * last.mean));
}

function momentsOf(values: readonly number[]): Moments {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const scatter = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { count: values.length, mean, deviation: Math.sqrt(scatter / Math.max(1, values.length - 1)) };
}
