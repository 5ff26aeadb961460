/** What a fresh start takes, split into its phases, with every start as a point. */

import { largest, smallest } from '../../bench/analysis/stats/extremes.ts';
import type { Start } from '../../bench/types.ts';
import { median } from '../../bench/units.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { known, ms, NO_FIGURE } from '../words.ts';
import {
  baseOptions,
  type Chart,
  type ChartTable,
  figures,
  type Json,
  nameAxis,
  round,
  thinned,
  valueAxis,
} from './chart.ts';
import { chartNames } from './names.ts';
import { looksOf, PAPER } from './palette.ts';

/** From light to dark: phases are no environments, and have no environment's colour. */
const PHASES = [
  { label: 'until the command is spawned', colour: '#9aa3ad', of: ({ spawnMs }: Completed) => spawnMs },
  {
    label: 'to the first instruction',
    colour: '#6c7783',
    of: ({ spawnMs, firstInstructionMs }: Completed) => difference(firstInstructionMs, spawnMs),
  },
  {
    label: 'to ready',
    colour: '#454e58',
    of: ({ firstInstructionMs, readyMs }: Completed) => difference(readyMs, firstInstructionMs),
  },
] as const;

const MOST_POINTS = 60;

type Completed = Extract<Start, { status: 'completed' }>;

interface Row {
  readonly path: string;
  readonly starts: readonly Completed[];
}

/** Null when no start was completed. */
export function startupChart(model: ReportModel, width: number): Chart | null {
  const rows = model.environments
    .map(({ path }) => ({
      path,
      starts: model.details.starts.filter(
        (start): start is Completed => start.status === 'completed' && start.env === path,
      ),
    }))
    .filter(({ starts }) => starts.some(({ readyMs }) => readyMs !== null));
  if (rows.length === 0) return null;
  const names = chartNames(model.environments);
  const labels = rows.map(({ path }) => names.get(path) ?? clean(path, 30));
  return {
    id: 'startup',
    title: 'Fresh starts',
    heading: 'Fresh starts: medians of their phases, and every start',
    description: `Time from start until the payload was ready: ${rows
      .map(({ path, starts }) => `${clean(path, 60)} ${rangeText(starts.map(({ readyMs }) => readyMs))}`)
      .join('; ')}.`,
    notes: [
      'Bars: medians of each phase over the completed starts. Points: the time until ready of every start.',
      ...(rows.some(({ starts }) => starts.length > MOST_POINTS)
        ? [`${MOST_POINTS} starts of each environment are drawn.`]
        : []),
    ],
    width,
    height: 120 + 40 * labels.length,
    config: {
      type: 'bar',
      data: {
        labels,
        datasets: [startSet(rows, labels, looksOf(model.environments)), ...PHASES.map((phase) => barSet(rows, phase))],
      },
      options: baseOptions({
        indexAxis: 'y',
        scales: {
          x: valueAxis('ms since the start began', { min: 0, stacked: true }),
          y: { ...nameAxis(labels), stacked: true },
        },
        plugins: { legend: { display: true, position: 'bottom', labels: { boxWidth: 12, boxHeight: 12 } } },
      }),
    },
    table: tableOf(rows),
    sources: [{ file: 'starts.csv', rows: null, filter: 'status = completed' }],
  };
}

function barSet(rows: readonly Row[], { label, colour, of }: (typeof PHASES)[number]): Json {
  return {
    type: 'bar',
    label: `median: ${label}`,
    data: rows.map(({ starts }) => medianOf(starts.map(of))),
    backgroundColor: colour,
    stack: 'start',
    barPercentage: 0.55,
    categoryPercentage: 0.9,
  };
}

/** Every start, as a point at its time until ready. */
function startSet(rows: readonly Row[], labels: readonly string[], lookOf: ReturnType<typeof looksOf>): Json {
  const points = rows.flatMap(({ path, starts }, index) =>
    thinned(starts, MOST_POINTS).flatMap(({ readyMs, block }) => {
      if (readyMs === null) return [];
      const text = `block ${block}: ready after ${ms(readyMs)}`;
      return [{ look: lookOf(path), at: { x: round(readyMs), y: labels[index] ?? '', t: text } }];
    }),
  );
  return {
    type: 'scatter',
    label: 'ready, each start',
    data: points.map(({ at }) => at),
    backgroundColor: points.map(({ look }) => look.fill),
    borderColor: points.map(({ look }) => (look.isOutline ? look.line : PAPER)),
    borderWidth: points.map(({ look }) => (look.isOutline ? 1.5 : 1)),
    radius: 4,
    pointStyle: points.map(({ look }) => look.shape),
    rotation: points.map(({ look }) => look.rotation),
  };
}

function tableOf(rows: readonly Row[]): ChartTable {
  return figures({
    head: ['environment', 'starts', ...PHASES.map(({ label }) => label), 'ready: median', 'range', 'removal'],
    rows: rows.map(({ path, starts }) => [
      clean(path, 160),
      String(starts.length),
      ...PHASES.map(({ of }) => known(medianOf(starts.map(of)), ms)),
      known(medianOf(starts.map(({ readyMs }) => readyMs)), ms),
      rangeText(starts.map(({ readyMs }) => readyMs)),
      known(medianOf(starts.map(({ teardownMs }) => teardownMs)), ms),
    ]),
  });
}

function difference(later: number | null, earlier: number | null): number | null {
  return later === null || earlier === null ? null : Math.max(0, later - earlier);
}

function medianOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : round(median(known));
}

function rangeText(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? NO_FIGURE : `${ms(smallest(known))} to ${ms(largest(known))}`;
}
