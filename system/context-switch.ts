/** `context-switch`: two threads that pass a number back and forth, each asleep while the other has it. */

import { Worker } from 'node:worker_threads';
import type { Size } from '../bench/types.ts';
import { fold, type Opened, type SystemWorkload } from './system.ts';

const TRIPS: Readonly<Record<Size, number>> = { tiny: 5, small: 50, large: 500 };

const SECOND_THREAD = 0x5bd1e995;
/** For the start of the thread; emulated processors are slow. */
const START_LIMIT_MS = 60_000;
const [TURN, VALUE] = [0, 1] as const;

/**
 * The second thread's program, as text, because a payload is one file. It does `fold`, and sleeps in a futex at all other
 * times: an idle box stays idle.
 */
const PROGRAM = `
const cells = new Int32Array(require('node:worker_threads').workerData);
for (let turn = 1; ; turn = (turn + 2) | 0) {
  while (Atomics.load(cells, ${TURN}) !== turn) Atomics.wait(cells, ${TURN}, (turn - 1) | 0);
  Atomics.store(cells, ${VALUE}, Math.imul(Atomics.load(cells, ${VALUE}) ^ ${SECOND_THREAD}, 0x01000193));
  Atomics.store(cells, ${TURN}, (turn + 1) | 0);
  Atomics.notify(cells, ${TURN});
}`;

/** A round trip takes at least two switches on one CPU; V8's own lock around a futex costs some more. */
export const contextSwitch: SystemWorkload = {
  id: 'context-switch',
  title: 'Context switches',
  summary: 'two threads that wake each other in turn, by futex',
  unit: 'switches/s',
  sizes: { tiny: sizeOf('tiny'), small: sizeOf('small'), large: sizeOf('large') },
  open: (size): Opened => {
    const cells = new Int32Array(new SharedArrayBuffer(8));
    const trips = TRIPS[size];
    const thread = new Worker(PROGRAM, { eval: true, execArgv: [], workerData: cells.buffer });
    // It never ends by itself, and must not keep a payload alive that has to quit.
    thread.unref();
    let turn = 0;
    const roundTrip = (value: number, limitMs?: number): number => {
      Atomics.store(cells, VALUE, value);
      turn = (turn + 1) | 0;
      Atomics.store(cells, TURN, turn);
      Atomics.notify(cells, TURN);
      while (Atomics.load(cells, TURN) === turn) {
        if (Atomics.wait(cells, TURN, turn, limitMs) === 'timed-out') {
          throw new Error(`context-switch: the second thread did not answer within ${START_LIMIT_MS / 1000} s`);
        }
      }
      turn = (turn + 1) | 0;
      return Atomics.load(cells, VALUE);
    };
    roundTrip(0, START_LIMIT_MS);
    return {
      act: (pass) => {
        let value = pass;
        for (let trip = 0; trip < trips; trip++) value = roundTrip(fold(value, trip));
        return value;
      },
    };
  },
  answer: (size, pass) => {
    let value = pass;
    for (let trip = 0; trip < TRIPS[size]; trip++) value = fold(fold(value, trip), SECOND_THREAD);
    return value;
  },
};

function sizeOf(size: Size) {
  return { parameters: { trips: TRIPS[size] }, perPass: 2 * TRIPS[size] };
}
