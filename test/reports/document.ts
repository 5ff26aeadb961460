/** A session's document in the formats that tests look at, and its sections as data. */

import { sessionDocument } from '../../reports/documents/session.ts';
import type { Format, SessionReport } from '../../reports/formats/format.ts';
import { markdownText } from '../../reports/formats/markdown.ts';
import { type TerminalOptions, terminalText } from '../../reports/formats/terminal.ts';
import type { ReportModel } from '../../reports/model/model.ts';
import { inlines, plain, richCell, type Section, type Table } from '../../reports/sections/section.ts';

export function terminalOf(model: ReportModel, options: TerminalOptions = {}): string {
  return terminalText(sessionDocument(model), options);
}

export function markdownOf(model: ReportModel): string {
  return markdownText(sessionDocument(model));
}

/** The text of a format of one file. */
export function textOf(format: Format, models: readonly ReportModel[]): string {
  const files = format.files(models.map(reportOf));
  if (files instanceof Promise || files.length !== 1) throw new Error(`${format.name} makes no single text`);
  return String(files[0]?.content);
}

export function reportOf(model: ReportModel): SessionReport {
  return { model, base: '..' };
}

/** The notes of a section as texts. */
export function notesOf({ notes = [] }: Section): string[] {
  return notes.map(plain);
}

/** Rows of a section's tables as texts, the group first where there is one. */
export function rowsOf({ tables = [] }: Section): string[][] {
  return tables.flatMap(cellsOf);
}

export function cellsOf({ rows }: Pick<Table, 'rows'>): string[][] {
  return rows.map(({ group, cells }) =>
    [...(group === undefined ? [] : [group]), ...cells].map((cell) => {
      const { show, sign } = richCell(cell);
      return sign === undefined ? plain(show) : `${plain(inlines(show))} ${sign}`;
    }),
  );
}
