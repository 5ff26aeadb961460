/** Ratios with their verdicts: in short beside the answer, every one of them, and sums where they say otherwise. */

import type { ContrastRow } from '../../bench/analysis/contrast/ratio.ts';
import { allMetrics } from '../../bench/plan/commands.ts';
import { commandText } from '../../bench/plan/exec.ts';
import { hasSuite, SUITE, suiteOf } from '../../bench/plan/suite.ts';
import type { Estimate } from '../../bench/types.ts';
import { leadName, leadWorkload, lineList } from '../model/headline.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { changePercent, figureOf, joined, NO_FIGURE, percent, percentDigits, ratioWords } from '../words.ts';
import { pairCell } from './names.ts';
import {
  type Cell,
  code,
  details,
  figures,
  name,
  type RichCell,
  type Row,
  type Section,
  type Table,
  type Text,
  texts,
} from './section.ts';
import { moreText, reasonWords } from './verdicts.ts';

/** The suite, or the workload that the answer is about, of every pair and of the control. */
export function verdicts(model: ReportModel): Section {
  const lead = leadWorkload(model);
  const isLead = ({ workload }: ContrastRow) => workload === lead;
  const rows = model.contrasts.filter(isLead);
  const all = rows.length === 0 ? [] : [...rows, ...model.control.rows.filter(isLead)];
  const isSuite = lead === SUITE && hasSuite(model.session.plan);
  const title = `Verdicts on ${isSuite ? 'the ' : ''}${leadName(model)}`;
  return {
    id: 'verdicts',
    title,
    weight: 'top',
    shortOf: 'workloads',
    charts: ['ladder'],
    tables: [
      {
        id: 'verdicts',
        caption: title,
        columns: [...figures('environment', 'time ratio', '95 % interval', 'throughput'), ...texts('verdict')],
        rows: all.map((row) => ({ cells: [pairCell(model, row), ...ratioCells(row), verdictCell(row)] })),
        notes: signNotes(all, model.margin),
        sources: [{ file: 'contrasts.csv', rows: lineList(model, rows), filter: `workload = ${clean(lead, 40)}` }],
      },
    ],
  };
}

/** What the workloads run that are programs of the user's. */
function programLead({ session }: ReportModel): Text[] {
  return (session.plan.commands ?? []).map((command) => [
    name(command.id, 60),
    ' runs ',
    code(`${command.shell === true ? 'sh -c ' : ''}${commandText(command.command)}`, 200),
    '.',
  ]);
}

/** What a ratio means where it is not one of times. */
function metricLead({ session }: ReportModel): string[] {
  const metrics = allMetrics(session.plan);
  if (metrics.length === 0) return [];
  const named = metrics.map(({ id, unit, better }) => `${clean(id, 60)} (${clean(unit, 32)}, ${better} is better)`);
  return [`Figures beside the times: ${named.join(', ')}; a ratio above 1 is worse, as with times.`];
}

/** Every workload of every pair. */
export function contrasts(model: ReportModel): Section {
  const { baseline } = model.session.plan;
  const isMain = (row: ContrastRow) => row.baseline === baseline;
  return {
    id: 'workloads',
    title: 'Workload by workload',
    short: 'Workloads',
    weight: 'body',
    lead: [
      [
        'Time against ',
        name(baseline, 60),
        ': above 1 takes longer. Paired 95 % intervals of typical bursts, not adjusted for their number; verdicts at a ' +
          `margin of ±${percent(model.margin)}.`,
      ],
      ...programLead(model),
      ...metricLead(model),
    ],
    charts: ['workloads'],
    aboutCharts: `${suiteOf(model.session.plan).length > 1 ? 'Charts of the kernels share one axis; the' : 'The'} grey band is the interval of the control on the same workload.`,
    tables: [
      contrastTable(model, 'contrasts', `Time ratio to ${clean(baseline, 60)}`, [
        ...model.contrasts.filter(isMain),
        ...model.control.rows,
      ]),
      contrastTable(
        model,
        'other-pairs',
        'Other pairs',
        model.contrasts.filter((row) => !isMain(row)),
      ),
    ],
  };
}

function contrastTable(model: ReportModel, id: string, caption: string, all: readonly ContrastRow[]): Table {
  const rows = shownRows(model, all);
  return {
    id,
    caption,
    group: 'environment',
    columns: [
      ...figures('workload', 'time ratio', '95 % interval', 'throughput'),
      ...details('all bursts', 'long visits'),
      ...figures('blocks'),
      ...texts('verdict'),
      ...details('row'),
    ],
    rows: rows.map(
      (row): Row => ({
        group: pairCell(model, row),
        cells: [
          clean(row.workload, 40),
          ...ratioCells(row),
          sumCell(row.total),
          sumCell(row.sustained),
          { show: String(row.blocks), value: row.blocks },
          verdictCell(row),
          lineCell(model.contrasts.indexOf(row)),
        ],
      }),
    ),
    notes: signNotes(rows, model.margin),
    sources: [{ file: 'contrasts.csv', rows: null, filter: 'the last column names the row; control: control_…' }],
  };
}

/** The suite is shown where it is the mean of several. */
function shownRows(model: ReportModel, rows: readonly ContrastRow[]): ContrastRow[] {
  return rows.filter(({ workload }) => workload !== SUITE || hasSuite(model.session.plan));
}

/** Time ratio, its interval and throughput, each with the number to sort by. */
function ratioCells(row: ContrastRow): RichCell[] {
  const { interval, timeRatio } = row;
  const { value, range } = ratioWords(row);
  return [
    { show: value, value: timeRatio },
    { show: range ?? NO_FIGURE, value: interval && interval.high - interval.low },
    { show: changePercent(1 / timeRatio, percentDigits(row)), value: 1 / timeRatio },
  ];
}

/** The verdict, and what makes it open; signs replace that where there is little room. */
export function verdictCell(row: ContrastRow): RichCell {
  const { verdict, judgement } = row;
  if (verdict === null) return { show: 'control', tone: 'control' };
  const additions = judgement?.additions ?? [];
  const isPast = additions.includes('past-margin');
  const isOpen = additions.includes('sustained-not-shown');
  const more = judgement?.more ? `: ${moreText(judgement.more)}` : '';
  const notes = [
    ...(isPast ? ['past the margin'] : []),
    ...(isOpen ? ['in bursts only'] : []),
    ...(judgement?.reasons.length ? [`${reasonWords(judgement.reasons)}${more}`] : []),
  ];
  return {
    show: verdict,
    tone: verdict,
    ...(notes.length === 0 ? {} : { note: notes.join(', ') }),
    ...(isPast ? { sign: '+' } : isOpen ? { sign: '*' } : {}),
  };
}

/** What the signs in these rows mean. */
function signNotes(rows: readonly ContrastRow[], margin: number): string[] {
  const used = new Set(rows.flatMap((row) => row.judgement?.additions ?? []));
  return [
    ...(used.has('past-margin') ? [`+ the whole interval is past the margin of ±${percent(margin)}`] : []),
    ...(used.has('sustained-not-shown') ? ['* in bursts only: no interval of long visits within the margin'] : []),
  ];
}

/** What typical bursts do not show: stalls, the total ratio with them, long visits; the control's beside them. */
export function sums(model: ReportModel): Section {
  const rows = shownRows(model, [...model.contrasts, ...model.control.rows]);
  return {
    id: 'sums',
    title: 'With rare long bursts, and in long visits',
    short: 'Sums',
    weight: 'fold',
    tables: [
      {
        id: 'sum-rows',
        caption: 'Time ratios with 95 % intervals, and bursts that stalled',
        group: 'environment',
        columns: figures('workload', 'all bursts', 'long visits', 'stalled', 'of baseline'),
        rows: rows.map((row) => ({
          group: pairCell(model, row),
          cells: [
            row.intermittent
              ? { show: clean(row.workload, 40), sign: '~', note: 'intermittent' }
              : clean(row.workload, 40),
            estimateCell(row.total),
            estimateCell(row.sustained),
            { show: String(row.stalledBursts), value: row.stalledBursts },
            { show: String(row.baselineStalledBursts), value: row.baselineStalledBursts },
          ],
        })),
        notes: rows.some(({ intermittent }) => intermittent)
          ? ['~ intermittent: one side stalls more often than the other, or was throttled']
          : [],
      },
    ],
  };
}

function estimateCell(estimate: Estimate | null): Cell {
  return estimate === null ? NO_FIGURE : { show: joined(ratioWords(figureOf(estimate))), value: estimate.ratio };
}

function sumCell(estimate: Estimate | null): Cell {
  return estimate === null ? NO_FIGURE : { show: ratioWords(figureOf(estimate)).value, value: estimate.ratio };
}

/** The header is line 1 of contrasts.csv; the control has no line in it. */
function lineCell(index: number): Cell {
  return index < 0 ? NO_FIGURE : { show: String(index + 2), value: index + 2 };
}
