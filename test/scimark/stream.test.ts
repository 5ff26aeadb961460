/** The kernels fed from one generator in turn, as SciMark runs them: tiny and small. */

import { beforeAll, describe, test } from 'vitest';
import { allocateHeap } from '../../scimark/heap.ts';
import { createRandom } from '../../scimark/random.ts';
import { checkFft, checkLu, checkSor, checkSparse, SMALL_ROOM } from './checks.ts';
import { VECTORS } from './vectors.ts';

beforeAll(() => allocateHeap(SMALL_ROOM.doubles, SMALL_ROOM.ints));

describe.each(['tiny', 'small'] as const)('the shared stream at size %s equals NIST bit for bit', (size) => {
  const random = createRandom(VECTORS.constants.RANDOM_SEED);
  const stream = VECTORS.benchmarkStream[size];
  test('in the Fourier transform', () => checkFft(stream.fft, random));
  test('in the relaxation', () => checkSor(stream.sor, random));
  test('in the sparse product', () => checkSparse(stream.sparse, random));
  test('in the factorisation', () => checkLu(stream.lu, random));
});
