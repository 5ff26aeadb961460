/** How many fresh processes run a kernel several percent faster or slower for life, by kernel and engine. */

import { binomialInterval } from '../../bench/analysis/stats/binomial.ts';
import { outlyingBlocks } from '../../bench/analysis/stats/mixture.ts';
import { quantile } from '../../bench/analysis/stats/quantile.ts';
import { KERNEL_ENGINES, type KernelEngine, type Size } from '../../bench/types.ts';
import { median } from '../../bench/units.ts';
import { WORKLOADS } from '../../scimark/index.ts';
import { buildPrograms, type Programs, startWorker, type Worker, warmUp } from './worker-process.ts';

export interface StartsOptions {
  readonly size?: Size;
  /** Fresh processes of each kernel and engine. */
  readonly starts?: number;
  readonly kernels?: readonly string[];
  readonly engines?: readonly KernelEngine[];
}

const STARTS = 60;
const BURST_NS = 1e6;
const WARMUP_NS = 200e6;
const PAIRS = 40;
/** Of the bursts, the fast ones were not interrupted by other programs of the host. */
const FAST = 0.2;
/** Less than this is no other machine code, but caches and pages. */
const LEAST = 0.02;

/**
 * A start is measured against a process that stays, burst by burst on one CPU, so that what slows the host slows both: by the
 * fast bursts of each. It is odd when it lies more than 14.8 median absolute deviations and 2 % from the median start, and both
 * halves of its bursts do by 2 %.
 */
export async function benchStarts(print: (line: string) => void, options: StartsOptions = {}): Promise<void> {
  const {
    size = 'small',
    starts = STARTS,
    kernels = WORKLOADS.map(({ id }) => id),
    engines = KERNEL_ENGINES,
  } = options;
  const programs = await buildPrograms(false);
  try {
    print(
      `${starts} fresh processes each, size ${size}, ${PAIRS} bursts of ${BURST_NS / 1e6} ms; odd: 2 % and 14.8 MAD off`,
    );
    const head = ['odd', 'share (95 %)', 'faster', 'slower', 'MAD'];
    print(`  ${''.padEnd(24)}${head.map((cell) => cell.padStart(16)).join('')}  how far off`);
    for (const engine of engines) {
      for (const id of kernels) print(await rowOf(programs, { engine, id, size, starts }));
    }
  } finally {
    await programs.dispose();
  }
}

interface Wanted {
  readonly engine: KernelEngine;
  readonly id: string;
  readonly size: Size;
  readonly starts: number;
}

/** Logarithms of a start's time against the process that stays: of all its bursts, and of each half. */
interface Level {
  readonly whole: number;
  readonly halves: readonly [number, number];
}

async function rowOf(programs: Programs, { engine, id, size, starts }: Wanted): Promise<string> {
  const begin = () => startWorker(programs.own(engine), size, [id]);
  const stays = await begin();
  const levels: Level[] = [];
  try {
    const passes = await warmUp(stays, id, BURST_NS, 2 * WARMUP_NS);
    for (let start = 0; start < starts; start++) {
      const fresh = await begin();
      try {
        levels.push(await levelOf(fresh, stays, { id, passes }));
      } finally {
        await fresh.close();
      }
    }
  } finally {
    await stays.close();
  }
  const { odd, mad } = oddOf(levels);
  const { low, high } = binomialInterval(odd.length, levels.length);
  const percent = (share: number) => `${(100 * share).toFixed(1)}`;
  const cells = [
    `${odd.length} of ${levels.length}`,
    `${percent(low)} to ${percent(high)} %`,
    String(odd.filter((off) => off < 0).length),
    String(odd.filter((off) => off > 0).length),
    `${(100 * mad).toFixed(2)} %`,
  ];
  const offs = odd.map((off) => `${off > 0 ? '+' : '−'}${percent(Math.abs(Math.expm1(off)))} %`);
  return `  ${engine.padEnd(11)}${id.padEnd(13)}${cells.map((cell) => cell.padStart(16)).join('')}  ${offs.join(' ')}`;
}

async function levelOf(
  fresh: Worker,
  stays: Worker,
  { id, passes }: { readonly id: string; readonly passes: number },
): Promise<Level> {
  await warmUp(fresh, id, BURST_NS, WARMUP_NS);
  const times: Times[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const [first, second] = pair % 2 === 0 ? [fresh, stays] : [stays, fresh];
    const one = await first.burst(id, passes);
    const other = await second.burst(id, passes);
    times.push(first === fresh ? { fresh: one, stays: other } : { fresh: other, stays: one });
  }
  const half = PAIRS / 2;
  return { whole: ratioOf(times), halves: [ratioOf(times.slice(0, half)), ratioOf(times.slice(half))] };
}

interface Times {
  readonly fresh: number;
  readonly stays: number;
}

function ratioOf(times: readonly Times[]): number {
  const fast = (pick: (one: Times) => number) => quantile(times.map(pick), FAST);
  return Math.log(fast(({ fresh }) => fresh) / fast(({ stays }) => stays));
}

/** Distances from the median start, in logarithms. */
function oddOf(levels: readonly Level[]): { odd: readonly number[]; mad: number } {
  const centre = median(levels.map(({ whole }) => whole));
  const offs = levels.map(({ whole }) => whole - centre);
  const outlying = outlyingBlocks(new Map(offs.map((off, index) => [index, off])));
  const odd = outlying.flatMap((index) => {
    const { halves = [0, 0] } = levels[index] ?? {};
    const off = offs[index] ?? 0;
    const isForLife = halves.every(
      (half) => Math.sign(half - centre) === Math.sign(off) && Math.abs(half - centre) > LEAST,
    );
    return isForLife ? [off] : [];
  });
  return { odd, mad: median(offs.map(Math.abs)) };
}
