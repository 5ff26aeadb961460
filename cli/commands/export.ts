/** `boxmark export`: a session in the formats of other tools. */

import { Command } from 'commander';
import { messageOf, usageError } from '../../bench/errors.ts';
import { nearest } from '../../bench/plan/plan.ts';
import { writeOutput } from '../../bench/session/files.ts';
import { sessionFolders } from '../../bench/session/find.ts';
import type { Export } from '../../reports/exports/export.ts';
import { EXPORTS } from '../../reports/exports/index.ts';
import { clean } from '../../reports/text.ts';
import { readExportModel } from '../export-model.ts';
import { stderr, stdout } from '../streams.ts';

interface ExportFlags {
  readonly as: string;
  readonly output?: string;
}

const NAMES = EXPORTS.map(({ name }) => name);

const EXAMPLES = `
Examples:
  boxmark export results/20261123T170000Z-ab12cd --as benchfmt | benchstat -col env /dev/stdin
  boxmark export results/20261123T170000Z-ab12cd --as junit -o boxmark.xml
  boxmark export results --as otava -o history.csv           all sessions there, a row each`;

export function exportCommand(): Command {
  return new Command('export')
    .description("write a session in another tool's format")
    .argument('<session...>', 'folder of the session; for otava several, or a folder of sessions')
    .requiredOption('--as <format>', NAMES.join(', '))
    .option('-o, --output <file>', 'write to this file instead of standard output')
    .option('-v, --verbose', 'details with errors')
    .addHelpText('after', EXAMPLES)
    .action((paths: string[], flags: ExportFlags) => {
      const format = EXPORTS.find(({ name }) => name === flags.as);
      if (format === undefined) {
        throw usageError(`There is no such export${nearest(flags.as, NAMES)}.`, flags.as, NAMES.join(', '));
      }
      write(format, foldersOf(paths, format), flags.output);
    });
}

function write(format: Export, dirs: readonly string[], output: string | undefined): void {
  const models = [];
  // One at a time: of each only the model is kept.
  for (const dir of dirs) {
    const { model, warnings } = readExportModel(dir);
    for (const warning of warnings) stderr.write(`boxmark: ${clean(`${dir}: ${warning}`)}\n`);
    if (model.bursts > 0) models.push(model);
    else stderr.write(`boxmark: left out, it has no whole block: ${clean(dir)}\n`);
  }
  if (models.length === 0) {
    throw usageError('There is nothing to export: no whole block was measured.', dirs.join(' '), 'boxmark resume');
  }
  const text = format.render(models);
  if (output === undefined) stdout.write(text);
  else writeTo(output, text);
  for (const remark of format.remarks?.(models) ?? []) stderr.write(`boxmark: ${clean(remark)}\n`);
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

function writeTo(file: string, text: string): void {
  try {
    writeOutput(file, text);
  } catch (error) {
    throw usageError(
      `--output: the file can't be written (${messageOf(error)}).`,
      file,
      'a file that you may write to',
    );
  }
}
