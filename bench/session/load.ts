/** Reads a session's folder back: what was planned, every burst, start and event, as they were when it was measured. */

import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { messageOf, usageError } from '../errors.ts';
import { joinTraits, type KindRows, type Sample, type Start, type Traits } from '../types.ts';
import { isTableThere } from './compressed.ts';
import { readEvent, type SessionEvent } from './events.ts';
import { assertSession, INFO_LIMIT_BYTES, readRegular } from './files.ts';
import { SESSION_SCHEMA, type SessionInfo, sessionSchema } from './info.ts';
import { KIND_TABLES, kindRows } from './kind-tables.ts';
import { BadTable, CutTable, TableScan, type Watch } from './scan.ts';
import { BadCell, type Table } from './table.ts';
import type { TableRecord } from './table-record.ts';
import { SAMPLES, STARTS } from './tables.ts';

/** Rows of a kind of table are there if its kind was measured. */
export interface LoadedSession extends KindRows {
  readonly dir: string;
  readonly info: SessionInfo;
  readonly samples: readonly Sample[];
  readonly starts: readonly Start[];
  readonly events: readonly SessionEvent[];
}

/** A session whose bursts are read on demand, and not kept. */
export interface OpenedSession extends Omit<LoadedSession, 'samples'> {
  /** Every row of samples.csv, read again each time. Throws a usage error where the table is damaged. */
  readonly samples: () => Iterable<Sample>;
}

/** Reads everything but bursts and contrasts. Throws a usage error when `dir` is no session, is damaged, or is of a later version. */
export function openSession(dir: string): OpenedSession {
  const info = readSessionInfo(dir);
  const starts = [...rowsOf(dir, STARTS)];
  const events = readEvents(dir);
  // A session that ended before its first row has no such table.
  const rows = kindRows((name) => {
    const table = KIND_TABLES[name];
    return isTableThere(join(dir, table.file)) ? [...rowsOf(dir, table)] : [];
  });
  return { dir, info, starts, events, ...rows, samples: () => rowsOf(dir, SAMPLES) };
}

/** Reads everything but the contrasts, which are computed from it. Throws like `openSession`. */
export async function loadSession(dir: string): Promise<LoadedSession> {
  const session = openSession(dir);
  return { ...session, samples: [...session.samples()] };
}

/** The samples that figures are computed from: those of whole blocks, from boxes whose states were right. */
export function wholeSamples(session: Pick<LoadedSession, 'info' | 'samples' | 'events'>): Sample[] {
  return countedSamples(session.samples, session.events, session.info.blocksCompleted);
}

/**
 * Does a row count? Those of whole blocks do, without those of a box in a block in which a replay refuted one of its
 * states. Rows of a cut block and of a refuted box stay in the files, and in no figure.
 */
export function isCounted(
  events: readonly SessionEvent[],
  blocksCompleted: number,
): (row: Pick<Sample, 'block' | 'env'>) => boolean {
  const refuted = new Set(
    events.filter(({ kind }) => kind === 'checksum-mismatch').map(({ block, env }) => `${block} ${env}`),
  );
  if (refuted.size === 0) return ({ block }) => block <= blocksCompleted;
  return ({ block, env }) => block <= blocksCompleted && !refuted.has(`${block} ${env}`);
}

export function countedSamples(
  samples: readonly Sample[],
  events: readonly SessionEvent[],
  blocksCompleted: number,
): Sample[] {
  return samples.filter(isCounted(events, blocksCompleted));
}

/** `session.json` alone, which is whole also after a kill. Throws a usage error like `loadSession`. */
export function readSessionInfo(dir: string): SessionInfo {
  assertSession(dir);
  const file = join(dir, 'session.json');
  const text = readRegular(file, INFO_LIMIT_BYTES);
  let content: { schema?: unknown } | null;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw damaged(file, messageOf(error));
  }
  if (typeof content?.schema === 'number' && content.schema > SESSION_SCHEMA) {
    throw usageError(
      `This session was written by a later version: its schema is ${content.schema}, the latest known one ${SESSION_SCHEMA}.`,
      dir,
      'a newer boxmark',
    );
  }
  const checked = sessionSchema.safeParse(content);
  if (checked.success) return withTraits(content as unknown as SessionInfo);
  const [issue] = checked.error.issues;
  throw damaged(file, `${issue?.path.join('.') || 'the whole'}: ${issue?.message}`);
}

/** Sessions of earlier versions have no traits, or not all: there they are derived from the labels. Nothing else reads labels to decide. */
function withTraits(info: SessionInfo): SessionInfo {
  const environments = info.environments.map((it) => ({
    ...it,
    traits: joinTraits([
      (it.traits as Partial<Traits> | undefined) ?? traitsOfLabels(it.labels),
      laterTraitsOfLabels(it.labels),
    ]),
  }));
  return { ...info, environments };
}

/** Traits that were labels only, when others were traits already. */
function laterTraitsOfLabels(labels: readonly string[]): Partial<Traits> {
  return {
    oneCpu: labels.some((label) => /User-mode Linux/i.test(label)),
    chroot: labels.includes('chroot'),
  };
}

function traitsOfLabels(labels: readonly string[]): Partial<Traits> {
  const says = (pattern: RegExp) => labels.some((label) => pattern.test(label));
  return {
    kvm: says(/^KVM$/),
    emulated: says(/emulated/i),
    ownCpu: says(/emulated|User-mode Linux|gVisor/i),
    relaxed: says(/relaxed/i),
    quotaAsked: says(/CPU quota/i),
  };
}

/** What happens beside the reading of rows. */
export interface Reading<Read> {
  readonly watch?: Watch;
  /** Sees every row; one that is not wanted is not handed on. */
  readonly isWanted?: (row: Read) => boolean;
}

/** The rows of a table. Throws a usage error where it is missing or damaged. */
export function rowsOf<Read>(dir: string, table: ReadableTable<Read>, reading?: Reading<Read>): Generator<Read> {
  return readRows(dir, table, (header) => table.reader(header), reading);
}

/** The same for who keeps no row: all may be one object, which holds the last row that was asked for. */
export function passingRowsOf<Read>(dir: string, table: ReadableTable<Read>, reading?: Reading<Read>): Generator<Read> {
  return readRows(dir, table, (header) => table.passingReader(header), reading);
}

type ReadableTable<Read> = Pick<Table<never, Read>, 'file' | 'reader' | 'passingReader'>;

function* readRows<Read>(
  dir: string,
  table: Pick<Table<never, Read>, 'file'>,
  readerFor: (header: TableRecord) => (record: TableRecord) => Read,
  { watch, isWanted }: Reading<Read> = {},
): Generator<Read> {
  const file = join(dir, table.file);
  if (!isTableThere(file)) throw damaged(file, 'it is missing');
  const scan = new TableScan(file, { isWhole: true, watch });
  const { record } = scan;
  try {
    scan.next();
    const read = readerFor(record);
    while (scan.next()) {
      const row = read(record);
      if (isWanted === undefined || isWanted(row)) yield row;
    }
  } catch (error) {
    const place = record.number > 0 ? `row ${record.number}: ` : '';
    if (error instanceof BadCell) throw damaged(file, `${place}${error.message}`);
    if (error instanceof BadTable) throw damaged(file, error.message);
    if (error instanceof CutTable) throw cut(file);
    throw error;
  } finally {
    scan.close();
  }
}

function cut(file: string): Error {
  return usageError(
    "This session can't be read: the last line of a table is incomplete, as after a kill in the middle of writing.",
    file,
    'boxmark resume on its folder, which continues after the last whole block',
  );
}

/** A session without events is valid: it may have ended before the first. */
function readEvents(dir: string): SessionEvent[] {
  const file = join(dir, 'events.jsonl');
  if (!existsSync(file)) return [];
  const text = readRegular(file);
  if (text !== '' && !text.endsWith('\n')) throw cut(file);
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    if (line === '') return [];
    try {
      return [readEvent(line)];
    } catch (error) {
      throw damaged(file, `line ${index + 1}: ${messageOf(error)}`);
    }
  });
}

function damaged(file: string, problem: string): Error {
  return usageError(
    `This session can't be read: ${basename(file)}: ${problem.slice(0, 200)}`,
    file,
    'boxmark check on its folder, for what is wrong',
  );
}
