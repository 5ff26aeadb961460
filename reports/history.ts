/** A history on a terminal: for each machine the ratios over sessions with their changes, then the times. */

import { formatChange, formatNs } from '../bench/units.ts';
import { jsonText } from './formats/json-text.ts';
import { type TableRow, tableLines } from './formats/text-table.ts';
import { differenceLines } from './hosts.ts';
import type { HistoryChange, HistoryLine, HistoryMachine, HistoryModel } from './model/history.ts';
import { sparkline } from './sparkline.ts';
import { clean, wrap } from './text.ts';
import { NO_FIGURE, percent } from './words.ts';

/** Raised when a field of the JSON document changes its meaning or goes. */
const JSON_SCHEMA = 1;
/** Columns of the small chart. */
const CHART = 24;
const MOST_CHANGES = 30;

/** Pure; no line is wider than `width`. */
export function renderHistory(model: HistoryModel, width = 80): string {
  const items = (texts: readonly string[]) => texts.flatMap((text) => wrap(text, width, '  '));
  const count = model.groups.reduce((sum, { sessions }) => sum + sessions.length, 0);
  return [
    ...items([`boxmark ${clean(model.program, 20)} · history of ${clean(model.folder, 200)} · ${sessionsText(count)}`]),
    ...model.groups.flatMap((group) => ['', ...machineLines(group, model, width)]),
    ...section('Left out', items(leftOutTexts(model)), width),
    ...section('Read this with', items(notes(model)), width),
    '',
  ].join('\n');
}

/** The model as one JSON document: ratios and times themselves instead of their logs. */
export function historyJson({ groups, leftOut, ...about }: HistoryModel): string {
  const value = (log: number) => (Number.isFinite(log) ? Number(Math.exp(log).toPrecision(9)) : null);
  return jsonText({
    schema: JSON_SCHEMA,
    ...about,
    groups: groups.map(({ lines, sessions, ...head }) => ({
      ...head,
      sessions: sessions.map(({ id, startedAtMs }) => ({
        session: id,
        startedAt: new Date(startedAtMs).toISOString(),
      })),
      series: lines.map(({ figure, env, baseline, workload, searched, scatterLog, ...line }) => ({
        figure,
        unit: figure === 'ratio' ? 'time ratio' : 'ns per pass',
        env,
        baseline,
        workload,
        searched,
        scatterLog,
        points: line.places.map((place, index) => ({
          session: sessions[place]?.id,
          value: value(line.logs[index] as number),
          ...(figure === 'ratio'
            ? { low: value(line.lows[index] as number), high: value(line.highs[index] as number) }
            : {}),
        })),
        changes: line.changes.map(({ changeLog, ...change }) => ({ ...change, change: value(changeLog) })),
      })),
    })),
    leftOut,
  });
}

function machineLines(group: HistoryMachine, { margin }: HistoryModel, width: number): string[] {
  const [first, last] = [group.sessions[0], group.sessions.at(-1)].map((one) => dateOf(one?.startedAtMs ?? 0));
  const head =
    `${clean(group.cpuModel, 80) || 'unknown CPU'}, hardware ${clean(group.fingerprint).slice(0, 8)}: ` +
    `${sessionsText(group.sessions.length)}, ${first === last ? first : `${first} to ${last}`}; ` +
    `size ${group.size}, kernels ${group.kernels}`;
  const of = (figure: HistoryLine['figure']) => group.lines.filter((line) => line.figure === figure);
  return [
    ...wrap(clean(head), width, '  '),
    ...section('Time ratios within each session: a slower host cancels', lineTable(of('ratio'), width), width),
    ...section(
      'Changes of time ratios: E-divisive at p ≤ 0.001, advisory',
      changeLines(of('ratio'), margin, width),
      width,
    ),
    ...section('Time per pass: a slower host moves it as well', lineTable(of('time'), width), width),
    ...section('Changes of times', changeLines(of('time'), margin, width), width),
  ];
}

function lineTable(lines: readonly HistoryLine[], width: number): string[] {
  const title = ({ env, baseline }: HistoryLine) =>
    baseline === null ? clean(env, 160) : `${clean(env, 160)} against ${clean(baseline, 160)}`;
  const rows = [...new Set(lines.map(title))].flatMap((name): TableRow[] => [
    { cells: [name], heading: true },
    ...lines.filter((line) => title(line) === name).map((line) => ({ cells: lineCells(line) })),
  ]);
  return rows.length === 0 ? [] : tableLines(['', 'sessions', 'level', 'last', 'scatter', 'first … last'], rows, width);
}

/** The level since the last change; the scatter is the standard deviation about the levels. */
function lineCells({ figure, workload, logs, levels, changes, scatterLog }: HistoryLine): string[] {
  const text = (log: number) =>
    figure === 'time' ? formatNs(Math.exp(log)) : Math.exp(log).toFixed(log > 2.3 ? 2 : 4);
  return [
    `  ${clean(workload, 40)}`,
    String(logs.length),
    text(levels.at(-1)?.meanLog ?? 0),
    text(logs.at(-1) ?? 0),
    scatterLog === null ? NO_FIGURE : `±${(Math.expm1(scatterLog) * 100).toFixed(1)} %`,
    sparkline(
      logs,
      changes.map(({ at }) => at),
      CHART,
    ),
  ];
}

function changeLines(lines: readonly HistoryLine[], margin: number, width: number): string[] {
  if (lines.length === 0) return [];
  if (lines.every(({ searched }) => !searched)) {
    return wrap('Fewer than 12 sessions: too few to look for changes.', width, '  ');
  }
  const changes = lines.flatMap((line) => line.changes.map((change) => ({ line, change })));
  const texts = changes
    .slice(0, MOST_CHANGES)
    .flatMap(({ line, change }) => [
      ...wrap(changeText(line, change, margin), width, '  '),
      ...differenceLines(change.differences, width - 2).map((text) => `  ${text}`),
    ]);
  const more = changes.length > MOST_CHANGES ? [`and ${changes.length - MOST_CHANGES} more (--json has all)`] : [];
  return changes.length === 0 ? ['None.'] : [...texts, ...more];
}

function changeText({ env, workload }: HistoryLine, change: HistoryChange, margin: number): string {
  const { changeLog, after, pValue } = change;
  const small = Math.abs(changeLog) <= Math.log1p(margin) ? `, within the margin of ±${percent(margin)}` : '';
  return `${clean(env, 60)} on ${clean(workload, 40)}: ${formatChange(Math.exp(changeLog), 2)} from ${clean(after, 60)} on (p ${pValue})${small}`;
}

function leftOutTexts({ leftOut, untrusted }: HistoryModel): string[] {
  return [
    ...leftOut.map(
      ({ why, dirs }) =>
        `${sessionsText(dirs.length)}: ${clean(why, 200)} (${clean(dirs[0] ?? '', 160)}${dirs.length > 1 ? ', …' : ''})`,
    ),
    ...(untrusted === 0 ? [] : [`${untrusted} ratios that their sessions call untrusted`]),
  ];
}

function notes({ groups }: HistoryModel): string[] {
  const lines = groups.flatMap(({ lines: all }) => all);
  return [
    ...(groups.length > 1
      ? ['Machines, sizes, kernels and baselines that differ stand apart: their figures are never joined.']
      : []),
    ...(lines.some(({ changes }) => changes.length > 0)
      ? [
          'A change says that the sessions before and after differ, not why. The suite is the mean of the others, so that it changes with them.',
        ]
      : []),
    ...(lines.some(({ figure }) => figure === 'ratio') && lines.every(({ figure }) => figure === 'ratio')
      ? ['These sessions were written before times per pass were kept in contrasts.csv.']
      : []),
  ];
}

function section(title: string, body: readonly string[], width: number): string[] {
  return body.length === 0 ? [] : ['', ...wrap(title, width), ...body];
}

function sessionsText(count: number): string {
  return `${count} ${count === 1 ? 'session' : 'sessions'}`;
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
