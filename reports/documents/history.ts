/** The figures of many sessions over time. */

import { isSuite } from '../../bench/plan/suite.ts';
import { historyChart } from '../charts/history.ts';
import type { HistoryLine, HistoryMachine, HistoryModel } from '../model/history.ts';
import { changes, historyNotes, leftOutOfHistory, machine } from '../sections/history.ts';
import { name } from '../sections/section.ts';
import { clean } from '../text.ts';
import { count, WIDE } from '../words.ts';
import type { Document } from './document.ts';

/** Of a machine: a page stays readable, and of some megabytes at the most. */
const MOST_CHARTS = 24;

export function historyDocument(model: HistoryModel): Document {
  const machines = model.groups.map((group, index) => ({ group, id: `m${index + 1}`, wanted: chartedLines(group) }));
  const sessions = model.groups.reduce((sum, group) => sum + group.sessions.length, 0);
  return {
    kind: 'Boxmark history',
    about: [
      [
        `boxmark ${clean(model.program, 20)} · history of `,
        name(model.folder, 200),
        ` · ${count(sessions, 'session')}`,
      ],
    ],
    answer: answerOf(model, sessions),
    lead: [
      'Steps and drift that sessions which wander by themselves show in at most 1 % of series, from twelve sessions ' +
        'on: advice, not a verdict. Ratios are those ' +
        'within each session, so a slower host cancels out; it moves times as well.',
    ],
    sections: [
      changes(model),
      ...machines.map(({ group, id, wanted }) =>
        machine(group, id, { shown: Math.min(MOST_CHARTS, wanted.length), wanted: wanted.length }),
      ),
      leftOutOfHistory(model),
      historyNotes(model),
    ],
    charts: (of) =>
      machines
        .filter(({ id }) => id === of)
        .flatMap(({ group, id, wanted }) =>
          wanted.slice(0, MOST_CHARTS).map((line, index) => historyChart(group, line, `${id}-c${index + 1}`, WIDE)),
        ),
  };
}

function answerOf({ groups }: HistoryModel, sessions: number): string {
  const lines = groups.flatMap((group) => group.lines);
  const steps = lines.flatMap((line) => line.changes);
  const certain = steps.filter((step) => step.certain).length;
  const drifts = lines.filter(({ driftLog }) => driftLog !== null).length;
  const all = count(sessions, 'session');
  const found = [
    ...(certain > 0 ? [count(certain, 'change')] : []),
    ...(drifts > 0 ? [count(drifts, 'drift')] : []),
    ...(steps.length > certain ? [count(steps.length - certain, 'possible change')] : []),
  ];
  if (found.length > 0) return `${found.join(', ')} in ${all}.`;
  return lines.some(({ searched }) => searched) ? `No change in ${all}.` : `${all}: too few to look for changes.`;
}

/** The suite of every pair, or all its workloads where there is none; and whatever changed. */
function chartedLines({ lines }: HistoryMachine): HistoryLine[] {
  const ratios = lines.filter(({ figure }) => figure === 'ratio');
  const hasSuite = ratios.some(({ workload }) => isSuite(workload));
  const isLead = (line: HistoryLine) => line.figure === 'ratio' && (!hasSuite || isSuite(line.workload));
  return [
    ...lines.filter(isLead),
    ...lines.filter((line) => !isLead(line) && (line.changes.length > 0 || line.driftLog !== null)),
  ];
}
