/** The heartbeat of the host: a thread that sleeps for 10 ms again and again, and notes how long it really was away. */

import { Worker } from 'node:worker_threads';

const SLEEP_MS = 10;
/** A host on which a thread that has hardly anything to do waits longer is as good as locked. */
const MISSED_MS = 1000;

/** Cells of the shared memory. */
const STOP = 0;
const BEATS = 1;
const LONGEST_US = 2;
const MISSED = 3;
const CELLS = 4;

/** As text, because the program is bundled into files that a thread can't find. */
const THREAD = `
  const { workerData: { cells, last, sleepMs, missedMs } } = require('node:worker_threads');
  const shared = new Int32Array(cells);
  const lastBeat = new BigInt64Array(last);
  let lastNs = process.hrtime.bigint();
  Atomics.store(lastBeat, 0, lastNs);
  while (Atomics.wait(shared, ${STOP}, 0, sleepMs) === 'timed-out') {
    const nowNs = process.hrtime.bigint();
    const gapUs = Math.min(2 ** 31 - 1, Number((nowNs - lastNs) / 1000n));
    lastNs = nowNs;
    Atomics.store(lastBeat, 0, nowNs);
    Atomics.add(shared, ${BEATS}, 1);
    if (gapUs > Atomics.load(shared, ${LONGEST_US})) Atomics.store(shared, ${LONGEST_US}, gapUs);
    if (gapUs > missedMs * 1000) Atomics.add(shared, ${MISSED}, 1);
  }
`;

export interface Beats {
  readonly beats: number;
  /** Between two beats, or since the last one, the sleep included; null before the thread began. */
  readonly longestGapMs: number | null;
  /** Gaps of more than a second. */
  readonly missed: number;
}

export class HostBeat {
  readonly #cells = new Int32Array(new SharedArrayBuffer(4 * CELLS));
  /** When the thread was last awake, ns of the monotonic clock; 0 before it began. */
  readonly #last = new BigInt64Array(new SharedArrayBuffer(8));
  readonly #worker: Worker;

  private constructor() {
    const shared = { cells: this.#cells.buffer, last: this.#last.buffer };
    const workerData = { ...shared, sleepMs: SLEEP_MS, missedMs: MISSED_MS };
    this.#worker = new Worker(THREAD, { eval: true, workerData, execArgv: [] });
    // A thread that can't run shows in the beats, which are none.
    this.#worker.on('error', () => {});
  }

  /** Resolves once the thread beats. */
  static async start(): Promise<HostBeat> {
    const beat = new HostBeat();
    await new Promise<void>((resolve) => {
      beat.#worker.once('online', resolve);
      beat.#worker.once('exit', () => resolve());
    });
    return beat;
  }

  /** Since the last call of `restart`. The gap that is open now counts: while a host is locked, the thread notes nothing. */
  read(): Beats {
    const beats = Atomics.load(this.#cells, BEATS);
    const missed = Atomics.load(this.#cells, MISSED);
    const lastNs = Atomics.load(this.#last, 0);
    if (lastNs === 0n) return { beats, longestGapMs: null, missed };
    const openMs = Number(process.hrtime.bigint() - lastNs) / 1e6;
    const longestGapMs = Math.max(openMs, Atomics.load(this.#cells, LONGEST_US) / 1000);
    return { beats, longestGapMs, missed: missed + (openMs > MISSED_MS ? 1 : 0) };
  }

  /** Forgets what was; a gap that is open now belongs to what comes, too. */
  restart(): void {
    for (const cell of [BEATS, LONGEST_US, MISSED]) Atomics.store(this.#cells, cell, 0);
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    Atomics.store(this.#cells, STOP, 1);
    Atomics.notify(this.#cells, STOP);
    await this.#worker.terminate();
  }
}
