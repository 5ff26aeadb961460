/** How the rounds of each environment spread on one workload, with the value of each block. */

import type { ContrastRow } from '../../bench/analysis/contrast/ratio.ts';
import { formatChange } from '../../bench/units.ts';
import { lineList } from '../model/headline.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { NO_FIGURE } from '../words.ts';
import { type ChangeAxis, changeAxis } from './change-axis.ts';
import {
  baseOptions,
  type Chart,
  type ChartTable,
  figures,
  type Json,
  nameAxis,
  percentOf,
  thinned,
  ZERO_LINE,
} from './chart.ts';
import { chartNames } from './names.ts';
import { faint, type Look, looksOf } from './palette.ts';

/** Block values that a row shows at most. */
const MOST_POINTS = 60;

/** Null when no row has rounds. */
export function distributionChart(model: ReportModel, workload: string, width: number): Chart | null {
  const { baseline } = model.session.plan;
  const rows = [...model.contrasts, ...model.control.rows].filter(
    (row) => row.baseline === baseline && row.workload === workload && row.rounds !== null,
  );
  if (rows.length === 0) return null;
  const names = chartNames(model.environments);
  const labels = rows.map(({ env }) => names.get(env) ?? clean(env, 30));
  const axis = axisOf(rows);
  const isThinned = rows.some(({ blockRatios }) => blockRatios.length > MOST_POINTS);
  return {
    id: `distribution-${slug(workload)}`,
    title: clean(workload, 40),
    heading: `Rounds (boxes) and blocks (points) against ${clean(baseline, 40)}: ${clean(workload, 40)}`,
    description: `Rounds against ${clean(baseline, 60)} on ${clean(workload, 40)}: ${halvesOf(rows)}.`,
    notes: isThinned
      ? [`Of more than ${MOST_POINTS} blocks, ${MOST_POINTS} are drawn, evenly spread over the session.`]
      : [],
    width,
    height: 76 + 40 * labels.length,
    config: {
      type: 'boxplot',
      data: {
        labels,
        datasets: [boxSet(rows, axis, looksOf(model.environments))],
      },
      options: baseOptions({
        indexAxis: 'y',
        scales: { ...axis.scales('x', `time against ${clean(baseline, 40)}, %`), y: nameAxis(labels) },
        plugins: { legend: { display: false }, annotation: { annotations: { zero: ZERO_LINE } } },
      }),
    },
    table: tableOf(rows),
    sources: [
      {
        file: 'contrasts.csv',
        rows: lineList(
          model,
          rows.filter((row) => model.contrasts.includes(row)),
        ),
        filter: `workload = ${clean(workload, 40)}`,
      },
      { file: 'samples.csv', rows: null, filter: `workload = ${clean(workload, 40)}, phase = measure` },
    ],
  };
}

function halvesOf(rows: readonly ContrastRow[]): string {
  return rows
    .map((row) => `${clean(row.env, 60)} half between ${rangeText(row, 'lowerQuartile', 'upperQuartile')}`)
    .join('; ');
}

function tableOf(rows: readonly ContrastRow[]): ChartTable {
  return figures({
    head: ['environment', 'rounds', '5 % to 95 %', 'middle half', 'median', 'blocks'],
    rows: rows.map((row) => [
      clean(row.env, 160),
      String(row.rounds?.count ?? 0),
      rangeText(row, 'low', 'high'),
      rangeText(row, 'lowerQuartile', 'upperQuartile'),
      formatChange(row.rounds?.median ?? 1, 2),
      row.blockRatios
        .slice(0, MOST_POINTS)
        .map(({ ratio }) => formatChange(ratio))
        .join(' '),
    ]),
  });
}

function boxSet(rows: readonly ContrastRow[], axis: ChangeAxis, lookOf: (path: string) => Look): Json {
  const looks = rows.map(({ env }) => lookOf(env));
  return {
    label: 'rounds against the baseline, %',
    data: rows.map((row) => drawn(row, axis.at)),
    backgroundColor: looks.map(({ colour }) => faint(colour, '38')),
    borderColor: looks.map(({ line }) => line),
    borderWidth: 1.5,
    barPercentage: 0.72,
    categoryPercentage: 0.9,
    meanRadius: 0,
    itemRadius: 3,
    itemHitRadius: 5,
    itemStyle: 'circle',
    itemBackgroundColor: looks.map(({ line }) => faint(line, 'd0')),
    itemBorderWidth: 0,
  };
}

/** Letters, digits and hyphens; any other text gets a number that keeps it distinct. */
export function slug(text: string): string {
  if (/^[a-z0-9-]{1,40}$/.test(text)) return text;
  let hash = 0;
  for (const character of text) hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
  return `${text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 20)}-${hash.toString(36)}`;
}

type At = (percent: number) => number;

function axisOf(rows: readonly ContrastRow[]): ChangeAxis {
  const asIs: At = (percent) => percent;
  return changeAxis(
    rows.map(({ timeRatio }) => percentOf(timeRatio)),
    rows.flatMap((row) => {
      const { min, max, items } = drawn(row, asIs);
      return [min, max, ...items];
    }),
  );
}

/** A row as its box with the points of its blocks. */
function drawn({ env, rounds, timeRatio, blockRatios }: ContrastRow, place: At) {
  const at = (ratio: number | undefined) => place(percentOf(ratio ?? timeRatio));
  const [min, max] = [at(rounds?.low), at(rounds?.high)];
  return {
    min,
    whiskerMin: min,
    q1: at(rounds?.lowerQuartile),
    median: at(rounds?.median),
    q3: at(rounds?.upperQuartile),
    whiskerMax: max,
    max,
    outliers: [],
    items: thinned(blockRatios, MOST_POINTS).map(({ ratio }) => at(ratio)),
    t: `${clean(env, 40)}: median ${formatChange(rounds?.median ?? timeRatio)}`,
  };
}

function rangeText({ rounds }: ContrastRow, low: 'low' | 'lowerQuartile', high: 'high' | 'upperQuartile'): string {
  return rounds === null ? NO_FIGURE : `${formatChange(rounds[low], 1)} to ${formatChange(rounds[high], 1)}`;
}
