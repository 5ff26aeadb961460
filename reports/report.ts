/** What a report is: a session, or several, as text or as files. */

import type { ReportModel } from './model.ts';
import type { RenderOptions } from './terminal.ts';

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
