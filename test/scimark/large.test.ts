/** The large sizes in every engine, from a fresh generator and from the shared stream. */

import { beforeAll, describe, expect, test } from 'vitest';
import { KERNEL_ENGINES } from '../../bench/types.ts';
import {
  allocateWasmHeap,
  createRandom,
  createWorkloads,
  ENGINES,
  INPUT_SEED,
  WORKLOADS,
} from '../../scimark/index.ts';
import { checkFft, checkLu, checkSor, checkSparse, LARGE_ROOM } from './checks.ts';
import { VECTORS } from './vectors.ts';
import { WASM_KERNELS } from './wasm-kernels.ts';

const LIMIT_MS = 120_000;
const largest = <T extends { readonly N: number }>(vectors: readonly T[]): T => vectors.at(-1)!;

beforeAll(() => allocateWasmHeap(WASM_KERNELS, LARGE_ROOM.doubles, LARGE_ROOM.ints));

describe.each(KERNEL_ENGINES)('%s', (name) => {
  const engine = ENGINES[name];

  describe('large sizes from a fresh generator equal NIST bit for bit', () => {
    const fresh = () => createRandom(VECTORS.constants.RANDOM_SEED);
    test('in the Fourier transform', () => checkFft(engine, largest(VECTORS.fft), fresh()), LIMIT_MS);
    test('in the relaxation', () => checkSor(engine, largest(VECTORS.sor), fresh()), LIMIT_MS);
    test('in the sparse product', () => checkSparse(engine, largest(VECTORS.sparse), fresh()), LIMIT_MS);
    test('in the factorisation', () => checkLu(engine, largest(VECTORS.lu), fresh()), LIMIT_MS);
  });

  describe('the shared stream at size large equals NIST bit for bit', () => {
    const random = createRandom(VECTORS.constants.RANDOM_SEED);
    const stream = VECTORS.benchmarkStream.large;
    test('in the Fourier transform', () => checkFft(engine, stream.fft, random), LIMIT_MS);
    test('in the relaxation', () => checkSor(engine, stream.sor, random), LIMIT_MS);
    test('in the sparse product', () => checkSparse(engine, stream.sparse, random), LIMIT_MS);
    test('in the factorisation', () => checkLu(engine, stream.lu, random), LIMIT_MS);
  });

  describe('the large workload gives its reference checksum after one pass', () => {
    test.each(WORKLOADS.map(({ id }) => id))(
      '%s',
      (id) => {
        const [workload] = createWorkloads('large', [id], name);
        const prepared = workload!.prepare(createRandom(INPUT_SEED));
        prepared.pass();
        expect(prepared.checksum()).toBe(workload!.referenceChecksum);
      },
      LIMIT_MS,
    );
  });
});
