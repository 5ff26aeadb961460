/** `boxmark history`: the figures of many sessions over time, with the places at which they changed. */

import { EXIT, messageOf, usageError } from '../../bench/errors.ts';
import { defaultFor, type FlagValues } from '../../bench/plan/read-flags.ts';
import { writeOutput } from '../../bench/session/files.ts';
import { historyJson, renderHistory } from '../../reports/history.ts';
import { historyPage } from '../../reports/history-page.ts';
import { readHistoryModel } from '../../reports/model/history.ts';
import { hostDifferences } from '../compare/hosts.ts';
import { programVersion } from '../paths.ts';
import { stdout } from '../terminal/streams.ts';

const FORMATS = { text: renderHistory, json: historyJson, html: historyPage } as const;

export function history({ margin, format, json, out }: FlagValues<'history'>, dir = ''): number {
  const render = FORMATS[format ?? (json === true ? 'json' : defaultFor('history', 'format'))];
  const reading = {
    program: programVersion(),
    margin: margin ?? defaultFor('history', 'margin'),
    differences: hostDifferences,
  };
  write(render(readHistoryModel(dir, reading)), out);
  return EXIT.ok;
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
