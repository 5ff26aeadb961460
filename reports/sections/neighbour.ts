/** What a victim loses beside a neighbour of its own environment that works, and whether that is more or less than natively. */

import type { NeighbourCell } from '../../bench/analysis/capacity/neighbour.ts';
import { largest } from '../../bench/analysis/stats/extremes.ts';
import { controlOf } from '../../bench/plan/schedule.ts';
import type { Verdict } from '../../bench/types.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { count, figureOf, known, NO_FIGURE, range, ratioWords, times } from '../words.ts';
import { environmentCell, onWorkloadCell } from './names.ts';
import { type Cell, faint, figures, type Row, type Section, type Table, type Text, texts } from './section.ts';

const SOURCES = [{ file: 'neighbour.csv', rows: null, filter: 'by env, workload and aggressor' }] as const;

/** A verdict is about the time beside the neighbour, over what the same neighbour costs the baseline. */
const LOSSES: Readonly<Partial<Record<Verdict, string>>> = { slower: 'more', faster: 'less', equivalent: 'as much' };

export function neighbour(model: ReportModel): Section {
  const cells = model.costs.neighbour;
  const isMeasured = cells.length > 0;
  return {
    id: 'neighbour',
    title: 'A victim beside a neighbour',
    short: 'Neighbours',
    weight: 'top',
    charts: isMeasured ? ['neighbour'] : [],
    tables: isMeasured ? [...workloadsOf(cells).map((workload) => matrix(model, workload)), contrastTable(model)] : [],
    notes: isMeasured ? notesOf(model) : [],
  };
}

function workloadsOf(cells: readonly NeighbourCell[]): string[] {
  return [...new Set(cells.map(({ workload }) => workload))];
}

/** Environments by neighbours. */
function matrix(model: ReportModel, workload: string): Table {
  const own = model.costs.neighbour.filter((cell) => cell.workload === workload);
  const aggressors = [...new Set(own.map(({ aggressor }) => aggressor))];
  const rows = model.environments.filter(({ path }) => own.some(({ env }) => env === path));
  return {
    id: `neighbour-${workload.replace(/[^a-z0-9]+/gi, '-').toLowerCase()}`,
    caption: `Time of ${clean(workload, 40)} beside a neighbour, over the time without it`,
    columns: [{ title: 'environment' }, ...figures(...aggressors.map((aggressor) => headOf(own, aggressor)))],
    rows: rows.map((environment) => ({
      cells: [
        environmentCell(environment),
        ...aggressors.map((aggressor) =>
          slowdownCell(own.find((cell) => cell.env === environment.path && cell.aggressor === aggressor)),
        ),
      ],
    })),
    notes: [
      "Each neighbour is of the victim's own environment. The mark says whether the victim loses more or less than the baseline does beside its own.",
    ],
    form: 'matrix',
    sources: SOURCES,
  };
}

/** `2 × cpu` where several boxes of it work. */
function headOf(cells: readonly NeighbourCell[], aggressor: string): string {
  const copies = largest(cells.filter((cell) => cell.aggressor === aggressor).map((cell) => cell.copies));
  return besideName(aggressor, copies);
}

function besideName(aggressor: string, copies: number): string {
  return copies > 1 ? `${copies} × ${clean(aggressor, 20)}` : clean(aggressor, 20);
}

function slowdownCell(cell: NeighbourCell | undefined): Cell {
  if (cell === undefined) return NO_FIGURE;
  const { slowdown, refused, verdict } = cell;
  if (slowdown === null) return refused === null ? NO_FIGURE : faint('can not run');
  return {
    show: `× ${times(slowdown.ratio)}`,
    value: slowdown.ratio,
    note: slowdown.interval === null ? 'no interval' : range(slowdown.interval, times),
    ...(verdict === null ? {} : { tone: verdict }),
  };
}

function contrastTable(model: ReportModel): Table {
  return {
    id: 'neighbour-contrasts',
    caption: 'What a neighbour costs, against what the same neighbour costs the baseline',
    group: 'environment',
    columns: [
      ...texts('neighbour'),
      ...figures('slowdown', '95 % interval', 'median burst', 'longest burst', 'of the baseline’s', '95 % interval'),
      ...texts('loses'),
      ...figures('pairs'),
    ],
    rows: rowsOf(model),
    notes: [
      '“Of the baseline’s” is the slowdown over that of the baseline, paired by block: above 1, the victim loses more than the baseline does. “Median burst” and “longest burst” are of a visit beside the neighbour, over those of a visit without it.',
    ],
    sources: SOURCES,
  };
}

function rowsOf(model: ReportModel): Row[] {
  const several = workloadsOf(model.costs.neighbour).length > 1;
  return model.environments.flatMap((environment) =>
    model.costs.neighbour
      .filter(({ env }) => env === environment.path)
      .map((cell) => ({
        group: onWorkloadCell(environment, several ? cell.workload : null),
        cells: contrastCells(cell),
      })),
  );
}

function contrastCells({ aggressor, copies, slowdown, median, longest, ratio, verdict, pairs }: NeighbourCell): Cell[] {
  const words = ratio === null ? null : ratioWords(figureOf(ratio));
  return [
    besideName(aggressor, copies),
    slowdown === null ? NO_FIGURE : { show: `× ${times(slowdown.ratio)}`, value: slowdown.ratio },
    range(slowdown?.interval, times),
    known(median?.ratio, (value) => `× ${times(value)}`),
    known(longest?.ratio, (value) => `× ${times(value)}`),
    words === null || ratio === null ? NO_FIGURE : { show: words.value, value: ratio.ratio },
    words?.range ?? NO_FIGURE,
    verdict === null ? NO_FIGURE : { show: LOSSES[verdict] ?? verdict, tone: verdict },
    { show: String(pairs), value: pairs },
  ];
}

/** Neighbours that could not work, or were not shown to: the reader must know what has no figure. */
function notesOf(model: ReportModel): Text[] {
  return model.costs.neighbour.flatMap(({ env, workload, aggressor, refused, uncovered, lost, blocks }) => {
    const where = `${clean(env, 60)} beside ${clean(aggressor, 20)} on ${clean(workload, 40)}`;
    return [
      ...(refused === null ? [] : [`${where}: it can not run there: ${clean(refused, 200)}.`]),
      ...(lost === 0
        ? []
        : [`${where}: the neighbour failed in ${count(lost, 'block')}; figures are of ${count(blocks, 'block')}.`]),
      ...(uncovered === 0
        ? []
        : [
            `${where}: ${count(uncovered, 'visit')} beside a neighbour that was not shown to work throughout; their pairs don't count.`,
          ]),
    ];
  });
}

/** What each environment loses most by, and what differs from the baseline. */
export function neighbourAnswer(model: ReportModel): string {
  const { baseline } = model.session.plan;
  const control = controlOf(baseline);
  const workload = model.costs.neighbour.find(({ slowdown }) => slowdown !== null)?.workload;
  const own = model.costs.neighbour.filter((cell) => cell.workload === workload && cell.env !== control);
  const worst = model.environments.flatMap(({ path }) => worstOf(own.filter(({ env }) => env === path)));
  if (worst.length === 0 || workload === undefined) return 'Nothing could be compared.';
  const texts = worst.map(({ env, aggressor, slowdown }) => {
    const ends = slowdown?.interval ? ` ${range(slowdown.interval, times)}` : '';
    return `${clean(env, 60)} × ${times(slowdown?.ratio ?? Number.NaN)}${ends} (${clean(aggressor, 20)})`;
  });
  return `${clean(workload, 40)} beside its worst neighbour takes, against without: ${texts.join('; ')}. ${differences(model, own)}`;
}

function worstOf(cells: readonly NeighbourCell[]): NeighbourCell[] {
  const known = cells.filter(({ slowdown }) => slowdown !== null);
  return known.sort((a, b) => (b.slowdown?.ratio ?? 0) - (a.slowdown?.ratio ?? 0)).slice(0, 1);
}

function differences({ session }: ReportModel, cells: readonly NeighbourCell[]): string {
  const { baseline } = session.plan;
  const judged = cells.filter(({ verdict }) => verdict === 'slower' || verdict === 'faster');
  const than = `than ${clean(baseline, 60)} does beside its own`;
  if (judged.length === 0) return `No environment was shown to lose more or less ${than}.`;
  const texts = judged.map(({ env, aggressor, ratio, verdict }) => {
    const words = ratio === null ? null : ratioWords(figureOf(ratio));
    const loss = verdict === 'slower' ? 'more' : 'less';
    return `${clean(env, 60)} loses ${loss} beside ${clean(aggressor, 20)} (${words?.value ?? ''} ${words?.range ?? ''})`;
  });
  return `${texts.join('; ')} ${than}.`;
}
