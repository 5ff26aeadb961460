/** A candidate against a baseline: a row for each figure, why some have no verdict, and what else differs. */

import type { GatePower } from '../../bench/analysis/gate-power.ts';
import { type GateReason, type GateVerdict, LEAST_SESSIONS, type PairedRow } from '../../bench/analysis/regression.ts';
import type { StoredRow } from '../../bench/analysis/stored-gate.ts';
import { grouped } from '../../bench/grouped.ts';
import type { Estimate } from '../../bench/types.ts';
import type { HostDifference } from '../model/record.ts';
import { clean } from '../text.ts';
import {
  changePercent,
  count,
  figureOf,
  known,
  NO_FIGURE,
  percent,
  percentDigits,
  plusMinus,
  ratioWords,
  sentence,
} from '../words.ts';
import { figures, list, name, type RichCell, type Row, type Section, type Text, tableSection } from './section.ts';
import { reasonText } from './verdicts.ts';

interface ComparedSides {
  readonly program: string;
  readonly margin: number;
  readonly gate: 'regressed' | 'passed' | 'no verdict';
  /** Names of the sessions on both sides. */
  readonly baseline: readonly string[];
  readonly candidate: readonly string[];
  readonly differences: readonly HostDifference[];
  readonly leftOut: readonly { readonly dir: string; readonly why: string }[];
  readonly remarks: readonly string[];
}

export type Comparison = ComparedSides &
  (
    | { readonly mode: 'paired'; readonly rows: readonly PairedRow[] }
    | {
        readonly mode: 'stored';
        /** What was measured, where that is not workloads. */
        readonly measure?: string;
        readonly rows: readonly StoredRow[];
        /** Times per pass, which a slower host moves as well: shown, not judged. */
        readonly times: readonly StoredRow[];
        /** What these sessions can find; null where no figure could be tested. */
        readonly power: GatePower | null;
        /** Why it is not paired. */
        readonly why: string;
      }
  );

export function comparedFigures(result: Comparison): Section {
  return result.mode === 'paired' ? pairedFigures(result.rows) : storedFigures(result.rows, result.measure);
}

function pairedFigures(rows: readonly PairedRow[]): Section {
  const confirming = rows.some(({ confirmation }) => confirmation !== null);
  return tableSection(
    { id: 'figures', title: 'Time ratios of candidate over baseline, run here side by side' },
    {
      group: 'environment',
      columns: figures(
        ...['workload', 'ratio', '95 % interval', 'throughput', ...(confirming ? ['again'] : []), 'verdict'],
      ),
      rows: figureRows(rows, ({ change, confirmation }) => [
        ...ratioCells(change),
        ...(confirming ? ratioCells(confirmation).slice(0, 1) : []),
      ]),
      notes: confirming ? ['again: the ratio in fresh blocks, of figures that were flagged'] : [],
    },
  );
}

function storedFigures(rows: readonly StoredRow[], measure: string | undefined): Section {
  const what = measure === undefined ? 'Time ratios' : `Ratios (${clean(measure, 20)})`;
  return tableSection(
    { id: 'figures', title: `${what} to the baseline environment of each side, means over sessions` },
    {
      group: 'environment',
      columns: figures(
        measure === undefined ? 'workload' : 'figure',
        'sessions',
        'baseline',
        'candidate',
        'change',
        'limit',
        'verdict',
      ),
      rows: figureRows(rows, (row) => [
        `${row.baselineSessions}+${row.candidateSessions}`,
        ratioCell(row.baselineLog),
        ratioCell(row.candidateLog),
        { show: changeText(row.changeLog), value: row.changeLog },
        { show: limitText(row.limitLog), value: row.limitLog },
      ]),
      notes: ['limit: how far chance moves a session in 95 % of cases'],
    },
  );
}

function figureRows<R extends PairedRow | StoredRow>(rows: readonly R[], cellsOf: (row: R) => Row['cells']): Row[] {
  return grouped(rows, ({ env }) => env)
    .flat()
    .map((row) => ({
      group: name(row.env),
      cells: [clean(row.workload, 60), ...cellsOf(row), verdictCell(row.verdict)],
    }));
}

function verdictCell(verdict: GateVerdict): RichCell {
  const isMarked = verdict === 'regressed' || verdict === 'improved';
  return { show: verdict, ...(isMarked ? { tone: verdict } : {}) };
}

function ratioCells(estimate: Estimate | null): Row['cells'] {
  if (estimate === null) return [NO_FIGURE, NO_FIGURE, NO_FIGURE];
  const figure = figureOf(estimate);
  const { value, range } = ratioWords(figure);
  const throughput = changePercent(1 / figure.timeRatio, percentDigits(figure));
  return [{ show: value, value: figure.timeRatio }, range ?? NO_FIGURE, throughput];
}

function ratioCell(log: number | null): RichCell {
  return { show: known(log, (it) => Math.exp(it).toFixed(it > Math.log(10) ? 2 : 4)), value: log };
}

function changeText(log: number | null): string {
  return known(log, (it) => changePercent(Math.exp(it)));
}

function limitText(log: number | null): string {
  return known(log, (it) => plusMinus(Math.expm1(it), 1));
}

/** One line for each reason, with all it applies to. */
export function undecided({ rows }: Comparison): Section {
  const open = (rows as readonly (PairedRow | StoredRow)[])
    .filter(({ verdict }) => verdict === 'no verdict')
    .map((row) => ({ ...row, why: row.reasons.map(gateReasonText).join('; ') }));
  return list(
    'no-verdict',
    'No verdict',
    grouped(open, ({ why }) => why).map((same) => {
      const figures = grouped(same, ({ env }) => env).map((own) => {
        const workloads = own.map(({ workload }) => clean(workload, 40));
        return `${clean(own[0]?.env ?? '', 60)} on ${workloads.join(', ')}`;
      });
      return `${figures.join('; ')}: ${sentence(same[0]?.why ?? '')}`;
    }),
  );
}

function gateReasonText(reason: GateReason): string {
  switch (reason.kind) {
    case 'few-sessions':
      return `${count(reason.sessions, 'baseline session')}, ${LEAST_SESSIONS} are needed`;
    case 'no-figure':
      return 'the candidate has no figure';
    case 'no-spread':
      return 'the baseline sessions do not differ at all, so nothing shows how much sessions vary';
    case 'one-block':
      return 'the candidate has one block, two are needed';
    case 'within-spread':
      return 'beyond the margin, but sessions differ that much by chance';
    case 'not-shown-unchanged':
      return 'the change is within the margin, but change ± limit is not';
    case 'not-past-margin':
      return 'significant, but not shown to exceed the margin';
    case 'not-confirmed':
      return `regressed at first, but ${reason.verdict} in fresh blocks`;
    case 'unavailable':
      return `can't run here: ${clean(reason.why, 200)}`;
    default:
      return reasonText([reason]);
  }
}

/** A missing regression says only as much as the sessions could have shown. */
export function comparedPower(result: Comparison): Section {
  const power = result.mode === 'stored' ? result.power : null;
  return list('power', 'What these sessions can show', power === null ? [] : powerText(power));
}

function powerText(power: GatePower): string[] {
  const { baselineSessions, candidateSessions, figures, scatterLog, change, found, reliable, unchanged } = power;
  const sides = `${count(baselineSessions, 'baseline session')} and ${count(candidateSessions, 'session')} of the candidate`;
  const among = figures === 1 ? '' : ` in one of ${figures} figures`;
  const least = reliable === null ? 'Not even a tenfold change' : `A change of ${rounded(reliable, 3)}${among}`;
  return [
    `With ${sides}, which scatter by ${rounded(Math.expm1(scatterLog), 3)}, a change of ${percent(change)}${among} is found in ${rounded(found, 2)} of cases.`,
    `${least} is found in 80 % of cases.`,
    `A figure that did not change is called unchanged in ${rounded(unchanged, 2)} of cases; in the others it has no verdict.`,
  ];
}

function rounded(share: number, digits: number): string {
  return percent(Number(share.toFixed(digits)));
}

/** Advice only: what a slower host moves as well decides nothing. */
export function comparedTimes(result: Comparison): Section {
  const times = result.mode === 'stored' ? result.times : [];
  const flagged = times.filter(({ verdict }) => verdict === 'regressed' || verdict === 'improved');
  const isTested = times.some(({ pValue }) => pValue !== null);
  return list(
    'times',
    `${isOfKind(result) ? 'Times and sizes themselves' : 'Time per pass'} (advisory: a slower host moves ${isOfKind(result) ? 'them' : 'it'} as well)`,
    isTested && flagged.length === 0
      ? [isOfKind(result) ? 'Each is within its limit.' : 'Every time is within its limit.']
      : flagged.map(
          ({ env, workload, changeLog, limitLog }) =>
            `${clean(env, 60)} on ${clean(workload, 40)}: ${changeText(changeLog)}, limit ${limitText(limitLog)}.`,
        ),
  );
}

function isOfKind(result: Comparison): boolean {
  return result.mode === 'stored' && result.measure !== undefined;
}

export function leftOutSessions({ leftOut }: Comparison): Section {
  return list(
    'left-out',
    'Left out',
    leftOut.map(({ dir, why }): Text => [name(dir), `: ${clean(why)}`]),
  );
}

export function comparisonNotes(result: Comparison): Section {
  const own =
    result.mode === 'paired'
      ? [
          "Both images ran on today's kernel and engines: only what is in them is compared. " +
            'Other differences between the sessions are not in these figures.',
        ]
      : [
          `Stored sessions are compared, because ${clean(result.why)}.`,
          'The verdicts are adjusted for the number of figures (Holm); the limits are not.',
          `A ratio to the baseline environment does not show what slows all environments alike: see the ${isOfKind(result) ? 'times' : 'time per pass'}.`,
        ];
  return list('notes', 'Notes', [...own, ...result.remarks.map((text) => clean(text))]);
}
