/** Speed of kernels against C, as figures: one value of each process. */

import { compositeScore, mflops } from '../../../bench/analysis/score.ts';
import { KERNEL_ENGINES, type Size } from '../../../bench/types.ts';
import { median } from '../../../bench/units.ts';
import { WORKLOADS } from '../../../scimark/index.ts';
import type { Recorder } from './figure.ts';

/** Times of a pass by side: an array for every process, with bursts of all sides in step. */
type Timings = Readonly<Record<string, readonly (readonly number[])[]>>;

/**
 * `kernels.SIZE.ENGINE.KERNEL`: the median of neighbouring bursts, C's time over the engine's. `kernels.SIZE.ENGINE`: the
 * composite of these shares over C's, whose speed is that of its best burst.
 */
export function recordKernels(record: Recorder, size: Size, timings: ReadonlyMap<string, Timings>): void {
  const speeds = new Map(
    WORKLOADS.flatMap(({ id, sizes }) => {
      const best = Math.min(...(timings.get(id)?.C ?? []).flat());
      return timings.has(id) ? [[id, mflops(sizes[size].flops, 1, best * 1e-9) ?? Number.NaN] as const] : [];
    }),
  );
  const whole = compositeScore(speeds) ?? Number.NaN;
  for (const engine of KERNEL_ENGINES) {
    const shares = new Map([...timings].map(([id, timing]) => [id, sharesOf(timing, engine)]));
    const processes = Math.min(...[...shares.values()].map(({ length }) => length));
    const composites = Array.from({ length: processes }, (_, at) => {
      const own = new Map([...speeds].map(([id, speed]) => [id, speed * (shares.get(id)?.[at] ?? Number.NaN)]));
      return (compositeScore(own) ?? Number.NaN) / whole;
    });
    record(`kernels.${size}.${engine}`, 'ratio', composites);
    for (const [id, values] of shares) record(`kernels.${size}.${engine}.${id}`, 'ratio', values);
  }
}

function sharesOf(timing: Timings, side: string): number[] {
  return (timing[side] ?? []).map((own, process) =>
    median(own.map((time, burst) => (timing.C?.[process]?.[burst] ?? Number.NaN) / time)),
  );
}
