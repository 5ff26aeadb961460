/** `boxmark export`: a session in the formats of other tools. */

import { type BoxmarkError, EXIT, messageOf, usageError } from '../../bench/errors.ts';
import type { FlagValues } from '../../bench/plan/read-flags.ts';
import { isPrinted, writeOutput } from '../../bench/session/files.ts';
import { sessionFolders } from '../../bench/session/find.ts';
import type { Format, ReportFile, SessionReport } from '../../reports/formats/format.ts';
import { formatsFor } from '../../reports/formats/index.ts';
import { clean } from '../../reports/text.ts';
import { type OpenedSession, withSessions } from '../pack/open.ts';
import { type ReportFolder, sessionReport, writeFiles } from '../session/write-report.ts';
import { stderr, stdout } from '../terminal/streams.ts';

export async function exportSessions(
  { as, output }: FlagValues<'export'>,
  ...paths: readonly string[]
): Promise<number> {
  const format = formatsFor('tool').find(({ name }) => name === as);
  if (format === undefined) throw new Error(`there is no export ${as}`);
  return withSessions(paths, async (opened) => {
    await write(format, foldersOf(opened, format), output);
    return EXIT.ok;
  });
}

async function write(format: Format, folders: readonly ReportFolder[], output: string | undefined): Promise<void> {
  if (format.folder && isPrinted(output)) {
    throw usageError(`${format.name} is a folder of files: -o names it.`, output ?? 'no -o', `-o ${format.name}`);
  }
  const sessions = [];
  // One at a time: of each only the model is kept.
  for (const folder of folders) {
    const { dir } = folder;
    const session = await sessionReport(folder, format.folder ? (output ?? '') : '.');
    for (const fault of session.model.integrity.faults) stderr.write(`boxmark: ${clean(`${dir}: ${fault}`)}\n`);
    const measures = session.model.session.plan.measure;
    if (measures !== undefined && format.costs !== true) throw noRoom(format, measures, dir);
    if (session.model.bursts > 0 || hasCosts(session)) sessions.push(session);
    else stderr.write(`boxmark: left out, it has no whole block: ${clean(dir)}\n`);
  }
  if (sessions.length === 0) {
    throw usageError(
      'There is nothing to export: no whole block was measured.',
      folders.map(({ dir }) => dir).join(' '),
      'boxmark resume',
    );
  }
  const files = await format.files(sessions);
  if (format.folder) writeFiles(output ?? '', files);
  else for (const file of files) writeTo(file, output);
  for (const remark of format.remarks?.(sessions) ?? []) stderr.write(`boxmark: ${clean(remark)}\n`);
}

function hasCosts({ model: { costs } }: SessionReport): boolean {
  return (
    costs.startup.length +
      costs.footprint.length +
      costs.scale.length +
      costs.density.length +
      costs.storm.length +
      costs.load.levels.length +
      costs.neighbour.length >
    0
  );
}

function noRoom({ name }: Format, measures: string, dir: string): BoxmarkError {
  const others = formatsFor('tool').filter(({ costs }) => costs === true);
  return usageError(
    `${name} has room for times of workloads alone, and this session measures the ${measures}.`,
    dir,
    `${others.map((one) => `--as ${one.name}`).join(' or ')}, or boxmark report --format csv`,
  );
}

function foldersOf(opened: readonly OpenedSession[], format: Format): ReportFolder[] {
  const archives = new Set(opened.filter(({ isArchive }) => isArchive).map(({ dir }) => dir));
  const dirs = [...new Set(opened.flatMap(({ dir }) => sessionFolders(dir)))];
  if (dirs.length === 1 || format.many) return dirs.map((dir) => ({ dir, isArchive: archives.has(dir) }));
  throw usageError(
    `${format.name} holds one session, these are ${dirs.length}.`,
    opened.map(({ path }) => path).join(' '),
    `one of them, such as ${dirs.at(-1)}`,
  );
}

function writeTo({ content }: ReportFile, file: string | undefined): void {
  if (isPrinted(file)) {
    stdout.write(String(content));
    return;
  }
  try {
    writeOutput(file, content);
  } catch (error) {
    throw usageError(
      `--output: the file can't be written (${messageOf(error)}).`,
      file,
      'a file that you may write to',
    );
  }
}
