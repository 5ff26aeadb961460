/** `boxmark history`: the figures of many sessions over time, with the places at which they changed. */

import { Command } from 'commander';
import { DEFAULT_MARGIN } from '../../bench/analysis/contrast/verdict.ts';
import { messageOf, usageError } from '../../bench/errors.ts';
import { writeOutput } from '../../bench/session/files.ts';
import { parsePercent } from '../../bench/units.ts';
import { historyJson, renderHistory } from '../../reports/history.ts';
import { historyPage } from '../../reports/history-page.ts';
import { readHistoryModel } from '../../reports/model/history.ts';
import { hostDifferences } from '../compare/hosts.ts';
import { programVersion } from '../paths.ts';
import { stdout } from '../streams.ts';

interface HistoryFlags {
  readonly margin?: string;
  readonly json?: boolean;
  readonly format?: string;
  readonly out?: string;
}

const FORMATS = { text: renderHistory, json: historyJson, html: historyPage } as const;

const EXAMPLES = `
Examples:
  boxmark history                                        all sessions in results/
  boxmark history /srv/results --json                    one JSON document, every point in it
  boxmark history --format html -o history.html          one page with charts`;

export function historyCommand(): Command {
  return new Command('history')
    .description('ratios and times over sessions, by machine, with change points')
    .argument('[dir]', 'folder of sessions', 'results')
    .option('--margin <percent>', 'changes up to this are marked as within the margin (default: 2%)')
    .option('--format <name>', `${Object.keys(FORMATS).join(', ')} (default: text)`)
    .option('-o, --out <file>', 'write to a file instead of standard output')
    .option('--json', 'the same as --format json')
    .option('-v, --verbose', 'details with errors')
    .addHelpText('after', EXAMPLES)
    .action((dir: string, flags: HistoryFlags) => {
      const margin = flags.margin === undefined ? DEFAULT_MARGIN : parsePercent(flags.margin, '--margin');
      const render = formatOf(flags);
      write(
        render(readHistoryModel(dir, { program: programVersion(), margin, differences: hostDifferences })),
        flags.out,
      );
    });
}

function formatOf({ format, json }: HistoryFlags): (typeof FORMATS)[keyof typeof FORMATS] {
  const name = format ?? (json ? 'json' : 'text');
  if (!Object.hasOwn(FORMATS, name)) {
    throw usageError('There is no format of this name.', name, Object.keys(FORMATS).join(', '));
  }
  return FORMATS[name as keyof typeof FORMATS];
}

function write(text: string, file: string | undefined): void {
  if (file === undefined || file === '-') {
    stdout.write(text);
    return;
  }
  try {
    writeOutput(file, text);
  } catch (error) {
    throw usageError(`The history can't be written: ${messageOf(error)}.`, file, 'a file in a folder that is there');
  }
}
