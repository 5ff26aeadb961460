/** `boxmark report`: renders one session, or several side by side, from their folders. */

import { join, relative } from 'node:path';
import { Command } from 'commander';
import { usageError } from '../../bench/errors.ts';
import { formatsFor } from '../../reports/formats/index.ts';
import { appendStepSummary } from '../step-summary.ts';
import { stdout } from '../streams.ts';
import { chosenFormats, renderReports, writeFiles } from '../write-report.ts';

interface ReportFlags {
  readonly format?: string;
  readonly out?: string;
}

const EXAMPLES = `
Examples:
  boxmark report results/20261123T170000Z-ab12cd                     report/ in the session's folder
  boxmark report results/20261123T170000Z-ab12cd --format svg,csv    charts and a table
  boxmark report results/A results/B -o hosts                        hosts side by side, in hosts/
  boxmark report results/20261123T170000Z-ab12cd --format md -o -    to standard output`;

export function reportCommand(): Command {
  const names = formatsFor('people').map(({ name }) => name);
  return new Command('report')
    .description('render one session, or several side by side, as HTML, pictures, text and tables')
    .argument('<session...>', 'folders of sessions')
    .option('--format <list>', `${names.join(',')} (default: html,md,png)`)
    .option('-o, --out <dir>', 'folder of the files (default: report/ in the session; of several: ./report; -: print)')
    .option('-v, --verbose', 'details with errors')
    .addHelpText('after', EXAMPLES)
    .action(async (dirs: string[], flags: ReportFlags) => {
      const chosen = chosenFormats(flags.format);
      const [first = ''] = dirs;
      const toStdout = flags.out === '-';
      const out =
        toStdout || flags.out === undefined ? (dirs.length === 1 ? join(first, 'report') : 'report') : flags.out;
      const files = await renderReports(dirs, out, chosen);
      // Only when it is asked for: `run` has put the same there already.
      if (flags.format?.split(',').includes('md')) {
        for (const { name, content } of files) if (name.endsWith('.md')) appendStepSummary(() => String(content));
      }
      if (toStdout) {
        const [file] = files;
        if (files.length !== 1 || typeof file?.content !== 'string') {
          throw usageError(
            'Standard output takes one text, and this makes several files or a picture.',
            files.map(({ name }) => name).join(', '),
            '--format md -o -',
          );
        }
        stdout.write(file.content);
        return;
      }
      for (const path of writeFiles(out, files)) stdout.write(`${relative(process.cwd(), path)}\n`);
    });
}
