/** `boxmark history`: the figures of many sessions over time, with the places at which they changed. */

import { writeFileSync } from 'node:fs';
import { EXIT, messageOf, usageError } from '../../bench/errors.ts';
import { defaultFor, type FlagValues } from '../../bench/plan/read-flags.ts';
import { historyJson, renderHistory } from '../../reports/history.ts';
import { historyPage } from '../../reports/history-page.ts';
import { historyModel } from '../history-model.ts';
import { programVersion } from '../paths.ts';

const FORMATS = { text: renderHistory, json: historyJson, html: historyPage } as const;

export function history({ margin, format, json, out }: FlagValues<'history'>, dir = ''): number {
  const render = FORMATS[format ?? (json === true ? 'json' : defaultFor('history', 'format'))];
  write(render(historyModel(dir, programVersion(), margin ?? defaultFor('history', 'margin'))), out);
  return EXIT.ok;
}

function write(text: string, file: string | undefined): void {
  if (file === undefined || file === '-') {
    process.stdout.write(text);
    return;
  }
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw usageError(`The history can't be written: ${messageOf(error)}.`, file, 'a file in a folder that is there');
  }
}
