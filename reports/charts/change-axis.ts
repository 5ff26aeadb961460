/** Axes of differences in percent: even, or logarithmic beyond ±1 % where differences are of very different sizes. */

import { largest, smallest } from '../../bench/analysis/stats/extremes.ts';
import { type Json, type PercentAxis, percentAxis, round, valueAxis } from './chart.ts';

export interface ChangeAxis {
  /** Where a difference in percent stands on it. */
  readonly at: (percent: number) => number;
  readonly isLogarithmic: boolean;
  /** What Chart.js needs for it; points belong to the scale `x` or `y`. */
  scales(direction: 'x' | 'y', title: string): { readonly [id: string]: Json };
}

/** Differences up to this are evenly spaced everywhere, %. */
const EVEN = 1;
/** Where the largest difference is smaller, an even axis shows all others, %. */
const LARGE = 50;
/** So many times smaller than the largest, a difference can't be read on an even axis. */
const APART = 10;

/** For differences in percent; `ends` also has what reaches beyond them: intervals, a band. */
export function changeAxis(differences: readonly number[], ends: readonly number[] = differences): ChangeAxis {
  const sizes = differences.filter(Number.isFinite).map(Math.abs);
  const most = largest(sizes);
  const isSpread = most > LARGE && smallest(sizes) * APART < most;
  return isSpread ? logarithmicAxis(ends) : evenAxis(percentAxis(ends));
}

/** Between these ends. */
export function evenAxis(axis: Pick<PercentAxis, 'min' | 'max'>): ChangeAxis {
  return {
    at: (percent) => percent,
    isLogarithmic: false,
    scales: (direction, title) => ({ [direction]: valueAxis(title, { ...axis }) }),
  };
}

/**
 * Zero has no logarithm: up to ±1 % it is even, and beyond each power of ten takes as much room. Chart.js has no such scale,
 * so points stand on a hidden even one, and its whole numbers have names.
 */
function logarithmicAxis(ends: readonly number[]): ChangeAxis {
  const places = ends.filter(Number.isFinite).map(placeOf);
  const min = Math.floor(Math.min(0, smallest(places)) - 0.03);
  const max = Math.ceil(Math.max(0, largest(places)) + 0.03);
  const labels = Array.from({ length: max - min + 1 }, (_, index) => labelOf(min + index));
  return {
    at: (percent) => round(placeOf(percent)),
    isLogarithmic: true,
    scales: (direction, title) => ({
      [direction]: { type: 'linear', display: false, min, max },
      change: {
        type: 'category',
        axis: direction,
        position: direction === 'x' ? 'bottom' : 'left',
        labels: direction === 'x' ? labels : labels.toReversed(),
        offset: false,
        grid: { offset: false },
        ticks: { autoSkipPadding: 6, maxRotation: 0 },
        title: { display: true, text: [title, 'logarithmic beyond ±1 %'] },
      },
    }),
  };
}

function placeOf(percent: number): number {
  const size = Math.abs(percent) / EVEN;
  return Math.sign(percent) * (size <= 1 ? size : 1 + Math.log10(size));
}

/** The difference in percent at a place of a logarithmic axis. */
export function percentAt(place: number): number {
  const size = Math.abs(place);
  return Math.sign(place) * EVEN * (size <= 1 ? size : 10 ** (size - 1));
}

function labelOf(place: number): string {
  return String(percentAt(place));
}
