/** Host memory that one more idle instance takes, with intervals, and how much of it its processes map. */

import type { Slope } from '../../bench/analysis/footprint.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { known, MIB, mib, range } from '../words.ts';
import { baseOptions, type Chart, type ChartTable, figures, type Json, nameAxis, round, valueAxis } from './chart.ts';
import { chartNames } from './names.ts';
import { type Look, looksOf, pointsWithBars } from './palette.ts';

const PSS_COLOUR = '#6c7783';

interface Row {
  readonly env: string;
  readonly host: Slope;
  readonly pss: Slope | null;
}

/** Null for sessions that did not measure it. */
export function footprintChart(model: ReportModel, width: number): Chart | null {
  const rows = model.costs.footprint.flatMap(({ env, slopes }) =>
    slopes.host === null ? [] : [{ env, host: slopes.host, pss: slopes.pss }],
  );
  if (rows.length === 0) return null;
  const names = chartNames(model.environments);
  const labels = rows.map(({ env }) => names.get(env) ?? clean(env, 30));
  return {
    id: 'footprint',
    title: 'Memory of one more idle instance',
    heading: 'Memory of one more idle instance',
    description: `Host memory that one more idle instance takes: ${rows
      .map(({ env, host }) => `${clean(env, 60)} ${mib(host.perInstanceBytes)} MiB`)
      .join('; ')}.`,
    notes: [
      'Large: host memory that one more instance takes, with its 95 % interval. Small and grey: proportional set size (PSS) of its processes, without kernel memory and the engine’s helpers.',
    ],
    width,
    height: 110 + 38 * labels.length,
    config: {
      type: 'scatterWithErrorBars',
      data: {
        datasets: [hostSet(rows, labels, looksOf(model.environments)), pssSet(rows, labels)],
      },
      options: baseOptions({
        scales: { x: valueAxis('MiB of one more idle instance', { beginAtZero: true }), y: nameAxis(labels) },
        plugins: { legend: { display: false } },
      }),
    },
    table: tableOf(rows),
    sources: [{ file: 'footprint.csv', rows: null, filter: null }],
  };
}

function tableOf(rows: readonly Row[]): ChartTable {
  return figures({
    head: ['environment', 'host, MiB', '95 % interval', 'PSS, MiB'],
    rows: rows.map(({ env, host, pss }) => [
      clean(env, 160),
      mib(host.perInstanceBytes),
      range(host.interval, mib),
      known(pss?.perInstanceBytes, mib),
    ]),
  });
}

function hostSet(rows: readonly Row[], labels: readonly string[], lookOf: (path: string) => Look): Json {
  return {
    label: 'host memory',
    data: rows.map(({ env, host }, index) => ({
      ...pointOf(host),
      y: labels[index] ?? '',
      t: `${clean(env, 40)}: ${mib(host.perInstanceBytes)} MiB of the host`,
    })),
    ...pointsWithBars(rows.map((row) => lookOf(row.env))),
  };
}

function pssSet(rows: readonly Row[], labels: readonly string[]): Json {
  return {
    label: 'PSS',
    data: rows.flatMap(({ env, pss }, index) => {
      if (pss === null) return [];
      const x = round(pss.perInstanceBytes / MIB);
      return [{ x, y: labels[index] ?? '', t: `${clean(env, 40)}: PSS ${mib(pss.perInstanceBytes)} MiB` }];
    }),
    backgroundColor: PSS_COLOUR,
    borderColor: PSS_COLOUR,
    radius: 3.5,
    pointRadius: 3.5,
  };
}

function pointOf({ perInstanceBytes, interval }: Slope) {
  const x = round(perInstanceBytes / MIB);
  return interval === null ? { x } : { x, xMin: round(interval.low / MIB), xMax: round(interval.high / MIB) };
}
