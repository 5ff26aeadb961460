/** Bursts by fresh start, for tools that keep raw values and have a notion of runs. */

import type { Sample } from '../types.ts';

/** The bursts of one environment on one workload in one block, that is in one fresh start. Times are ns per pass. */
export interface StartSeries {
  readonly env: string;
  readonly workload: string;
  readonly block: number;
  /** RFC 3339, UTC: when the first of the bursts began. */
  readonly startedAt: string;
  /** Kernel passes in a measured burst. */
  readonly work: number;
  /** Nominal floating-point operations of a pass; null for a workload that has none. */
  readonly flopsPerPass: number | null;
  /** Warm-up bursts, in the order in which they ran; `work` may be another than that of measured ones. */
  readonly warmups: readonly { readonly work: number; readonly nsPerPass: number }[];
  /** Measured bursts with a right answer, in the order in which they ran; never empty. */
  readonly values: readonly number[];
  /** CPU time of each of them, ns per pass; null where it is not known. */
  readonly cpu: readonly (number | null)[];
}

interface Growing extends StartSeries {
  work: number;
  flopsPerPass: number | null;
  readonly warmups: { work: number; nsPerPass: number }[];
  readonly values: number[];
  readonly cpu: (number | null)[];
}

/**
 * In the order of `envs`, `workloads` and blocks; starts without a right measured burst are left out. `samples` are those
 * that count, in the order in which they were measured. A box in `hostTimed`, whose clock can't be relied on, has its
 * visits that were timed from outside instead of its bursts.
 */
export function startSeries(
  samples: Iterable<Sample>,
  envs: readonly string[],
  workloads: readonly string[],
  hostTimed: ReadonlySet<string>,
): StartSeries[] {
  const byKey = new Map<string, Growing>();
  for (const sample of samples) {
    const { env, workload, block, work, wallNs, ok, better = null } = sample;
    const phase = levelPhase(sample, hostTimed);
    // A figure that a program prints is no time of a run, which is what other tools take.
    if (!ok || phase === null || better !== null) continue;
    const nsPerPass = wallNs / work;
    // As in `groupSamples`: a burst without a duration is a defect of a clock.
    if (!(nsPerPass > 0 && nsPerPass < Number.POSITIVE_INFINITY)) continue;
    const key = JSON.stringify([env, workload, block]);
    let series = byKey.get(key);
    if (series === undefined) {
      const { startedAt } = sample;
      series = { env, workload, block, startedAt, work, flopsPerPass: null, warmups: [], values: [], cpu: [] };
      byKey.set(key, series);
    }
    if (phase === 'warmup') {
      series.warmups.push({ work, nsPerPass });
      continue;
    }
    if (series.values.length === 0) {
      series.work = work;
      series.flopsPerPass = sample.mflops === null ? null : (sample.mflops * nsPerPass) / 1e3;
    }
    series.values.push(nsPerPass);
    series.cpu.push(sample.cpuNs === null ? null : sample.cpuNs / work);
  }
  const place = (names: readonly string[], name: string) => {
    const index = names.indexOf(name);
    return index < 0 ? names.length : index;
  };
  return [...byKey.values()]
    .filter(({ values }) => values.length > 0)
    .sort(
      (a, b) =>
        place(envs, a.env) - place(envs, b.env) ||
        place(workloads, a.workload) - place(workloads, b.workload) ||
        a.block - b.block,
    );
}

/** The phase as which a row counts for its box's level; null for none. */
function levelPhase({ clock, env, phase }: Sample, hostTimed: ReadonlySet<string>): 'warmup' | 'measure' | null {
  if (clock === 'host') return hostTimed.has(env) ? 'measure' : null;
  if (phase === 'warmup') return phase;
  return phase === 'measure' && !hostTimed.has(env) ? phase : null;
}
