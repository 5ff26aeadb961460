/** One figure over the sessions of a machine: each session with its interval, the levels, and where they change. */

import { formatChange } from '../../bench/units.ts';
import { type HistoryLine, type HistoryMachine, lineName, lineValue } from '../model/history.ts';
import { clean } from '../text.ts';
import { baseOptions, type Chart, type ChartTable, figures, type Json, percentOf, valueAxis } from './chart.ts';
import { looksOf } from './palette.ts';

/** More points than this are thinned: a chart is no wider. */
const MOST_POINTS = 600;

/** `id` is unique in the page. Ratios are drawn as % against the baseline, times as % against their first level. */
export function historyChart(machine: HistoryMachine, line: HistoryLine, id: string, width: number): Chart {
  const { logs, changes, places, driftLog } = line;
  const shown = thinned(logs.length, new Set(changes.flatMap(({ at }) => [at - 1, at])));
  const dateOf = (index: number) =>
    new Date(machine.sessions[places[index] ?? 0]?.startedAtMs ?? 0).toISOString().slice(0, 10);
  const title = lineName(line);
  const last = logs.length - 1;
  const against =
    line.figure === 'ratio'
      ? `${line.measure === undefined ? 'time' : 'figure'} against ${clean(line.baseline ?? '', 40)}, %`
      : `${line.figure} against its first level, %`;
  return {
    id,
    title,
    heading: `${title}, session by session`,
    description: `${title}: ${logs.length} sessions from ${dateOf(0)} to ${dateOf(last)}, the last ${lineValue(line, logs[last] ?? 0)}. ${
      driftLog !== null
        ? `It drifts by ${formatChange(Math.exp(driftLog))} from the first to the last.`
        : changes.length === 0
          ? 'No change was found.'
          : `Changes: ${changes.map(({ at, changeLog }) => `${formatChange(Math.exp(changeLog))} from ${dateOf(at)} on`).join('; ')}.`
    }`,
    notes:
      shown.length < logs.length
        ? [`${shown.length} of ${logs.length} sessions are drawn; the table of figures has the levels.`]
        : [],
    width,
    height: 260,
    config: {
      type: 'scatterWithErrorBars',
      data: {
        datasets: [sessionSet(machine, line, shown), ...levelSets(line)],
      },
      options: baseOptions({
        scales: {
          x: valueAxis('session, oldest first', { min: 0, max: machine.sessions.length + 1, ticks: { precision: 0 } }),
          y: valueAxis(against),
        },
        plugins: { legend: { display: false }, annotation: { annotations: markersOf(line) } },
      }),
    },
    table: tableOf(line, dateOf),
    sources: [
      {
        file: tableOfMeasure(line.measure),
        rows: null,
        filter: `of each session: workload = ${clean(line.workload, 40)}, env = ${clean(line.env, 60)}`,
      },
    ],
  };
}

/** A time or ratio as it is drawn: % against the baseline, or against the first level. */
function percentIn({ figure, levels }: HistoryLine, log: number): number {
  const zeroLog = figure === 'ratio' ? 0 : (levels[0]?.meanLog ?? 0);
  return percentOf(Math.exp(log - zeroLog));
}

/** Sessions of a machine are numbered from 1; not each has a figure of this line. */
function numberIn({ places }: HistoryLine, index: number): number {
  return (places[index] ?? 0) + 1;
}

/** A vertical line at each change. */
function markersOf(line: HistoryLine): Record<string, Json> {
  const markers = line.changes.map(({ at }, index): [string, Json] => {
    const x = (numberIn(line, at - 1) + numberIn(line, at)) / 2;
    return [
      `change${index}`,
      { type: 'line', xMin: x, xMax: x, borderColor: '#b3261e', borderWidth: 1.5, borderDash: [5, 4] },
    ];
  });
  return Object.fromEntries(markers);
}

function sessionSet({ sessions }: HistoryMachine, line: HistoryLine, shown: readonly number[]): Json {
  const { logs, lows, highs, places } = line;
  const look = looksOf([{ path: line.env }])(line.env);
  return {
    label: 'session',
    data: shown.map((index) => ({
      x: numberIn(line, index),
      y: percentIn(line, logs[index] as number),
      ...(Number.isFinite(lows[index]) && Number.isFinite(highs[index])
        ? { yMin: percentIn(line, lows[index] as number), yMax: percentIn(line, highs[index] as number) }
        : {}),
      t: `${clean(sessions[places[index] ?? 0]?.id ?? '', 60)}: ${lineValue(line, logs[index] as number)}`,
    })),
    backgroundColor: look.fill,
    borderColor: look.line,
    pointStyle: look.shape,
    rotation: look.rotation,
    pointRadius: 3.5,
    errorBarColor: look.line,
    errorBarWhiskerColor: look.line,
    errorBarLineWidth: 1.25,
    errorBarWhiskerSize: 5,
  };
}

function levelSets(line: HistoryLine): Json[] {
  return line.levels.map(({ from, to, meanLog }) => ({
    type: 'line',
    label: 'level',
    data: [
      { x: numberIn(line, from) - 0.4, y: percentIn(line, meanLog) },
      { x: numberIn(line, to - 1) + 0.4, y: percentIn(line, meanLog) },
    ],
    borderColor: '#5f646b',
    borderWidth: 2,
    pointRadius: 0,
    pointHitRadius: 0,
  }));
}

function tableOf(line: HistoryLine, dateOf: (index: number) => string): ChartTable {
  return figures({
    head: ['level', 'from', 'to', 'sessions', 'value'],
    rows: line.levels.map(({ from, to, meanLog }, index) => [
      String(index + 1),
      dateOf(from),
      dateOf(to - 1),
      String(to - from),
      lineValue(line, meanLog),
    ]),
  });
}

/** All places of a series, or every so many and those at its changes. */
function thinned(count: number, kept: ReadonlySet<number>): number[] {
  const stride = Math.ceil(count / MOST_POINTS);
  return Array.from({ length: count }, (_, index) => index).filter((index) => index % stride === 0 || kept.has(index));
}

/** Where the figures of a kind of measurement come from. */
function tableOfMeasure(measure: string | undefined): Chart['sources'][number]['file'] {
  switch (measure?.split(' ')[0]) {
    case undefined:
      return 'contrasts.csv';
    case 'footprint':
      return 'footprint.csv';
    case 'density':
      return 'density.csv';
    case 'load':
      return 'load.csv';
    case 'neighbour':
      return 'neighbour.csv';
    case 'storm':
      return 'storm.csv';
    case 'scale':
    case 'capacity':
      return 'scale.csv';
    default:
      return 'starts.csv';
  }
}
