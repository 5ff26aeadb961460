/** `boxmark report`: renders one session, or several side by side, from their folders. */

import { join, relative } from 'node:path';
import { EXIT, usageError } from '../../bench/errors.ts';
import type { FlagValues } from '../../bench/plan/read-flags.ts';
import type { ReportFile } from '../../reports/formats/format.ts';
import { neutral } from '../../reports/text.ts';
import { type OpenedSession, withSessions } from '../pack/open.ts';
import { chosenFormats, renderReports, writeFiles } from '../session/write-report.ts';
import { appendStepSummary } from '../terminal/step-summary.ts';
import { stdout } from '../terminal/streams.ts';

export function report(flags: FlagValues<'report'>, ...paths: readonly string[]): Promise<number> {
  return withSessions(paths, (sessions) => reportOn(sessions, flags));
}

async function reportOn(sessions: readonly OpenedSession[], flags: FlagValues<'report'>): Promise<number> {
  const chosen = chosenFormats(flags.format);
  const [first] = sessions;
  const isForReading = flags.out === undefined && chosen.every(({ name }) => name === 'terminal');
  const toStdout = flags.out === '-' || isForReading;
  const isAlone = sessions.length === 1 && first !== undefined && !first.isArchive;
  const own = isAlone ? join(first.dir, 'report') : 'report';
  const out = toStdout ? own : (flags.out ?? own);
  const files = await renderReports(sessions, out, chosen);
  // Only when it is asked for: `run` has put the same there already.
  if (flags.format?.includes('md')) {
    for (const { name, content } of files) if (name.endsWith('.md')) appendStepSummary(() => String(content));
  }
  if (isForReading) for (const { content } of files) stdout.write(String(content));
  else if (toStdout) stdout.write(onlyText(files));
  else for (const path of writeFiles(out, files)) stdout.write(`${neutral(relative(process.cwd(), path))}\n`);
  return EXIT.ok;
}

function onlyText(files: readonly ReportFile[]): string {
  const [file] = files;
  if (files.length === 1 && typeof file?.content === 'string') return file.content;
  throw usageError(
    'Standard output takes one text, and this makes several files or a picture.',
    files.map(({ name }) => name).join(', '),
    '--format md -o -',
  );
}
