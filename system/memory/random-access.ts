/** `random-access`: updates of single words all over a table that no cache holds. */

import { LCG } from '../../bench/payload/image-files.ts';
import type { Size } from '../../bench/types.ts';
import { fold, type Opened, type SystemWorkload } from '../system.ts';

/** Words of 4 bytes in the table: 1, 64 and 256 MiB. `tiny` fits into caches, and is for tests. */
const WORDS: Readonly<Record<Size, number>> = { tiny: 1 << 18, small: 1 << 24, large: 1 << 26 };
const UPDATES: Readonly<Record<Size, number>> = { tiny: 1 << 12, small: 1 << 17, large: 1 << 17 };
const SAMPLES = 64;

/** So many steps of a generator at once: `x` becomes `a · x + c` modulo 2³². */
interface Jump {
  readonly a: number;
  readonly c: number;
}

/** Its last *n* bits come to each of 2ⁿ numbers exactly once before they repeat. */
const STEP: Jump = LCG;

/**
 * As in RandomAccess of the HPC Challenge (GUPS): a place that the last one says nothing about, read, changed by xor,
 * written. Neighbours are in different pages, so that most updates miss the caches and the TLB, and wait for a walk of
 * the page tables: of two sets of them in a virtual machine. The updates do not depend on each other; a processor works
 * on several at a time, as it does in programs.
 *
 * The generator visits every word once in a sweep, and a second xor restores a word. So each word is known from its place
 * and the number of the sweep alone, by which some words of each pass are checked.
 */
export const randomAccess: SystemWorkload = {
  id: 'random-access',
  title: 'Random access',
  summary: 'xor updates at pseudo-random places of a table larger than the caches',
  unit: 'updates/s',
  groups: ['beyond-caches'],
  sizes: { tiny: sizeOf('tiny'), small: sizeOf('small'), large: sizeOf('large') },
  open: (size): Opened => {
    const words = WORDS[size];
    const updates = UPDATES[size];
    const stride = jumpOver(updates / SAMPLES);
    const table = new Int32Array(words);
    for (let place = 0; place < words; place++) table[place] = place;
    let state = 0;
    /** Counted here: passes of two states, whose numbers are their own, share the table. */
    let done = 0;
    return {
      act: (pass) => {
        const first = advance(state, STEP);
        state = update(table, state, updates);
        const isChanged = Math.floor(done / words) % 2 === 0;
        done += updates;
        return fold(fold(pass, words), differences(table, first, stride, isChanged));
      },
    };
  },
  answer: (size, pass) => fold(fold(pass, WORDS[size]), 0),
};

/** Returns the generator's state after so many updates. */
function update(table: Int32Array, from: number, updates: number): number {
  const { a, c } = STEP;
  const mask = table.length - 1;
  let x = from;
  for (let count = 0; count < updates; count++) {
    x = (Math.imul(x, a) + c) | 0;
    const place = x & mask;
    table[place] = (table[place] as number) ^ changeAt(place);
  }
  return x;
}

/** 0 when each sample holds what follows from its place. */
function differences(table: Int32Array, first: number, stride: Jump, isChanged: boolean): number {
  let found = 0;
  let x = first;
  for (let sample = 0; sample < SAMPLES; sample++) {
    const place = x & (table.length - 1);
    found |= (table[place] as number) ^ place ^ (isChanged ? changeAt(place) : 0);
    x = advance(x, stride);
  }
  return found;
}

/** Never 0: an update that is left out shows. */
function changeAt(place: number): number {
  return Math.imul(place, 0x9e3779b1) | 1;
}

function advance(x: number, { a, c }: Jump): number {
  return (Math.imul(x, a) + c) | 0;
}

/** So many steps as one, by doubling. */
function jumpOver(steps: number): Jump {
  let jump: Jump = { a: 1, c: 0 };
  let power = STEP;
  for (let rest = steps; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) jump = after(jump, power);
    power = after(power, power);
  }
  return jump;
}

function after(first: Jump, second: Jump): Jump {
  return { a: Math.imul(second.a, first.a), c: (Math.imul(second.a, first.c) + second.c) | 0 };
}

function sizeOf(size: Size) {
  return { parameters: { updates: UPDATES[size], bytes: 4 * WORDS[size] }, perPass: UPDATES[size] };
}
