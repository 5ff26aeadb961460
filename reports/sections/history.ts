/** Figures over many sessions: where each changed, and for each machine its ratios and times. */

import { grouped } from '../../bench/grouped.ts';
import {
  type HistoryChange,
  type HistoryLine,
  type HistoryMachine,
  type HistoryModel,
  lineName,
  lineValue,
  pairOf,
} from '../model/history.ts';
import { clean } from '../text.ts';
import { changePercent, count, known, percent, plusMinus } from '../words.ts';
import { differenceText } from './differences.ts';
import {
  details,
  figures,
  list,
  name,
  type RichCell,
  type Row,
  type Section,
  type Table,
  type Text,
  texts,
} from './section.ts';
import { sparkline } from './sparkline.ts';

/** Columns of the small chart. */
/** Each session that has copies is a reason of its own. */
const MOST_REASONS = 12;
const SPARKLINE = 24;
const MOST_CHANGES = 30;

export function changes({ groups, margin }: HistoryModel): Section {
  const found = groups.flatMap((machine) =>
    machine.lines.flatMap((line) => {
      const where = { line: lineName(line), above: groups.length > 1 ? [machineName(machine)] : [] };
      const rows = line.changes.map((change) => changeRow(where, change, margin));
      return line.driftLog === null ? rows : [driftRow(where, machine, line, line.driftLog), ...rows];
    }),
  );
  const more = found.length - MOST_CHANGES;
  return {
    id: 'changes',
    title: 'Changes',
    weight: 'top',
    tables: [
      {
        id: 'change-rows',
        caption: 'Changes',
        columns: [...texts('figure'), ...figures('change'), ...texts('kind', 'from session')],
        rows: found.slice(0, MOST_CHANGES),
      },
    ],
    notes: more > 0 ? [`${more} more changes are left out here; --json has all of them.`] : [],
  };
}

interface Where {
  readonly line: string;
  readonly above: readonly Text[];
}

function changeRow({ line, above }: Where, change: HistoryChange, margin: number): Row {
  return {
    cells: [line, changeCell(change.changeLog), change.certain ? 'step' : 'possible step', name(change.after, 60)],
    below: [...above, ...changeNotes(change, margin)],
  };
}

function driftRow({ line, above }: Where, machine: HistoryMachine, { places }: HistoryLine, driftLog: number): Row {
  const first = machine.sessions[places[0] ?? 0]?.id ?? '';
  return { cells: [line, changeCell(driftLog), 'drift', name(first, 60)], below: [...above, DRIFT] };
}

const DRIFT = 'a steady change from the first session to the last; no session is its beginning';

function changeCell(log: number): RichCell {
  return { show: changePercent(Math.exp(log), 2), value: log };
}

function changeNotes({ changeLog, certain, differences }: HistoryChange, margin: number): Text[] {
  const isSmall = Math.abs(changeLog) <= Math.log1p(margin);
  return [
    ...(certain ? [] : ['sessions that wander slowly may look the same: more sessions will show']),
    ...(isSmall ? [`within the margin of ±${percent(margin)}`] : []),
    ...(differences.length === 0 ? ['no recorded difference between the hosts'] : differences.map(differenceText)),
  ];
}

/** `charts`: the name that its charts have in the document; `drawn`: how many of them there are. */
export function machine(group: HistoryMachine, id: string, drawn: { shown: number; wanted: number }): Section {
  const { fingerprint, sessions, measure, size, kernels, baseline } = group;
  const what = measure === undefined ? `size ${clean(size, 20)}, ${clean(kernels, 20)} kernels` : clean(measure, 200);
  const copies = copiesOfGroup(group);
  const [first, last] = [sessions[0], sessions.at(-1)].map((one) => dateOf(one?.startedAtMs ?? 0));
  return {
    id,
    title: machineName(group),
    weight: 'body',
    lead: [
      [
        `Hardware ${clean(fingerprint).slice(0, 8)}: ${count(sessions.length, 'session')}, ${first === last ? first : `${first} to ${last}`}; ${what}, ${copies === '' ? '' : `${copies}, `}baseline `,
        name(baseline, 60),
        '.',
      ],
    ],
    charts: [id],
    ...(drawn.shown < drawn.wanted
      ? { aboutCharts: `${drawn.shown} of ${drawn.wanted} charts are drawn; the tables have every figure.` }
      : {}),
    tables: [
      ...(measure === undefined
        ? [
            linesTable(group, 'ratio', `${id}-ratios`, 'Time ratios within each session (a slower host cancels out)'),
            linesTable(group, 'time', `${id}-times`, 'Time per pass (a slower host moves it as well)'),
          ]
        : [
            linesTable(group, 'ratio', `${id}-ratios`, 'Ratios within each session (a slower host cancels out)'),
            linesTable(group, 'time', `${id}-times`, 'Typical times (a slower host moves them as well)'),
            linesTable(group, 'size', `${id}-sizes`, 'One more idle instance (another Node.js moves it as well)'),
          ].filter(({ rows }) => rows.length > 0)),
    ],
  };
}

function copiesOfGroup({ threads, ownThreads = [] }: HistoryMachine): string {
  const own = ownThreads.map((one) => `${count(one.threads, 'thread')} of ${clean(one.id, 60)}`);
  return [...(threads === 1 ? [] : [count(threads, 'thread')]), ...own].join(', ');
}

function linesTable(group: HistoryMachine, figure: HistoryLine['figure'], id: string, caption: string): Table {
  const own = group.lines.filter((line) => line.figure === figure);
  return {
    id,
    caption,
    group: 'environment',
    columns: [
      ...figures(group.measure === undefined ? 'workload' : 'figure', 'sessions', 'level', 'last', 'scatter'),
      { title: 'first … last' },
      ...details('changes'),
    ],
    rows: grouped(own, pairOf)
      .flat()
      .map((line) => ({ group: pairOf(line), cells: lineCells(line) })),
  };
}

/** The level since the last change; the scatter is the standard deviation about the levels. */
function lineCells(line: HistoryLine): Row['cells'] {
  const { workload, logs, levels, scatterLog, searched, driftLog } = line;
  const [level, last] = [levels.at(-1)?.meanLog ?? 0, logs.at(-1) ?? 0];
  const places = line.changes.map(({ at }) => at);
  return [
    clean(workload, 60),
    { show: String(logs.length), value: logs.length },
    { show: lineValue(line, level), value: level },
    { show: lineValue(line, last), value: last },
    { show: known(scatterLog, (log) => plusMinus(Math.expm1(log), 1)), value: scatterLog },
    sparkline(logs, places, SPARKLINE),
    {
      show: !searched ? 'too few sessions' : driftLog === null ? String(places.length) : 'drift',
      value: places.length,
    },
  ];
}

export function leftOutOfHistory({ leftOut, untrusted }: HistoryModel): Section {
  return list('left-out', 'Left out', [
    ...leftOut.slice(0, MOST_REASONS).map(({ why, dirs }): Text => {
      const more = dirs.length > 1 ? ', …' : '';
      return [`${count(dirs.length, 'session')}: ${clean(why, 200)} (`, name(dirs[0] ?? ''), `${more})`];
    }),
    ...(leftOut.length > MOST_REASONS ? [`sessions for ${count(leftOut.length - MOST_REASONS, 'more reason')}`] : []),
    ...(untrusted === 0 ? [] : [`${count(untrusted, 'ratio')} that the session itself calls untrusted`]),
  ]);
}

export function historyNotes({ groups }: HistoryModel): Section {
  const lines = groups.flatMap(({ lines: all }) => all);
  const unsearched = lines.filter(({ searched }) => !searched).length;
  return list('notes', 'Notes', [
    ...(unsearched > 0 ? [`${count(unsearched, 'figure')} not searched for changes: fewer than 12 sessions.`] : []),
    ...(groups.length > 1
      ? [
          'Machines, kinds of measurement, sizes, kernels, threads and baselines that differ are kept apart: their figures are never joined.',
        ]
      : []),
    ...(lines.some((line) => line.changes.length > 0)
      ? [
          'A change shows that the sessions before and after it differ, not why. The suite is the mean of the others and changes with them.',
        ]
      : []),
    ...(lines.length > 0 && lines.every(({ figure, measure }) => figure === 'ratio' && measure === undefined)
      ? ['These sessions were written before times per pass were kept in contrasts.csv.']
      : []),
  ]);
}

function machineName({ cpuModel, fingerprint }: HistoryMachine): string {
  return `${clean(cpuModel, 60) || 'unknown CPU'} (${clean(fingerprint).slice(0, 8)})`;
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
