/** What a chart is: one configuration of Chart.js that is JSON and nothing else, with a text alternative and its source. */

import { largest, smallest } from '../../bench/analysis/stats/extremes.ts';
import type { Interval } from '../../bench/types.ts';
import type { Source, Table } from '../sections/section.ts';
import type { Figure } from '../words.ts';

/** A configuration without functions: the same one is drawn to a picture and in a page. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };
export type ChartConfig = {
  readonly type: string;
  readonly data: Json;
  readonly options: { readonly [key: string]: Json };
};

/** The figures of a chart in words: texts under their heads. */
export function figures({ head, rows }: { head: readonly string[]; rows: readonly (readonly string[])[] }): ChartTable {
  return { columns: head.map((title) => ({ title })), rows: rows.map((cells) => ({ cells })) };
}

export type ChartTable = Pick<Table, 'columns' | 'rows'>;

export interface Chart {
  /** Letters, digits and hyphens; unique within a session. */
  readonly id: string;
  readonly title: string;
  /** The title of a picture without its page. */
  readonly heading: string;
  /** Where and when it was measured: below the title of a picture without its page. */
  readonly caption?: string;
  /** What there is to see, in a sentence or two. */
  readonly description: string;
  /** How to read it, and what was left out. */
  readonly notes: readonly string[];
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
  readonly config: ChartConfig;
  readonly table: ChartTable;
  readonly sources: readonly Source[];
}

/** A change in percent, to the fourth digit: a chart shows no more. */
export function percentOf(ratio: number): number {
  return round((ratio - 1) * 100);
}

export function round(value: number): number {
  return Number(value.toPrecision(5));
}

/** An axis in percent that includes 0 and all values, between round figures, with a line at every fourth to tenth part. */
export interface PercentAxis {
  readonly min: number;
  readonly max: number;
  readonly ticks: { readonly stepSize: number };
}

export function percentAxis(values: readonly number[]): PercentAxis {
  const finite = values.filter(Number.isFinite);
  const low = Math.min(0, smallest(finite));
  const high = Math.max(0, largest(finite));
  const span = Math.max(high - low, 0.5) * 1.08;
  const power = 10 ** Math.floor(Math.log10(span / 5));
  const step = ([1, 2, 5].find((factor) => span / (factor * power) <= 8) ?? 10) * power;
  const room = span * 0.03;
  return {
    min: round(Math.floor((low - room) / step) * step),
    max: round(Math.ceil((high + room) / step) * step),
    ticks: { stepSize: round(step) },
  };
}

/** Options that every chart has. Numbers are written the same way on every machine. */
export function baseOptions(more: { readonly [key: string]: Json }): { readonly [key: string]: Json } {
  return { responsive: false, animation: false, locale: 'en-GB', ...more };
}

/** An axis of values, with its title. */
export function valueAxis(
  title: string,
  more: { readonly [key: string]: Json } = {},
): { readonly [key: string]: Json } {
  const { ticks = {}, ...rest } = more as { ticks?: { readonly [key: string]: Json } };
  // Numbers have no thousands separators, here as elsewhere; a tick that rounding left below 0 is 0.
  return {
    type: 'linear',
    title: { display: true, text: title },
    ...rest,
    ticks: { format: { useGrouping: false, signDisplay: 'negative' }, ...ticks },
  };
}

/** An axis of names, the first on top. */
export function nameAxis(labels: readonly string[]): { readonly [key: string]: Json } {
  return { type: 'category', labels: [...labels], offset: true, grid: { display: false } };
}

/** At most so many of them, evenly spread. */
export function thinned<T>(all: readonly T[], most: number): readonly T[] {
  const length = Math.min(all.length, most);
  return Array.from({ length }, (_, index) => all[Math.floor((index * all.length) / length)] as T);
}

/** So many of a line at most, its last point among them, which shows where it ends. */
export function thinnedLine<T>(points: readonly T[], most: number): readonly T[] {
  return [...new Set([...thinned(points, most - 1), ...points.slice(-1)])];
}

/** The ends of an interval in percent, or its figure alone. */
export function endsOf({ timeRatio, interval }: Figure): number[] {
  return (interval === null ? [timeRatio] : [interval.low, interval.high]).map(percentOf);
}

/** The ends of an interval along an axis, where a difference in percent stands `at`; nothing without one. */
export function barAlong(
  axis: 'x' | 'y',
  interval: Interval | null | undefined,
  at: (percent: number) => number,
): { readonly [end: string]: number } {
  return interval ? { [`${axis}Min`]: at(percentOf(interval.low)), [`${axis}Max`]: at(percentOf(interval.high)) } : {};
}

/** Height of so many names below a chart of this width, px: wider screens need no more of it. */
export function legendHeight(names: number, width: number): number {
  return 22 * Math.ceil(names / Math.floor(width / 112));
}

/** Below the chart, each name with its shape. */
export const LEGEND: Json = { display: true, position: 'bottom', labels: { usePointStyle: true, boxHeight: 7 } };

/** Where the baseline stands. */
export const ZERO_LINE: Json = {
  type: 'line',
  xMin: 0,
  xMax: 0,
  borderColor: '#808080',
  borderWidth: 1.5,
  drawTime: 'beforeDatasetsDraw',
};
