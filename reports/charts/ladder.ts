/** Environments as percent difference from the baseline, one below the other, with intervals and the control's band. */

import type { ContrastRow } from '../../bench/analysis/contrast/ratio.ts';
import { lineList } from '../model/headline.ts';
import type { ReportModel } from '../model/model.ts';
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
  nameAxis,
  percentOf,
  ZERO_LINE,
} from './chart.ts';
import { chartNames } from './names.ts';
import { looksOf, pointsWithBars } from './palette.ts';

/** For the name of the control's band, px; it leaves some of it to the title above. */
const LABEL_ROOM = 24;
const LABEL_RISE = 17;

export interface LadderOptions {
  readonly id: string;
  readonly title: string;
  readonly workload: string;
  readonly width: number;
  /** With a note on how to read it. */
  readonly explained?: boolean;
  /** Ends of the axis, where several charts share it. */
  readonly axis?: ChangeAxis | undefined;
}

/** The rows of one workload (or the suite) against the baseline. Null when there is none. */
export function ladderChart(model: ReportModel, options: LadderOptions): Chart | null {
  const rows = ladderRows(model, options.workload);
  if (rows.length === 0) return null;
  const { baseline } = model.session.plan;
  const control = controlRow(model, options.workload);
  const names = chartNames(model.environments);
  const nameOf = (path: string) => names.get(path) ?? clean(path, 30);
  const labels = [nameOf(baseline), ...rows.map(({ env }) => nameOf(env))];
  const axis = options.axis ?? ladderAxis(model, [options.workload]);
  const points = [
    { env: baseline, x: 0, t: `${nameOf(baseline)}: the baseline` },
    ...rows.map((row) => ({
      env: row.env,
      x: axis.at(percentOf(row.timeRatio)),
      ...barAlong('x', row.interval, axis.at),
      t: `${nameOf(row.env)}: ${changeText(row)}`,
    })),
  ];
  const lookOf = looksOf(model.environments);
  const looks = points.map(({ env }) => lookOf(env));
  const data = {
    datasets: [
      {
        label: 'time against the baseline, %',
        data: points.map(({ env, ...point }) => ({ ...point, y: nameOf(env) })),
        ...pointsWithBars(looks),
      },
    ],
  };
  const annotations = { zero: ZERO_LINE, ...controlBand(control, axis) };
  return {
    id: options.id,
    title: options.title,
    heading: `Time against ${clean(baseline, 40)}: ${options.title}`,
    description: descriptionOf(model, rows, control),
    notes: notesOf(rows, control, options.explained === true),
    width: options.width,
    height: 76 + LABEL_ROOM + 38 * labels.length,
    config: {
      type: 'scatterWithErrorBars',
      data,
      options: baseOptions({
        layout: { padding: { top: LABEL_ROOM } },
        scales: { ...axis.scales('x', `time against ${clean(baseline, 40)}, %`), y: nameAxis(labels) },
        plugins: { legend: { display: false }, annotation: { annotations, clip: false } },
      }),
    },
    table: tableOf([...rows, ...(control === undefined ? [] : [control])]),
    sources: [
      { file: 'contrasts.csv', rows: lineList(model, rows), filter: `workload = ${clean(options.workload, 40)}` },
    ],
  };
}

function controlBand(control: ContrastRow | undefined, { at }: ChangeAxis): Record<string, Json> {
  if (control?.interval == null) return {};
  const band: Json = {
    type: 'box',
    ...barAlong('x', control.interval, at),
    backgroundColor: 'rgba(128,128,128,0.16)',
    borderWidth: 0,
    drawTime: 'beforeDatasetsDraw',
    label: {
      display: true,
      content: 'control',
      // Above the rows: within them it would hide the baseline's point where the band is narrow.
      position: { x: 'center', y: 'start' },
      yAdjust: -LABEL_RISE,
      color: '#808080',
      font: { size: 11, weight: 'normal' },
      padding: 2,
    },
  };
  return { control: band };
}

function notesOf(rows: readonly ContrastRow[], control: ContrastRow | undefined, explained: boolean): string[] {
  const hasBand = control?.interval != null;
  return [
    ...(explained && hasBand
      ? [
          'Grey band: the interval of the control, a second copy of the baseline. What lies within it can’t be distinguished from no difference.',
        ]
      : []),
    ...(hasBand ? [] : ['No control band: the control has no interval.']),
    ...(rows.some(({ interval }) => interval === null) ? ['Points without a line: one block gives no interval.'] : []),
  ];
}

function tableOf(rows: readonly ContrastRow[]): ChartTable {
  return figures({
    head: ['environment', 'time', '95 % interval', 'throughput', 'verdict'],
    rows: rows.map((row) => [
      clean(row.env, 160),
      changePercent(row.timeRatio, percentDigits(row)),
      changeRange(row.interval, percentDigits(row)) ?? NO_FIGURE,
      changePercent(1 / row.timeRatio, percentDigits(row)),
      row.verdict ?? 'control',
    ]),
  });
}

/** An axis for everything that is drawn of these workloads. */
export function ladderAxis(model: ReportModel, workloads: readonly string[]): ChangeAxis {
  const rows = workloads.flatMap((workload) => ladderRows(model, workload));
  const controls = workloads.flatMap((workload) => controlRow(model, workload) ?? []);
  return changeAxis(
    rows.map(({ timeRatio }) => percentOf(timeRatio)),
    [...rows, ...controls].flatMap(endsOf),
  );
}

/** `+4.2 % [+1.0, +7.6]`. */
function changeText(row: ContrastRow): string {
  return joined(changeWords(row, percentDigits(row)), ', no interval');
}

function ladderRows(model: ReportModel, workload: string): ContrastRow[] {
  const { baseline } = model.session.plan;
  return model.contrasts.filter((row) => row.baseline === baseline && row.workload === workload);
}

function controlRow(model: ReportModel, workload: string): ContrastRow | undefined {
  return model.control.rows.find((row) => row.workload === workload);
}

function descriptionOf(model: ReportModel, rows: readonly ContrastRow[], control: ContrastRow | undefined): string {
  const cells = rows.map(
    (row) => `${clean(row.env, 60)} ${changeText(row)}${row.verdict === null ? '' : `, ${row.verdict}`}`,
  );
  const band = control === undefined ? '' : ` The control: ${changeText(control)}.`;
  return `Time against ${clean(model.session.plan.baseline, 60)}, with intervals of 95 %: ${cells.join('; ')}.${band}`;
}
