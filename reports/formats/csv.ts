/** The contrasts of one or several sessions as one table for spreadsheets: a row each, sessions and hosts beside them. */

import type { ContrastRow } from '../model/model.ts';
import { neutral } from '../text.ts';
import type { Format, SessionReport } from './format.ts';

type Cell = string | number | boolean | null | undefined;

const COLUMNS: readonly (readonly [string, (row: ContrastRow, session: SessionReport) => Cell])[] = [
  ['session', (_, { model }) => model.session.id],
  ['host', (_, { model }) => model.session.host],
  ['env', ({ env }) => env],
  ['baseline', ({ baseline }) => baseline],
  ['workload', ({ workload }) => workload],
  ['blocks', ({ blocks }) => blocks],
  ['time_change_percent', ({ timeRatio }) => changePercent(timeRatio)],
  ['low_percent', ({ interval }) => changePercent(interval?.low)],
  ['high_percent', ({ interval }) => changePercent(interval?.high)],
  ['throughput_change_percent', ({ throughputChangePercent }) => rounded(throughputChangePercent)],
  ['verdict', (row, { model }) => (row.env === model.control.env ? 'control' : row.verdict)],
  ['total_percent', ({ total }) => changePercent(total?.ratio)],
  ['sustained_percent', ({ sustained }) => changePercent(sustained?.ratio)],
  ['intermittent', ({ intermittent }) => intermittent],
  ['seal', (_, { model }) => model.integrity.seal],
  ['warning', (_, { model }) => model.integrity.faults.map(neutral).join('; ')],
];

/** `report.csv`: unlike a session's `contrasts.csv` with the control, in percent, and over several sessions. */
function table(sessions: readonly SessionReport[]): string {
  const lines = sessions.flatMap((session) =>
    [...session.model.contrasts, ...session.model.control.rows].map((row) =>
      COLUMNS.map(([, cell]) => cellText(cell(row, session))).join(','),
    ),
  );
  const head = COLUMNS.map(([name]) => name).join(',');
  return `${[head, ...lines].join('\n')}\n`;
}

export const csv: Format = {
  name: 'csv',
  extension: 'csv',
  summary: 'Every contrast and the control as one table, a row each',
  audience: 'people',
  many: true,
  files: (sessions) => [{ name: 'report.csv', content: table(sessions) }],
};

/** RFC 4180; a text that a spreadsheet would run as a formula gets a sign in front that makes it a text. */
export function cellText(cell: Cell): string {
  if (cell === null || cell === undefined) return '';
  if (typeof cell !== 'string') return String(cell);
  const safe = /^[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20]/.test(cell) ? `'${cell}` : cell;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function changePercent(ratio: number | undefined): number | null {
  return ratio === undefined ? null : rounded((ratio - 1) * 100);
}

function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
