/** `memory`: the triad of STREAM over arrays that no cache holds. */

import type { Size } from '../bench/types.ts';
import { fold, type Opened, type SystemWorkload } from './system.ts';

/** Doubles in each of three arrays, the same in every box: 1, 64 and 160 MiB. `tiny` fits into caches, and is for tests. */
const DOUBLES: Readonly<Record<Size, number>> = { tiny: 1 << 17, small: 1 << 23, large: 20 << 20 };

/** STREAM counts two reads and a write of 8 bytes, whatever the cache does in addition. */
const BYTES_A_DOUBLE = 24;
const SAMPLES = 64;

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
    const [a, b, c] = [new Float64Array(doubles), new Float64Array(doubles), new Float64Array(doubles)];
    for (let i = 0; i < doubles; i++) [b[i], c[i]] = [valueB(i), valueC(i)];
    return {
      act: (pass) => {
        triad(a, b, c, scalarOf(pass));
        return sampled(pass, doubles, (i) => a[i] ?? 0);
      },
    };
  },
  answer: (size, pass) => sampled(pass, DOUBLES[size], (i) => valueB(i) + scalarOf(pass) * valueC(i)),
};

function triad(a: Float64Array, b: Float64Array, c: Float64Array, scalar: number): void {
  const { length } = a;
  for (let i = 0; i < length; i++) a[i] = b[i]! + scalar * c[i]!;
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
