/** The registry of reports: one line each. */

import { csv } from './csv.ts';
import { html } from './html.ts';
import { render as json } from './json.ts';
import { render as markdown } from './markdown.ts';
import type { ReportModel } from './model.ts';
import { png, svg } from './pictures.ts';
import { type RenderOptions, render as terminal } from './terminal.ts';

/** A session as a folder of reports shows it. */
export interface ReportSession {
  readonly model: ReportModel;
  /** The session's folder as seen from that of the reports, with `/` between the parts: `..`. */
  readonly base: string;
  /** What is wrong with its files, such as a digest that is not the manifest's; shown, not refused. */
  readonly warnings: readonly string[];
}

/** A file of a report folder. */
export interface ReportFile {
  readonly name: string;
  readonly content: string | Uint8Array;
}

export interface Report {
  readonly name: string;
  /** File extension without the dot. */
  readonly extension: string;
  /** One sentence for `list reports`. */
  readonly summary: string;
  /**
   * One session as text, where it is one. Pure: the same model gives the same text. Reports that are no text for a
   * terminal ignore the options.
   */
  readonly render?: (model: ReportModel, options?: RenderOptions) => string;
  /**
   * What `boxmark report` writes for one session or several, which stand side by side and are never pooled. Pure: the
   * same sessions give the same bytes, with no clock and no chance in them.
   */
  readonly files?: (sessions: readonly ReportSession[]) => Promise<readonly ReportFile[]>;
}

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
