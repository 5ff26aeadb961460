/**
 * What a host of a fleet says while it measures: lines of JSON on its standard output, whatever carries them (the log of a
 * service, a connection, a file). The session comes as an archive, in lines as well, since logs carry nothing else.
 */

import { createHash, type Hash } from 'node:crypto';
import * as z from 'zod';
import { FOOTINGS } from './info.ts';

/** Logs split longer lines. */
const PART_BYTES = 6144;
/** Of an archive: sessions are some megabytes. */
const MOST_BYTES = 2 ** 30;
const LINE_LIMIT_CHARS = 16_000;

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const text = z.string().max(4000);

const lineSchema = z.discriminatedUnion('boxmark', [
  /** The first line of an attempt. */
  z.strictObject({
    boxmark: z.literal('begin'),
    program: text,
    architecture: z.string().max(32),
    footing: z.enum(FOOTINGS),
    /** Why the footing is no better. */
    why: text.nullable(),
    planDigest: digest,
    /** How its cluster calls it. */
    host: z.string().min(1).max(256).optional(),
  }),
  /** How far it is. */
  z.strictObject({ boxmark: z.literal('progress'), block: z.int().min(0), blocks: z.int().min(0), text }),
  z.strictObject({ boxmark: z.literal('note'), text }),
  /** `parts` lines with the archive follow. */
  z.strictObject({
    boxmark: z.literal('archive'),
    session: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,126}$/),
    bytes: z.int().min(1).max(MOST_BYTES),
    sha256: digest,
    parts: z.int().min(1),
  }),
  z.strictObject({ boxmark: z.literal('part'), part: z.int().min(1), base64: z.string().max(LINE_LIMIT_CHARS) }),
  /** The last line: the exit code, and why there is no session when there is none. */
  z.strictObject({ boxmark: z.literal('end'), exitCode: z.int(), reason: text.nullable() }),
]);
export type StreamLine = z.infer<typeof lineSchema>;
export type BeginLine = Extract<StreamLine, { boxmark: 'begin' }>;
export type ArchiveLine = Extract<StreamLine, { boxmark: 'archive' }>;

export function streamText(line: StreamLine): string {
  return `${JSON.stringify(line)}\n`;
}

/** An archive as lines. `pieces` are its bytes, any size each. */
export function* archiveLines(session: string, archive: Buffer): Generator<StreamLine> {
  const sha256 = createHash('sha256').update(archive).digest('hex');
  const parts = Math.ceil(archive.length / PART_BYTES);
  yield { boxmark: 'archive', session, bytes: archive.length, sha256, parts };
  for (let part = 1; part <= parts; part++) {
    const base64 = archive.subarray((part - 1) * PART_BYTES, part * PART_BYTES).toString('base64');
    yield { boxmark: 'part', part, base64 };
  }
}

/** What a stream leads to; called in the order of the lines. */
export interface StreamReader {
  begin(line: BeginLine): void;
  progress(line: Extract<StreamLine, { boxmark: 'progress' }>): void;
  note(text: string): void;
  /** An archive begins: whatever came of an earlier one is void. */
  archive(line: ArchiveLine): void;
  bytes(piece: Buffer): void;
  /** All of it came, and its digest is right. */
  complete(line: ArchiveLine): void;
  end(line: Extract<StreamLine, { boxmark: 'end' }>): void;
  /** Its lines can't be believed: the archive is damaged, out of order or cut. */
  broken(reason: string): void;
}

/** Takes the lines of one attempt. What is not one of its lines is kept as the tail, for a message. */
export class NodeStream {
  readonly #reader: StreamReader;
  #archive: { line: ArchiveLine; hash: Hash; parts: number; bytes: number } | undefined;
  /** Has one begun, whatever came of it? */
  #hasArchive = false;
  #tail: string[] = [];

  constructor(reader: StreamReader) {
    this.#reader = reader;
  }

  /** The last lines that were something else, as of a program that failed. */
  get tail(): string {
    return this.#tail.join('\n');
  }

  push(text: string): void {
    const line = readLine(text);
    if (line === undefined) {
      if (text.trim() !== '') this.#tail = [...this.#tail, text.slice(0, 400)].slice(-8);
      return;
    }
    if (line.boxmark === 'part') this.#part(line.part, Buffer.from(line.base64, 'base64'));
    else if (line.boxmark === 'archive') this.#open(line);
    else this.#plain(line);
  }

  #plain(line: Exclude<StreamLine, { boxmark: 'part' | 'archive' }>): void {
    if (line.boxmark === 'begin') this.#reader.begin(line);
    else if (line.boxmark === 'progress') this.#reader.progress(line);
    else if (line.boxmark === 'note') this.#reader.note(line.text);
    else {
      if (this.#archive !== undefined) this.#break('its archive is cut');
      this.#reader.end(line);
    }
  }

  #open(line: ArchiveLine): void {
    this.#hasArchive = true;
    this.#archive = { line, hash: createHash('sha256'), parts: 0, bytes: 0 };
    this.#reader.archive(line);
  }

  #part(part: number, piece: Buffer): void {
    const archive = this.#archive;
    if (archive === undefined) {
      // What follows a break is not looked at.
      if (this.#hasArchive) return;
      this.#hasArchive = true;
      this.#break(`its log begins with part ${part} of its archive: what came before was rotated away, or cut`);
      return;
    }
    archive.parts += 1;
    archive.bytes += piece.length;
    const isOver = part > archive.line.parts || archive.bytes > archive.line.bytes;
    if (part !== archive.parts || isOver) {
      this.#break(isOver ? 'its archive is too long' : `part ${part} of its archive came as part ${archive.parts}`);
      return;
    }
    archive.hash.update(piece);
    this.#reader.bytes(piece);
    if (part < archive.line.parts) return;
    this.#archive = undefined;
    const isRight = archive.bytes === archive.line.bytes && archive.hash.digest('hex') === archive.line.sha256;
    if (isRight) this.#reader.complete(archive.line);
    else this.#reader.broken('its archive does not have the digest that it says');
  }

  #break(reason: string): void {
    this.#archive = undefined;
    this.#reader.broken(reason);
  }
}

function readLine(text: string): StreamLine | undefined {
  if (text.length > LINE_LIMIT_CHARS || !text.startsWith('{"boxmark":')) return undefined;
  try {
    const read = lineSchema.safeParse(JSON.parse(text));
    return read.success ? read.data : undefined;
  } catch {
    return undefined;
  }
}
