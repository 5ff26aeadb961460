/** Does a figure grow? Of readings at equal spans, from a process that works in cycles. */

import { median } from '../../bench/units.ts';

export interface Gauge {
  readonly atMs: number;
  readonly memoryMiB: number;
  /** Rows on disk. */
  readonly rowsMiB: number;
  readonly descriptors: number;
  readonly threads: number;
  readonly children: number;
}

/** A session keeps its rows, for its figures: so much memory for each byte of them on disk, with what is not yet collected. */
const ROWS_IN_MEMORY = 8;

/** `noise`: what the figure changes by without growing, as a part of it and in its unit. */
export const GAUGES: readonly { name: string; of(gauge: Gauge): number; noise: Noise }[] = [
  { name: 'memory, MiB', of: ({ memoryMiB }) => memoryMiB, noise: { part: Number.POSITIVE_INFINITY, least: 0 } },
  {
    name: '  beyond rows',
    of: ({ memoryMiB, rowsMiB }) => memoryMiB - ROWS_IN_MEMORY * rowsMiB,
    noise: { part: 0.15, least: 10 },
  },
  { name: 'descriptors', of: ({ descriptors }) => descriptors, noise: { part: 0, least: 3, comesAndGoes: true } },
  { name: 'threads', of: ({ threads }) => threads, noise: { part: 0, least: 0, comesAndGoes: true } },
  { name: 'children', of: ({ children }) => children, noise: { part: 0, least: 0, comesAndGoes: true } },
];

interface Noise {
  readonly part: number;
  readonly least: number;
  /**
   * The lowest reading of each fifth counts instead of the median: what is opened for a step and closed after it comes and
   * goes with the steps, and a leak raises the lowest reading as well.
   */
  readonly comesAndGoes?: boolean;
}

export interface Trend {
  /** Levels of the first and of the last fifth. */
  readonly first: number;
  readonly last: number;
  readonly verdict: 'flat' | 'growing' | 'too short' | 'with the rows';
}

const LEAST_READINGS = 20;
const FIFTHS = 5;

/** Growing: the last fifth exceeds the second by more than the noise. */
export function trendOf(values: readonly number[], { part, least, comesAndGoes = false }: Noise): Trend {
  const size = Math.floor(values.length / FIFTHS);
  const levels = Array.from({ length: FIFTHS }, (_, index) => {
    const from = index * size;
    const fifth = values.slice(from, index === FIFTHS - 1 ? values.length : from + Math.max(1, size));
    return comesAndGoes ? Math.min(...fifth) : median(fifth);
  });
  const [first = Number.NaN, second = Number.NaN] = levels;
  const last = levels.at(-1) ?? Number.NaN;
  if (values.length < LEAST_READINGS) return { first, last, verdict: 'too short' };
  if (part === Number.POSITIVE_INFINITY) return { first, last, verdict: 'with the rows' };
  // The first fifth is left out: code is compiled and heaps find their size in it.
  const grows = last - second > Math.max(least, part * second);
  return { first, last, verdict: grows ? 'growing' : 'flat' };
}

/** By least squares, through pairs of x and y. */
export function slopeOf(points: readonly (readonly [number, number])[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map(([at]) => at)), mean(points.map(([, value]) => value))];
  const spread = points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
  return spread === 0 ? 0 : points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0) / spread;
}
