/** The warm-up of the first block on one workload: burst by burst, against each environment's own last bursts. */

import { largest } from '../../bench/analysis/stats/extremes.ts';
import { warmupBurstsOf } from '../../bench/analysis/warmup.ts';
import type { WarmupSeries } from '../../bench/types.ts';
import { formatChange, median } from '../../bench/units.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { NO_FIGURE } from '../words.ts';
import {
  baseOptions,
  type Chart,
  type ChartTable,
  figures,
  type Json,
  LEGEND,
  legendHeight,
  percentAxis,
  percentOf,
  valueAxis,
} from './chart.ts';
import { slug } from './distribution.ts';
import { chartNames } from './names.ts';
import { type Look, looksOf } from './palette.ts';

interface Curve {
  readonly env: string;
  /** Changes against its own last bursts, %. */
  readonly values: readonly number[];
}

/** Null when no warm-up was recorded. */
export function warmupChart(model: ReportModel, workload: string, width: number): Chart | null {
  const order = model.environments.map(({ path }) => path);
  const curves = model.details.runOrder.warmups
    .filter((curve) => curve.workload === workload && curve.nsPerPass.length > 1)
    .toSorted((a, b) => order.indexOf(a.env) - order.indexOf(b.env));
  if (curves.length === 0) return null;
  const names = chartNames(model.environments);
  const lookOf = looksOf(model.environments);
  const warmup = model.details.record?.warmup ?? null;
  const longest = largest(curves.map(({ nsPerPass }) => nsPerPass.length));
  const changes = curves.map((curve) => ({ ...curve, values: changesOf(curve.nsPerPass) }));
  const seriesOf = (env: string) => warmup?.series.find((one) => one.env === env && one.workload === workload);
  const bursts = warmup === null ? 0 : warmupBurstsOf(warmup, workload);
  const line: Json = {
    type: 'line',
    xMin: bursts + 0.5,
    xMax: bursts + 0.5,
    borderColor: '#808080',
    borderWidth: 1.5,
    borderDash: [4, 3],
  };
  return {
    id: `warmup-${slug(workload)}`,
    title: clean(workload, 40),
    heading: `Warm-up in the first block: ${clean(workload, 40)}`,
    description: `Warm-up on ${clean(workload, 40)}: ${changes
      .map(({ env, values }) => {
        const kind = seriesOf(env)?.class;
        return `${clean(env, 60)} first burst ${formatChange(1 + (values[0] ?? 0) / 100)}${kind === undefined ? '' : `, ${kind}`}`;
      })
      .join('; ')}.`,
    notes: [],
    width,
    height: 260 + legendHeight(curves.length, width),
    config: {
      type: 'line',
      data: {
        labels: Array.from({ length: longest }, (_, index) => index + 1),
        datasets: changes.map((curve) =>
          curveSet(curve, names.get(curve.env) ?? clean(curve.env, 30), lookOf(curve.env)),
        ),
      },
      options: baseOptions({
        scales: {
          x: valueAxis('warm-up burst', { min: 1, max: longest }),
          y: valueAxis('against its own last third, %', { ...percentAxis(changes.flatMap(({ values }) => values)) }),
        },
        plugins: {
          legend: LEGEND,
          annotation: { annotations: warmup === null ? {} : { length: line } },
        },
      }),
    },
    table: tableOf(changes, seriesOf),
    sources: [
      { file: 'samples.csv', rows: null, filter: `workload = ${clean(workload, 40)}, phase = warmup, block = 1` },
    ],
  };
}

function tableOf(changes: readonly Curve[], seriesOf: (env: string) => WarmupSeries | undefined): ChartTable {
  return figures({
    head: ['environment', 'first burst', 'second', 'kind', 'bursts until the last level'],
    rows: changes.map(({ env, values }) => [
      clean(env, 160),
      formatChange(1 + (values[0] ?? 0) / 100),
      formatChange(1 + (values[1] ?? 0) / 100),
      seriesOf(env)?.class ?? NO_FIGURE,
      seriesOf(env) === undefined ? NO_FIGURE : String(seriesOf(env)?.length),
    ]),
  });
}

function curveSet({ env, values }: Curve, label: string, look: Look): Json {
  return {
    label,
    data: values,
    borderColor: look.line,
    backgroundColor: look.fill,
    pointStyle: look.shape,
    pointRotation: look.rotation,
    borderWidth: 1.25,
    pointRadius: 2.5,
    ...(env.endsWith('@control') ? { borderDash: [3, 3] } : {}),
  };
}

function changesOf(nsPerPass: readonly number[]): number[] {
  const level = median(nsPerPass.slice(Math.floor((2 * nsPerPass.length) / 3)));
  return nsPerPass.map((ns) => percentOf(ns / level));
}
