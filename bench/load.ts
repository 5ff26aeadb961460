/** Reads a session's folder back: what was planned, every burst, start and event, as they were when it was measured. */

import { closeSync, createReadStream, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse';
import { messageOf, usageError } from './errors.ts';
import { BadCell, type Row, toSample, toStart } from './rows.ts';
import { SESSION_SCHEMA, type SessionInfo, sessionSchema } from './session.ts';
import type { Sample, SessionEvent, Start } from './types.ts';
import { countedSamples } from './whole.ts';

export interface LoadedSession {
  readonly dir: string;
  readonly info: SessionInfo;
  readonly samples: readonly Sample[];
  readonly starts: readonly Start[];
  readonly events: readonly SessionEvent[];
}

/** Reads everything but the contrasts, which are computed from it. Throws a usage error when `dir` is no session, is damaged, or is of a later version. */
export async function loadSession(dir: string): Promise<LoadedSession> {
  const info = readSessionInfo(dir);
  const samples: Sample[] = [];
  await eachRow(dir, 'samples.csv', (row) => samples.push(toSample(row)));
  const starts: Start[] = [];
  await eachRow(dir, 'starts.csv', (row) => starts.push(toStart(row)));
  return { dir, info, samples, starts, events: readEvents(dir) };
}

/** The samples that figures are computed from: those of whole blocks, from boxes whose states were right. */
export function wholeSamples(session: Pick<LoadedSession, 'info' | 'samples' | 'events'>): Sample[] {
  return countedSamples(session.samples, session.events, session.info.blocksCompleted);
}

/** `session.json` alone, which is whole also after a kill. Throws a usage error like `loadSession`. */
export function readSessionInfo(dir: string): SessionInfo {
  const file = join(dir, 'session.json');
  if (!existsSync(file)) {
    throw usageError('This is not a session: there is no session.json in it.', dir, 'a folder below results/');
  }
  let content: { schema?: unknown } | null;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
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
  if (checked.success) return content as unknown as SessionInfo;
  const [issue] = checked.error.issues;
  throw damaged(file, `${issue?.path.join('.') || 'the whole'}: ${issue?.message}`);
}

/** Columns are only ever appended: ones that we don't know are let through, later ones may be lacking. */
async function eachRow(dir: string, name: string, visit: (row: Row) => void): Promise<void> {
  const file = join(dir, name);
  if (!existsSync(file)) throw damaged(file, 'it is missing');
  assertWholeEnd(file);
  let rows = 0;
  let hasHeader = false;
  const header = (names: string[]) => {
    hasHeader = true;
    return names;
  };
  try {
    for await (const row of createReadStream(file).pipe(parse({ columns: header, bom: true }))) {
      rows += 1;
      visit(row as Row);
    }
  } catch (error) {
    throw damaged(file, `${error instanceof BadCell ? `row ${rows}: ` : ''}${messageOf(error)}`);
  }
  if (!hasHeader) throw damaged(file, 'it has no header row');
}

/** A cut last cell could pass for a shorter number. */
function assertWholeEnd(file: string): void {
  const { size } = statSync(file);
  if (size === 0 || byteAt(file, size - 1) === '\n'.charCodeAt(0)) return;
  throw usageError(
    "This session can't be read: the last line of a table is cut, as a kill in the middle of writing leaves it.",
    file,
    'boxmark resume on its folder, which goes on after the last whole block',
  );
}

function byteAt(file: string, position: number): number | undefined {
  const handle = openSync(file, 'r');
  try {
    const byte = Buffer.alloc(1);
    readSync(handle, byte, 0, 1, position);
    return byte[0];
  } finally {
    closeSync(handle);
  }
}

/** A session without events is whole: it may have been cut before the first. */
function readEvents(dir: string): SessionEvent[] {
  const file = join(dir, 'events.jsonl');
  if (!existsSync(file)) return [];
  assertWholeEnd(file);
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.flatMap((line, index) => {
    if (line === '') return [];
    try {
      return [JSON.parse(line) as SessionEvent];
    } catch (error) {
      throw damaged(file, `line ${index + 1}: ${messageOf(error)}`);
    }
  });
}

function damaged(file: string, problem: string): Error {
  return usageError(
    `This session can't be read: ${problem.slice(0, 200)}`,
    file,
    'boxmark check on its folder, for what is wrong',
  );
}
