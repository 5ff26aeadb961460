/** One file of the user's cache, with a line for each session of a folder: a file for each session takes twice as long to read, and several times as long to write. */

import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readOwnBytes } from '../../runners/host/ownership.ts';
import { sha256 } from '../../runners/image/store.ts';

const [TAB, LF] = [9, 10] as const;
const DIGEST = 64;
/** The command, and the digest of the folder of sessions. */
export const SHELF_NAME = /^[a-z]+-[0-9a-f]{64}$/;
/** Until the file is whole: with the id of the process that writes it. */
export const PARTIAL_NAME = /^\.[a-z]+-[0-9a-f]{64}\.\d+\.partial$/;

/**
 * `name<TAB>key<TAB>digest<TAB>text<LF>`: the session's name as JSON, and digests of 64 hex digits, so that of a file that
 * was damaged the other lines count. It is written whole: of two programs at once the last one's stays.
 */
export class Shelf {
  readonly #file: string;
  readonly #most: number;
  readonly #lines = new Map<string, Buffer>();
  #bytes = 0;
  #isChanged = false;

  /** `sessions`: those that are there now. Lines of others are left out. */
  constructor(file: string, sessions: ReadonlySet<string>, most: number) {
    this.#file = file;
    this.#most = most;
    const names = new Set([...sessions].map((name) => JSON.stringify(name)));
    const bytes = bytesOf(file, most);
    for (let from = 0; from < bytes.length; ) {
      const end = bytes.indexOf(LF, from);
      if (end < 0) break;
      const line = bytes.subarray(from, end + 1);
      const name = line.toString('utf8', 0, Math.max(0, line.indexOf(TAB)));
      if (names.has(name)) this.#set(name, line);
      from = end + 1;
    }
  }

  get isChanged(): boolean {
    return this.#isChanged;
  }

  /** What was put there for this session under this key; null where there is nothing, or not what was put. */
  textOf(session: string, key: string): string | null {
    const name = JSON.stringify(session);
    const line = this.#lines.get(name);
    if (line === undefined) return null;
    const keyAt = line.indexOf(TAB) + 1;
    const digestAt = keyAt + DIGEST + 1;
    if (line.toString('latin1', keyAt, digestAt - 1) !== key) return null;
    const text = line.toString('utf8', digestAt + DIGEST + 1, line.length - 1);
    return line.toString('latin1', digestAt, digestAt + DIGEST) === sha256(text) ? text : null;
  }

  /** `text` has no line ends. Nothing happens where there is no room. */
  put(session: string, key: string, text: string): void {
    const name = JSON.stringify(session);
    const line = Buffer.from(`${name}\t${key}\t${sha256(text)}\t${text}\n`);
    const more = line.length - (this.#lines.get(name)?.length ?? 0);
    if (this.#bytes + more > this.#most) return;
    this.#set(name, line);
    this.#isChanged = true;
  }

  /** Whole, or not at all. */
  write(): void {
    const partial = join(dirname(this.#file), `.${basename(this.#file)}.${process.pid}.partial`);
    this.#isChanged = false;
    try {
      writeFileSync(partial, Buffer.concat([...this.#lines.values()]), { mode: 0o600, flag: 'wx' });
      renameSync(partial, this.#file);
    } catch {
      rmSync(partial, { force: true });
    }
  }

  #set(name: string, line: Buffer): void {
    this.#bytes += line.length - (this.#lines.get(name)?.length ?? 0);
    this.#lines.set(name, line);
  }
}

function bytesOf(file: string, most: number): Buffer {
  try {
    return readOwnBytes(file, most) ?? Buffer.alloc(0);
  } catch {
    return Buffer.alloc(0);
  }
}
