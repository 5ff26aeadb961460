/** How many fresh processes run a kernel several percent faster or slower for life, by kernel and engine. */

import { binomialInterval } from '../../bench/analysis/stats/binomial.ts';
import { outlyingBlocks } from '../../bench/analysis/stats/mixture.ts';
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
const BURST_NS = 3e6;
const WARMUP_NS = 80e6;
const PAIRS = 14;
/** Less than this is no other machine code, but caches and pages. */
const LEAST = 0.02;

/**
 * A start is measured against a process that stays, burst by burst on one CPU, so that what slows the host slows both. It is odd
 * when its level lies more than 14.8 median absolute deviations and 2 % from the median start, in both halves of its bursts.
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
    const passes = await warmUp(stays, id, BURST_NS, 3 * WARMUP_NS);
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
  const logs: number[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const isFirst = pair % 2 === 0;
    const before = isFirst ? await fresh.burst(id, passes) : await stays.burst(id, passes);
    const after = isFirst ? await stays.burst(id, passes) : await fresh.burst(id, passes);
    logs.push(isFirst ? Math.log(before / after) : Math.log(after / before));
  }
  return { whole: median(logs), halves: [median(logs.slice(0, PAIRS / 2)), median(logs.slice(PAIRS / 2))] };
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
