/** What requests take that arrive at random, rate by rate, and up to which rate an environment keeps up. */

import { KNEE_SERVICE_TIMES, type Level, type LoadKnee, type LoadLevel } from '../../bench/analysis/capacity/load.ts';
import type { Estimate, Interval } from '../../bench/types.ts';
import { formatNs } from '../../bench/units.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { count, isTooWide, known, NO_FIGURE, percent, range, rateText, times } from '../words.ts';
import { environmentCell } from './names.ts';
import { details, figures, type Row, type Section, type Table } from './section.ts';

const SATURATED = '‡';
const LATE = '†';

export function load(model: ReportModel): Section {
  const { levels, knees } = model.costs.load;
  const workloads = [...new Set(levels.map(({ workload }) => workload))];
  return {
    id: 'load',
    title: 'Latency under load',
    short: 'Load',
    weight: 'top',
    charts: levels.length === 0 ? [] : ['load'],
    tables: [
      ...(knees.length === 0 ? [] : [kneeTable(model)]),
      ...workloads.map((workload) => levelTable(model, workload, workloads.length > 1)),
    ],
  };
}

function kneeTable(model: ReportModel): Table {
  const { knees } = model.costs.load;
  const several = new Set(knees.map(({ workload }) => workload)).size > 1;
  return {
    id: 'load-knees',
    caption: `The highest rate whose p99 is at most ${KNEE_SERVICE_TIMES} service times of ${clean(model.session.plan.baseline, 60)}`,
    group: 'environment',
    columns: figures(...(several ? ['workload'] : []), 'limit', 'up to, a second', 'not at'),
    rows: model.environments.flatMap((environment): Row[] =>
      knees
        .filter(({ env }) => env === environment.path)
        .map((knee) => ({
          group: environmentCell(environment),
          cells: [...(several ? [clean(knee.workload, 40)] : []), ...kneeCells(knee)],
        })),
    ),
    sources: [{ file: 'load.csv', rows: null, filter: 'by env, workload and rate' }],
  };
}

function kneeCells({ limitNs, ratePerSecond, beyondPerSecond }: LoadKnee): Row['cells'] {
  const none = ratePerSecond === null ? 'none of the rates' : null;
  return [
    { show: formatNs(limitNs), value: limitNs },
    { show: none ?? rateText(ratePerSecond as number), value: ratePerSecond },
    known(beyondPerSecond, rateText),
  ];
}

function levelTable(model: ReportModel, workload: string, isOneOfMany: boolean): Table {
  const levels = model.costs.load.levels.filter((level) => level.workload === workload);
  const what = isOneOfMany ? `${clean(workload, 40)}: ` : '';
  return {
    id: isOneOfMany ? `load-levels-${workload.replace(/[^A-Za-z0-9]+/g, '-')}` : 'load-levels',
    caption: `${what}latency from the intended arrival to the answer, by arrivals a second`,
    group: 'environment',
    columns: [
      ...figures('a second', 'answered'),
      ...details('busy'),
      ...figures('p50', 'p99', '95 % interval'),
      ...details('p99.9'),
      ...figures('p99 ratio'),
      ...details('95 % interval'),
      ...figures('late'),
      ...details('arrivals'),
    ],
    rows: model.environments.flatMap((environment): Row[] =>
      levels
        .filter(({ env }) => env === environment.path)
        .map((level) => ({ group: environmentCell(environment), cells: levelCells(level) })),
    ),
    notes: notesOf(levels),
    sources: [{ file: 'load.csv', rows: null, filter: `workload = ${clean(workload, 40)}, by env and rate` }],
  };
}

function levelCells(level: LoadLevel): Row['cells'] {
  const { ratePerSecond, achievedPerSecond, utilisation, latencyNs, ratios, lateShare, arrivals } = level;
  const sign = `${level.isSaturated ? SATURATED : ''}${level.lateBlocks > 0 ? LATE : ''}`;
  return [
    { show: rateText(ratePerSecond), value: ratePerSecond, ...(sign === '' ? {} : { sign }) },
    figureCell(achievedPerSecond, rateText),
    utilisation === null ? NO_FIGURE : { show: percent(utilisation), value: utilisation },
    figureCell(latencyNs.p50, formatNs),
    figureCell(latencyNs.p99, formatNs),
    rangeText(latencyNs.p99?.interval),
    figureCell(latencyNs.p999, formatNs),
    ratioCell(ratios.p99),
    range(ratios.p99?.interval, times),
    { show: percent(lateShare), value: lateShare },
    { show: String(arrivals), value: arrivals },
  ];
}

function figureCell(level: Level | null, format: (value: number) => string): Row['cells'][number] {
  return level === null ? NO_FIGURE : { show: format(level.value), value: level.value };
}

function ratioCell(estimate: Estimate | null): Row['cells'][number] {
  return estimate === null ? NO_FIGURE : { show: times(estimate.ratio), value: estimate.ratio };
}

function rangeText(interval: Interval | null | undefined): string {
  return interval && isTooWide(interval) ? 'too wide' : range(interval, formatNs);
}

/** What the signs of these levels mean. */
function notesOf(levels: readonly LoadLevel[]): string[] {
  const saturated = levels.filter(({ isSaturated }) => isSaturated).length;
  const late = levels.reduce((sum, { lateBlocks }) => sum + lateBlocks, 0);
  return [
    ...(saturated === 0
      ? []
      : [
          `${SATURATED} Saturated: requests arrive faster than they are answered, and latency grows for as long as they do. It has no ratio.`,
        ]),
    ...(late === 0
      ? []
      : [
          `${LATE} In ${count(late, 'level')} the harness sent more than 1 % of the requests late, because its CPU was busy with something else. They count in no figure of latency.`,
        ]),
  ];
}
