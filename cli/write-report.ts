/** Renders sessions in the formats that are asked for, and writes the files whole or not at all. */

import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { messageOf, usageError } from '../bench/errors.ts';
import { defaultFor } from '../bench/plan/read-flags.ts';
import { reports } from '../reports/index.ts';
import type { Report, ReportFile } from '../reports/report.ts';
import { readSessionModel } from './session-model.ts';

/** Formats by name that `boxmark report` can write. */
function formats(): readonly (Report & Required<Pick<Report, 'files'>>)[] {
  return reports.flatMap((report) => (report.files === undefined ? [] : [{ ...report, files: report.files }]));
}

/** The reports of these names. */
export function chosenFormats(names: readonly string[] = defaultFor('report', 'format')): ReturnType<typeof formats> {
  const known = new Map(formats().map((report) => [report.name, report]));
  return names.map((name) => {
    const found = known.get(name);
    if (found === undefined) throw new Error(`there is no report format ${name}`);
    return found;
  });
}

/** `report/` in a session's folder, as every run leaves it; returns the path of the page. */
export async function writeSessionReport(dir: string): Promise<string> {
  const out = join(dir, 'report');
  writeFiles(out, await renderReports([dir], out, chosenFormats()));
  return join(out, 'report.html');
}

/** Files of all formats, rendered before anything is written. `out` is where they will stand. */
export async function renderReports(
  dirs: readonly string[],
  out: string,
  chosen: ReturnType<typeof formats>,
): Promise<ReportFile[]> {
  const sessions = dirs.map((dir) => {
    const { model, warnings } = readSessionModel(dir);
    return { model, warnings, base: relative(resolve(out), resolve(dir)).split(sep).join('/') || '.' };
  });
  const files: ReportFile[] = [];
  for (const report of chosen) files.push(...(await report.files(sessions)));
  return files;
}

/** Returns the paths. A reader never sees half a file. */
export function writeFiles(out: string, files: readonly ReportFile[]): string[] {
  try {
    mkdirSync(out, { recursive: true });
    return files.map(({ name, content }) => {
      const path = join(out, name);
      writeFileSync(`${path}.tmp`, content);
      renameSync(`${path}.tmp`, path);
      return path;
    });
  } catch (error) {
    throw usageError(`The report can't be written: ${messageOf(error)}`, out, 'a folder of yours with --out');
  }
}
