/** What a format is: sessions as text or as files, for people or for another tool. */

import type { ReportModel } from '../model/model.ts';

/** A session as a format gets it. */
export interface SessionReport {
  readonly model: ReportModel;
  /** The session's folder as seen from that of the files, with `/` between the parts: `..`. */
  readonly base: string;
}

/** A file, by its path below the folder that is asked for. */
export interface ReportFile {
  readonly name: string;
  readonly content: string | Uint8Array;
}

export interface Format {
  readonly name: string;
  /** File extension without the dot. */
  readonly extension: string;
  /** One sentence for lists: what it is for, and what is done with it. */
  readonly summary: string;
  /** Read by people, or by another tool: which of the commands offers it. */
  readonly audience: 'people' | 'tool';
  /** Can one file contain several sessions? Otherwise the format takes exactly one, or makes a file of each. */
  readonly many: boolean;
  /** Has room for starts and idle instances too; others have figures of workloads alone. */
  readonly costs?: boolean;
  /** A text goes to standard output; a folder of files does not. */
  readonly folder?: boolean;
  /** Pure: the same sessions give the same bytes; no clock, nothing random. */
  files(sessions: readonly SessionReport[]): readonly ReportFile[] | Promise<readonly ReportFile[]>;
  /** What else the user must know about these files: figures that the format can't represent. */
  remarks?(sessions: readonly SessionReport[]): string[];
}

/** Files of a format that is about one session at a time: of several, each has its name in the file's. */
export function each(name: string, render: (session: SessionReport) => string): Format['files'] {
  return (sessions) =>
    sessions.map((session) => ({
      name: sessions.length === 1 ? name : `${session.model.session.id}-${name}`,
      content: render(session),
    }));
}
