/** `boxmark export`: a session in the formats of other tools. */

import { Command } from 'commander';
import { messageOf, usageError } from '../../bench/errors.ts';
import { nearest } from '../../bench/plan/plan.ts';
import { writeOutput } from '../../bench/session/files.ts';
import { sessionFolders } from '../../bench/session/find.ts';
import type { Format, ReportFile } from '../../reports/formats/format.ts';
import { formatsFor } from '../../reports/formats/index.ts';
import { clean } from '../../reports/text.ts';
import { stderr, stdout } from '../streams.ts';
import { sessionReport, writeFiles } from '../write-report.ts';

interface ExportFlags {
  readonly as: string;
  readonly output?: string;
}

const TOOLS = formatsFor('tool');
const NAMES = TOOLS.map(({ name }) => name);

const EXAMPLES = `
Examples:
  boxmark export results/20261123T170000Z-ab12cd --as benchfmt | benchstat -col env /dev/stdin
  boxmark export results/20261123T170000Z-ab12cd --as junit -o boxmark.xml
  boxmark export results/20261123T170000Z-ab12cd --as criterion -o target/criterion
  boxmark export results --as otava -o history.csv           all sessions there, a row each`;

export function exportCommand(): Command {
  return new Command('export')
    .description("write a session in another tool's format")
    .argument('<session...>', 'folder of the session; for otava several, or a folder of sessions')
    .requiredOption('--as <format>', NAMES.join(', '))
    .option('-o, --output <path>', 'write to this file instead of standard output; for criterion the folder')
    .option('-v, --verbose', 'details with errors')
    .addHelpText('after', EXAMPLES)
    .action(async (paths: string[], flags: ExportFlags) => {
      const format = TOOLS.find(({ name }) => name === flags.as);
      if (format === undefined) {
        throw usageError(`There is no such export${nearest(flags.as, NAMES)}.`, flags.as, NAMES.join(', '));
      }
      await write(format, foldersOf(paths, format), flags.output);
    });
}

async function write(format: Format, dirs: readonly string[], output: string | undefined): Promise<void> {
  if (format.folder && (output === undefined || output === '-')) {
    throw usageError(`${format.name} is a folder of files: -o names it.`, output ?? 'no -o', `-o ${format.name}`);
  }
  const sessions = [];
  // One at a time: of each only the model is kept.
  for (const dir of dirs) {
    const session = sessionReport(dir, format.folder ? (output ?? '') : '.');
    for (const warning of session.warnings) stderr.write(`boxmark: ${clean(`${dir}: ${warning}`)}\n`);
    if (session.model.bursts > 0) sessions.push(session);
    else stderr.write(`boxmark: left out, it has no whole block: ${clean(dir)}\n`);
  }
  if (sessions.length === 0) {
    throw usageError('There is nothing to export: no whole block was measured.', dirs.join(' '), 'boxmark resume');
  }
  const files = await format.files(sessions);
  if (format.folder) writeFiles(output ?? '', files);
  else for (const file of files) writeTo(file, output);
  for (const remark of format.remarks?.(sessions) ?? []) stderr.write(`boxmark: ${clean(remark)}\n`);
}

function foldersOf(paths: readonly string[], format: Format): string[] {
  const dirs = [...new Set(paths.flatMap((path) => sessionFolders(path)))];
  if (dirs.length === 1 || format.many) return dirs;
  throw usageError(
    `${format.name} holds one session, these are ${dirs.length}.`,
    paths.join(' '),
    `one of them, such as ${dirs.at(-1)}`,
  );
}

function writeTo({ content }: ReportFile, file: string | undefined): void {
  if (file === undefined) {
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
