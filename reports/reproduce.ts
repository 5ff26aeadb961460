/** A reproduction as text: the ratios of both sessions side by side, whether the verdicts stand, and how the hosts differ. */

import type { Finding, ReproductionRow } from '../bench/analysis/reproduction.ts';
import { SUITE } from '../bench/plan/suite.ts';
import type { Unavailable } from '../bench/types.ts';
import { type TableRow, tableLines } from './formats/text-table.ts';
import { differenceLines, type HostDifference } from './hosts.ts';
import { clean, wrap } from './text.ts';
import { NO_FIGURE } from './words.ts';

export interface ReproduceText {
  readonly program: string;
  /** Names of the two sessions. */
  readonly original: string;
  readonly session: string;
  readonly rows: readonly ReproductionRow[];
  readonly differences: readonly HostDifference[];
  /** Of the session, and can't run here. */
  readonly unavailable: readonly Unavailable[];
  /** That other bytes ran than in the original; null when they were the same. */
  readonly otherBytes: string | null;
  readonly remarks: readonly string[];
}

/** Pure; no line is wider than `width`. */
export function renderReproduce(result: ReproduceText, width = 80): string {
  const items = (texts: readonly string[]) => texts.flatMap((text) => wrap(text, width, '  '));
  const section = (title: string, body: readonly string[]) =>
    body.length === 0 ? [] : ['', ...wrap(title, width), ...body];
  // With one workload the suite would say the same again.
  const workloads = new Set(result.rows.map(({ workload }) => workload));
  const rows = workloads.size > 2 ? result.rows : result.rows.filter(({ workload }) => workload !== SUITE);
  return [
    ...wrap(
      `boxmark ${clean(result.program, 20)} · ${clean(result.session, 60)}, after ${clean(result.original, 60)}`,
      width,
      '  ',
    ),
    '',
    ...(result.otherBytes === null ? [] : [...items([clean(result.otherBytes)]), '']),
    ...items([answer(rows)]),
    ...section(
      `${isJudged(rows) ? 'Time ratios' : 'Ratios to the baseline'} with 95 % intervals, and the ratio now over the ratio then (%)`,
      tableLines(['', 'then', 'now', 'difference'], byPair(rows, ratioCells), width),
    ),
    ...section(
      'Verdicts',
      isJudged(rows) ? tableLines(['', 'then', 'now', 'it'], byPair(rows, verdictCells), width) : [],
    ),
    ...section(
      "Can't run here",
      items(
        result.unavailable.map(({ path, reason, remedy }) => `${clean(path)}: ${clean(reason)} Try: ${clean(remedy)}`),
      ),
    ),
    ...section('What differs between the hosts (then → now)', differenceLines(result.differences, width)),
    ...(result.differences.length === 0 ? ['', 'Nothing that is recorded differs between the hosts.'] : []),
    ...section('Read this with', items([...result.remarks.map((text) => clean(text)), ...notes(rows)])),
    '',
  ].join('\n');
}

function answer(rows: readonly ReproductionRow[]): string {
  if (rows.every(({ after }) => after === null)) return 'Nothing could be compared.';
  const count = (standing: ReproductionRow['standing']) => rows.filter((row) => row.standing === standing).length;
  const apart = rows.filter(({ difference }) => difference?.interval && excludesOne(difference.interval)).length;
  const known = rows.filter(({ difference }) => difference?.interval).length;
  const ratios = `${apart} of ${known} ratios differ from then by more than both sessions' noise.`;
  if (!isJudged(rows)) return ratios;
  return `Of ${rows.length} verdicts ${count('stands')} stand, ${count('changed')} changed, of ${count('open')} nothing can be told; ${ratios}`;
}

/** Starts and idle instances have ratios without verdicts. */
function isJudged(rows: readonly ReproductionRow[]): boolean {
  return rows.some(({ before, after }) => before?.verdict != null || after?.verdict != null);
}

function ratioCells({ workload, before, after, difference }: ReproductionRow): string[] {
  return [`  ${clean(workload, 40)}`, findingText(before), findingText(after), differenceText(difference)];
}

function verdictCells({ workload, before, after, standing }: ReproductionRow): string[] {
  const word = { stands: 'stands', changed: 'CHANGED', open: "can't tell" }[standing];
  return [`  ${clean(workload, 40)}`, before?.verdict ?? NO_FIGURE, after?.verdict ?? NO_FIGURE, word];
}

function findingText(finding: Finding | null): string {
  if (finding === null) return NO_FIGURE;
  const { timeRatio, interval } = finding;
  const digits = timeRatio >= 10 ? 2 : 3;
  const bracket = interval === null ? '' : ` [${interval.low.toFixed(digits)}, ${interval.high.toFixed(digits)}]`;
  return `${timeRatio.toFixed(digits)}${bracket}`;
}

function differenceText(difference: ReproductionRow['difference']): string {
  if (difference === null) return NO_FIGURE;
  const percent = (ratio: number) => {
    const value = (ratio - 1) * 100;
    return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)}`;
  };
  const { ratio, interval } = difference;
  return `${percent(ratio)}${interval === null ? '' : ` [${percent(interval.low)}, ${percent(interval.high)}]`}`;
}

function byPair(rows: readonly ReproductionRow[], cellsOf: (row: ReproductionRow) => readonly string[]): TableRow[] {
  const titles = new Map(
    rows.map((row) => [`${clean(row.env, 100)} over ${clean(row.baseline, 100)}`, [] as ReproductionRow[]]),
  );
  for (const row of rows) titles.get(`${clean(row.env, 100)} over ${clean(row.baseline, 100)}`)?.push(row);
  return [...titles].flatMap(([title, own]) => [
    { cells: [title], heading: true },
    ...own.map((row) => ({ cells: cellsOf(row) })),
  ]);
}

function notes(rows: readonly ReproductionRow[]): string[] {
  const texts = [
    ...(isJudged(rows)
      ? [
          'A verdict stands when both sessions came to the same word; nothing can be told when one of them decided nothing.',
        ]
      : []),
    'Difference: of the two logarithms, with the standard errors of both (Welch). Intervals are not adjusted for their number.',
  ];
  const few = rows.some(({ after }) => after !== null && after.blocks < 10);
  return few ? [...texts, 'quick: fewer than 10 blocks.'] : texts;
}

function excludesOne({ low, high }: { readonly low: number; readonly high: number }): boolean {
  return low > 1 || high < 1;
}
