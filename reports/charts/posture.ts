/** What isolation costs: the time of each environment against how many isolation features its boxes have. */

import { leadWorkload, suiteRows } from '../model/headline.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { changePercent, changeRange, NO_FIGURE } from '../words.ts';
import {
  barAlong,
  baseOptions,
  type Chart,
  FAR,
  figures,
  type Json,
  LEGEND,
  offScale,
  percentAxis,
  percentOf,
  valueAxis,
} from './chart.ts';
import { chartNames } from './names.ts';
import { lookOf, pointsWithBars } from './palette.ts';

/** Null with fewer than two environments whose isolation is known. */
export function postureChart(model: ReportModel, width: number): Chart | null {
  const { baseline } = model.session.plan;
  const rows = suiteRows(model);
  const all = model.costs.posture.environments.flatMap(({ env, holds, told }) => {
    const row = rows.find((it) => it.env === env) ?? null;
    return row === null && env !== baseline ? [] : [{ env, holds, told, row }];
  });
  const points = all.filter(({ row }) => row === null || row.timeRatio <= FAR);
  if (points.length < 2) return null;
  const names = chartNames(model.environments);
  const far = all.filter((point) => !points.includes(point)).map(({ env }) => clean(env, 60));
  const workload = clean(leadWorkload(model), 40);
  const percents = points.flatMap(({ row }) =>
    row === null ? [0] : [row.timeRatio, row.interval?.low ?? 1, row.interval?.high ?? 1].map(percentOf),
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
    notes: ['A count, not a measure of safety: features differ in weight.', ...offScale(far)],
    width,
    height: 320,
    config: {
      type: 'scatterWithErrorBars',
      data: {
        datasets: points.map(({ env, holds, row }): Json => {
          const name = names.get(env) ?? clean(env, 30);
          return {
            label: name,
            data: [
              {
                x: holds,
                y: row === null ? 0 : percentOf(row.timeRatio),
                ...barAlong('y', row?.interval),
                t: `${name}: ${holds} features, ${row === null ? 'the baseline' : changePercent(row.timeRatio)}`,
              },
            ],
            ...pointsWithBars([lookOf(env)]),
          };
        }),
      },
      options: baseOptions({
        scales: {
          x: valueAxis('isolation features in effect', {
            min: 0,
            max: Math.max(...points.map(({ told }) => told)) + 1,
            ticks: { precision: 0 },
          }),
          y: valueAxis(`time against ${clean(baseline, 40)}, %`, { ...percentAxis(percents) }),
        },
        plugins: { legend: LEGEND },
      }),
    },
    table: figures({
      head: ['environment', 'in effect', 'of', 'time', '95 % interval'],
      rows: all.map(({ env, holds, told, row }) => [
        clean(env, 160),
        String(holds),
        String(told),
        row === null ? 'baseline' : changePercent(row.timeRatio),
        changeRange(row?.interval ?? null) ?? NO_FIGURE,
      ]),
    }),
    sources: [{ file: 'contrasts.csv', rows: null, filter: `workload = ${workload}` }],
  };
}
