/** Several sessions beside each other: environments below each other, in each row a mark for every session. Nothing is pooled. */

import type { ContrastRow } from '../../bench/analysis/contrast/ratio.ts';
import { letterOf } from '../model/headline.ts';
import type { ReportModel } from '../model/model.ts';
import { hostName, leadFigures, type Member, type SharedFigure } from '../model/together.ts';
import { clean } from '../text.ts';
import { changePercent, changeRange, changeWords, joined, NO_FIGURE, percentDigits } from '../words.ts';
import { type ChangeAxis, changeAxis } from './change-axis.ts';
import {
  barAlong,
  baseOptions,
  type Chart,
  type ChartTable,
  endsOf,
  figures,
  type Json,
  LEGEND,
  legendHeight,
  nameAxis,
  percentOf,
  ZERO_LINE,
} from './chart.ts';
import { chartNames } from './names.ts';
import { lookAt, looksOf, pointsWithBars } from './palette.ts';

/** Heights of a row, px: for one session and for each further one, within bounds; and of all rows together. */
const ROW = { one: 30, more: 9, most: 84 };
const MOST_HEIGHT = 1500;
const LEAST_ROW = 22;
/** Share of a row that its marks are spread over. */
const SPREAD = 0.76;
/** With more sessions the legend has letters alone. */
const MOST_NAMED = 8;

interface Point {
  readonly member: Member;
  readonly row: ContrastRow;
}

/** One chart for each figure that represents sessions: those of other figures or baselines are not comparable. */
export function hostsCharts(models: readonly ReportModel[], width: number): Chart[] {
  return leadFigures(models).map((figure, index) =>
    hostsChart(figure, index === 0 ? 'hosts' : `hosts-${index + 1}`, width),
  );
}

function hostsChart(figure: SharedFigure, id: string, width: number): Chart {
  const { name, baseline, members, paths } = figure;
  const points = paths.flatMap((path) =>
    members.flatMap((member) => member.rows.filter(({ env }) => env === path).map((row) => ({ member, row }))),
  );
  const names = chartNames(paths.map((path) => ({ path })));
  const labels = paths.map((path) => names.get(path) ?? '');
  const rows = points.map(({ row }) => row);
  const axis = changeAxis(
    rows.map(({ timeRatio }) => percentOf(timeRatio)),
    rows.flatMap(endsOf),
  );
  const rowHeight = rowHeightOf(members.length, paths.length);
  const letters = members.map(({ index }) => letterOf(index)).join(', ');
  const against = `time against ${clean(baseline, 40)}`;
  return {
    id,
    title: `${name}, against ${clean(baseline, 40)}: ${letters}`,
    heading: `Time against ${clean(baseline, 40)} on ${name}: ${members.length === 1 ? 'session' : 'sessions'} ${letters}`,
    description: `Time against ${clean(baseline, 60)} of the same session, with intervals of 95 %: ${points
      .map(
        ({ member, row }) =>
          `${clean(row.env, 60)} in ${letterOf(member.index)} ${joined(changeWords(row, percentDigits(row)))}`,
      )
      .join('; ')}.`,
    notes: members.length > 1 ? [`In each row the sessions stand in their order, ${letters}, from top to bottom.`] : [],
    width,
    height: 80 + legendHeight(members.length, width) + Math.round(rowHeight * labels.length),
    config: {
      type: 'scatterWithErrorBars',
      data: { datasets: members.map((member, slot) => sessionSet(figure, member, slot, { axis, rowHeight })) },
      options: baseOptions({
        scales: {
          ...axis.scales('x', `${against}, %`),
          y: { ...nameAxis(labels), ticks: { autoSkip: false } },
          // The rows of names, with room between them.
          row: { type: 'linear', axis: 'y', display: false, reverse: true, min: -0.5, max: labels.length - 0.5 },
        },
        plugins: {
          legend: members.length > 1 ? LEGEND : { display: false },
          annotation: { annotations: { zero: ZERO_LINE, ...stripes(labels.length) } },
        },
      }),
    },
    table: tableOf(points),
    sources: [{ file: 'contrasts.csv', rows: null, filter: `of each session: ${name}` }],
  };
}

/** Enough for its marks; with many environments less, so that the whole keeps to a screen or two. */
function rowHeightOf(sessions: number, environments: number): number {
  const wanted = Math.min(ROW.most, ROW.one + ROW.more * (sessions - 1));
  return Math.max(LEAST_ROW, Math.min(wanted, MOST_HEIGHT / environments));
}

function sessionSet(
  { members, paths }: SharedFigure,
  { model, index, rows }: Member,
  slot: number,
  { axis, rowHeight }: { readonly axis: ChangeAxis; readonly rowHeight: number },
): Json {
  const shift = ((slot + 0.5) / members.length - 0.5) * SPREAD;
  const radius = Math.max(2, Math.min(6, (rowHeight * SPREAD) / members.length / 2));
  const letter = letterOf(index);
  // Of one session, as it looks in the charts of its own.
  const lookOf = looksOf(model.environments);
  const label = members.length > MOST_NAMED ? letter : `${letter}: ${hostName(model, 24)}`;
  return {
    label,
    yAxisID: 'row',
    data: rows.map((row) => ({
      x: axis.at(percentOf(row.timeRatio)),
      y: Number((paths.indexOf(row.env) + shift).toFixed(3)),
      ...barAlong('x', row.interval, axis.at),
      t: `${clean(row.env, 60)} in ${label}: ${joined(changeWords(row, percentDigits(row)))}${row.verdict === null ? '' : `, ${row.verdict}`}`,
    })),
    ...pointsWithBars(members.length === 1 ? rows.map(({ env }) => lookOf(env)) : [lookAt(index)], radius),
  };
}

/** Every other row has a faint ground. */
function stripes(rows: number): Record<string, Json> {
  const every = Array.from({ length: rows }, (_, row) => row).filter((row) => row % 2 === 1);
  return Object.fromEntries(
    every.map((row): [string, Json] => [
      `stripe-${row}`,
      {
        type: 'box',
        yScaleID: 'row',
        yMin: row - 0.5,
        yMax: row + 0.5,
        backgroundColor: 'rgba(128,128,128,0.08)',
        borderWidth: 0,
        drawTime: 'beforeDatasetsDraw',
      },
    ]),
  );
}

function tableOf(points: readonly Point[]): ChartTable {
  return figures({
    head: ['environment', 'session', 'host', 'time', '95 % interval', 'throughput', 'verdict'],
    rows: points.map(({ row, member: { model, index } }) => [
      clean(row.env, 160),
      letterOf(index),
      hostName(model, 80),
      changePercent(row.timeRatio, percentDigits(row)),
      changeRange(row.interval, percentDigits(row)) ?? NO_FIGURE,
      changePercent(1 / row.timeRatio, percentDigits(row)),
      row.verdict ?? 'control',
    ]),
  });
}
