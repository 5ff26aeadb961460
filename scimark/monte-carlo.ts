/** Monte Carlo integration: pi from the share of random points that fall inside a quarter circle. */

import type { Engine } from './engine.ts';
import { checksumF64 } from './fnv.ts';
import { wholeLinesF64, wholeLinesI32 } from './heap.ts';
import type { Kernel, KernelSize } from './kernel.ts';
import { FIRST_TAP, LAGS, MODULUS, SCALE, SECOND_TAP, seedState } from './random.ts';

// Copies: run unbundled, as in tests, an imported name may be a property that is read on every use.
const MODULO_MASK = MODULUS;
const TO_UNIT = SCALE;
const LAST_TAP = LAGS - 1;

/** SciMark's seed for this kernel: every pass starts from it. */
export const MONTE_CARLO_SEED = 113;

/**
 * Samples of a batch: a multiple of 17, so that the taps of the generator end where they began. In one long loop, V8
 * would enter its optimised code midway and stay for good with the slower version that it makes for that.
 */
const BATCH = 100 * LAGS;

/** Number of the first `samples` points that are inside the quarter circle. The generator's 17 integers are at `state`. */
export function countUnderCurve(state: number, samples: number): number {
  seedState(heapI32, state, MONTE_CARLO_SEED);
  let under = 0;
  for (let done = 0; done < samples; done += BATCH) under += countBatch(state, Math.min(BATCH, samples - done));
  return under;
}

function countBatch(state: number, samples: number): number {
  let i = FIRST_TAP;
  let j = SECOND_TAP;
  let under = 0;
  for (let sample = 0; sample < samples; sample++) {
    const x = TO_UNIT * draw((state + i) | 0, (state + j) | 0);
    i = nextTap(i);
    j = nextTap(j);
    const y = TO_UNIT * draw((state + i) | 0, (state + j) | 0);
    i = nextTap(i);
    j = nextTap(j);
    // Counted without a branch, which no processor could predict.
    under = (under + Number(x * x + y * y <= 1)) | 0;
  }
  return under;
}

/**
 * The step of `Random.nextInteger` on the heap, where V8 knows the address of the state. Modulo by a mask and not by a
 * condition: half of the differences are negative, unpredictably, and C compilers leave out the branch as well.
 */
function draw(first: number, second: number): number {
  const difference = (heapI32[first]! - heapI32[second]!) | 0;
  const k = (difference + (MODULO_MASK & (difference >> 31))) | 0;
  heapI32[second] = k;
  return k;
}

function nextTap(tap: number): number {
  return tap === 0 ? LAST_TAP : tap - 1;
}

/** By SciMark's formula, which leaves out the generator. */
export function flopsOf(samples: number): number {
  return samples * 4;
}

function sizeOf(samples: number, referenceChecksum: string): KernelSize {
  return {
    parameters: { samples },
    doubles: wholeLinesF64(1),
    ints: wholeLinesI32(LAGS),
    flops: flopsOf(samples),
    referenceChecksum,
  };
}

export function monteCarloKernel(engine: Engine): Kernel {
  return {
    id: 'monte-carlo',
    title: 'Monte Carlo integration',
    summary: 'pi from random points: integer arithmetic of the generator, unpredictable branches',
    repeatable: true,
    sizes: {
      // The state is the value of pi. The reference vectors have pi for these counts; its checksums were computed here.
      tiny: sizeOf(1000, '33bd97c8dba42612'),
      small: sizeOf(10000, 'f457fd63a6cca873'),
      large: sizeOf(1000000, 'bfeb4b9fb7e94e6b'),
    },
    prepare(size, { f64: result, i32: state }) {
      const samples = this.sizes[size].parameters.samples!;
      heapF64[result] = 0;
      const count = engine.monteCarlo.bind(state);
      return {
        pass() {
          heapF64[result] = (count(samples) / samples) * 4;
        },
        checksum: () => checksumF64(result, 1),
      };
    },
  };
}
