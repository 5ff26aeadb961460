/** Latency against load: the 99th percentile at each rate, one line for each environment, with intervals. */

import type { Level, LoadLevel } from '../../bench/analysis/capacity/load.ts';
import { largest } from '../../bench/analysis/stats/extremes.ts';
import { formatNs } from '../../bench/units.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { isTooWide, known, range, rateText } from '../words.ts';
import {
  baseOptions,
  type Chart,
  type ChartTable,
  figures,
  type Json,
  LEGEND,
  legendHeight,
  round,
  valueAxis,
} from './chart.ts';
import { slug } from './distribution.ts';
import { chartNames } from './names.ts';
import { type Look, looksOf, pointsWithBars } from './palette.ts';

/** Between the points of two environments, as a share of the axis: intervals would hide each other. */
const APART = 0.008;

interface Point {
  readonly level: LoadLevel;
  readonly p99: Level;
}

/** One chart for each workload; none where no level has a figure. */
export function loadCharts(model: ReportModel, width: number): Chart[] {
  const workloads = [...new Set(model.costs.load.levels.map(({ workload }) => workload))];
  return workloads.flatMap((workload) => chartOf(model, workload, workloads.length > 1, width) ?? []);
}

function chartOf(model: ReportModel, workload: string, isOneOfMany: boolean, width: number): Chart | null {
  const { levels, knees } = model.costs.load;
  const points = levels.flatMap((level): Point[] => {
    const { p99 } = level.latencyNs;
    return level.workload === workload && p99 !== null ? [{ level, p99 }] : [];
  });
  if (points.length === 0) return null;
  const names = chartNames(model.environments);
  const lookOf = looksOf(model.environments);
  const lines = model.environments.flatMap(({ path }) => {
    const own = points.filter(({ level }) => level.env === path);
    return own.length === 0 ? [] : [{ path, label: names.get(path) ?? clean(path, 30), points: own }];
  });
  const widest = largest(points.map(({ level }) => level.ratePerSecond));
  const limitNs = knees.find((knee) => knee.workload === workload)?.limitNs;
  const title = isOneOfMany ? `Latency under load: ${clean(workload, 40)}` : 'Latency under load';
  return {
    id: isOneOfMany ? `load-${slug(workload)}` : 'load',
    title,
    heading: `${title}: 99th percentile`,
    description: `99th percentile of latency by arrivals a second: ${lines
      .map(({ path, points }) => `${clean(path, 60)} ${points.map(pointText).join(', ')}`)
      .join('; ')}.`,
    notes: [
      'From the intended arrival to the answer, the 99th percentile of a typical block, with its 95 % interval; logarithmic. Points at the same rate stand beside each other. Intervals that span more than a factor of 100 are left out.',
      ...(limitNs === undefined ? [] : [`Dashed: the limit of the knee, ${formatNs(limitNs)}.`]),
    ],
    width,
    height: 380 + legendHeight(lines.length, width),
    config: {
      type: 'scatterWithErrorBars',
      data: {
        datasets: lines.map(({ path, label, points: own }, index) =>
          lineSet(label, own, { look: lookOf(path), aside: (index - (lines.length - 1) / 2) * APART * widest }),
        ),
      },
      options: baseOptions({
        scales: {
          x: valueAxis('arrivals a second', { min: 0 }),
          y: { ...valueAxis('99th percentile of latency, ms'), type: 'logarithmic' },
        },
        plugins: {
          legend: LEGEND,
          annotation: { annotations: limitNs === undefined ? {} : { limit: limitLine(limitNs) } },
        },
      }),
    },
    table: tableOf(lines),
    sources: [{ file: 'load.csv', rows: null, filter: `workload = ${clean(workload, 40)}` }],
  };
}

function pointText({ level, p99 }: Point): string {
  return `${formatNs(p99.value)} at ${rateText(level.ratePerSecond)}${level.isSaturated ? ' (saturated)' : ''}`;
}

/** @param aside from the rate itself */
function lineSet(label: string, points: readonly Point[], { look, aside }: { look: Look; aside: number }): Json {
  return {
    label,
    data: points.map((point) => ({
      x: round(point.level.ratePerSecond + aside),
      ...barOf(point.p99),
      t: `${label}: ${pointText(point)}`,
    })),
    ...pointsWithBars(
      points.map(() => look),
      5,
    ),
    showLine: true,
    borderColor: look.line,
    borderWidth: 1.5,
  };
}

function barOf({ value, interval }: Level): { readonly [key: string]: number } {
  const ms = (ns: number) => round(ns / 1e6);
  return interval === null || isTooWide(interval)
    ? { y: ms(value) }
    : { y: ms(value), yMin: ms(interval.low), yMax: ms(interval.high) };
}

function limitLine(limitNs: number): Json {
  const at = round(limitNs / 1e6);
  return { type: 'line', yMin: at, yMax: at, borderColor: '#808080', borderWidth: 1.5, borderDash: [4, 3] };
}

function tableOf(lines: readonly { readonly path: string; readonly points: readonly Point[] }[]): ChartTable {
  return figures({
    head: ['environment', 'arrivals a second', 'answered', 'p50', 'p99', '95 % interval', 'saturated'],
    rows: lines.flatMap(({ path, points }) =>
      points.map(({ level, p99 }) => [
        clean(path, 160),
        rateText(level.ratePerSecond),
        known(level.achievedPerSecond?.value, rateText),
        known(level.latencyNs.p50?.value, formatNs),
        formatNs(p99.value),
        range(p99.interval, formatNs),
        level.isSaturated ? 'yes' : 'no',
      ]),
    ),
  });
}
