/** The page as a format: of one session, or of several side by side. */

import { sessionDocument } from '../../documents/session.ts';
import { sessionShort, sessionsDocument, sessionTitle } from '../../documents/sessions.ts';
import { clean } from '../../text.ts';
import type { Format, SessionReport } from '../format.ts';
import { pageText, partsPage } from './page.ts';

export const htmlPage: Format = {
  name: 'html',
  extension: 'html',
  summary: 'One page with charts, for people: self-contained, no network',
  audience: 'people',
  many: true,
  files: (sessions) => [{ name: 'report.html', content: pageOf(sessions) }],
};

function pageOf(sessions: readonly SessionReport[]): string {
  const [only] = sessions;
  if (sessions.length === 1 && only !== undefined) {
    const program = clean(only.model.session.program, 20);
    return pageText(sessionDocument(only.model), {
      base: only.base,
      footer: `Rendered by Boxmark from the session’s own files; written by boxmark ${program}.`,
    });
  }
  const parts = sessions.map(({ model, base }, index) => ({
    // What is wrong with its files stands at the top, for all.
    document: sessionDocument({ ...model, integrity: { ...model.integrity, faults: [] } }),
    base,
    title: sessionTitle(index, model),
    short: sessionShort(index, model),
  }));
  return partsPage(
    sessionsDocument(sessions.map(({ model }) => model)),
    parts,
    'Rendered by Boxmark from the sessions’ own files.',
  );
}
