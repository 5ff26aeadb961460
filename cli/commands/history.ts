/** `boxmark history`: the figures of many sessions over time, with the places at which they changed. */

import { Command } from 'commander';
import { DEFAULT_MARGIN } from '../../bench/analysis/verdict.ts';
import { parsePercent } from '../../bench/units.ts';
import { historyJson, renderHistory } from '../../reports/history.ts';
import { historyModel } from '../history-model.ts';
import { programVersion } from '../paths.ts';

interface HistoryFlags {
  readonly margin?: string;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  boxmark history                          all sessions in results/
  boxmark history /srv/results --json      one JSON document, every point in it`;

export function historyCommand(): Command {
  return new Command('history')
    .description('ratios and times over sessions, by machine, with change points')
    .argument('[dir]', 'folder of sessions', 'results')
    .option('--margin <percent>', 'changes up to this are marked as within the margin (default: 2%)')
    .option('--json', 'print the result as one JSON document')
    .option('-v, --verbose', 'details with errors')
    .addHelpText('after', EXAMPLES)
    .action((dir: string, flags: HistoryFlags) => {
      const margin = flags.margin === undefined ? DEFAULT_MARGIN : parsePercent(flags.margin, '--margin');
      const model = historyModel(dir, programVersion(), margin);
      process.stdout.write(flags.json ? historyJson(model) : renderHistory(model));
    });
}
