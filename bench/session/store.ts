/** A session's folder: rows are appended as they come and synced before they count, whole files are written beside and renamed. */

import { closeSync, fstatSync, fsyncSync, ftruncateSync, mkdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { BoxmarkError, isDiskFull, messageOf, usageError } from '../errors.ts';
import { makeFolders } from '../folders.ts';
import type { ContrastResult, KindRow, KindTable, Sample, Start, StartupRow } from '../types.ts';
import { isTableThere } from './compressed.ts';
import type { SessionEvent } from './events.ts';
import { CONTRASTS, STARTUP } from './figure-tables.ts';
import { digestOf, openToAppend, replaceFile, syncFolder } from './files.ts';
import type { SessionInfo, StopReason } from './info.ts';
import { KIND_TABLES } from './kind-tables.ts';
import { claimFolder } from './owner.ts';
import type { Column, Table } from './table.ts';
import { SAMPLES, STARTS, TABLES } from './tables.ts';

/** Files of a session, in the order of the manifest. */
export const SESSION_FILES = ['session.json', 'samples.csv', 'starts.csv', 'contrasts.csv', 'events.jsonl'] as const;

/** Files that only sessions of their kind have (`measure` in the plan). */
const COST_FILES = TABLES.filter(({ measures }) => measures !== undefined).map(({ file }) => file);

export interface Store {
  readonly dir: string;
  samples(rows: readonly Sample[]): void;
  start(row: Start): void;
  /** Appends to the table of a kind, which is made with its first row. */
  rows<K extends KindTable>(table: K, rows: readonly KindRow[K][]): void;
  /** Replaces `startup.csv`. */
  startup(rows: readonly StartupRow[]): void;
  event(event: SessionEvent): void;
  /** After all rows so far, which are then on the disk. */
  session(info: SessionInfo): void;
  /** Writes the contrasts and, last of all, the manifest. */
  finish(contrasts: readonly ContrastResult[], stopReason: StopReason): void;
  close(): void;
}

/** Makes `<out>/<session>/` with its header rows. A folder that can't be made is a usage error of `--out`. */
export function createStore(out: string, info: SessionInfo): Store {
  const dir = join(out, info.session);
  try {
    makeFolders(out);
    mkdirSync(dir);
    syncFolder(out);
  } catch (error) {
    throw usageError(
      `--out: the session's folder can't be made (${messageOf(error)}).`,
      dir,
      'a folder that you may write to',
    );
  }
  return openStoreAt(dir, info.session, claimFolder(dir));
}

/** Opens the files of a session's folder for appending, with header rows where they are new. `release` is called last. */
export function openStoreAt(dir: string, session: string, release: () => void): Store {
  const samplesFile = openTable(dir, SAMPLES);
  const startsFile = openTable(dir, STARTS);
  const kindFiles = new Map<KindTable, number>();
  const eventsFile = guarded(dir, () => openToAppend(join(dir, 'events.jsonl')));
  syncFolder(dir);
  const unsynced = new Set<number>();
  const add = (file: number, text: string) => {
    unsynced.add(file);
    append(dir, file, text);
  };
  // Before session.json counts a block: a disk at work beside bursts would disturb them, and rows of less are dropped anyway.
  const sync = () => {
    guarded(dir, () => unsynced.forEach((file) => void fsyncSync(file)));
    unsynced.clear();
  };
  return {
    dir,
    samples: (rows) => add(samplesFile, csv(SAMPLES, rows, session)),
    start: (row) => add(startsFile, csv(STARTS, [row], session)),
    rows: (name, rows) => {
      const table = KIND_TABLES[name];
      const file = kindFiles.get(name) ?? openTable(dir, table);
      kindFiles.set(name, file);
      add(file, csv(table, rows, session));
    },
    startup: (rows) => writeTable(dir, STARTUP, rows, session),
    event: (event) => add(eventsFile, `${JSON.stringify(event)}\n`),
    session: (next) => {
      sync();
      writeWhole(dir, 'session.json', `${JSON.stringify(next, null, 2)}\n`);
    },
    finish: (contrasts, stopReason) => {
      sync();
      const rows = contrasts.map((result) => ({ ...result, stopReason }));
      writeTable(dir, CONTRASTS, rows, session);
      writeManifest(dir);
    },
    close: () => {
      for (const file of [samplesFile, startsFile, eventsFile, ...kindFiles.values()]) closeSync(file);
      release();
    },
  };
}

/** What the manifest of a session lists. */
export function sealedFiles(dir: string): string[] {
  return [...SESSION_FILES, ...COST_FILES.filter((name) => isTableThere(join(dir, name)))];
}

/** `manifest.json` over the files that are there; the report is left out, because it can be rendered again. */
export function writeManifest(dir: string): void {
  const files: Record<string, string> = {};
  for (const name of sealedFiles(dir)) files[name] = digestOf(join(dir, name));
  writeWhole(dir, 'manifest.json', `${JSON.stringify({ schema: 1, files }, null, 2)}\n`);
}

function openTable(dir: string, { file: name, columns }: Pick<Table<never, unknown>, 'file' | 'columns'>): number {
  return guarded(dir, () => {
    const file = openToAppend(join(dir, name));
    if (fstatSync(file).size === 0) writeSync(file, header(columns));
    return file;
  });
}

function header(columns: readonly Pick<Column<never>, 'name'>[]): string {
  return stringify([columns.map(({ name }) => name)]);
}

function writeTable<Row>(dir: string, table: Table<Row, unknown>, rows: readonly Row[], session: string): void {
  writeWhole(dir, table.file, header(table.columns) + csv(table, rows, session));
}

/** Text that a spreadsheet would run as a formula is escaped; numbers are not. */
function csv<Row>({ columns }: Table<Row, unknown>, rows: readonly Row[], session: string): string {
  const cells = rows.map((row) => columns.map((column) => column.write(row, session) ?? ''));
  return stringify(cells, { escape_formulas: true, cast: { number: formatNumber } });
}

/** Plain decimals; the default would print 1e21 and leave 17 digits where 9 are meant. */
function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '';
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(9)));
}

/** Whole rows or nothing: a row that a full disk cut off is removed. */
function append(dir: string, file: number, text: string): void {
  guarded(dir, () => {
    const { size } = fstatSync(file);
    try {
      const bytes = Buffer.from(text);
      for (let sent = 0; sent < bytes.length; ) sent += writeSync(file, bytes, sent);
    } catch (error) {
      ftruncateSync(file, size);
      throw error;
    }
  });
}

/** Replaces a file of a session at once. */
export function writeWhole(dir: string, name: string, text: string): void {
  guarded(dir, () => replaceFile(join(dir, name), text));
}

/** A full disk ends the session with what it has, and says so. */
function guarded<T>(dir: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    throw new BoxmarkError({
      what: 'The disk is full: the session ends here. Everything written before is complete.',
      value: dir,
      remedy: 'free some space, or another folder with --out',
      cause: error,
    });
  }
}
