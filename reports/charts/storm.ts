/** Storms of starts: how long until all boxes are ready in each way of starting them, and how many are ready when. */

import type { StormSummary } from '../../bench/analysis/capacity/storm.ts';
import { largest, smallest } from '../../bench/analysis/stats/extremes.ts';
import { median } from '../../bench/units.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { known, ms, NO_FIGURE, range, times } from '../words.ts';
import {
  baseOptions,
  type Chart,
  type ChartTable,
  figures,
  type Json,
  LEGEND,
  legendHeight,
  nameAxis,
  round,
  thinnedLine,
  valueAxis,
} from './chart.ts';
import { slug } from './distribution.ts';
import { chartNames } from './names.ts';
import { lineWithMarks, lookAt, looksOf, pointsWithBars } from './palette.ts';

const MOST_POINTS = 60;
/** The axis ends at so many times the longest time. */
const MOST_OF_LARGEST = 2.5;

type Ready = StormSummary & { readonly allReady: NonNullable<StormSummary['allReady']> };

/** As short as there is room for. */
function wayOf({ order, share }: Pick<StormSummary, 'order' | 'share'>): string {
  return share === 'none' ? order : `${order}, ${share}`;
}

/** Null for sessions that did not measure it. */
export function stormChart(model: ReportModel, width: number): Chart | null {
  const rows = model.costs.storm.filter((one): one is Ready => one.allReady !== null);
  if (rows.length === 0) return null;
  const names = chartNames(model.environments);
  const hasNumbers = new Set(rows.map(({ instances }) => instances)).size > 1;
  const labels = rows.map((one) => {
    const number = hasNumbers ? ` ${one.instances}` : '';
    return `${names.get(one.env) ?? clean(one.env, 30)}${number}: ${wayOf(one)}`;
  });
  const lookOf = looksOf(model.environments);
  // A few blocks can leave intervals beside which every time would be a dot at the edge.
  const most = (MOST_OF_LARGEST * largest(rows.map(({ allReady }) => allReady.ms))) / 1000;
  const isCut = rows.some(({ allReady }) => (allReady.interval?.high ?? 0) / 1000 > most);
  return {
    id: 'storm',
    title: 'Until all boxes are ready',
    heading: 'Storms of starts: until all boxes are ready',
    description: `Time until all boxes of a storm are ready: ${rows
      .map((one) => `${clean(one.env, 60)} ${one.instances} ${wayOf(one)} ${ms(one.allReady.ms)}`)
      .join('; ')}.`,
    notes: [
      'With 95 % intervals over blocks. Each block has every environment in every way of starting, in random order.',
      ...(isCut ? ['Intervals that leave the chart are in its table.'] : []),
    ],
    width,
    height: 110 + 30 * labels.length,
    config: {
      type: 'scatterWithErrorBars',
      data: {
        datasets: [
          {
            label: 'all ready',
            data: rows.map(({ allReady }, index) => ({
              x: round(allReady.ms / 1000),
              ...(allReady.interval === null
                ? {}
                : { xMin: round(allReady.interval.low / 1000), xMax: round(allReady.interval.high / 1000) }),
              y: labels[index] ?? '',
              t: `${labels[index]}: ${ms(allReady.ms)}`,
            })),
            ...pointsWithBars(rows.map(({ env }) => lookOf(env))),
          },
        ],
      },
      options: baseOptions({
        scales: {
          x: valueAxis('s until all boxes are ready', { min: 0, ...(isCut ? { max: round(most) } : {}) }),
          y: nameAxis(labels),
        },
        plugins: { legend: { display: false } },
      }),
    },
    table: tableOf(rows),
    sources: [{ file: 'storm.csv', rows: null, filter: null }],
  };
}

function tableOf(rows: readonly Ready[]): ChartTable {
  return figures({
    head: ['environment', 'boxes', 'started', 'all ready', '95 % interval', 'victim ×', 'longest gap'],
    rows: rows.map((one) => [
      clean(one.env, 160),
      String(one.instances),
      wayOf(one),
      ms(one.allReady.ms),
      range(one.allReady.interval, ms),
      known(one.victim?.ratio, times),
      known(one.longestGapMs, ms),
    ]),
  });
}

interface Line {
  readonly way: string;
  /** Seconds after which so many boxes were ready, medians over blocks. */
  readonly points: readonly { readonly ready: number; readonly s: number }[];
}

/** For each environment and number of boxes, how many were ready when. */
export function stormTimelines(model: ReportModel, width: number): Chart[] {
  const numbers = [...new Set(model.costs.storm.map(({ instances }) => instances))];
  return model.environments.flatMap(({ path }) =>
    numbers.flatMap((instances) => {
      const own = model.costs.storm.filter((one) => one.env === path && one.instances === instances);
      const lines = own.flatMap((one): Line[] => {
        const points = pointsOf(model, one);
        return points.length === 0 ? [] : [{ way: wayOf(one), points }];
      });
      return lines.length === 0 ? [] : [timeline({ path, instances, lines, width })];
    }),
  );
}

function timeline({
  path,
  instances,
  lines,
  width,
}: {
  readonly path: string;
  readonly instances: number;
  readonly lines: readonly Line[];
  readonly width: number;
}): Chart {
  const ends = lines.map(
    ({ way, points }) => `${way} ${points.at(-1)?.ready} after ${ms(1000 * (points.at(-1)?.s ?? 0))}`,
  );
  return {
    id: `storm-${slug(path)}-${instances}`,
    title: `${clean(path, 40)}: ${instances} boxes`,
    heading: `Boxes ready over time: ${clean(path, 40)}, ${instances} boxes`,
    description: `Boxes of ${clean(path, 60)} that are ready: ${ends.join('; ')}.`,
    notes: ['Medians over blocks of the time until so many boxes were ready.'],
    width,
    height: 280 + legendHeight(lines.length, width),
    config: {
      type: 'scatter',
      data: { datasets: lines.map((line, index) => lineSet(line, index)) },
      options: baseOptions({
        scales: {
          x: valueAxis('s since the storm began', { min: 0 }),
          y: valueAxis('boxes ready', { min: 0, suggestedMax: instances }),
        },
        plugins: { legend: LEGEND },
      }),
    },
    table: figures({
      head: ['started', 'half ready', 'all ready'],
      rows: lines.map(({ way, points }) => [
        way,
        atText(points[Math.ceil(instances / 2) - 1]?.s),
        atText(points[instances - 1]?.s),
      ]),
    }),
    sources: [{ file: 'storm.csv', rows: null, filter: `env = ${clean(path, 60)}, instances = ${instances}` }],
  };
}

function atText(s: number | undefined): string {
  return s === undefined ? NO_FIGURE : ms(1000 * s);
}

/** The time of the n-th box to be ready, block by block; the median where every block has one. */
function pointsOf({ details }: ReportModel, { env, instances, order, share }: StormSummary): Line['points'] {
  const blocks = new Map<number, number[]>();
  for (const row of details.storm) {
    if (row.env !== env || row.instances !== instances || row.order !== order || row.share !== share) continue;
    const times = blocks.get(row.block) ?? [];
    if (row.readyMs !== null) times.push(row.readyMs);
    blocks.set(row.block, times);
  }
  const sorted = [...blocks.values()].map((times) => times.toSorted((a, b) => a - b));
  const least = smallest(sorted.map((times) => times.length));
  return Array.from({ length: Number.isFinite(least) ? least : 0 }, (_, index) => ({
    ready: index + 1,
    s: median(sorted.map((times) => times[index] as number)) / 1000,
  }));
}

function lineSet({ way, points }: Line, index: number): Json {
  return {
    label: way,
    data: thinnedLine(points, MOST_POINTS).map(({ ready, s }) => ({
      x: round(s),
      y: ready,
      t: `${way}: ${ready} after ${ms(1000 * s)}`,
    })),
    ...lineWithMarks(lookAt(index)),
  };
}
