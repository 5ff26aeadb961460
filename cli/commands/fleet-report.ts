/** `boxmark fleet report`: what the hosts of fleets, or of folders of sessions, say together. */

import { join } from 'node:path';
import { EXIT, usageError } from '../../bench/errors.ts';
import { isFleet } from '../../bench/fleet/info.ts';
import { fleetRows } from '../../bench/fleet/rows.ts';
import type { FlagValues } from '../../bench/plan/read-flags.ts';
import { FLEET_REPORTS } from '../../reports/formats/fleet.ts';
import type { ReportFile } from '../../reports/formats/format.ts';
import { type FleetModel, readFleetModel } from '../../reports/model/fleet.ts';
import { neutral } from '../../reports/text.ts';
import { csvPieces } from '../fleet/rows-file.ts';
import { programVersion } from '../paths.ts';
import { writeFiles } from '../session/write-report.ts';
import { appendStepSummary } from '../terminal/step-summary.ts';
import { stdout } from '../terminal/streams.ts';

type ReportFlags = FlagValues<'fleet report'>;

export async function fleetReport(flags: ReportFlags, ...dirs: readonly string[]): Promise<number> {
  const { format, out, json } = flags;
  const chosen = [...new Set(format ?? (json === true ? (['json'] as const) : (['terminal'] as const)))];
  const isPrinted = out === '-' || (out === undefined && (format === undefined || isText(chosen)));
  const model = readFleetModel(dirs, { program: programVersion(), by: flags.by });
  const files: ReportFile[] = [];
  for (const name of chosen) files.push(...(name === 'csv' ? [tableOf(model)] : await FLEET_REPORTS[name](model)));
  for (const { name, content } of files) if (name.endsWith('.md')) appendStepSummary(() => String(content));
  if (isPrinted) stdout.write(onlyText(files));
  else for (const path of writeFiles(out ?? defaultOut(dirs), files)) stdout.write(`${neutral(path)}\n`);
  return EXIT.ok;
}

function isText(chosen: readonly string[]): boolean {
  return chosen.length === 1 && chosen[0] === 'terminal';
}

/** `report/` in the folder of a single fleet, else here. */
function defaultOut(dirs: readonly string[]): string {
  const [first = ''] = dirs;
  return dirs.length === 1 && isFleet(first) ? join(first, 'report') : 'report';
}

/** The same rows as those of `fleet export`. Tables that can't be read are in the report by name. */
function tableOf({ designs }: FleetModel): ReportFile {
  const hosts = designs.flatMap((design) => design.hosts);
  return { name: 'fleet.csv', content: [...csvPieces(fleetRows(hosts, () => undefined))].join('') };
}

function onlyText(files: readonly ReportFile[]): string {
  const [file] = files;
  if (files.length === 1 && typeof file?.content === 'string') return file.content;
  throw usageError(
    'Standard output takes one text, and this makes several files or a picture.',
    files.map(({ name }) => name).join(', ') || 'nothing',
    '--format md -o -',
  );
}
