/** How a session stands, in one line for each environment. */

import type { RatioRow } from '../../bench/analysis/reproduction.ts';
import { SUITE } from '../../bench/plan/suite.ts';
import { clean, cut, padEnd, padStart } from '../../reports/text.ts';
import { ratioWords } from '../../reports/words.ts';

/** What stands for an environment where there is such a row. */
const LEADS = [SUITE, 'first-instruction, warm'];
const NAME_COLUMNS = 40;

/** At most `most` lines of at most `columns` columns. */
export function standingLines(
  rows: readonly RatioRow[],
  { columns, most }: { readonly columns: number; readonly most: number },
): string[] {
  const chosen = leadingRows(rows);
  const width = Math.max(0, ...chosen.map(({ env }) => clean(env, NAME_COLUMNS).length));
  const lines = chosen.map((row) => cut(lineOf(row, width), columns));
  if (lines.length <= most) return lines;
  const shown = Math.max(0, most - 1);
  return [...lines.slice(0, shown), cut(`… and ${lines.length - shown} more`, columns)].slice(0, Math.max(0, most));
}

/** Of each environment a pair that was asked for, else the one against the baseline; without a suite, the furthest from 1. */
function leadingRows(rows: readonly RatioRow[]): RatioRow[] {
  const lead = LEADS.find((name) => rows.some(({ workload }) => workload === name));
  const chosen = new Map<string, RatioRow>();
  for (const row of rows) {
    const known = chosen.get(row.env);
    if (lead !== undefined && row.workload !== lead) continue;
    // Pairs that were asked for come after those with the baseline.
    if (known === undefined || known.baseline !== row.baseline || distance(row) > distance(known))
      chosen.set(row.env, row);
  }
  return [...chosen.values()];
}

function distance({ timeRatio }: RatioRow): number {
  return Math.abs(Math.log(timeRatio));
}

function lineOf(row: RatioRow, width: number): string {
  const { value, range } = ratioWords(row);
  const where = row.workload === SUITE ? '' : ` on ${clean(row.workload, NAME_COLUMNS)}`;
  const pair = `× ${clean(row.baseline, NAME_COLUMNS)}${where}`;
  const head = `${padEnd(clean(row.env, NAME_COLUMNS), width)}  ${padStart(value, 6)}`;
  if (range === null) return `${head} ${pair}; an interval needs two blocks`;
  return `${head} ${range} ${pair}${row.verdict === null ? '' : `: ${row.verdict}`}`;
}
