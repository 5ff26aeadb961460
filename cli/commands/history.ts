/** `boxmark history`: the figures of many sessions over time, with the places at which they changed. */

import { EXIT, messageOf, usageError } from '../../bench/errors.ts';
import { historyFigures } from '../../bench/kinds/stored-figures.ts';
import { defaultFor, type FlagValues } from '../../bench/plan/read-flags.ts';
import { isPrinted, writeOutput } from '../../bench/session/files.ts';
import { historyDocument } from '../../reports/documents/history.ts';
import { historyJson } from '../../reports/formats/history-json.ts';
import { pageText } from '../../reports/formats/html/page.ts';
import { terminalText } from '../../reports/formats/terminal.ts';
import { type HistoryModel, readHistoryModel } from '../../reports/model/history.ts';
import { hostDifferences } from '../compare/hosts.ts';
import { keptEntries } from '../kept/entries.ts';
import { programVersion } from '../paths.ts';
import { stdout } from '../terminal/streams.ts';

const FORMATS: Readonly<Record<'text' | 'json' | 'html', (model: HistoryModel) => string>> = {
  text: (model) => terminalText(historyDocument(model)),
  json: historyJson,
  html: (model) =>
    pageText(historyDocument(model), {
      footer: 'Rendered by Boxmark from the sessions’ own files.',
    }),
};

export function history({ margin, format, json, out }: FlagValues<'history'>, dir = ''): number {
  const render = FORMATS[format ?? (json === true ? 'json' : defaultFor('history', 'format'))];
  const known = keptEntries();
  const reading = {
    known,
    program: programVersion(),
    margin: margin ?? defaultFor('history', 'margin'),
    figuresOf: historyFigures,
    differences: hostDifferences,
  };
  const model = readHistoryModel(dir, reading);
  known.close();
  write(render(model), out);
  return EXIT.ok;
}

function write(text: string, file: string | undefined): void {
  if (isPrinted(file)) {
    stdout.write(text);
    return;
  }
  try {
    writeOutput(file, text);
  } catch (error) {
    throw usageError(`The history can't be written: ${messageOf(error)}.`, file, 'a file in a folder that is there');
  }
}
