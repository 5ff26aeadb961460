/** Several sessions beside each other: each environment's ratio to the baseline of its own session. Nothing is pooled. */

import type { ContrastRow } from '../../bench/analysis/contrast/ratio.ts';
import { nameAmongOthers } from '../../bench/plan/suite.ts';
import { leadName, leadWorkload, letterOf, suiteRows } from '../model/headline.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { changePercent, changeRange, changeWords, joined, NO_FIGURE } from '../words.ts';
import { type ChangeAxis, changeAxis } from './change-axis.ts';
import {
  barAlong,
  baseOptions,
  type Chart,
  type ChartTable,
  endsOf,
  figures,
  type Json,
  nameAxis,
  percentOf,
  ZERO_LINE,
} from './chart.ts';
import { chartNames } from './names.ts';
import { looksOf, pointsWithBars } from './palette.ts';

interface Row {
  readonly model: ReportModel;
  /** Of the session. */
  readonly index: number;
  readonly row: ContrastRow;
}

/** Null when no session has a suite or a single workload to compare. */
export function hostsChart(models: readonly ReportModel[], width: number): Chart | null {
  const rows = models.flatMap((model, index) => suiteRows(model).map((row) => ({ model, index, row })));
  if (rows.length === 0) return null;
  const paths = [...new Set(rows.map(({ row }) => row.env))];
  const entries = paths.flatMap((path) => rows.filter(({ row }) => row.env === path));
  const names = chartNames(paths.map((path) => ({ path })));
  const figureNames = models.map(figureName);
  const isOneFigure = new Set(figureNames).size === 1;
  const labels = entries.map(({ row, model, index }) =>
    [names.get(row.env) ?? '', letterOf(index), ...(isOneFigure ? [] : [leadName(model)])].join(' · '),
  );
  const axis = changeAxis(
    rows.map(({ row }) => percentOf(row.timeRatio)),
    rows.flatMap(({ row }) => endsOf(row)),
  );
  return {
    id: 'hosts',
    title: 'Sessions side by side',
    heading: 'Sessions side by side, each against its own baseline',
    description: `Time against the baseline of the same session, with intervals of 95 %: ${entries
      .map(({ row, index }) => `${clean(row.env, 60)} in ${letterOf(index)} ${joined(changeWords(row))}`)
      .join('; ')}.`,
    notes: [
      `${models.map((model, index) => `${letterOf(index)}: ${clean(model.session.id, 60)} on ${clean(model.details.record?.host.name ?? model.session.host, 60)}`).join('; ')}.`,
      ...(isOneFigure
        ? []
        : [
            `Not the same figure in all sessions, so compare only those alike: ${figureNames.map((name, index) => `${letterOf(index)} ${name}`).join('; ')}.`,
          ]),
      'Every ratio is that of one session to its own baseline. Nothing is pooled over sessions.',
    ],
    width,
    height: 76 + 34 * labels.length,
    config: {
      type: 'scatterWithErrorBars',
      data: {
        datasets: [pointSet(entries, labels, axis)],
      },
      options: baseOptions({
        scales: {
          ...axis.scales('x', 'time against its own baseline, %'),
          y: nameAxis(labels),
        },
        plugins: { legend: { display: false }, annotation: { annotations: { zero: ZERO_LINE } } },
      }),
    },
    table: tableOf(rows),
    sources: [{ file: 'contrasts.csv', rows: null, filter: 'workload = suite, of each session' }],
  };
}

/** What a session's rows are the mean of, by name: two means of as many workloads may be of others. */
function figureName(model: ReportModel): string {
  return clean(nameAmongOthers(leadWorkload(model), model.session.plan), 200);
}

function tableOf(rows: readonly Row[]): ChartTable {
  return figures({
    head: ['environment', 'session', 'host', 'time', '95 % interval', 'throughput', 'verdict'],
    rows: rows.map(({ row, model, index }) => [
      clean(row.env, 160),
      letterOf(index),
      clean(model.details.record?.host.name ?? model.session.host, 80),
      changePercent(row.timeRatio),
      changeRange(row.interval) ?? NO_FIGURE,
      changePercent(1 / row.timeRatio),
      row.verdict ?? NO_FIGURE,
    ]),
  });
}

function pointSet(entries: readonly Row[], labels: readonly string[], axis: ChangeAxis): Json {
  const lookOf = looksOf(entries.map(({ row }) => ({ path: row.env })));
  const looks = entries.map(({ row }) => lookOf(row.env));
  return {
    label: 'time against its own baseline, %',
    data: entries.map(({ row }, index) => ({
      x: axis.at(percentOf(row.timeRatio)),
      y: labels[index] ?? '',
      ...barAlong('x', row.interval, axis.at),
      t: `${labels[index]}: ${joined(changeWords(row))}`,
    })),
    ...pointsWithBars(looks),
  };
}
