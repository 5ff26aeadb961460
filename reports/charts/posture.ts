/** What isolation costs: the time of each environment against how many isolation features its boxes have. */

import type { ContrastRow } from '../../bench/analysis/contrast/ratio.ts';
import { largest } from '../../bench/analysis/stats/extremes.ts';
import { leadWorkload, suiteRows } from '../model/headline.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { changePercent, changeRange, NO_FIGURE } from '../words.ts';
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
  percentOf,
  valueAxis,
} from './chart.ts';
import { chartNames } from './names.ts';
import { type Look, looksOf, pointsWithBars } from './palette.ts';

interface Point {
  readonly env: string;
  readonly holds: number;
  readonly told: number;
  /** Null for the baseline. */
  readonly row: ContrastRow | null;
}

/** Null with fewer than two environments whose isolation is known. */
export function postureChart(model: ReportModel, width: number): Chart | null {
  const { baseline } = model.session.plan;
  const rows = suiteRows(model);
  const points = model.costs.posture.environments.flatMap(({ env, holds, told }) => {
    const row = rows.find((it) => it.env === env) ?? null;
    return row === null && env !== baseline ? [] : [{ env, holds, told, row }];
  });
  if (points.length < 2) return null;
  const names = chartNames(model.environments);
  const lookOf = looksOf(model.environments);
  const workload = clean(leadWorkload(model), 40);
  const measured = points.flatMap(({ row }) => row ?? []);
  const axis = changeAxis(
    measured.map(({ timeRatio }) => percentOf(timeRatio)),
    measured.flatMap(endsOf),
  );
  return {
    id: 'posture',
    title: 'Cost against isolation',
    heading: `Time against ${clean(baseline, 40)} by isolation (${workload})`,
    description: `Time on ${workload} and isolation features in effect: ${points
      .map(
        ({ env, holds, told, row }) =>
          `${clean(env, 60)} ${holds} of ${told}, ${row === null ? 'the baseline' : changePercent(row.timeRatio)}`,
      )
      .join('; ')}.`,
    notes: ['A count, not a measure of safety: features differ in weight.'],
    width,
    height: 300 + legendHeight(points.length, width),
    config: {
      type: 'scatterWithErrorBars',
      data: {
        datasets: points.map((point) =>
          pointSet(point, names.get(point.env) ?? clean(point.env, 30), { look: lookOf(point.env), axis }),
        ),
      },
      options: baseOptions({
        scales: {
          x: valueAxis('isolation features in effect', {
            min: 0,
            max: largest(points.map(({ told }) => told)) + 1,
            ticks: { precision: 0 },
          }),
          ...axis.scales('y', `time against ${clean(baseline, 40)}, %`),
        },
        plugins: { legend: LEGEND },
      }),
    },
    table: tableOf(points),
    sources: [{ file: 'contrasts.csv', rows: null, filter: `workload = ${workload}` }],
  };
}

function tableOf(all: readonly Point[]): ChartTable {
  return figures({
    head: ['environment', 'in effect', 'of', 'time', '95 % interval'],
    rows: all.map(({ env, holds, told, row }) => [
      clean(env, 160),
      String(holds),
      String(told),
      row === null ? 'baseline' : changePercent(row.timeRatio),
      changeRange(row?.interval ?? null) ?? NO_FIGURE,
    ]),
  });
}

interface Drawn {
  readonly look: Look;
  readonly axis: ChangeAxis;
}

function pointSet({ holds, row }: Point, label: string, { look, axis }: Drawn): Json {
  const point = {
    x: holds,
    y: row === null ? 0 : axis.at(percentOf(row.timeRatio)),
    ...barAlong('y', row?.interval, axis.at),
    t: `${label}: ${holds} features, ${row === null ? 'the baseline' : changePercent(row.timeRatio)}`,
  };
  return {
    label,
    data: [point],
    ...pointsWithBars([look]),
  };
}
