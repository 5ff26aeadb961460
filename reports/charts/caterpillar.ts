/** Hosts in the order of their ratios, each with its interval, then the mean over hosts and where the next host lies. */

import type { FleetLine } from '../../bench/analysis/fleet/lines.ts';
import type { RandomEffects } from '../../bench/analysis/stats/random-effects.ts';
import { type FleetDesign, leadLines } from '../model/fleet.ts';
import { hostFigure, hostNames, meanFigure, nextFigure, pairName } from '../model/fleet-figures.ts';
import { clean, cut } from '../text.ts';
import { count, type Figure, rangeText, valueText } from '../words.ts';
import { type ChangeAxis, changeAxis } from './change-axis.ts';
import {
  barAlong,
  baseOptions,
  type Chart,
  endsOf,
  figures,
  type Json,
  nameAxis,
  percentOf,
  ZERO_LINE,
} from './chart.ts';
import { type Look, looksOf, pointsWithBars } from './palette.ts';

/** More hosts than this have no names beside their rows. */
export const MOST_NAMED_ROWS = 60;
/** More are thinned: a chart is no higher. */
const MOST_POINTS = 500;
const MOST_LABELS = 10;
const MOST_CHARTS = 8;
const ROW = 18;
const CROWDED_HEIGHT = 560;

/** One chart for each environment, of the figure that stands for it. */
export function caterpillarCharts(design: FleetDesign, width: number): Chart[] {
  const names = hostNames(design);
  const lookOf = looksOf(leadLines(design).map(({ env }) => ({ path: env })));
  return leadLines(design)
    .slice(0, MOST_CHARTS)
    .map((line, index) => caterpillar({ design, line, names, look: lookOf(line.env) }, `spread-${index + 1}`, width));
}

interface Drawn {
  readonly design: FleetDesign;
  readonly line: FleetLine;
  readonly names: readonly string[];
  readonly look: Look;
}

/** A host of the figure, by its index in it. */
interface Point {
  readonly index: number;
  readonly row: number;
  readonly figure: Figure;
  readonly name: string;
  readonly isOutlier: boolean;
}

/** Where things stand below each other: hosts from row 0 on, then the mean and the next host. */
interface Rows {
  readonly hosts: number;
  readonly mean: number;
  readonly next: number;
  /** The first one after all. */
  readonly end: number;
  readonly isNamed: boolean;
}

function rowsOf(hosts: number, effects: RandomEffects | null): Rows {
  const isNamed = hosts <= MOST_NAMED_ROWS;
  const gap = isNamed ? 1 : Math.ceil(hosts * 0.04);
  return { hosts, mean: hosts + gap, next: hosts + 2 * gap, end: effects === null ? hosts : hosts + 3 * gap, isNamed };
}

function caterpillar(drawn: Drawn, id: string, width: number): Chart {
  const { design, line } = drawn;
  const { effects } = line;
  const points = pointsOf(drawn);
  const rows = rowsOf(points.length, effects);
  const shown = rows.isNamed ? points : thinnedPoints(points);
  const pair = pairName(line, design);
  const workload = clean(line.workload, 40);
  return {
    id,
    title: `${pair} on ${workload}`,
    heading: `Time of ${pair} against ${clean(line.baseline, 40)} on ${workload}: ${count(points.length, 'host')}`,
    description: descriptionOf(line, points),
    notes: [
      ...(effects === null
        ? []
        : ['The diamond is the mean over hosts with its interval, the bar below it where the next host lies.']),
      ...(shown.length < points.length
        ? [`${shown.length} of ${points.length} hosts are drawn, among them all that stand out.`]
        : []),
    ],
    width,
    height: rows.isNamed ? 70 + ROW * rows.end : CROWDED_HEIGHT,
    config: configOf(drawn, points, shown, rows),
    table: tableOf(effects, shown),
    sources: [
      {
        file: 'contrasts.csv',
        rows: null,
        filter: `of each host: workload = ${workload}, env = ${clean(line.env, 60)}`,
      },
    ],
  };
}

function configOf(drawn: Drawn, points: readonly Point[], shown: readonly Point[], rows: Rows): Chart['config'] {
  const { effects, baseline } = drawn.line;
  const all = [
    ...shown.map(({ figure }) => figure),
    ...(effects === null ? [] : [meanFigure(effects), nextFigure(effects)]),
  ];
  const axis = changeAxis(
    all.map(({ timeRatio }) => percentOf(timeRatio)),
    all.flatMap(endsOf),
  );
  const names = { ...nameAxis(rowNames(points, effects)), ticks: { autoSkip: false, font: { size: 11 } } };
  return {
    type: 'scatterWithErrorBars',
    data: { datasets: [hostSet(drawn, shown, axis, rows), ...meanSets(effects, axis, rows)] },
    options: baseOptions({
      scales: {
        ...axis.scales('x', `time against ${clean(baseline, 40)}, %`),
        ...(rows.isNamed ? { y: names } : {}),
        row: { type: 'linear', axis: 'y', display: false, reverse: true, min: -0.5, max: rows.end - 0.5 },
      },
      plugins: {
        legend: { display: false },
        annotation: {
          annotations: {
            zero: ZERO_LINE,
            ...nextBar(effects, axis, rows),
            ...(rows.isNamed ? {} : outlierLabels(shown, axis, rows)),
          },
        },
      },
    }),
  };
}

/** The smallest ratio on top. */
function pointsOf({ line, names }: Drawn): Point[] {
  const outliers = new Set(line.outliers.map(({ place }) => place));
  return line.logs
    .map((log, index) => ({ log, index }))
    .sort((a, b) => a.log - b.log || a.index - b.index)
    .map(({ index }, row) => {
      const place = line.places[index] as number;
      return { index, row, figure: hostFigure(line, index), name: names[place] ?? '', isOutlier: outliers.has(place) };
    });
}

function thinnedPoints(points: readonly Point[]): Point[] {
  const stride = Math.ceil(points.length / MOST_POINTS);
  return points.filter(({ row, isOutlier }) => isOutlier || row % stride === 0 || row === points.length - 1);
}

function rowNames(points: readonly Point[], effects: RandomEffects | null): string[] {
  const hosts = points.map(({ name, isOutlier }) => `${cut(name, 28)}${isOutlier ? ' ◂' : ''}`);
  return effects === null ? hosts : [...hosts, '', 'mean', 'next host'];
}

function hostSet({ look }: Drawn, shown: readonly Point[], axis: ChangeAxis, { isNamed }: Rows): Json {
  return {
    label: 'host',
    yAxisID: 'row',
    data: shown.map(({ row, figure, name }) => ({
      x: axis.at(percentOf(figure.timeRatio)),
      y: row,
      ...barAlong('x', figure.interval, axis.at),
      t: `${name}: ${valueText(figure)} ${rangeText(figure) ?? ''}`,
    })),
    ...pointsWithBars([look], isNamed ? 4 : 2),
    ...(isNamed ? {} : { errorBarLineWidth: 0.75, errorBarWhiskerSize: 0 }),
  };
}

const INK = '#454d57';

/** The diamond of the mean, below the hosts and a free row. */
function meanSets(effects: RandomEffects | null, axis: ChangeAxis, rows: Rows): Json[] {
  if (effects === null) return [];
  const [mean, next] = [meanFigure(effects), nextFigure(effects)];
  const look: Look = { colour: INK, line: INK, fill: INK, shape: 'rectRot', rotation: 0, isOutline: false };
  const at = (figure: Figure, row: number, bars: boolean, words: string): Json => ({
    x: axis.at(percentOf(mean.timeRatio)),
    y: row,
    ...(bars ? barAlong('x', figure.interval, axis.at) : {}),
    t: `${words} ${rangeText(figure)}`,
  });
  return [
    {
      label: 'mean',
      yAxisID: 'row',
      data: [at(mean, rows.mean, true, `mean ${valueText(mean)}`)],
      ...pointsWithBars([look], 8),
    },
    {
      label: 'next host',
      yAxisID: 'row',
      data: [at(next, rows.next, false, 'next host')],
      ...pointsWithBars([{ ...look, shape: 'circle' }], 2),
    },
  ];
}

/** Where the next host lies: a bar in its row, and with many hosts a band behind them. */
function nextBar(effects: RandomEffects | null, axis: ChangeAxis, rows: Rows): Record<string, Json> {
  const interval = effects === null ? null : nextFigure(effects).interval;
  if (interval === null) return {};
  const half = 0.3 * (rows.next - rows.mean);
  const band: Json = {
    type: 'box',
    yScaleID: 'row',
    xMin: axis.at(percentOf(interval.low)),
    xMax: axis.at(percentOf(interval.high)),
    borderWidth: 0,
    drawTime: 'beforeDatasetsDraw',
  };
  const grey = (alpha: number) => `rgba(95,100,107,${alpha})`;
  const bar = { ...band, yMin: rows.next - half, yMax: rows.next + half, backgroundColor: grey(0.55) };
  const behind = { ...band, yMin: -0.5, yMax: rows.hosts - 0.5, backgroundColor: grey(0.12) };
  return rows.isNamed ? { next: bar } : { next: bar, behind };
}

/** Beside the surest outliers, at the side on which there is room. */
function outlierLabels(shown: readonly Point[], axis: ChangeAxis, { hosts }: Rows): Record<string, Json> {
  const outliers = shown.filter(({ isOutlier }) => isOutlier);
  const kept = [...outliers.slice(0, MOST_LABELS / 2), ...outliers.slice(MOST_LABELS / 2).slice(-MOST_LABELS / 2)];
  return Object.fromEntries(
    kept.map(({ row, figure, name }, index): [string, Json] => [
      `outlier${index}`,
      {
        type: 'label',
        yScaleID: 'row',
        xValue: axis.at(percentOf(figure.timeRatio)),
        // Names of neighbours are kept apart.
        yValue: Math.min(hosts - 1, Math.max(0, row)),
        yAdjust: (row < hosts / 2 ? 1 : -1) * 13 * (index % (MOST_LABELS / 2)),
        xAdjust: 8,
        position: row < hosts / 2 ? 'start' : 'end',
        content: cut(name, 22),
        color: INK,
        backgroundColor: 'rgba(255,255,255,0.75)',
        font: { size: 10 },
        padding: 1,
      },
    ]),
  );
}

function descriptionOf({ effects, baseline, outliers }: FleetLine, points: readonly Point[]): string {
  const [first, last] = [points[0], points.at(-1)];
  const ends =
    first === undefined || last === undefined ? '' : `, from ${valueText(first.figure)} to ${valueText(last.figure)}`;
  const mean =
    effects === null
      ? ''
      : ` The mean is ${valueText(meanFigure(effects))} ${rangeText(meanFigure(effects))}; the next host lies in ${rangeText(nextFigure(effects))}.`;
  const apart =
    outliers.length === 0 ? ' No host stands out.' : ` ${count(outliers.length, 'host stands', 'hosts stand')} out.`;
  return `Time against ${clean(baseline, 60)} on ${count(points.length, 'host')}, with intervals of 95 %${ends}.${mean}${apart}`;
}

/** Rows of a chart that names its hosts; else those of hosts that stand out. */
function tableOf(effects: RandomEffects | null, shown: readonly Point[]) {
  const hosts =
    shown.length <= MOST_NAMED_ROWS ? shown : shown.filter(({ isOutlier }) => isOutlier).slice(0, MOST_NAMED_ROWS);
  const cells = (name: string, figure: Figure) => [name, valueText(figure), rangeText(figure) ?? '–'];
  return figures({
    head: ['host', 'time', '95 % interval'],
    rows: [
      ...hosts.map(({ name, figure }) => cells(name, figure)),
      ...(effects === null ? [] : [cells('mean', meanFigure(effects)), cells('next host', nextFigure(effects))]),
    ],
  });
}
