/** Verifies a session's folder: manifest and digests, schema of every file, rows of this session, states that agree across the boxes. */

import { closeSync, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { parse } from 'csv-parse';
import * as z from 'zod';
import { BoxmarkError, messageOf } from '../errors.ts';
import { digestOfStored, isTableThere, piecesOf } from './compressed.ts';
import { readEvent } from './events.ts';
import { assertSession, INFO_LIMIT_BYTES, openRegular, readRegular } from './files.ts';
import { sessionSchema } from './info.ts';
import { withinWidth } from './row-width.ts';
import { RECORD_LIMIT } from './scan.ts';
import { MOST_STATES, type SoundSamples, type SoundTable, soundSamples, soundTable } from './sound.ts';
import { SESSION_FILES } from './store.ts';
import { type Column, problemOf, type Table } from './table.ts';
import { SAMPLES, STARTS, TABLES } from './tables.ts';

export interface Finding {
  readonly file: string;
  readonly problem: string;
}

export interface CheckResult {
  readonly findings: readonly Finding[];
  readonly samples: number;
  readonly starts: number;
  /** Rows whose answer was wrong: recorded as such, not a fault of the folder. */
  readonly wrongAnswers: number;
}

const manifestSchema = z.object({
  schema: z.literal(1),
  files: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)),
});

/** Of a file that can be read anyway. */
export const CHANGED = 'is not what the manifest lists: it was changed after the session';

/** A damaged file can give many findings; more than this of one kind add no information. */
export const MOST_FINDINGS = 20;

/**
 * Checks everything and reports all findings; throws a usage error when `dir` is no session at all, or holds a link or device.
 * `known`: what was found while the bursts were read. A table that leaves something to judge is read by a parser for all
 * dialects of CSV, which finds what there is to say.
 */
export async function checkSession(dir: string, known: SoundSamples | null = null): Promise<CheckResult> {
  assertSession(dir);
  const file = join(dir, 'session.json');
  closeSync(openRegular(file, INFO_LIMIT_BYTES));
  const findings: Finding[] = [];
  const found = (file: string, problem: string) => {
    // Digest and rows of a table that can't be read fail for the same reason.
    if (findings.some((known) => known.file === file && known.problem === problem)) return;
    if (findings.length < MOST_FINDINGS) findings.push({ file, problem });
  };
  let session: string | undefined;
  const ofInfo: string[] = [];
  readChecked(
    dir,
    'session.json',
    (_, problem) => ofInfo.push(problem),
    (text) => {
      ({ session } = checkInfo(text));
    },
  );
  const sound = session === undefined ? new Map<string, SoundTable>() : soundTables(dir, session, known);
  checkManifest(dir, sound, found);
  for (const problem of ofInfo) found('session.json', problem);
  readChecked(dir, 'events.jsonl', found, (text) => {
    for (const { number, problem } of damagedEvents(text)) found('events.jsonl', `line ${number}: ${problem}`);
  });
  /** Rows of another session, as when tables were joined by hand. */
  const ownRow = (file: string) => (row: Readonly<Record<string, string>>, number: number) => {
    if (session !== undefined && row.session !== session)
      found(file, `row ${number}: is of the session ${row.session}`);
  };
  const rowsIn = (table: (typeof TABLES)[number], visit = ownRow(table.file)) =>
    sound.get(table.file)?.rows ?? eachRow(dir, table, found, visit);
  const samples = newSampleCheck(found);
  const ownSample = ownRow(SAMPLES.file);
  const rows = await rowsIn(SAMPLES, (row, number) => {
    ownSample(row, number);
    samples.add(row, number);
  });
  const starts = await rowsIn(STARTS);
  for (const table of TABLES) {
    if (table === SAMPLES || table === STARTS) continue;
    // Only sessions of their kind have the others.
    if (table.measures === undefined || isTableThere(join(dir, table.file))) await rowsIn(table);
  }
  const ofSound = sound.get(SAMPLES.file) as SoundSamples | undefined;
  return { findings, samples: rows, starts, wrongAnswers: ofSound?.wrongAnswers ?? samples.wrongAnswers() };
}

/** Tables that leave nothing to judge, by name. */
function soundTables(dir: string, session: string, known: SoundSamples | null): Map<string, SoundTable> {
  const tables = new Map<string, SoundTable>();
  for (const table of TABLES) {
    if (!isTableThere(join(dir, table.file))) continue;
    const found = table === SAMPLES ? (known ?? soundSamples(dir, session)) : soundTable(dir, table, session);
    if (found !== null) tables.set(table.file, found);
  }
  return tables;
}

/** Wrong answers, and states of the same visit that differ between boxes. */
function newSampleCheck(found: Report) {
  const states = new Map<string, string>();
  let wrongAnswers = 0;
  return {
    add(row: Readonly<Record<string, string>>, number: number) {
      if (row.ok === 'false') wrongAnswers += 1;
      if (row.ok !== 'true' || row.phase !== 'measure' || row.checksum === '' || number > MOST_STATES) return;
      const key = `${row.block} ${row.round} ${row.workload}`;
      const known = states.get(key);
      if (known === undefined) states.set(key, row.checksum ?? '');
      else if (known !== row.checksum)
        found('samples.csv', `row ${number}: state differs from the other boxes' (${key})`);
    },
    wrongAnswers: () => wrongAnswers,
  };
}

/** Throws for the first field that is wrong. */
function checkInfo(text: string): z.infer<typeof sessionSchema> {
  const checked = sessionSchema.safeParse(JSON.parse(text));
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  throw new Error(`${issue?.path.join('.') || 'the whole'}: ${issue?.message}`);
}

/** Without the file, which a finding names itself, and what to try. */
function problemIn(error: unknown): string {
  const what = error instanceof BoxmarkError ? error.what.replace(/\.$/, '') : messageOf(error);
  return what.slice(0, 200);
}

/** A session of days has some megabytes. */
const EVENTS_LIMIT_CHARS = 2 ** 25;

/** Lines, counted from 1, that are no events. */
function damagedEvents(text: string): { readonly number: number; readonly problem: string }[] {
  // A file of line ends alone has more lines than an array has room for.
  if (text.length > EVENTS_LIMIT_CHARS) return [{ number: 1, problem: 'the file is larger than any session writes' }];
  return text.split('\n').flatMap((line, index) => {
    if (line === '') return [];
    try {
      readEvent(line);
      return [];
    } catch (error) {
      return [{ number: index + 1, problem: problemIn(error) }];
    }
  });
}

type Report = (file: string, problem: string) => void;

function checkManifest(dir: string, sound: ReadonlyMap<string, SoundTable>, found: Report): void {
  readChecked(dir, 'manifest.json', found, (text) => {
    const { files } = manifestSchema.parse(JSON.parse(text));
    for (const name of SESSION_FILES) if (files[name] === undefined) found('manifest.json', `does not list ${name}`);
    for (const [name, digest] of Object.entries(files)) {
      // A manifest is data from elsewhere: it must not make Boxmark read outside the session.
      if (name.includes('/') || name === '..') found('manifest.json', `names a path outside: ${name}`);
      else if (!isFileThere(join(dir, name))) found(name, 'is missing');
      else if (sound.get(name)?.digest !== digest) {
        const problem = digestProblem(join(dir, name), digest);
        if (problem !== null) found(name, problem);
      }
    }
  });
}

/** Null where the file has the digest. */
function digestProblem(file: string, digest: string): string | null {
  try {
    return digestOfStored(file) === digest ? null : CHANGED;
  } catch (error) {
    // Of a compressed table that can't be unpacked.
    if (existsSync(file)) throw error;
    return problemIn(error);
  }
}

function isFileThere(file: string): boolean {
  return existsSync(file) ? statSync(file).isFile() : isTableThere(file);
}

function readChecked(dir: string, name: string, found: Report, read: (text: string) => unknown): void {
  try {
    read(readRegular(join(dir, name), name.endsWith('.json') ? INFO_LIMIT_BYTES : undefined));
  } catch (error) {
    if (existsSync(join(dir, name))) found(name, problemIn(error));
    else found(name, 'is missing');
  }
}

/**
 * Streams a table and checks every cell that we know; the columns that we know must stand first, in order, because
 * columns are only ever appended.
 */
async function eachRow(
  dir: string,
  { file: name, columns }: Pick<Table<never, unknown>, 'file' | 'columns'>,
  found: Report,
  visit: (row: Readonly<Record<string, string>>, number: number) => void = () => {},
): Promise<number> {
  if (!isTableThere(join(dir, name))) {
    found(name, 'is missing');
    return 0;
  }
  let count = 0;
  const check = (header: string[]) => {
    for (const [index, column] of columns.entries()) {
      if (column.appended && header.length <= index) break;
      if (header[index] !== column.name)
        found(name, `column ${index + 1} is ${header[index] ?? 'missing'}, not ${column.name}`);
    }
    return header;
  };
  try {
    const content = Readable.from(withinWidth(piecesOf(join(dir, name))));
    const parser = parse({ columns: check, bom: true, max_record_size: RECORD_LIMIT });
    for await (const record of pipeline(content, parser, () => {})) {
      const row = record as Record<string, string>;
      count += 1;
      for (const problem of problemsOf(row, columns)) found(name, `row ${count}: ${problem}`);
      visit(row, count);
    }
  } catch (error) {
    found(name, problemIn(error));
  }
  return count;
}

/** A column that is missing is found in the header, once. */
function problemsOf(row: Readonly<Record<string, string>>, columns: readonly Column<never>[]): string[] {
  return columns.flatMap((column) => {
    const cell = row[column.name];
    const problem = cell === undefined ? null : problemOf(column, cell);
    return problem === null ? [] : [problem];
  });
}
