/** Finds, while rows are read for another purpose, that a table leaves nothing to judge: then its check needs no pass of its own. */

import { createHash } from 'node:crypto';
import type { Sample } from '../types.ts';
import { passingRowsOf, type Reading, rowsOf } from './load.ts';
import type { Watch } from './scan.ts';
import type { Table } from './table.ts';
import type { TableRecord } from './table-record.ts';
import { SAMPLES } from './tables.ts';

/** A table whose columns stand in order, whose rows are all of the session, and of whose form no reader can have another opinion. */
export interface SoundTable {
  /** SHA-256, 64 hex digits. */
  readonly digest: string;
  readonly rows: number;
}

export interface SoundSamples extends SoundTable {
  /** Rows whose answer was wrong. */
  readonly wrongAnswers: number;
}

interface TableWatch extends Watch {
  /** Null where something is left to judge. Asked for when all rows were read. */
  result(): SoundTable | null;
}

/** States of later rows are not compared with each other: a table may have any number of rows. */
export const MOST_STATES = 5_000_000;

/** The table, when all its rows can be read and it leaves nothing to judge; null otherwise, whatever is wrong with it. */
export function soundTable(dir: string, table: Table<never, unknown>, session: string): SoundTable | null {
  const watch = watchTable(table, session);
  return isReadToTheEnd(passingRowsOf(dir, table, { watch })) ? watch.result() : null;
}

/** The same of `samples.csv`, whose states must agree across the boxes. */
export function soundSamples(dir: string, session: string): SoundSamples | null {
  const watched = watchSamples(dir, session, { rows: passingRowsOf });
  return isReadToTheEnd(watched.samples) ? watched.result() : null;
}

interface WatchedReading extends Pick<Reading<Sample>, 'isWanted'> {
  readonly rows?: typeof rowsOf | typeof passingRowsOf;
}

/** The rows of `samples.csv` that are wanted; afterwards `result` says whether they leave nothing to judge. Throws like `rows`. */
export function watchSamples(
  dir: string,
  session: string,
  { rows = rowsOf, isWanted = () => true }: WatchedReading = {},
): { readonly samples: Iterable<Sample>; readonly result: () => SoundSamples | null } {
  const watch = watchTable(SAMPLES, session);
  const states = newStates();
  let wrongAnswers = 0;
  let agree = true;
  let number = 0;
  const see = (sample: Sample) => {
    number += 1;
    if (!sample.ok) wrongAnswers += 1;
    else if (sample.phase === 'measure' && sample.checksum !== '' && number <= MOST_STATES) {
      agree &&= states.agrees(sample);
    }
    return isWanted(sample);
  };
  return {
    samples: rows(dir, SAMPLES, { watch, isWanted: see }),
    result() {
      const table = watch.result();
      return table === null || !agree ? null : { ...table, wrongAnswers };
    },
  };
}

function isReadToTheEnd(rows: Iterable<unknown>): boolean {
  try {
    for (const _ of rows);
    return true;
  } catch {
    return false;
  }
}

function watchTable({ columns }: Pick<Table<never, unknown>, 'columns'>, session: string): TableWatch {
  const hash = createHash('sha256');
  const name = Buffer.from(session);
  let rows = -1;
  let isSound = true;
  const isOwn = ({ bytes, begin, ends, isCompared, changed, changes }: TableRecord) =>
    // The same cell as that of the row before.
    (isCompared && (changes === 0 || changed[0] !== 0)) ||
    ((ends[0] as number) - begin === name.length && bytes.compare(name, 0, name.length, begin, ends[0]) === 0);
  return {
    piece: (bytes) => {
      hash.update(bytes);
    },
    row(record, isPlain) {
      rows += 1;
      isSound &&= isPlain && (rows === 0 ? isHeaderOf(columns, record.all()) : isOwn(record));
    },
    result: () => (isSound && rows >= 0 ? { digest: hash.digest('hex'), rows } : null),
  };
}

/** Columns are only ever appended: older sessions don't have the last ones. */
function isHeaderOf(columns: Table<never, unknown>['columns'], header: readonly string[]): boolean {
  return (
    header.length <= columns.length &&
    columns.every(({ name, appended }, index) => header[index] === name || (appended && index >= header.length))
  );
}

/** The state after each visit: all boxes must have the same. */
function newStates() {
  const byWorkload = new Map<string, Map<number, Map<number, string>>>();
  return {
    agrees({ workload, block, round, checksum }: Sample): boolean {
      const blocks = byWorkload.get(workload) ?? new Map<number, Map<number, string>>();
      if (blocks.size === 0) byWorkload.set(workload, blocks);
      const rounds = blocks.get(block) ?? new Map<number, string>();
      if (rounds.size === 0) blocks.set(block, rounds);
      const known = rounds.get(round);
      if (known === undefined) rounds.set(round, checksum);
      return known === undefined || known === checksum;
    },
  };
}
