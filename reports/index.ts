/** The registry of reports: one line each. */

import { render as json } from './json.ts';
import type { ReportModel } from './model.ts';
import { type RenderOptions, render as terminal } from './terminal.ts';

export interface Report {
  readonly name: string;
  /** File extension without the dot. */
  readonly extension: string;
  /** One sentence for `list reports`. */
  readonly summary: string;
  /** Pure: the same model gives the same text. Reports that are no text for a terminal ignore the options. */
  render(model: ReportModel, options?: RenderOptions): string;
}

export const reports: readonly Report[] = [
  { name: 'terminal', extension: 'txt', summary: 'Plain text at 80 columns, the answer first', render: terminal },
  { name: 'json', extension: 'json', summary: 'Summary for programs, with a schema version', render: json },
];
