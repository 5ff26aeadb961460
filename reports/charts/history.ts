/** One figure over the sessions of a machine: each session with its interval, the levels, and where they change. */

import { formatChange } from '../../bench/units.ts';
import { type HistoryLine, type HistoryMachine, lineName, lineValue } from '../model/history.ts';
import { clean } from '../text.ts';
import { baseOptions, type Chart, figures, type Json, percentOf, valueAxis } from './chart.ts';
import { lookOf } from './palette.ts';

/** More points than this are thinned: a chart is no wider. */
const MOST_POINTS = 600;

/** `id` is unique in the page. Ratios are drawn as % against the baseline, times as % against their first level. */
export function historyChart(machine: HistoryMachine, line: HistoryLine, id: string, width: number): Chart {
  const { logs, lows, highs, levels, changes, places } = line;
  const zeroLog = line.figure === 'ratio' ? 0 : (levels[0]?.meanLog ?? 0);
  const percent = (log: number) => percentOf(Math.exp(log - zeroLog));
  const shown = thinned(logs.length, new Set(changes.flatMap(({ at }) => [at - 1, at])));
  const numberOf = (index: number) => (places[index] ?? 0) + 1;
  const look = lookOf(line.env);
  const dateOf = (index: number) =>
    new Date(machine.sessions[places[index] ?? 0]?.startedAtMs ?? 0).toISOString().slice(0, 10);
  const title = lineName(line);
  const last = logs.length - 1;
  const markers = Object.fromEntries(
    changes.map(({ at }, index): [string, Json] => [
      `change${index}`,
      {
        type: 'line',
        xMin: (numberOf(at - 1) + numberOf(at)) / 2,
        xMax: (numberOf(at - 1) + numberOf(at)) / 2,
        borderColor: '#b3261e',
        borderWidth: 1.5,
        borderDash: [5, 4],
      },
    ]),
  );
  const against =
    line.figure === 'ratio' ? `time against ${clean(line.baseline ?? '', 40)}, %` : 'time against its first level, %';
  return {
    id,
    title,
    heading: `${title}, session by session`,
    description: `${title}: ${logs.length} sessions from ${dateOf(0)} to ${dateOf(last)}, the last ${lineValue(line, logs[last] ?? 0)}. ${
      changes.length === 0
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
        datasets: [
          {
            label: 'session',
            data: shown.map((index) => ({
              x: numberOf(index),
              y: percent(logs[index] as number),
              ...(Number.isFinite(lows[index]) && Number.isFinite(highs[index])
                ? { yMin: percent(lows[index] as number), yMax: percent(highs[index] as number) }
                : {}),
              t: `${clean(machine.sessions[places[index] ?? 0]?.id ?? '', 60)}: ${lineValue(line, logs[index] as number)}`,
            })),
            backgroundColor: look.fill,
            borderColor: look.line,
            pointStyle: look.shape,
            pointRadius: 3.5,
            errorBarColor: look.line,
            errorBarWhiskerColor: look.line,
            errorBarLineWidth: 1.25,
            errorBarWhiskerSize: 5,
          },
          ...levels.map(
            ({ from, to, meanLog }): Json => ({
              type: 'line',
              label: 'level',
              data: [
                { x: numberOf(from) - 0.4, y: percent(meanLog) },
                { x: numberOf(to - 1) + 0.4, y: percent(meanLog) },
              ],
              borderColor: '#5f646b',
              borderWidth: 2,
              pointRadius: 0,
              pointHitRadius: 0,
            }),
          ),
        ],
      },
      options: baseOptions({
        scales: {
          x: valueAxis('session, oldest first', { min: 0, max: machine.sessions.length + 1, ticks: { precision: 0 } }),
          y: valueAxis(against),
        },
        plugins: { legend: { display: false }, annotation: { annotations: markers } },
      }),
    },
    table: figures({
      head: ['level', 'from', 'to', 'sessions', 'value'],
      rows: levels.map(({ from, to, meanLog }, index) => [
        String(index + 1),
        dateOf(from),
        dateOf(to - 1),
        String(to - from),
        lineValue(line, meanLog),
      ]),
    }),
    sources: [
      {
        file: 'contrasts.csv',
        rows: null,
        filter: `of each session: workload = ${clean(line.workload, 40)}, env = ${clean(line.env, 60)}`,
      },
    ],
  };
}

/** All places of a series, or every so many and those at its changes. */
function thinned(count: number, kept: ReadonlySet<number>): number[] {
  const stride = Math.ceil(count / MOST_POINTS);
  return Array.from({ length: count }, (_, index) => index).filter((index) => index % stride === 0 || kept.has(index));
}
