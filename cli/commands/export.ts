/** `boxmark export`: a session in the formats of other tools. */

import { writeFileSync } from 'node:fs';
import { EXIT, messageOf, usageError } from '../../bench/errors.ts';
import type { FlagValues } from '../../bench/plan/read-flags.ts';
import { sessionFolders } from '../../bench/session/find.ts';
import type { Export } from '../../reports/exports/export.ts';
import { EXPORTS } from '../../reports/exports/index.ts';
import { readExportModel } from '../export-model.ts';

export function exportSessions({ as, output }: FlagValues<'export'>, ...paths: readonly string[]): number {
  const format = EXPORTS.find(({ name }) => name === as);
  if (format === undefined) throw new Error(`there is no export ${as}`);
  write(format, foldersOf(paths, format), output);
  return EXIT.ok;
}

function write(format: Export, dirs: readonly string[], output: string | undefined): void {
  const models = [];
  // One at a time: of each only the model is kept.
  for (const dir of dirs) {
    const { model, warnings } = readExportModel(dir);
    for (const warning of warnings) process.stderr.write(`boxmark: ${dir}: ${warning}\n`);
    if (model.bursts > 0) models.push(model);
    else process.stderr.write(`boxmark: left out, it has no whole block: ${dir}\n`);
  }
  if (models.length === 0) {
    throw usageError('There is nothing to export: no whole block was measured.', dirs.join(' '), 'boxmark resume');
  }
  const text = format.render(models);
  if (output === undefined) process.stdout.write(text);
  else writeOutput(output, text);
  for (const remark of format.remarks?.(models) ?? []) process.stderr.write(`boxmark: ${remark}\n`);
}

function foldersOf(paths: readonly string[], format: Export): string[] {
  const dirs = [...new Set(paths.flatMap((path) => sessionFolders(path)))];
  if (dirs.length === 1 || format.many) return dirs;
  throw usageError(
    `${format.name} holds one session, these are ${dirs.length}.`,
    paths.join(' '),
    `one of them, such as ${dirs.at(-1)}`,
  );
}

function writeOutput(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw usageError(
      `--output: the file can't be written (${messageOf(error)}).`,
      file,
      'a file that you may write to',
    );
  }
}
