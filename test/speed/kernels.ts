/** Our kernels against the same kernels in C, in alternating bursts of resident processes. */

import { compositeScore, mflops } from '../../bench/score.ts';
import type { Size } from '../../bench/types.ts';
import { median } from '../../bench/units.ts';
import { WORKLOADS } from '../../scimark/index.ts';
import { buildPrograms, C_FLAGS, type Programs, startWorker, type Worker, warmUp } from './worker-process.ts';

export interface KernelBenchOptions {
  /** Default `small`; `large` takes a few minutes. */
  readonly size?: Size;
  /** Pairs of fresh processes, one in C and one of ours. */
  readonly processes?: number;
  /** Bursts of each side per kernel and pair of processes. */
  readonly bursts?: number;
  readonly burstNs?: number;
}

/** One kernel: MFLOPS of the best burst on each side, and our speed as a share of C's, by best and by median burst. */
export interface KernelRow {
  readonly id: string;
  readonly c: number;
  readonly ours: number;
  readonly best: number;
  /** Median of the processes' medians, and the range of those. */
  readonly typical: number;
  readonly low: number;
  readonly high: number;
}

/** Times per pass in ns of one kernel, one array per pair of processes, bursts in pairs. */
interface Timings {
  readonly c: number[][];
  readonly ours: number[][];
}

const COLUMNS = [13, 9, 9, 7, 8, 14] as const;

/** Prints the ratios to C, kernel by kernel, and that of the composite. Returns at once when there is no C compiler. */
export async function benchKernels(print: (line: string) => void, options: KernelBenchOptions = {}): Promise<void> {
  const size = options.size ?? 'small';
  const programs = await buildPrograms(true);
  try {
    if (!programs.c) {
      print('Kernels against C: left out, there is no C compiler (gcc, cc or clang).');
      return;
    }
    print(`Kernels against C, size ${size}: ours as a share of C, 1.00 is as fast.`);
    print(`  C: ${programs.compiler}, ${C_FLAGS.join(' ')}`);
    print(`  ours: reference kernels, Node.js ${process.version}, V8 ${process.versions.v8}`);
    print('  Timed, on both sides: whole passes. FFT with its sines and bit reversal, LU with the copy of the matrix,');
    print('  Monte Carlo with seeding; input is made before.');
    const rows = rowsOf(size, await measure(programs.c, programs, size, options));
    for (const line of table(rows)) print(line);
  } finally {
    await programs.dispose();
  }
}

async function measure(
  c: readonly string[],
  { ours }: Programs,
  size: Size,
  { processes = 6, bursts = 30, burstNs = 10e6 }: KernelBenchOptions,
): Promise<Map<string, Timings>> {
  const timings = new Map(WORKLOADS.map(({ id }) => [id, { c: [], ours: [] } as Timings]));
  for (let start = 0; start < processes; start++) {
    const workers: Worker[] = [];
    try {
      workers.push(await startWorker(c, size, []));
      workers.push(await startWorker(ours, size, []));
      const [inC, inOurs] = workers as [Worker, Worker];
      for (const [id, timing] of timings) {
        await assertSameAnswer(inC, inOurs, id);
        const passes = [await warmUp(inC, id, burstNs, 60e6), await warmUp(inOurs, id, burstNs, 120e6)] as const;
        const pair = { c: [] as number[], ours: [] as number[] };
        for (let burst = 0; burst < bursts; burst++) {
          const steps = [
            async () => pair.c.push((await inC.burst(id, passes[0])) / passes[0]),
            async () => pair.ours.push((await inOurs.burst(id, passes[1])) / passes[1]),
          ];
          if (Math.random() < 0.5) steps.reverse();
          for (const step of steps) await step();
        }
        timing.c.push(pair.c);
        timing.ours.push(pair.ours);
      }
    } finally {
      for (const worker of workers) await worker.close();
    }
  }
  return timings;
}

/** A ratio of two programs that compute different things would mean nothing. */
async function assertSameAnswer(c: Worker, ours: Worker, id: string): Promise<void> {
  await c.burst(id, 1);
  await ours.burst(id, 1);
  const [expected, actual] = [await c.checksum(id), await ours.checksum(id)];
  if (expected !== actual) throw new Error(`${id}: C gives ${expected} after one pass, ours ${actual}`);
}

/** Figures of all kernels at a size, from their timings. */
function rowsOf(size: Size, timings: ReadonlyMap<string, Timings>): KernelRow[] {
  return WORKLOADS.map(({ id, sizes }) => {
    const { c, ours } = timings.get(id)!;
    const speed = (ns: number) => mflops(sizes[size].flops, 1, ns * 1e-9)!;
    const bestC = speed(Math.min(...c.flat()));
    const bestOurs = speed(Math.min(...ours.flat()));
    const perProcess = c.map((times, start) => median(times.map((time, burst) => time / ours[start]![burst]!)));
    return {
      id,
      c: bestC,
      ours: bestOurs,
      best: bestOurs / bestC,
      typical: median(perProcess),
      low: Math.min(...perProcess),
      high: Math.max(...perProcess),
    };
  });
}

function table(rows: readonly KernelRow[]): string[] {
  const line = (cells: readonly string[]) =>
    `  ${cells.map((cell, k) => (k === 0 ? cell.padEnd(COLUMNS[k]!) : cell.padStart(COLUMNS[k]!))).join('')}`;
  const composite = (pick: (row: KernelRow) => number) =>
    compositeScore(new Map(rows.map((row) => [row.id, pick(row)])))!;
  const c = composite((row) => row.c);
  const ours = composite((row) => row.ours);
  const typical = composite((row) => row.c * row.typical) / c;
  return [
    line(['kernel', 'C', 'ours', 'best', 'median', 'of processes']),
    ...rows.map((row) =>
      line([
        row.id,
        row.c.toFixed(0),
        row.ours.toFixed(0),
        row.best.toFixed(2),
        row.typical.toFixed(2),
        `${row.low.toFixed(2)}–${row.high.toFixed(2)}`,
      ]),
    ),
    line(['composite', c.toFixed(0), ours.toFixed(0), (ours / c).toFixed(2), typical.toFixed(2), '']),
    '  C and ours in MFLOPS of the best burst; best is their ratio; median is of ratios of neighbouring bursts.',
  ];
}
