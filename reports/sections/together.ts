/** Several sessions side by side: environments down, sessions across, a table for each figure that they share. */

import type { ContrastRow } from '../../bench/analysis/contrast/ratio.ts';
import { letterOf } from '../model/headline.ts';
import type { ReportModel } from '../model/model.ts';
import { hostName, leadFigures, type Member, otherFigures, type SharedFigure } from '../model/together.ts';
import { clean } from '../text.ts';
import { changePercent, changeRange, dateText, joined, NO_FIGURE, percentDigits, ratioWords } from '../words.ts';
import { type Cell, faint, figures, name, type RichCell, type Section, type Table, texts } from './section.ts';

/** What represents each session: a picture and a table of those that can be compared. */
export function sideBySide(models: readonly ReportModel[]): Section {
  const shared = leadFigures(models);
  const differ =
    shared.length > 1
      ? [
          'These sessions measured different workloads or against different baselines: only columns of one table, and marks ' +
            'of one chart, can be compared.',
        ]
      : [];
  return {
    id: 'together',
    title: 'Environments by session',
    short: 'Side by side',
    weight: 'body',
    lead: [
      'Time ratios to the baseline of the same session, with paired 95 % intervals. The last row is the control, a second ' +
        'copy of the baseline: its interval is the smallest difference that this session can show.',
      ...differ,
      `Verdicts: ${MARKS}.`,
    ],
    charts: ['hosts'],
    tables: shared.map((figure, index) => matrix(figure, `matrix-${index + 1}`)),
  };
}

/** Every workload that several sessions measured alike, and the suite where it represents only some of them. */
export function sharedWorkloads(models: readonly ReportModel[]): Section {
  return {
    id: 'shared',
    title: 'Workload by workload',
    short: 'Workloads',
    weight: 'body',
    lead: [`What several sessions measured alike, beside what represents them. Verdicts: ${MARKS}.`],
    tables: otherFigures(models).map((figure, index) => ({ ...matrix(figure, `shared-${index + 1}`), folded: true })),
  };
}

const MARKS = '▲ slower, ▼ faster, = equivalent, ? inconclusive, ! untrusted';

function matrix({ name: title, baseline, members, paths }: SharedFigure, id: string): Table {
  return {
    id,
    caption: `Time ratio to ${clean(baseline, 60)}: ${title}`,
    columns: [
      { title: 'environment' },
      ...figures(...members.map(({ model, index }) => `${letterOf(index)}: ${hostName(model, 20)}`)),
    ],
    rows: paths.map((path) => ({ cells: [name(path), ...members.map((member) => cellOf(member, path))] })),
    form: 'matrix',
  };
}

function cellOf({ model, rows }: Member, path: string): Cell {
  const row = rows.find(({ env }) => env === path);
  if (row !== undefined) return ratioCell(row);
  if (model.unavailable.some((one) => one.path === path)) return faint('could not run');
  return model.session.plan.environments.some((one) => one.path === path) ? faint('no data') : NO_FIGURE;
}

function ratioCell(row: ContrastRow): RichCell {
  const { value, range } = ratioWords(row);
  return { show: value, value: row.timeRatio, note: range ?? 'no interval', tone: row.verdict ?? 'control' };
}

/** Which session is which, each with a link to its part of the page. */
export function sessionList(models: readonly ReportModel[]): Section {
  return {
    id: 'sessions',
    title: 'The sessions',
    weight: 'body',
    tables: [
      {
        id: 'sessions-rows',
        caption: 'The sessions',
        form: 'matrix',
        columns: [{ title: 'session' }, ...texts('host', 'started', 'figure', 'control')],
        rows: models.map((model, index) => ({ cells: sessionCells(model, index, models) })),
      },
    ],
  };
}

function sessionCells(model: ReportModel, index: number, models: readonly ReportModel[]): Cell[] {
  const { session } = model;
  const own = leadFigures(models).find(({ members }) => members.some((member) => member.index === index));
  const control = own?.members
    .find((member) => member.index === index)
    ?.rows.find(({ env }) => env === model.control.env);
  return [
    { show: { as: 'anchor', text: letterOf(index), to: `s${index + 1}-session` }, note: name(session.id, 60) },
    name(session.host, 200),
    dateText(session.startedAt),
    own === undefined ? NO_FIGURE : `${own.name}, against ${clean(own.baseline, 60)}`,
    control === undefined ? NO_FIGURE : controlText(control),
  ];
}

function controlText(row: ContrastRow): string {
  const digits = percentDigits(row);
  return joined({ value: changePercent(row.timeRatio, digits), range: changeRange(row.interval, digits) });
}
