/** Tests of the registry: every workload verifies, alone and in company, and none touches another's memory. */

import { beforeAll, describe, expect, test } from 'vitest';
import { KERNEL_ENGINES, type Size } from '../../bench/types.ts';
import { fnv1a64 } from '../../scimark/fnv.ts';
import {
  allocateWasmHeap,
  createRandom,
  createWorkloads,
  heapNeeds,
  INPUT_SEED,
  WORKLOADS,
} from '../../scimark/index.ts';
import { bytesOf, VECTORS } from './vectors.ts';
import { WASM_KERNELS } from './wasm-kernels.ts';

const IDS = WORKLOADS.map(({ id }) => id);
const SHORT_SIZES = ['tiny', 'small'] as const;
const SPARE = 64;

beforeAll(() => {
  const { doubles, ints } = heapNeeds('small', IDS, 'wasm');
  allocateWasmHeap(WASM_KERNELS, doubles + SPARE, ints + SPARE);
});

const CASES = KERNEL_ENGINES.flatMap((kernels) => SHORT_SIZES.map((size) => ({ kernels, size })));

describe.each(CASES)('$kernels at size $size', ({ kernels, size }) => {
  test.each(IDS)('%s gives its reference checksum after the first pass', (id) => {
    const [workload] = createWorkloads(size, [id], kernels);
    const prepared = workload!.prepare(createRandom(INPUT_SEED));
    const input = prepared.checksum();
    prepared.pass();
    const first = prepared.checksum();
    expect(first).toBe(workload!.referenceChecksum);
    expect(first).not.toBe(input);
    prepared.pass();
    expect(prepared.checksum() === first).toBe(workload!.repeatable);
  });

  test.each(IDS)('%s prepared again starts over', (id) => {
    const [workload] = createWorkloads(size, [id], kernels);
    for (let time = 0; time < 2; time++) {
      const prepared = workload!.prepare(createRandom(INPUT_SEED));
      prepared.pass();
      expect(prepared.checksum()).toBe(workload!.referenceChecksum);
      prepared.pass();
    }
  });

  test('all five in company, in any order, give what each gives alone', () => {
    const alone = new Map(
      createWorkloads(size, IDS, kernels).map((workload) => {
        const prepared = createWorkloads(size, [workload.id], kernels)[0]!.prepare(createRandom(INPUT_SEED));
        for (let pass = 0; pass < 3; pass++) prepared.pass();
        return [workload.id, prepared.checksum()];
      }),
    );
    for (const order of [IDS, [...IDS].reverse()]) {
      const together = createWorkloads(size, order, kernels).map((workload) => ({
        id: workload.id,
        prepared: workload.prepare(createRandom(INPUT_SEED)),
      }));
      for (let pass = 0; pass < 3; pass++) for (const { prepared } of together) prepared.pass();
      for (const { id, prepared } of together) expect(prepared.checksum()).toBe(alone.get(id));
    }
  });

  test('nothing is written past the room that was asked for', () => {
    const { doubles, ints } = heapNeeds(size, IDS, kernels);
    heapF64.fill(-1, doubles);
    heapI32.fill(-1, ints);
    for (const workload of createWorkloads(size, IDS, kernels)) workload.prepare(createRandom(INPUT_SEED)).pass();
    expect(heapF64.subarray(doubles).every((value) => value === -1)).toBe(true);
    expect(heapI32.subarray(ints).every((value) => value === -1)).toBe(true);
  });

  test('inputs from one shared generator give the states of the benchmark itself', () => {
    const random = createRandom(INPUT_SEED);
    const stream = VECTORS.benchmarkStream[size];
    const expected = new Map([
      ['fft', stream.fft.roundtrip.fnv1a64],
      ['sor', stream.sor.after[0]!.grid.fnv1a64],
      ['sparse', stream.sparse.y.fnv1a64],
      ['lu', stream.lu.LU.fnv1a64],
    ]);
    const prepared = createWorkloads(size, IDS, kernels).map((workload) => ({
      id: workload.id,
      at: workload.prepare(random),
    }));
    for (const { id, at } of prepared) {
      at.pass();
      if (id !== 'monte-carlo') expect(at.checksum()).toBe(expected.get(id));
    }
  });
});

describe('what the registry says', () => {
  test('sizes and seeds are those of SciMark', () => {
    expect(INPUT_SEED).toBe(VECTORS.constants.RANDOM_SEED);
    expect(IDS.length).toBe(VECTORS.constants.order.length);
    for (const [size, sizes] of Object.entries(VECTORS.constants.sizes)) {
      const of = (id: string) => WORKLOADS.find((workload) => workload.id === id)!.sizes[size as Size].parameters;
      expect(of('fft')).toEqual({ N: sizes.FFT });
      expect(of('sor')).toEqual({ N: sizes.SOR });
      expect(of('sparse')).toEqual({ N: sizes.SPARSE_M, nonzeros: sizes.SPARSE_nz });
      expect(of('lu')).toEqual({ N: sizes.LU });
    }
  });

  test('operations per pass are those of the vectors', () => {
    for (const [size, stream] of Object.entries(VECTORS.benchmarkStream)) {
      const of = (id: string) => WORKLOADS.find((workload) => workload.id === id)!.sizes[size as Size].flops;
      expect(of('fft')).toBe(stream.fft.numFlops);
      expect(of('sor')).toBe(stream.sor.numFlops1);
      expect(of('sparse')).toBe(stream.sparse.numFlops1);
      expect(of('lu')).toBe(stream.lu.numFlops);
    }
  });

  /** The stored checksums that the vectors know, and with them where the others come from. */
  test('reference checksums are those of the vectors wherever the vectors have that state', () => {
    const of = (id: string, size: Size) => WORKLOADS.find((one) => one.id === id)!.sizes[size].referenceChecksum;
    // The transform is first in the stream, so the stream is fresh there.
    for (const size of ['tiny', 'small', 'large'] as const) {
      expect(of('fft', size)).toBe(VECTORS.benchmarkStream[size].fft.roundtrip.fnv1a64);
    }
    expect(of('sor', 'small')).toBe(VECTORS.sor[0]!.after[0]!.grid.fnv1a64);
    expect(of('sor', 'large')).toBe(VECTORS.sor[1]!.after[0]!.grid.fnv1a64);
    expect(of('sparse', 'tiny')).toBe(VECTORS.sparse[0]!.y.fnv1a64);
    expect(of('sparse', 'small')).toBe(VECTORS.sparse[1]!.y.fnv1a64);
    expect(of('sparse', 'large')).toBe(VECTORS.sparse[2]!.y.fnv1a64);
    expect(of('lu', 'small')).toBe(VECTORS.lu[1]!.LU.fnv1a64);
    expect(of('lu', 'large')).toBe(VECTORS.lu[2]!.LU.fnv1a64);
    // Pi of the vectors, hashed here.
    for (const [size, samples] of [
      ['tiny', 1000],
      ['small', 10000],
      ['large', 1000000],
    ] as const) {
      const { pi } = VECTORS.monteCarlo.find((vector) => vector.samples === samples)!;
      expect(of('monte-carlo', size)).toBe(fnv1a64([bytesOf(Float64Array.of(Number(pi.dec)))]));
    }
    // Not in the vectors: sor tiny and lu tiny. The C kernels of test/speed give the same two.
  });

  test('every workload has a line about itself', () => {
    for (const { title, summary } of WORKLOADS) {
      expect(title.length).toBeGreaterThan(3);
      expect(summary.length).toBeGreaterThan(20);
    }
  });
});

describe('what is refused', () => {
  test('an unknown workload, and one named twice', () => {
    expect(() => createWorkloads('tiny', ['fft', 'nope'])).toThrow('There is no workload nope');
    expect(() => createWorkloads('tiny', ['fft', 'fft'])).toThrow('named twice');
  });

  test('workloads whose memory was given to others', () => {
    const [old] = createWorkloads('tiny', ['sor']);
    const prepared = old!.prepare(createRandom(INPUT_SEED));
    createWorkloads('tiny', ['lu']);
    expect(() => prepared.checksum()).toThrow('lost its memory');
    expect(() => old!.prepare(createRandom(INPUT_SEED))).toThrow('lost its memory');
  });
});

describe('two states of one workload', () => {
  test.each(IDS)('%s goes on from where it was after passes on a copy', (id) => {
    const random = () => createRandom(INPUT_SEED);
    const [reference] = createWorkloads('tiny', [id]);
    const straight = reference!.prepare(random());
    for (let pass = 0; pass < 3; pass++) straight.pass();
    const expected = straight.checksum();

    const [workload] = createWorkloads('tiny', [id]);
    const prepared = workload!.prepare(random());
    prepared.pass();
    const before = prepared.checksum();
    const copy = workload!.copy();
    for (let round = 0; round < 2; round++) {
      workload!.exchange(copy);
      expect(round > 0 || prepared.checksum() === before).toBe(true);
      for (let pass = 0; pass < 5; pass++) prepared.pass();
      workload!.exchange(copy);
      prepared.pass();
    }
    expect(prepared.checksum()).toBe(expected);
    workload!.exchange(copy);
    expect(prepared.checksum() === expected).toBe(workload!.repeatable);
  });

  test('a copy of memory that was given to others is refused', () => {
    const [old] = createWorkloads('tiny', ['sor']);
    old!.prepare(createRandom(INPUT_SEED));
    const copy = old!.copy();
    createWorkloads('tiny', ['lu']);
    expect(() => old!.copy()).toThrow('lost its memory');
    expect(() => old!.exchange(copy)).toThrow('lost its memory');
  });
});
