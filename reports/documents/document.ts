/** What a document is: an answer, and sections in the order in which they are read. */

import { formatSpan } from '../../bench/units.ts';
import type { Chart } from '../charts/chart.ts';
import { name, type Section, type Text } from '../sections/section.ts';
import { clean } from '../text.ts';
import { count } from '../words.ts';

export interface Document {
  /** What kind of document it is: `Boxmark report`. */
  readonly kind: string;
  /** Which one, when, where: a line each. */
  readonly about: readonly Text[];
  /** What must be known before the answer is. */
  readonly warnings?: readonly Text[];
  /** In one sentence; null where there is none. */
  readonly answer: Text | null;
  /** A sign for a good or a bad answer, for formats that people look at in passing. */
  readonly mark?: string;
  /** What belongs to the answer. */
  readonly lead?: readonly Text[];
  readonly sections: readonly Section[];
  /** The same for all documents of this kind: for formats that are kept and read later. */
  readonly reference?: readonly Section[];
  /** SHA-256 of the manifest of the session that it is about: formats write it whole, to be copied. */
  readonly seal?: string | null;
  /** What to do next, and the command that does it. */
  readonly next?: { readonly sentence: string; readonly command: string | null } | null;
  /** Charts by the names that sections use; drawn only by formats that have pictures. */
  readonly charts?: (name: string) => readonly Chart[];
}

/** `boxmark 0.1.0 · selftest · SESSION · 10 blocks in 4 min 06 s`: a session that a command measured for its own purpose. */
export function aboutRun(
  command: string,
  run: { readonly program: string; readonly session: string; readonly blocks: number; readonly minutes: number },
): Text {
  const span = `${count(run.blocks, 'block')} in ${formatSpan(run.minutes * 60)}`;
  return [`boxmark ${clean(run.program, 20)} · ${command} · `, name(run.session, 60), ` · ${span}`];
}
