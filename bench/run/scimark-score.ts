/** A SciMark score of one resident payload: by SciMark's own protocol and, next to it, by bursts. */

import { compositeScore, mflops } from '../analysis/score.ts';
import { smallest } from '../analysis/stats/extremes.ts';
import { median } from '../units.ts';
import { roundPasses } from './calibrate.ts';
import type { Resident } from './resident.ts';

export interface KernelScore {
  readonly id: string;
  /** SciMark's protocol: passes, their wall time, and millions of operations per second. */
  readonly cycles: number;
  readonly wallNs: number;
  readonly mflops: number | null;
  /** Of bursts of `work` passes: the best one and the median. */
  readonly work: number;
  readonly best: number | null;
  readonly median: number | null;
}

export interface Score {
  readonly kernels: readonly KernelScore[];
  /** Means of the five; null when one is missing. */
  readonly composite: { readonly scimark: number | null; readonly best: number | null; readonly median: number | null };
}

export interface ScoreOptions {
  /** Least time of the last series of passes; SciMark's own is 2 s. */
  readonly minNs: number;
  readonly burstNs: number;
  readonly bursts: number;
  onKernel(id: string): void;
}

/** Passes of one series are doubled until it lasts `minNs`; that series counts, without any before it. */
export async function scoreOf(resident: Resident, options: ScoreOptions): Promise<Score> {
  const kernels: KernelScore[] = [];
  for (const { id, flops } of resident.prepared) {
    options.onKernel(id);
    kernels.push(await scoreKernel(resident, id, flops, options));
  }
  const composite = (pick: (score: KernelScore) => number | null) =>
    compositeScore(new Map(kernels.map((score) => [score.id, pick(score) ?? Number.NaN]))) ?? null;
  return {
    kernels,
    composite: {
      scimark: composite((score) => score.mflops),
      best: composite((score) => score.best),
      median: composite((score) => score.median),
    },
  };
}

async function scoreKernel(
  resident: Resident,
  id: string,
  flops: number,
  { minNs, burstNs, bursts }: ScoreOptions,
): Promise<KernelScore> {
  const run = async (work: number, count: number) =>
    (await resident.ask('warmup', { workload: id, work, bursts: count })).body.bursts.map(([, wallNs]) => wallNs);
  let cycles = 1;
  let [wallNs = 0] = await run(cycles, 1);
  while (wallNs < minNs) {
    cycles *= 2;
    [wallNs = 0] = await run(cycles, 1);
  }
  const work = roundPasses((burstNs * cycles) / wallNs);
  const times = await run(work, bursts);
  return {
    id,
    cycles,
    wallNs,
    mflops: mflops(flops, cycles, wallNs * 1e-9),
    work,
    best: mflops(flops, work, smallest(times) * 1e-9),
    median: mflops(flops, work, median(times) * 1e-9),
  };
}
