/** Our kernels against the same kernels in C, in interleaved bursts of resident processes. */

import { compositeScore, mflops } from '../../bench/analysis/score.ts';
import { KERNEL_ENGINES, type Size } from '../../bench/types.ts';
import { median } from '../../bench/units.ts';
import { WORKLOADS } from '../../scimark/index.ts';
import type { Recorder } from './record/figure.ts';
import { recordKernels } from './record/kernels.ts';
import { buildPrograms, C_FLAGS, type Programs, startWorker, type Worker, warmUp } from './worker-process.ts';

export interface KernelBenchOptions {
  /** Default `small`; `large` takes a few minutes. */
  readonly size?: Size;
  /** Rounds of fresh processes, one in C and one of each engine. */
  readonly processes?: number;
  /** Bursts of each side per kernel and process. */
  readonly bursts?: number;
  readonly burstNs?: number;
  /** The Node.js that runs the engines; default is that of this process. */
  readonly node?: string;
  /** What times bursts: `cpu` leaves out what other processes take of them. */
  readonly clock?: 'wall' | 'cpu';
}

export const SIDES = ['C', ...KERNEL_ENGINES] as const;
export type Side = (typeof SIDES)[number];

/** Times per pass in ns of one kernel: of each side an array for every process, bursts of all sides in step. */
type Timings = Readonly<Record<Side, number[][]>>;

export interface Figures {
  readonly id: string;
  /** MFLOPS of the best burst. */
  readonly best: Readonly<Record<Side, number>>;
  /** Speed as a share of C's: median over processes of the median over neighbouring bursts. */
  readonly typical: Readonly<Record<Side, number>>;
}

/** Prints the ratios to C, kernel by kernel, and that of the composite. Returns at once when there is no C compiler. */
export async function benchKernels(
  print: (line: string) => void,
  options: KernelBenchOptions,
  record: Recorder,
): Promise<void> {
  const { size = 'small', processes = 8, bursts = size === 'large' ? 5 : 30 } = options;
  const programs = await buildPrograms(true);
  try {
    if (!programs.c) {
      print('Kernels against C: left out, there is no C compiler (gcc, cc or clang).');
      return;
    }
    print(`Kernels against C, size ${size}, ${processes} processes × ${bursts} bursts: speed as a share of C's.`);
    print(`  C: ${programs.compiler}, ${C_FLAGS.join(' ')}`);
    print(`  own: Node.js ${process.version}, V8 ${process.versions.v8}`);
    print(
      '  Timed on all sides: whole passes, LU with the copy of the matrix, Monte Carlo with seeding. Before it: input',
    );
    print(
      '  and what depends on the size alone (roots and places of bit reversal of tuned and wasm, bytes in the sparse',
    );
    print('  tables of wasm); C and reference have no such plan, and compute the sines within.');
    const timings = await measure(programs.c, programs, { ...options, size, processes, bursts });
    const figures = figuresOf(size, timings);
    recordKernels(record, size, timings);
    for (const line of table(figures)) print(line);
  } finally {
    await programs.dispose();
  }
}

/** The figures of all kernels, C beside every engine. Throws without a C compiler. */
export async function measureKernels(
  programs: Programs,
  options: KernelBenchOptions & { size: Size; processes: number; bursts: number },
): Promise<Figures[]> {
  if (!programs.c) throw new Error('there is no C compiler (gcc, cc or clang)');
  return figuresOf(options.size, await measure(programs.c, programs, options));
}

async function measure(
  c: readonly string[],
  { own }: Programs,
  {
    size,
    processes,
    bursts,
    burstNs = 10e6,
    node,
    clock,
  }: KernelBenchOptions & { size: Size; processes: number; bursts: number },
): Promise<Map<string, Timings>> {
  const timings = new Map(WORKLOADS.map(({ id }) => [id, bySide((): number[][] => [])]));
  for (let start = 0; start < processes; start++) {
    const workers = new Map<Side, Worker>();
    try {
      for (const side of SIDES)
        workers.set(side, await startWorker(side === 'C' ? c : own(side, node), size, [], clock));
      for (const [id, timing] of timings) {
        const own = await measureKernel(id, workers, bursts, burstNs);
        for (const side of SIDES) timing[side].push(own[side]);
      }
    } finally {
      for (const worker of workers.values()) await worker.close();
    }
  }
  return timings;
}

async function measureKernel(
  id: string,
  workers: ReadonlyMap<Side, Worker>,
  bursts: number,
  burstNs: number,
): Promise<Record<Side, number[]>> {
  await assertSameAnswer(id, workers);
  const passes = new Map<Side, number>();
  for (const [side, worker] of workers) passes.set(side, await warmUp(worker, id, burstNs, 120e6));
  const times = bySide((): number[] => []);
  for (let burst = 0; burst < bursts; burst++) {
    for (const [side, worker] of shuffled([...workers])) {
      const count = passes.get(side)!;
      times[side].push((await worker.burst(id, count)) / count);
    }
  }
  return times;
}

/** A ratio of two programs that compute different things would mean nothing. */
async function assertSameAnswer(id: string, workers: ReadonlyMap<Side, Worker>): Promise<void> {
  let expected: string | undefined;
  for (const [side, worker] of workers) {
    await worker.burst(id, 1);
    const sum = await worker.checksum(id);
    expected ??= sum;
    if (sum !== expected) throw new Error(`${id}: C gives ${expected} after one pass, ${side} ${sum}`);
  }
}

function figuresOf(size: Size, timings: ReadonlyMap<string, Timings>): Figures[] {
  return WORKLOADS.map(({ id, sizes }) => {
    const times = timings.get(id)!;
    return {
      id,
      best: bySide((side) => mflops(sizes[size].flops, 1, Math.min(...times[side].flat()) * 1e-9)!),
      typical: bySide((side) =>
        median(times[side].map((own, start) => median(own.map((time, burst) => times.C[start]![burst]! / time)))),
      ),
    };
  });
}

function table(figures: readonly Figures[]): string[] {
  const line = (name: string, cells: readonly string[]) =>
    `  ${name.padEnd(13)}${cells.map((cell, k) => cell.padStart(k < SIDES.length ? 10 : 15)).join('')}`;
  const composite = (pick: (row: Figures) => number) =>
    compositeScore(new Map(figures.map((row) => [row.id, pick(row)])))!;
  const c = composite(({ best }) => best.C);
  const shares = KERNEL_ENGINES.map((side) => [
    (composite(({ best }) => best[side]) / c).toFixed(2),
    (composite(({ best, typical }) => best.C * typical[side]) / c).toFixed(2),
  ]);
  return [
    line('kernel', [...SIDES, ...KERNEL_ENGINES.map((side) => `${side} ÷ C`)]),
    ...figures.map(({ id, best, typical }) =>
      line(id, [
        ...SIDES.map((side) => best[side].toFixed(0)),
        ...KERNEL_ENGINES.map((side) => `${(best[side] / best.C).toFixed(2)} ${typical[side].toFixed(2)}`),
      ]),
    ),
    line('composite', [
      ...SIDES.map((side) => composite(({ best }) => best[side]).toFixed(0)),
      ...shares.map((pair) => pair.join(' ')),
    ]),
    '  MFLOPS of the best burst; then two shares: of the best bursts, and the median of neighbouring bursts.',
  ];
}

function bySide<T>(make: (side: Side) => T): Record<Side, T> {
  return Object.fromEntries(SIDES.map((side) => [side, make(side)])) as Record<Side, T>;
}

function shuffled<T>(items: readonly T[]): T[] {
  const left = [...items];
  return items.map(() => left.splice(Math.floor(Math.random() * left.length), 1)[0]!);
}
