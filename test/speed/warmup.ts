/** How long a cold process takes to reach its speed: short bursts from the first one on, by engine and kernel. */

import { KERNEL_ENGINES, type KernelEngine, type Size } from '../../bench/types.ts';
import { median } from '../../bench/units.ts';
import { WORKLOADS } from '../../scimark/index.ts';
import { buildPrograms, type Programs, startWorker, warmUp } from './worker-process.ts';

export interface WarmupBenchOptions {
  readonly size?: Size;
  /** Fresh processes of each engine and kernel. */
  readonly processes?: number;
}

/** Ends of the spans of time, ms of bursts, whose speed is printed. */
const SPANS_MS = [1, 2, 5, 10, 20, 40, 60, 100, 150] as const;
const BURST_NS = 0.1e6;
/** A process counts as steady from the first burst on after which bursts are, by their median of seven, this near to the last. */
const NEAR = 1.1;

interface Curve {
  /** Median speed in each span as a share of the steady one. */
  readonly shares: readonly number[];
  readonly steadyMs: number;
}

/** Prints speed over time as shares of the steady speed, medians over processes. */
export async function benchWarmup(print: (line: string) => void, options: WarmupBenchOptions = {}): Promise<void> {
  const { size = 'small', processes = 5 } = options;
  const programs = await buildPrograms(false);
  try {
    print(`Warm-up, size ${size}, ${processes} fresh processes: speed as a share of the steady one, by ms of bursts.`);
    print(`  ${''.padEnd(24)}${SPANS_MS.map((end) => `–${end}`.padStart(6)).join('')}  steady after`);
    for (const kernels of KERNEL_ENGINES) {
      for (const { id } of WORKLOADS) {
        const curves: Curve[] = [];
        for (let run = 0; run < processes; run++) curves.push(await curveOf(programs, kernels, size, id));
        const cells = SPANS_MS.map((_, k) =>
          median(curves.map(({ shares }) => shares[k]!))
            .toFixed(2)
            .padStart(6),
        );
        const after = curves.map(({ steadyMs }) => steadyMs);
        const range = `${Math.min(...after).toFixed(1)}–${Math.max(...after).toFixed(1)}`;
        print(`  ${kernels.padEnd(11)}${id.padEnd(13)}${cells.join('')}  ${median(after).toFixed(1)} ms (${range})`);
      }
    }
  } finally {
    await programs.dispose();
  }
}

async function curveOf(programs: Programs, kernels: KernelEngine, size: Size, id: string): Promise<Curve> {
  // How many passes make a burst is asked of another process, so that this one stays cold.
  const scout = await startWorker(programs.own(kernels), size, [id]);
  const passes = await warmUp(scout, id, BURST_NS, 60e6).finally(() => scout.close());
  const worker = await startWorker(programs.own(kernels), size, [id]);
  const times: number[] = [];
  const ends: number[] = [];
  try {
    for (let spentNs = 0; spentNs < SPANS_MS.at(-1)! * 1e6; ) {
      const time = await worker.burst(id, passes);
      spentNs += time;
      times.push(time);
      ends.push(spentNs / 1e6);
    }
  } finally {
    await worker.close();
  }
  const steady = median(times.slice(-Math.max(7, Math.floor(times.length / 3))));
  let begin = 0;
  const shares = SPANS_MS.map((end) => {
    // A burst counts in every span that it reaches into: a slow one may fill several.
    const own = times.filter((time, k) => ends[k]! > begin && ends[k]! - time / 1e6 < end);
    begin = end;
    return steady / median(own);
  });
  const from = times.findIndex((_, k) => median(times.slice(k, k + 7)) <= NEAR * steady);
  return { shares, steadyMs: from <= 0 ? 0 : ends[from - 1]! };
}
