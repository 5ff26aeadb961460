/** Reopens a session's folder: rows of whole blocks stay, those of an incomplete block are removed, and writing continues. */

import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { usageError } from '../errors.ts';
import { unpackTable } from './compressed.ts';
import { CONTRASTS, STARTUP } from './figure-tables.ts';
import { assertPlainFolder, readRegular, removePartials } from './files.ts';
import { KIND_TABLES } from './kind-tables.ts';
import { claimFolder } from './owner.ts';
import { SIGNATURE_FILE } from './signature/session-signature.ts';
import { openStoreAt, type Store, writeWhole } from './store.ts';
import { SAMPLES, STARTS, TABLES } from './tables.ts';

/**
 * Trims the folder to its first `blocks` blocks and opens it for appending. Works on what a kill left, a last line
 * that is cut included. Every file is replaced whole; manifest, signature and figures are removed, because they describe the
 * session as it was. Throws a usage error while another process still writes to it, and for a folder with links.
 */
export function reopenStore(dir: string, session: string, blocks: number): Store {
  assertPlainFolder(dir);
  const release = claimFolder(dir);
  try {
    removePartials(dir);
    for (const { file } of TABLES) unpackTable(join(dir, file));
    for (const name of ['manifest.json', SIGNATURE_FILE, CONTRASTS.file, STARTUP.file])
      rmSync(join(dir, name), { force: true });
    for (const { file, columns } of [SAMPLES, STARTS]) {
      replace(dir, file, (text) => trimTable(text, columns, blocks, dir));
    }
    for (const { file, columns } of Object.values(KIND_TABLES)) {
      if (existsSync(join(dir, file))) replace(dir, file, (text) => trimTable(text, columns, blocks, dir));
    }
    replace(dir, 'events.jsonl', (text) => trimEvents(text, blocks));
    return openStoreAt(dir, session, release);
  } catch (error) {
    release();
    throw error;
  }
}

/** The header and the whole rows of the first `blocks` blocks. */
function trimTable(text: string, columns: readonly { readonly name: string }[], blocks: number, dir: string): string {
  const names = columns.map(({ name }) => name);
  const [header, ...rows] = wholeRecords(text);
  const found = header?.trimEnd().split(',') ?? names;
  if (found.some((name, index) => name !== names[index])) {
    throw usageError("This session's tables were written by another version: it can be read, but not resumed.", dir);
  }
  // Columns are only ever appended: rows of an older version have none of the later ones.
  const padding = ','.repeat(names.length - found.length);
  // The first two cells, session and block, are never quoted.
  const kept = rows.filter((row) => Number(row.split(',', 2)[1]) <= blocks);
  return [names.join(','), ...kept.map((row) => row.slice(0, -1) + padding), ''].join('\n');
}

/** Records with their line ends; a line end inside quotes ends none. An incomplete record at the end is left out. */
function wholeRecords(text: string): string[] {
  const records: string[] = [];
  let begun = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') quoted = !quoted;
    if (character !== '\n' || quoted) continue;
    records.push(text.slice(begun, at + 1));
    begun = at + 1;
  }
  return records;
}

/**
 * What was noticed in a cut block stays on record, but as the number of a cut block: the block that takes its place
 * has the same number, and must not be held responsible.
 */
function trimEvents(text: string, blocks: number): string {
  const lines = text.split('\n').slice(0, -1);
  const kept = lines.map((line) => {
    const { block, ...event } = JSON.parse(line) as { block?: number };
    return typeof block === 'number' && block > blocks ? JSON.stringify({ ...event, cutBlock: block }) : line;
  });
  return kept.map((line) => `${line}\n`).join('');
}

function replace(dir: string, name: string, edit: (text: string) => string): void {
  const text = existsSync(join(dir, name)) ? readRegular(join(dir, name)) : '';
  const edited = edit(text);
  if (edited !== text) writeWhole(dir, name, edited);
}
