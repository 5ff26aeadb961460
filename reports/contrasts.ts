/** The tables of contrasts on a terminal: typical ratios with their verdicts, and sums where they say otherwise. */

import type { ContrastRow } from '../bench/analysis/contrast/ratio.ts';
import { halfWidthLog } from '../bench/analysis/stats/precision.ts';
import { hasSuite, SUITE } from '../bench/plan/suite.ts';
import type { Estimate } from '../bench/types.ts';
import { formatChange } from '../bench/units.ts';
import type { ReportModel } from './model.ts';
import { type TableRow, tableLines } from './table.ts';
import { clean, wrap } from './text.ts';
import { verdictCell, verdictMarks } from './verdicts.ts';
import { environmentTitle, percentDigits, ratioDigits } from './wording.ts';

const NO_FIGURE = '–';

/** Typical ratios, pair by pair, and what the marks of the verdicts stand for. */
export function contrastLines(model: ReportModel, rows: readonly ContrastRow[], width: number): string[] {
  if (rows.length === 0) return [];
  const head = ['', 'time ratio', '95 % interval', 'throughput', 'blocks', 'verdict'];
  const marks = verdictMarks(rows, model.margin).flatMap((mark) => wrap(mark, width, '  '));
  return [...tableLines(head, pairRows(model, rows, contrastCells), width), ...marks];
}

/**
 * Ratios of sums in rows where one differs from the typical ratio by more than its own half-width, or where time is
 * lost now and then.
 */
export function sumLines(model: ReportModel, width: number): string[] {
  const rows = [...model.contrasts, ...model.control.rows].filter(
    (row) => row.intermittent || isElsewhere(row, row.total) || isElsewhere(row, row.sustained),
  );
  if (rows.length === 0) return [];
  const marks = rows.some(({ intermittent }) => intermittent)
    ? wrap('~ intermittent: time is lost now and then, which typical bursts do not show', width, '  ')
    : [];
  return [...tableLines(['', 'measured bursts', 'long visits'], pairRows(model, rows, sumCells), width), ...marks];
}

function pairRows(
  model: ReportModel,
  rows: readonly ContrastRow[],
  cellsOf: (row: ContrastRow) => readonly string[],
): TableRow[] {
  const lines: TableRow[] = [];
  let group = '';
  for (const row of rows) {
    if (row.workload === SUITE && !hasSuite(model.session.plan)) continue;
    const key = JSON.stringify([row.env, row.baseline]);
    if (key !== group) lines.push({ cells: [pairTitle(model, row)], heading: true });
    group = key;
    lines.push({ cells: cellsOf(row) });
  }
  return lines;
}

function contrastCells(row: ContrastRow): string[] {
  const digits = ratioDigits(row);
  const interval = row.interval
    ? `[${row.interval.low.toFixed(digits)}, ${row.interval.high.toFixed(digits)}]`
    : NO_FIGURE;
  return [
    `  ${clean(row.workload, 40)}`,
    row.timeRatio.toFixed(digits),
    interval,
    formatChange(1 / row.timeRatio, percentDigits(row)),
    String(row.blocks),
    verdictCell(row),
  ];
}

function sumCells(row: ContrastRow): string[] {
  const name = `  ${clean(row.workload, 40)}${row.intermittent ? ' ~' : ''}`;
  return [name, estimateText(row.total), estimateText(row.sustained)];
}

function estimateText(estimate: Estimate | null): string {
  if (estimate === null) return NO_FIGURE;
  const { ratio, interval } = estimate;
  const digits = ratioDigits({ timeRatio: ratio, interval });
  const range = interval === null ? '' : ` [${interval.low.toFixed(digits)}, ${interval.high.toFixed(digits)}]`;
  return `${ratio.toFixed(digits)}${range}`;
}

function isElsewhere(row: ContrastRow, sum: Estimate | null): boolean {
  if (sum?.interval == null) return false;
  return Math.abs(Math.log(sum.ratio / row.timeRatio)) > halfWidthLog(sum.interval);
}

function pairTitle(model: ReportModel, row: ContrastRow): string {
  const environment = model.environments.find(({ path }) => path === row.env);
  if (row.baseline !== model.session.plan.baseline) return `${clean(row.env, 160)} against ${clean(row.baseline, 160)}`;
  return environment ? environmentTitle(environment) : clean(row.env, 160);
}
