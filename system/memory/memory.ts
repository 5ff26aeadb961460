/** `memory`: the triad of STREAM over arrays that no cache holds. */

import type { Size } from '../../bench/types.ts';
import { fold, type Opened, type SystemWorkload } from '../system.ts';
import { openTriad } from './triad.ts';

/** Doubles in each of three arrays, the same in every box: 1, 64 and 160 MiB. `tiny` fits into caches, and is for tests. */
const DOUBLES: Readonly<Record<Size, number>> = { tiny: 1 << 17, small: 1 << 23, large: 20 << 20 };

/** STREAM counts two reads and a write of 8 bytes, whatever the cache does in addition. */
const BYTES_A_DOUBLE = 24;
const SAMPLES = 64;

type Arrays = [Float64Array, Float64Array, Float64Array];

/**
 * a[i] = b[i] + s·c[i] (McCalpin, "Memory bandwidth and machine balance in current high performance computers", 1995).
 * The scalar is another one in each pass, so that a pass that was left out shows. All values have few enough bits that
 * nothing is rounded. A pass is a whole sweep: a burst begins with the memory in the state in which the last one left it.
 */
export const memory: SystemWorkload = {
  id: 'memory',
  title: 'Memory bandwidth',
  summary: 'the triad of STREAM, a = b + s · c, over arrays larger than the caches',
  unit: 'MB/s',
  sizes: { tiny: sizeOf('tiny'), small: sizeOf('small'), large: sizeOf('large') },
  open: (size): Opened => {
    const doubles = DOUBLES[size];
    const { buffer, sweep } = openTriad(doubles);
    const [a, b, c] = [0, 1, 2].map((array) => new Float64Array(buffer, array * 8 * doubles, doubles)) as Arrays;
    fill(b, valueB);
    fill(c, valueC);
    return {
      act: (pass) => {
        sweep(scalarOf(pass));
        return sampled(pass, doubles, (i) => a[i] ?? 0);
      },
    };
  },
  answer: (size, pass) => sampled(pass, DOUBLES[size], (i) => valueB(i) + scalarOf(pass) * valueC(i)),
};

function fill(array: Float64Array, valueAt: (index: number) => number): void {
  for (let i = 0; i < array.length; i++) array[i] = valueAt(i);
}

/** Some of the sums, at other places in each pass. */
function sampled(pass: number, doubles: number, valueAt: (index: number) => number): number {
  let answer = fold(pass, doubles);
  const stride = doubles / SAMPLES;
  for (let sample = 0; sample < SAMPLES; sample++) {
    answer = fold(answer, valueAt(sample * stride + ((Math.imul(pass, 9973) >>> 0) % stride)) * 2 ** 22);
  }
  return answer;
}

function scalarOf(pass: number): number {
  return 1 + (pass & 1023) / 1024;
}

function valueB(index: number): number {
  return 1 + (index & 1023) / 1024;
}

function valueC(index: number): number {
  return 2 - (index & 4095) / 4096;
}

function sizeOf(size: Size) {
  const doubles = DOUBLES[size];
  return { parameters: { doubles, bytes: 3 * 8 * doubles }, perPass: (BYTES_A_DOUBLE * doubles) / 1e6 };
}
