/** Renders sessions in the formats that are asked for, and writes the files whole or not at all. */

import { mkdirSync } from 'node:fs';
import { basename, join, relative, resolve, sep } from 'node:path';
import { messageOf, usageError } from '../bench/errors.ts';
import { nearest } from '../bench/plan/plan.ts';
import { replaceFile } from '../bench/session/files.ts';
import { reports } from '../reports/index.ts';
import type { Report, ReportFile } from '../reports/report.ts';
import { readSessionModel } from './session-model.ts';

/** What a report folder holds unless asked otherwise. */
const DEFAULT_FORMATS = ['html', 'md', 'png'];

/** Formats by name that `boxmark report` can write. */
export function formats(): readonly (Report & Required<Pick<Report, 'files'>>)[] {
  return reports.flatMap((report) => (report.files === undefined ? [] : [{ ...report, files: report.files }]));
}

/** `html,png` → the reports of these names. Throws a usage error that names the nearest known one. */
export function chosenFormats(list: string | undefined): ReturnType<typeof formats> {
  const known = formats();
  const names = known.map(({ name }) => name);
  if (list === undefined) return known.filter(({ name }) => DEFAULT_FORMATS.includes(name));
  const wanted = [...new Set(list.split(',').map((name) => name.trim()))];
  return wanted.map((name) => {
    const found = known.find((report) => report.name === name);
    if (found !== undefined) return found;
    throw usageError(`There is no report format of this name${nearest(name, names)}.`, name, names.join(', '));
  });
}

/** `report/` in a session's folder, as every run leaves it; returns the path of the page. */
export async function writeSessionReport(dir: string): Promise<string> {
  const out = join(dir, 'report');
  writeFiles(out, await renderReports([dir], out, chosenFormats(undefined)));
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
      if (basename(name) !== name) throw new Error(`${name} is no name of a file`);
      const path = join(out, name);
      replaceFile(path, content);
      return path;
    });
  } catch (error) {
    throw usageError(`The report can't be written: ${messageOf(error)}`, out, 'a folder of yours with --out');
  }
}
