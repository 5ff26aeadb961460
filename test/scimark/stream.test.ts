/** The kernels of every engine fed from one generator in turn, as SciMark runs them: tiny and small. */

import { beforeAll, describe, test } from 'vitest';
import { KERNEL_ENGINES } from '../../bench/types.ts';
import { allocateWasmHeap, ENGINES } from '../../scimark/index.ts';
import { createRandom } from '../../scimark/random.ts';
import { checkFft, checkLu, checkSor, checkSparse, SMALL_ROOM } from './checks.ts';
import { VECTORS } from './vectors.ts';
import { WASM_KERNELS } from './wasm-kernels.ts';

beforeAll(() => allocateWasmHeap(WASM_KERNELS, SMALL_ROOM.doubles, SMALL_ROOM.ints));

describe.each(KERNEL_ENGINES)('%s', (name) => {
  describe.each(['tiny', 'small'] as const)('the shared stream at size %s equals NIST bit for bit', (size) => {
    const random = createRandom(VECTORS.constants.RANDOM_SEED);
    const stream = VECTORS.benchmarkStream[size];
    test('in the Fourier transform', () => checkFft(ENGINES[name], stream.fft, random));
    test('in the relaxation', () => checkSor(ENGINES[name], stream.sor, random));
    test('in the sparse product', () => checkSparse(ENGINES[name], stream.sparse, random));
    test('in the factorisation', () => checkLu(ENGINES[name], stream.lu, random));
  });
});
