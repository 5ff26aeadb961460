/** What comes back of a host: its lines, and its session, which is taken only whole and checked. */

import { closeSync, mkdirSync, openSync, readdirSync, renameSync, writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../bench/errors.ts';
import { FLEET_HOSTS, isSessionName } from '../../bench/fleet/info.ts';
import { type ArchiveLine, type BeginLine, NodeStream, type StreamLine } from '../../bench/fleet/stream.ts';
import { checkWhole } from '../../bench/kinds/whole-check.ts';
import { partialName } from '../../bench/session/files.ts';
import { removeTree } from '../../runners/kit/remove.ts';
import { openPack } from '../pack/open.ts';
import { SUMS } from '../pack/sums.ts';

type Progress = Extract<StreamLine, { boxmark: 'progress' }>;

/** What a host says while it measures. */
export interface ArrivalListener {
  begin?(line: BeginLine): void;
  progress?(line: Progress): void;
  note?(text: string): void;
}

/** How its lines ended. */
export interface Arrived {
  readonly begin: BeginLine | null;
  /** Path of the session below the fleet's folder, and its seal; null when none came whole. */
  readonly session: { readonly path: string; readonly seal: string | null } | null;
  /** What its program ended with; null when no last line came. */
  readonly exitCode: number | null;
  /** Why there is no session, or why it was not taken; null when it was. */
  readonly reason: string | null;
}

/** Takes the lines of one attempt of one host. */
export class Arrival {
  readonly #dir: string;
  readonly #host: string;
  readonly #stream: NodeStream;
  readonly #archive: string;
  #handle: number | undefined;
  #begin: BeginLine | null = null;
  #complete: ArchiveLine | null = null;
  #exitCode: number | null = null;
  #reason: string | null = null;
  #lines = 0;
  /** A piece of the archive could not be written. */
  #isLost = false;

  /** `dir`: of the fleet. `host`: the name of the host's folder in it. */
  constructor(dir: string, host: string, listener: ArrivalListener = {}) {
    this.#dir = dir;
    this.#host = host;
    this.#archive = partialName(join(dir, 'arriving'));
    this.#stream = new NodeStream({
      begin: (line) => {
        this.#begin = line;
        listener.begin?.(line);
      },
      progress: (line) => listener.progress?.(line),
      note: (text) => listener.note?.(text),
      archive: () => {
        this.#isLost = false;
        this.#open();
      },
      bytes: (piece) => void (this.#handle !== undefined && writeSync(this.#handle, piece)),
      complete: (line) => {
        if (!this.#isLost) this.#complete = line;
      },
      end: ({ exitCode, reason }) => {
        this.#exitCode = exitCode;
        this.#reason ??= reason;
      },
      broken: (reason) => {
        this.#complete = null;
        this.#reason = reason;
      },
    });
  }

  line(text: string): void {
    this.#lines += 1;
    try {
      this.#stream.push(text);
    } catch (error) {
      // A full disk: this host's session is lost, and the others go on.
      this.#close();
      this.#complete = null;
      this.#isLost = true;
      this.#reason = messageOf(error);
    }
  }

  /** After the last line: checks the session, and puts it in its place. Never rejects. */
  async finish(): Promise<Arrived> {
    this.#close();
    try {
      const session = this.#complete === null ? null : await this.#take(this.#complete);
      const reason = session === null ? this.#why() : null;
      return { begin: this.#begin, session, exitCode: this.#exitCode, reason };
    } catch (error) {
      return { begin: this.#begin, session: null, exitCode: this.#exitCode, reason: messageOf(error) };
    } finally {
      await rm(this.#archive, { force: true });
    }
  }

  #why(): string {
    const { tail } = this.#stream;
    if (this.#reason !== null) return this.#reason;
    if (this.#lines === 0) return 'it said nothing';
    return tail === '' ? 'its lines end before its session' : tail;
  }

  #open(): void {
    this.#close();
    this.#complete = null;
    this.#handle = openSync(this.#archive, 'w', 0o600);
  }

  #close(): void {
    if (this.#handle !== undefined) closeSync(this.#handle);
    this.#handle = undefined;
  }

  async #take({ session }: ArchiveLine): Promise<NonNullable<Arrived['session']>> {
    return takeArchive(this.#archive, { dir: this.#dir, host: this.#host, session });
  }
}

/** Where a session is put, and what it must be called; any name where `session` is null. */
export interface Place {
  readonly dir: string;
  readonly host: string;
  readonly session: string | null;
}

/**
 * Unpacks the archive of a session, checks it whole, and puts it into the host's folder.
 * @throws `BoxmarkError` or `Error` with the reason when it is not what it should be; nothing is kept then
 */
export async function takeArchive(
  archive: string,
  { dir, host, session }: Place,
): Promise<NonNullable<Arrived['session']>> {
  const unpacked = partialName(join(dir, 'unpacked'));
  try {
    const { dir: found, findings } = await openPack(archive, unpacked);
    await rm(join(found, SUMS), { force: true });
    const check = await checkWhole(found);
    const [finding] = [...findings, ...check.findings];
    if (finding !== undefined) throw new Error(`its session is not whole: ${finding.file}: ${finding.problem}`);
    const [name = ''] = readdirSync(unpacked);
    if (!isSessionName(name))
      throw new Error(`its session has a name that none has: ${JSON.stringify(name.slice(0, 80))}`);
    if (session !== null && name !== session) throw new Error(`its session is ${name}, and it said ${session}`);
    const folder = join(dir, FLEET_HOSTS, host);
    mkdirSync(folder, { recursive: true });
    renameSync(found, join(folder, name));
    return { path: [FLEET_HOSTS, host, name].join('/'), seal: check.seal };
  } finally {
    await removeTree(unpacked);
    // Of an archive that could not be unpacked.
    await rm(`${unpacked}.tar`, { force: true });
  }
}
