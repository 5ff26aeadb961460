/** Renders sessions in the formats that are asked for, and writes the files whole or not at all. */

import { lstatSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { messageOf, usageError } from '../../bench/errors.ts';
import { makeFolders } from '../../bench/folders.ts';
import { defaultFor } from '../../bench/plan/read-flags.ts';
import { replaceFile } from '../../bench/session/files.ts';
import type { Format, ReportFile, SessionReport } from '../../reports/formats/format.ts';
import { formatsFor } from '../../reports/formats/index.ts';
import type { ReportModel } from '../../reports/model/model.ts';
import { readSession } from '../../reports/model/read.ts';
import { RUNNERS } from '../../runners/index.ts';
import { publishedClaims } from '../paths.ts';

/** The reports of these names. */
export function chosenFormats(names: readonly string[] = defaultFor('report', 'format')): readonly Format[] {
  const known = formatsFor('people');
  return names.map((name) => {
    const found = known.find((report) => report.name === name);
    if (found === undefined) throw new Error(`there is no report format ${name}`);
    return found;
  });
}

/** `report/` in a session's folder, as every run leaves it; returns the path of the page. */
export async function writeSessionReport(dir: string): Promise<string> {
  const out = join(dir, 'report');
  writeFiles(out, await renderReports([{ dir }], out, chosenFormats()));
  return join(out, 'report.html');
}

export interface ReportFolder {
  readonly dir: string;
  /** It will be gone: nothing leads there. */
  readonly isArchive?: boolean;
}

/** Files of all formats, rendered before anything is written. `out` is where they will stand. */
export async function renderReports(
  folders: readonly ReportFolder[],
  out: string,
  chosen: readonly Format[],
): Promise<ReportFile[]> {
  const sessions: SessionReport[] = [];
  for (const folder of folders) sessions.push(await sessionReport(folder, out));
  const files: ReportFile[] = [];
  for (const report of chosen) files.push(...(await report.files(sessions)));
  return files;
}

/** A session as formats take it; `out` is where their files will be. */
export async function sessionReport({ dir, isArchive }: ReportFolder, out: string): Promise<SessionReport> {
  const model = await readSessionModel(dir);
  if (isArchive === true) return { model, base: '.' };
  return { model, base: relative(resolve(out), resolve(dir)).split(sep).join('/') || '.' };
}

/** A session with what this program knows: its published claims and its runners. */
export function readSessionModel(dir: string): Promise<ReportModel> {
  return readSession(dir, {
    claims: publishedClaims(),
    kindOf: (layer) => RUNNERS.find(({ name }) => name === layer)?.kind,
  });
}

/** Returns the paths. A reader never sees half a file. */
export function writeFiles(out: string, files: readonly ReportFile[]): string[] {
  try {
    makeFolders(out);
    return files.map(({ name, content }) => {
      const path = pathBelow(out, name);
      replaceFile(path, content);
      return path;
    });
  } catch (error) {
    throw usageError(`The report can't be written: ${messageOf(error)}`, out, 'a folder of yours with --out');
  }
}

/** The path of a file in folders of its own below `out`, which are made; never through a link in their place. */
function pathBelow(out: string, name: string): string {
  const parts = name.split('/');
  if (parts.some((part) => ['', '.', '..'].includes(part))) throw new Error(`${name} is no name of a file`);
  let folder = out;
  for (const part of parts.slice(0, -1)) {
    folder = join(folder, part);
    makeFolders(folder);
    if (!lstatSync(folder).isDirectory()) throw new Error(`${folder} is no folder`);
  }
  return join(out, ...parts);
}
