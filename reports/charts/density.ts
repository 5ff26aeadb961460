/** Host memory against the number of idle instances, and where each series ended. */

import { largest } from '../../bench/analysis/stats/extremes.ts';
import { median } from '../../bench/units.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { known, MIB, mib, ms } from '../words.ts';
import {
  baseOptions,
  type Chart,
  type ChartTable,
  figures,
  type Json,
  LEGEND,
  legendHeight,
  round,
  thinnedLine,
  valueAxis,
} from './chart.ts';
import { chartNames } from './names.ts';
import { type Look, lineWithMarks, looksOf } from './palette.ts';

const MOST_POINTS = 60;

interface Point {
  readonly instances: number;
  /** Medians over blocks. */
  readonly bytes: number;
  readonly readyMs: number | null;
}

interface Curve {
  readonly env: string;
  readonly points: readonly Point[];
}

/** Null for sessions that did not measure it. */
export function densityChart(model: ReportModel, width: number): Chart | null {
  const curves = model.environments.flatMap(({ path }): Curve[] => {
    const points = pointsOf(model, path);
    return points.length === 0 ? [] : [{ env: path, points }];
  });
  if (curves.length === 0) return null;
  const names = chartNames(model.environments);
  const lookOf = looksOf(model.environments);
  const most = largest(curves.flatMap(({ points }) => points.map(({ instances }) => instances)));
  return {
    id: 'density',
    title: 'Memory against idle instances',
    heading: 'Host memory against the number of idle instances',
    description: `Host memory that idle instances take: ${curves
      .map(({ env, points }) => {
        const last = points.at(-1) as Point;
        return `${clean(env, 60)} ${mib(last.bytes)} MiB for ${last.instances}`;
      })
      .join('; ')}.`,
    notes: [
      'Each point: available memory of the host before the first instance, less that with so many; medians over blocks.',
      ...(curves.some(({ points }) => points.length > MOST_POINTS)
        ? [`${MOST_POINTS} points of each line are drawn.`]
        : []),
    ],
    width,
    height: 340 + legendHeight(curves.length, width),
    config: {
      type: 'scatter',
      data: {
        datasets: curves.map((curve) =>
          curveSet(curve, names.get(curve.env) ?? clean(curve.env, 30), lookOf(curve.env)),
        ),
      },
      options: baseOptions({
        scales: {
          x: valueAxis('idle instances', { min: 0, suggestedMax: most }),
          y: valueAxis('MiB of the host', { beginAtZero: true }),
        },
        plugins: { legend: LEGEND },
      }),
    },
    table: tableOf(curves),
    sources: [{ file: 'density.csv', rows: null, filter: 'status = completed' }],
  };
}

function pointsOf({ details, costs }: ReportModel, path: string): Point[] {
  if (!costs.density.some(({ env }) => env === path)) return [];
  const byNumber = new Map<number, { bytes: number[]; readyMs: number[] }>();
  for (const { env, instances, status, hostDeltaBytes, readyMs } of details.density) {
    if (env !== path || status !== 'completed' || hostDeltaBytes === null) continue;
    const found = byNumber.get(instances) ?? { bytes: [], readyMs: [] };
    found.bytes.push(hostDeltaBytes);
    if (readyMs !== null) found.readyMs.push(readyMs);
    byNumber.set(instances, found);
  }
  return [...byNumber]
    .sort(([a], [b]) => a - b)
    .map(([instances, { bytes, readyMs }]) => ({
      instances,
      bytes: median(bytes),
      readyMs: readyMs.length === 0 ? null : median(readyMs),
    }));
}

function curveSet({ env, points }: Curve, label: string, look: Look): Json {
  return {
    label,
    data: thinnedLine(points, MOST_POINTS).map(({ instances, bytes }) => ({
      x: instances,
      y: round(bytes / MIB),
      t: `${clean(env, 40)}, ${instances} instances: ${mib(bytes)} MiB`,
    })),
    ...lineWithMarks(look),
    ...(env.endsWith('@control') ? { borderDash: [3, 3] } : {}),
  };
}

function tableOf(curves: readonly Curve[]): ChartTable {
  return figures({
    head: ['environment', 'instances', 'host, MiB', 'start of the last'],
    rows: curves.map(({ env, points }) => {
      const last = points.at(-1) as Point;
      return [clean(env, 160), String(last.instances), mib(last.bytes), known(last.readyMs, ms)];
    }),
  });
}
