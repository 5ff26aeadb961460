/** The ratios of a session and of its reproduction side by side, and what became of each verdict. */

import type { Finding, ReproductionRow } from '../../bench/analysis/reproduction.ts';
import { grouped } from '../../bench/grouped.ts';
import { SUITE } from '../../bench/plan/suite.ts';
import type { Unavailable } from '../../bench/types.ts';
import type { HostDifference } from '../model/record.ts';
import { clean } from '../text.ts';
import { change, changeRange, joined, NO_FIGURE, ratioWords } from '../words.ts';
import { pairName } from './names.ts';
import { quickText } from './notes.ts';
import { type Cell, figures, list, type Row, type Section, tableSection, texts } from './section.ts';

export interface Reproduction {
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

/** With one workload the suite would say the same again. */
export function reproducedRows({ rows }: Reproduction): readonly ReproductionRow[] {
  const workloads = new Set(rows.map(({ workload }) => workload));
  return workloads.size > 2 ? rows : rows.filter(({ workload }) => workload !== SUITE);
}

/** Starts and idle instances have ratios without verdicts. */
export function isJudged(rows: readonly ReproductionRow[]): boolean {
  return rows.some(({ before, after }) => before?.verdict != null || after?.verdict != null);
}

export function bothRatios(rows: readonly ReproductionRow[]): Section {
  const what = isJudged(rows) ? 'Time ratios' : 'Ratios to the baseline';
  return tableSection(
    { id: 'ratios', title: `${what} then and now, with 95 % intervals` },
    {
      group: 'environment',
      columns: figures('workload', 'then', 'now', 'difference, %'),
      rows: pairRows(rows, ({ before, after, difference }) => [
        findingCell(before),
        findingCell(after),
        differenceCell(difference),
      ]),
      notes: ['difference: the ratio now over the ratio then'],
    },
  );
}

export function bothVerdicts(rows: readonly ReproductionRow[]): Section {
  const outcomes = { stands: 'confirmed', changed: 'CHANGED', open: 'undecided' } as const;
  return tableSection(
    { id: 'verdicts', title: 'Verdicts' },
    {
      group: 'environment',
      columns: texts('workload', 'then', 'now', 'outcome'),
      rows: pairRows(isJudged(rows) ? rows : [], ({ before, after, standing }) => [
        before?.verdict ?? NO_FIGURE,
        after?.verdict ?? NO_FIGURE,
        outcomes[standing],
      ]),
    },
  );
}

function pairRows(rows: readonly ReproductionRow[], cellsOf: (row: ReproductionRow) => Row['cells']): Row[] {
  return grouped(rows, ({ env, baseline }) => [env, baseline])
    .flat()
    .map((row) => ({ group: pairName(row), cells: [clean(row.workload, 40), ...cellsOf(row)] }));
}

function findingCell(finding: Finding | null): Cell {
  return finding === null ? NO_FIGURE : { show: joined(ratioWords(finding)), value: finding.timeRatio };
}

function differenceCell(difference: ReproductionRow['difference']): Cell {
  if (difference === null) return NO_FIGURE;
  const { ratio, interval } = difference;
  return { show: joined({ value: change(ratio), range: changeRange(interval) }), value: ratio };
}

export function reproductionNotes({ remarks }: Reproduction, rows: readonly ReproductionRow[]): Section {
  const few = rows.flatMap(({ after }) => (after === null ? [] : [after.blocks])).sort((a, b) => a - b)[0];
  return list('notes', 'Notes', [
    ...remarks.map((text) => clean(text)),
    ...(isJudged(rows)
      ? ['A verdict is confirmed when both sessions reach the same one, and undecided when one of them reaches none.']
      : []),
    'Difference: of the two logarithms, with the standard errors of both (Welch). Intervals are not adjusted for their number.',
    ...(few === undefined ? [] : quickText(few)),
  ]);
}
