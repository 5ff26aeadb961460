/** Measured bursts in run order, each against the baseline's median: what the host did meanwhile. */

import { findSeries, flaggedRounds } from '../../bench/analysis/contrast/group.ts';
import { largest, smallest } from '../../bench/analysis/stats/extremes.ts';
import { median } from '../../bench/units.ts';
import type { ReportModel } from '../model/model.ts';
import type { BurstSeries } from '../model/run-order.ts';
import { clean } from '../text.ts';
import { changeAxis, evenAxis } from './change-axis.ts';
import {
  baseOptions,
  type Chart,
  figures,
  type Json,
  LEGEND,
  legendHeight,
  percentOf,
  round,
  valueAxis,
} from './chart.ts';
import { chartNames } from './names.ts';
import { faint, type Look, looksOf } from './palette.ts';

/** Points of one environment that are drawn at most, in addition to flagged ones. */
const MOST_POINTS = 600;
const MOST_FLAGGED = 200;

interface Point {
  readonly x: number;
  readonly y: number;
  readonly t?: string;
}

/** Null without bursts of the baseline, or without their times. */
export function orderChart(model: ReportModel, width: number): Chart | null {
  const { runOrder } = model.details;
  const { baseline } = model.session.plan;
  const levels = new Map(
    runOrder.bursts.filter(({ env }) => env === baseline).map((one) => [one.workload, median(one.nsPerPass)]),
  );
  const begin = smallest(runOrder.bursts.map(({ startedMs }) => startedMs[0] ?? Number.NaN).filter(Number.isFinite));
  const known = runOrder.bursts.filter(({ workload }) => levels.has(workload));
  if (known.length === 0 || !Number.isFinite(begin)) return null;
  const drawn = drawnOf(model, known);
  const sets = drawn.map(({ path, series }) => ({ path, ...pointsOf(model, series, levels, begin) }));
  const total = drawn.reduce((sum, { series }) => sum + countOf(series), 0);
  const shown = sets.reduce((sum, { points }) => sum + points.length, 0);
  const bursts = sets.flatMap(({ points }) => points);
  const flagged = sets.flatMap(({ flags }) => flags);
  const { axis, limit } = axisOf(mediansOf(drawn, levels), bursts, flagged);
  const clipped = [...bursts, ...flagged].filter(({ y }) => Math.abs(y) > limit).length;
  const place = (point: Point): Point => ({ ...point, y: axis.at(Math.max(-limit, Math.min(limit, point.y))) });
  const stolen = stolenBands(model, known, begin);
  const [names, lookOf] = [chartNames(model.environments), looksOf(model.environments)];
  const datasets = [
    ...sets.map(({ path, points }) => burstSet(lookOf(path), names.get(path) ?? path, points.map(place))),
    ...(flagged.length === 0 ? [] : [flaggedSet(flagged.map(place))]),
  ];
  return {
    id: 'order',
    title: 'Run order',
    heading: 'Measured bursts in run order',
    description:
      `${shown} of ${total} measured bursts over ${minutesText(known, begin)}, each as a difference from the median of ` +
      `${clean(baseline, 60)} on its workload. ${flagged.length} flagged bursts are ringed.`,
    notes: notesOf({ shown, total, clipped, limit, hasStolen: stolen.length > 0 }),
    width,
    height: 340 + legendHeight(datasets.length, width),
    config: {
      type: 'scatter',
      data: { datasets },
      options: baseOptions({
        scales: {
          x: valueAxis('minutes since the first measured burst', { min: 0 }),
          ...axis.scales('y', `against the median of ${clean(baseline, 30)}, %`),
        },
        plugins: {
          legend: LEGEND,
          annotation: { annotations: Object.fromEntries(stolen.map((band, index) => [`stolen-${index}`, band])) },
        },
      }),
    },
    table: figures({
      head: ['environment', 'bursts', 'drawn', 'flagged'],
      rows: drawn.map(({ path, series }, index) => [
        clean(path, 160),
        String(countOf(series)),
        String(sets[index]?.points.length ?? 0),
        String(sets[index]?.flags.length ?? 0),
      ]),
    }),
    sources: [{ file: 'samples.csv', rows: null, filter: 'phase = measure' }],
  };
}

function burstSet(look: Look, label: string, points: readonly Point[]): Json {
  return {
    label,
    data: points as unknown as Json,
    backgroundColor: look.isOutline ? 'transparent' : faint(look.colour, '99'),
    borderColor: look.line,
    borderWidth: look.isOutline ? 1 : 0,
    pointStyle: look.shape,
    rotation: look.rotation,
    radius: 2.4,
    clip: 8,
    hoverRadius: 5,
  };
}

function flaggedSet(points: readonly Point[]): Json {
  return {
    label: 'flagged',
    data: points as unknown as Json,
    backgroundColor: 'transparent',
    borderColor: '#b3261e',
    borderWidth: 1.5,
    pointStyle: 'circle',
    radius: 5.5,
    clip: 8,
    hoverRadius: 7,
  };
}

interface Drawn {
  readonly path: string;
  readonly series: readonly BurstSeries[];
}

/** The bursts of each environment whose baseline's level is known. */
function drawnOf(model: ReportModel, known: readonly BurstSeries[]): Drawn[] {
  return model.environments
    .map(({ path }) => ({ path, series: known.filter(({ env }) => env === path) }))
    .filter(({ series }) => series.some(({ nsPerPass }) => nsPerPass.length > 0));
}

function countOf(series: readonly BurstSeries[]): number {
  return series.reduce((sum, { nsPerPass }) => sum + nsPerPass.length, 0);
}

/** Of each environment on each workload, against the baseline's level, %. */
function mediansOf(drawn: readonly Drawn[], levels: ReadonlyMap<string, number>): number[] {
  return drawn.flatMap(({ series }) =>
    series.map(({ workload, nsPerPass }) => percentOf(median(nsPerPass) / (levels.get(workload) ?? 1))),
  );
}

/** Wide enough for all points where environments are far apart; else for all but outliers, which are drawn at the limit. */
function axisOf(medians: readonly number[], bursts: readonly Point[], flagged: readonly Point[]) {
  const wide = changeAxis(
    medians,
    [...bursts, ...flagged].map(({ y }) => y),
  );
  if (wide.isLogarithmic) return { axis: wide, limit: Number.POSITIVE_INFINITY };
  const limit = limitOf(bursts.map(({ y }) => y));
  return { axis: evenAxis({ min: -limit, max: limit }), limit };
}

interface Shown {
  readonly shown: number;
  readonly total: number;
  readonly clipped: number;
  readonly limit: number;
  readonly hasStolen: boolean;
}

function notesOf({ shown, total, clipped, limit, hasStolen }: Shown): string[] {
  return [
    ...(shown < total ? [`Thinned: ${shown} of ${total} bursts are drawn, evenly spread; the figures use all.`] : []),
    'Ringed: further than 14.8 median absolute deviations from the median of their block. None is dropped.',
    ...(clipped > 0 ? [`${clipped} bursts lie beyond ±${limit} % and are drawn at the edge.`] : []),
    ...(hasStolen ? ['Shaded: blocks in which more than 1 % of the time was stolen from the host.'] : []),
  ];
}

function pointsOf(model: ReportModel, all: readonly BurstSeries[], levels: ReadonlyMap<string, number>, begin: number) {
  const count = all.reduce((sum, { nsPerPass }) => sum + nsPerPass.length, 0);
  const step = Math.max(1, count / MOST_POINTS);
  const points: Point[] = [];
  const flags: Point[] = [];
  let seen = 0;
  let next = 0;
  for (const { env, workload, blocks, rounds, startedMs, nsPerPass } of all) {
    const series = findSeries(model.details.groups.levels, env, workload);
    const level = levels.get(workload) ?? 1;
    for (let at = 0; at < nsPerPass.length; at++, seen++) {
      const isDrawn = seen >= next;
      if (isDrawn) next += step;
      const cell = series?.blocks.get(blocks[at] as number);
      const isFlagged = cell !== undefined && flaggedRounds(cell).has(rounds[at] as number);
      if (!isDrawn && !(isFlagged && flags.length < MOST_FLAGGED)) continue;
      const x = round(((startedMs[at] as number) - begin) / 60_000);
      const y = Number(percentOf((nsPerPass[at] as number) / level).toFixed(2));
      if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
      if (isDrawn) points.push({ x, y });
      if (isFlagged && flags.length < MOST_FLAGGED) {
        flags.push({
          x,
          y,
          t: `${clean(env, 40)} on ${clean(workload, 30)}, block ${blocks[at]}, round ${rounds[at]}`,
        });
      }
    }
  }
  return { points, flags };
}

/** Half of the axis: all but the outermost hundredth, on a round figure. */
function limitOf(values: readonly number[]): number {
  const sizes = values.map(Math.abs).sort((a, b) => a - b);
  const most = sizes[Math.floor(0.985 * (sizes.length - 1))] ?? 1;
  const steps = [1, 2, 5, 10, 15, 20, 30, 40, 50, 75, 100, 150, 200, 300, 500];
  return steps.find((step) => step >= most * 1.1) ?? Math.ceil(most / 100) * 100;
}

function stolenBands(model: ReportModel, known: readonly BurstSeries[], begin: number): Json[] {
  const stolen = new Set(
    model.details.events.flatMap(({ kind, block }) => (kind === 'steal' && block !== undefined ? [block] : [])),
  );
  return [...stolen]
    .sort((a, b) => a - b)
    .flatMap((block) => {
      let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      for (const { blocks, startedMs } of known) {
        const first = blocks.indexOf(block);
        if (first < 0) continue;
        low = Math.min(low, startedMs[first] as number);
        high = Math.max(high, startedMs[blocks.lastIndexOf(block)] as number);
      }
      if (!(high > low)) return [];
      const band: Json = {
        type: 'box',
        xMin: round((low - begin) / 60_000),
        xMax: round((high - begin) / 60_000),
        backgroundColor: 'rgba(230,159,0,0.10)',
        borderWidth: 0,
        drawTime: 'beforeDatasetsDraw',
      };
      return [band];
    });
}

function minutesText(known: readonly BurstSeries[], begin: number): string {
  const end = largest(known.map(({ startedMs }) => startedMs.at(-1) ?? begin).filter(Number.isFinite));
  return `${((end - begin) / 60_000).toFixed(1)} minutes`;
}
