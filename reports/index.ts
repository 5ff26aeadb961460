/** The registry of reports: one line each. */

import { csv } from './csv.ts';
import { html } from './html.ts';
import { render as json } from './json.ts';
import { render as markdown } from './markdown.ts';
import type { ReportModel } from './model.ts';
import { png, svg } from './pictures.ts';
import type { Report } from './report.ts';
import { render as terminal } from './terminal.ts';

export const reports: readonly Report[] = [
  { name: 'terminal', extension: 'txt', summary: 'Plain text at 80 columns, the answer first', render: terminal },
  {
    name: 'json',
    extension: 'json',
    summary: 'Summary for programs, with a schema version',
    render: json,
    files: one('summary.json', json),
  },
  {
    name: 'md',
    extension: 'md',
    summary: "Markdown for a pull request's comment or a job's summary, the verdicts first",
    render: markdown,
    files: one('report.md', markdown),
  },
  { name: 'csv', extension: 'csv', summary: 'Every contrast and the control as one table, a row each', files: csv },
  {
    name: 'html',
    extension: 'html',
    summary: 'One page with charts, for people: self-contained, no network',
    files: html,
  },
  { name: 'png', extension: 'png', summary: 'Every chart as a picture', files: png },
  { name: 'svg', extension: 'svg', summary: 'Every chart as a vector picture', files: svg },
];

/** Files of a report that is about one session at a time: of several, each has its name in the file's. */
function one(name: string, render: (model: ReportModel) => string): NonNullable<Report['files']> {
  return async (sessions) =>
    sessions.map(({ model }) => ({
      name: sessions.length === 1 ? name : `${model.session.id}-${name}`,
      content: render(model),
    }));
}
