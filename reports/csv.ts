/** The contrasts of one or several sessions as one table for spreadsheets: a row each, sessions and hosts beside them. */

import type { ContrastRow } from '../bench/analysis/contrast/ratio.ts';
import type { ReportFile, ReportSession } from './report.ts';

type Cell = string | number | boolean | null | undefined;

const COLUMNS: readonly (readonly [string, (row: ContrastRow, session: ReportSession) => Cell])[] = [
  ['session', (_, { model }) => model.session.id],
  ['host', (_, { model }) => model.session.host],
  ['env', ({ env }) => env],
  ['baseline', ({ baseline }) => baseline],
  ['workload', ({ workload }) => workload],
  ['blocks', ({ blocks }) => blocks],
  ['time_change_percent', ({ timeRatio }) => percent(timeRatio)],
  ['low_percent', ({ interval }) => percent(interval?.low)],
  ['high_percent', ({ interval }) => percent(interval?.high)],
  ['throughput_change_percent', ({ throughputChangePercent }) => rounded(throughputChangePercent)],
  ['verdict', (row, { model }) => (row.env === model.control.env ? 'control' : row.verdict)],
  ['total_percent', ({ total }) => percent(total?.ratio)],
  ['sustained_percent', ({ sustained }) => percent(sustained?.ratio)],
  ['intermittent', ({ intermittent }) => intermittent],
];

/** `report.csv`: unlike a session's `contrasts.csv` with the control, in percent, and over several sessions. */
export async function csv(sessions: readonly ReportSession[]): Promise<readonly ReportFile[]> {
  const lines = sessions.flatMap((session) =>
    [...session.model.contrasts, ...session.model.control.rows].map((row) =>
      COLUMNS.map(([, cell]) => cellText(cell(row, session))).join(','),
    ),
  );
  const head = COLUMNS.map(([name]) => name).join(',');
  return [{ name: 'report.csv', content: `${[head, ...lines].join('\n')}\n` }];
}

/** RFC 4180; a text that a spreadsheet would run as a formula gets a sign in front that makes it a text. */
function cellText(cell: Cell): string {
  if (cell === null || cell === undefined) return '';
  if (typeof cell !== 'string') return String(cell);
  const safe = /^[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20]/.test(cell) ? `'${cell}` : cell;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function percent(ratio: number | undefined): number | null {
  return ratio === undefined ? null : rounded((ratio - 1) * 100);
}

function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
