/** A comparison of a candidate with a baseline as text: the answer, a row for each figure, and what to read it with. */

import type { Gated, GateReason, PairedRow, StoredRow } from '../bench/analysis/regression.ts';
import { LEAST_SESSIONS } from '../bench/analysis/regression.ts';
import type { Estimate } from '../bench/types.ts';
import { formatChange } from '../bench/units.ts';
import { type TableRow, tableLines } from './formats/text-table.ts';
import { differenceLines, type HostDifference } from './hosts.ts';
import { reasonText } from './sections/verdicts.ts';
import { clean, wrap } from './text.ts';
import { NO_FIGURE, percent, percentDigits, ratioDigits } from './words.ts';

interface CompareBase {
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

export type CompareText = CompareBase &
  (
    | { readonly mode: 'paired'; readonly rows: readonly PairedRow[] }
    | {
        readonly mode: 'stored';
        readonly rows: readonly StoredRow[];
        /** Times per pass, which a slower host moves as well: told, not judged. */
        readonly times: readonly StoredRow[];
        /** Why it is not paired. */
        readonly why: string;
      }
  );

/** Pure; no line is wider than `width`. */
export function renderCompare(result: CompareText, width = 80): string {
  const items = (texts: readonly string[]) => texts.flatMap((text) => wrap(text, width, '  '));
  const section = (title: string, body: readonly string[]) =>
    body.length === 0 ? [] : ['', ...wrap(title, width), ...body];
  const margin = `margin ±${percent(result.margin)}`;
  return [
    ...wrap(`boxmark ${clean(result.program, 20)} · compare, ${result.mode} · ${margin}`, width, '  '),
    ...items([`baseline: ${names(result.baseline)}`, `candidate: ${names(result.candidate)}`]),
    '',
    ...items([compareAnswer(result)]),
    ...(result.mode === 'paired'
      ? section(
          'Candidate over baseline, run here side by side: time ratio with 95 % interval',
          pairedLines(result.rows, width),
        )
      : section(
          'Time ratios to the own baseline environment, means over sessions; limit: what chance moves a session by in 95 % of cases',
          storedLines(result.rows, width),
        )),
    ...section('No verdict', items(openTexts(result.rows))),
    ...(result.mode === 'stored'
      ? section('Time per pass, advisory: a slower host moves it as well', items(timeTexts(result.times)))
      : []),
    ...section(
      'What differs between the two, or the later sessions of each side',
      differenceLines(result.differences, width),
    ),
    ...section('Left out', items(result.leftOut.map(({ dir, why }) => `${clean(dir, 160)}: ${clean(why)}`))),
    ...section('Read this with', items(compareNotes(result))),
    '',
  ].join('\n');
}

export function compareAnswer({ gate, rows }: CompareText): string {
  const of = (verdict: Gated['verdict']) => rows.filter((row) => row.verdict === verdict);
  const list = (some: readonly { env: string; workload: string }[]) => {
    const named = some.slice(0, 6).map(({ env, workload }) => `${clean(env, 60)} on ${clean(workload, 40)}`);
    return named.join(', ') + (some.length > 6 ? ` and ${some.length - 6} more` : '');
  };
  const others = (['improved', 'unchanged', 'no verdict'] as const)
    .filter((verdict) => of(verdict).length > 0)
    .map((verdict) => `${of(verdict).length} ${verdict === 'no verdict' ? 'without a verdict' : verdict}`)
    .join(', ');
  const total = `${rows.length} ${rows.length === 1 ? 'figure' : 'figures'}`;
  if (gate === 'regressed') {
    const regressed = of('regressed');
    return `REGRESSED: ${regressed.length} of ${total}: ${list(regressed)}${others === '' ? '' : `; ${others}`}.`;
  }
  if (rows.length === 0) return 'NO VERDICT: the sessions have no figure in common.';
  if (gate === 'no verdict') return `NO VERDICT, and so no pass: no regression is shown among ${total}: ${others}.`;
  return `No regression among ${total}: ${others}.`;
}

function pairedLines(rows: readonly PairedRow[], width: number): string[] {
  const confirming = rows.some(({ confirmation }) => confirmation !== null);
  const head = ['', 'ratio', '95 % interval', 'throughput', ...(confirming ? ['again'] : []), 'verdict'];
  return tableLines(
    head,
    byEnvironment(rows, ({ workload, change, confirmation, verdict }) => [
      `  ${clean(workload, 40)}`,
      ...ratioCells(change),
      ...(confirming ? [confirmation === null ? NO_FIGURE : (ratioCells(confirmation)[0] ?? '')] : []),
      verdict,
    ]),
    width,
  );
}

function ratioCells(estimate: Estimate | null): string[] {
  if (estimate === null) return [NO_FIGURE, NO_FIGURE, NO_FIGURE];
  const { ratio, interval } = estimate;
  const figure = { timeRatio: ratio, interval };
  const digits = ratioDigits(figure);
  const bracket = interval === null ? NO_FIGURE : `[${interval.low.toFixed(digits)}, ${interval.high.toFixed(digits)}]`;
  return [ratio.toFixed(digits), bracket, formatChange(1 / ratio, percentDigits(figure))];
}

function storedLines(rows: readonly StoredRow[], width: number): string[] {
  const ratio = (log: number | null) => (log === null ? NO_FIGURE : Math.exp(log).toFixed(log > Math.log(10) ? 2 : 4));
  return tableLines(
    ['', 'sessions', 'baseline', 'candidate', 'change', 'limit', 'verdict'],
    byEnvironment(rows, (row) => [
      `  ${clean(row.workload, 40)}`,
      `${row.baselineSessions}+${row.candidateSessions}`,
      ratio(row.baselineLog),
      ratio(row.candidateLog),
      row.changeLog === null ? NO_FIGURE : changeText(row.changeLog),
      row.limitLog === null ? NO_FIGURE : `±${(Math.expm1(row.limitLog) * 100).toFixed(1)} %`,
      row.verdict,
    ]),
    width,
  );
}

function byEnvironment<R extends { readonly env: string }>(
  rows: readonly R[],
  cellsOf: (row: R) => readonly string[],
): TableRow[] {
  return [...new Set(rows.map(({ env }) => env))].flatMap((env) => [
    { cells: [clean(env, 160)], heading: true },
    ...rows.filter((row) => row.env === env).map((row) => ({ cells: cellsOf(row) })),
  ]);
}

/** One line for each reason, with all it applies to. */
export function openTexts(rows: readonly (Gated & { readonly env: string; readonly workload: string })[]): string[] {
  const groups = new Map<string, Map<string, string[]>>();
  for (const { env, workload, reasons, verdict } of rows) {
    if (verdict !== 'no verdict') continue;
    const why = reasons.map(gateReasonText).join('; ') || 'nothing was measured';
    const envs = groups.get(why) ?? new Map<string, string[]>();
    groups.set(why, envs);
    envs.set(env, [...(envs.get(env) ?? []), clean(workload, 40)]);
  }
  return [...groups].map(([why, envs]) => {
    const cells = [...envs].map(([env, workloads]) => `${clean(env, 60)} on ${workloads.join(', ')}`);
    return `${cells.join('; ')}: ${why}.`;
  });
}

function gateReasonText(reason: GateReason): string {
  switch (reason.kind) {
    case 'few-sessions':
      return `${reason.sessions} baseline ${reason.sessions === 1 ? 'session' : 'sessions'}, ${LEAST_SESSIONS} are needed`;
    case 'no-figure':
      return 'the candidate has no figure';
    case 'within-spread':
      return 'beyond the margin, but baseline sessions differ that much by chance';
    case 'not-past-margin':
      return 'a difference is sure, that it is past the margin is not';
    case 'not-confirmed':
      return `regressed at first, but fresh blocks say: ${reason.verdict}`;
    case 'unavailable':
      return `can't run here: ${clean(reason.why, 200).replace(/\.$/, '')}`;
    default:
      return reasonText([reason]);
  }
}

function timeTexts(times: readonly StoredRow[]): string[] {
  const flagged = times.filter(({ verdict }) => verdict === 'regressed' || verdict === 'improved');
  if (times.every(({ pValue }) => pValue === null)) return [];
  if (flagged.length === 0) return ['Nothing is outside its limit.'];
  return flagged.map(
    ({ env, workload, changeLog, limitLog }) =>
      `${clean(env, 60)} on ${clean(workload, 40)}: ${changeText(changeLog ?? 0)}, limit ±${(Math.expm1(limitLog ?? 0) * 100).toFixed(1)} %.`,
  );
}

export function compareNotes(result: CompareText): string[] {
  const remarks = result.remarks.map((text) => clean(text));
  if (result.mode === 'paired') {
    return [
      'Both images ran on the kernel and the engines of today: only Node.js, its libraries and the payload are compared. Other differences of the sessions are not in these figures.',
      ...remarks,
    ];
  }
  return [
    `Stored sessions are compared, because ${clean(result.why)}.`,
    'The limits are not adjusted for the number of figures, the verdicts are (Holm).',
    'A ratio to the baseline environment does not show what slows all environments alike: see the time per pass.',
    ...remarks,
  ];
}

function changeText(log: number): string {
  return formatChange(Math.exp(log), 1);
}

function names(sessions: readonly string[]): string {
  const last = clean(sessions.at(-1) ?? 'none', 100);
  return sessions.length < 2 ? last : `${sessions.length} sessions, the last one ${last}`;
}
