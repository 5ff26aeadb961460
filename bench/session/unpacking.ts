/** Unpacks a gzip file piece by piece, for who reads without waiting for events: a thread unpacks, through memory that both share. */

import { Worker } from 'node:worker_threads';

/** As much is unpacked ahead of who reads. */
const RING_BYTES = 1 << 22;
const MESSAGE_BYTES = 1 << 10;
/** Unpacking a piece takes a millisecond; a host that swaps may take long. */
const PATIENCE_MS = 120_000;

/** Cells of the shared memory. Numbers of bytes are below 2³¹. */
const STEPS = 0;
const STATE = 1;
const SIZE = 2;
const LAST_BYTE = 3;
const WRITTEN = 4;
const READ = 5;
const ENDED = 6;
const CELLS = 7;

/** In `STATE`. */
const MEASURING = 0;
const READY = 1;
const WRITING = 2;
const FAILED = 3;
const TOO_LARGE = 4;
const CLOSED = 5;

/**
 * As text, because the program is bundled into files that a thread can't find. It unpacks twice: what is wrong with a file
 * is known before anybody has read a byte of it.
 */
const THREAD = `
  const { readSync } = require('node:fs');
  const { Readable } = require('node:stream');
  const { workerData } = require('node:worker_threads');
  const { createGunzip } = require('node:zlib');
  const { handle, limit } = workerData;
  const cells = new Int32Array(workerData.cells);
  const ring = new Uint8Array(workerData.ring);
  const message = new Uint8Array(workerData.message);

  function step(cell, value) {
    Atomics.store(cells, cell, value);
    Atomics.add(cells, ${STEPS}, 1);
    Atomics.notify(cells, ${STEPS});
  }

  function* packed() {
    for (let position = 0; ; ) {
      const piece = Buffer.allocUnsafe(1 << 16);
      const bytes = readSync(handle, piece, 0, piece.length, position);
      if (bytes === 0) return;
      yield piece.subarray(0, bytes);
      position += bytes;
    }
  }

  const isClosed = () => Atomics.load(cells, ${STATE}) === ${CLOSED};

  async function measure() {
    let size = 0;
    for await (const piece of unpacked()) {
      size += piece.length;
      if (isClosed()) return;
      if (size > limit) return step(${STATE}, ${TOO_LARGE});
      cells[${LAST_BYTE}] = piece[piece.length - 1];
    }
    Atomics.store(cells, ${SIZE}, size);
    step(${STATE}, ${READY});
  }

  async function write() {
    let written = 0;
    for await (const piece of unpacked()) {
      for (let at = 0; at < piece.length; ) {
        let read = Atomics.load(cells, ${READ});
        for (; written - read === ring.length; read = Atomics.load(cells, ${READ})) {
          if (isClosed()) return;
          Atomics.wait(cells, ${READ}, read);
        }
        const place = written % ring.length;
        const bytes = Math.min(piece.length - at, ring.length - (written - read), ring.length - place);
        ring.set(piece.subarray(at, at + bytes), place);
        at += bytes;
        written += bytes;
        step(${WRITTEN}, written);
      }
      if (isClosed()) return;
    }
    if (written !== cells[${SIZE}]) throw new Error('it changes while it is read');
  }

  function unpacked() {
    const gunzip = createGunzip({ chunkSize: 1 << 18 });
    const source = Readable.from(packed(), { objectMode: false });
    source.on('error', (error) => gunzip.destroy(error));
    return source.pipe(gunzip);
  }

  async function run() {
    try {
      await measure();
      Atomics.wait(cells, ${STATE}, ${READY});
      if (Atomics.load(cells, ${STATE}) === ${WRITING}) await write();
    } catch (error) {
      new TextEncoder().encodeInto(String(error.message), message);
      step(${STATE}, ${FAILED});
    }
    step(${ENDED}, 1);
  }
  run();
`;

/** It can't be unpacked, for the reason that the message gives. */
export class BadGzip extends Error {}

/** More than so many bytes when it is unpacked. */
export class LargeGzip extends Error {}

/** A gzip file as if it were not packed, read from its beginning to its end, once. */
export class Unpacking {
  readonly size: number;
  /** Undefined where there is none. */
  readonly lastByte: number | undefined;
  readonly #cells = new Int32Array(new SharedArrayBuffer(4 * CELLS));
  readonly #ring = new Uint8Array(new SharedArrayBuffer(RING_BYTES));
  readonly #message = new Uint8Array(new SharedArrayBuffer(MESSAGE_BYTES));
  #read = 0;

  /** Of a file that is open, and is not to be closed before this is. Throws a BadGzip, or a LargeGzip above `limit` bytes. */
  constructor(handle: number, limit: number) {
    const memory = { cells: this.#cells.buffer, ring: this.#ring.buffer, message: this.#message.buffer };
    const thread = new Worker(THREAD, {
      ...{ eval: true, workerData: { ...memory, handle, limit }, execArgv: [] },
    });
    thread.unref();
    // A thread that can't run answers nothing.
    thread.on('error', () => {});
    try {
      this.#await(() => Atomics.load(this.#cells, STATE) !== MEASURING);
      this.#assertSound();
    } catch (error) {
      this.close();
      throw error;
    }
    this.size = Atomics.load(this.#cells, SIZE);
    this.lastByte = this.size === 0 ? undefined : Atomics.load(this.#cells, LAST_BYTE);
    Atomics.store(this.#cells, STATE, WRITING);
    Atomics.notify(this.#cells, STATE);
  }

  /** Puts the next bytes into `target`, `length` at most; returns how many, 0 at the end. */
  next(target: Uint8Array, offset: number, length: number): number {
    if (this.#read === this.size || length === 0) return 0;
    this.#await(() => Atomics.load(this.#cells, WRITTEN) > this.#read || Atomics.load(this.#cells, STATE) !== WRITING);
    this.#assertSound();
    const there = Atomics.load(this.#cells, WRITTEN) - this.#read;
    const place = this.#read % RING_BYTES;
    const bytes = Math.min(length, there, RING_BYTES - place);
    target.set(this.#ring.subarray(place, place + bytes), offset);
    this.#read += bytes;
    Atomics.store(this.#cells, READ, this.#read);
    Atomics.notify(this.#cells, READ);
    return bytes;
  }

  /** Ends the thread, also in the middle: the file is not read any more afterwards. */
  close(): void {
    Atomics.store(this.#cells, STATE, CLOSED);
    Atomics.notify(this.#cells, STATE);
    // It may wait for room, and looks at the state then.
    Atomics.add(this.#cells, READ, 1);
    Atomics.notify(this.#cells, READ);
    this.#await(() => Atomics.load(this.#cells, ENDED) === 1);
  }

  #await(isThere: () => boolean): void {
    for (;;) {
      const steps = Atomics.load(this.#cells, STEPS);
      if (isThere()) return;
      if (Atomics.wait(this.#cells, STEPS, steps, PATIENCE_MS) === 'timed-out') {
        throw new BadGzip(`the thread that unpacks it gave no answer in ${PATIENCE_MS / 1000} s`);
      }
    }
  }

  #assertSound(): void {
    const state = Atomics.load(this.#cells, STATE);
    if (state === TOO_LARGE) throw new LargeGzip();
    if (state === FAILED) throw new BadGzip(Buffer.from(this.#message).toString('utf8').replace(/\0+$/, ''));
  }
}
