/** Tests of the heap: allocated once, sized by the caller, never overrun in silence. */

import { expect, test } from 'vitest';
import { allocateHeap, assertCapacity, isHeapAllocated } from '../../scimark/heap.ts';
import { allocateWasmHeap, createWorkloads, heapNeeds, WORKLOADS } from '../../scimark/index.ts';
import { WASM_KERNELS } from './wasm-kernels.ts';

test('what there is can be read without a heap, and workloads are refused', () => {
  expect(isHeapAllocated()).toBe(false);
  expect(WORKLOADS.map(({ id }) => id)).toEqual(['fft', 'sor', 'monte-carlo', 'sparse', 'lu']);
  expect(heapNeeds('small', ['sor'])).toEqual({ doubles: 10000, ints: 0 });
  expect(() => createWorkloads('tiny', ['fft'])).toThrow('There is no heap');
  expect(isHeapAllocated()).toBe(false);
});

test.each([
  [-1, 0],
  [1.5, 0],
  [0, Number.NaN],
  [Number.POSITIVE_INFINITY, 0],
])('sizes that are not counts are refused: %s doubles, %s ints', (doubles, ints) => {
  expect(() => allocateHeap(doubles, ints)).toThrow('whole numbers');
  expect(isHeapAllocated()).toBe(false);
});

test('the wasm kernels need their own heap, and one within the reach of 32 bits', () => {
  expect(() => allocateWasmHeap(WASM_KERNELS, 2 ** 30, 64)).toThrow('65536 pages');
  expect(() => allocateWasmHeap(new Uint8Array(8), 64, 64)).toThrow("can't run here");
  expect(isHeapAllocated()).toBe(false);
});

test('a heap is allocated once: a second call is refused and changes nothing', () => {
  const needs = heapNeeds('tiny', ['lu', 'sparse']);
  allocateHeap(needs.doubles, needs.ints);
  const before = heapF64;
  expect(() => allocateHeap(10, 10)).toThrow('allocate once per process');
  expect(heapF64).toBe(before);
  expect(() => {
    globalThis.heapF64 = new Float64Array(8);
  }).toThrow(TypeError);
});

test('workloads that do not fit are refused, doubles and ints alike', () => {
  expect(() => createWorkloads('tiny', ['lu', 'sparse'])).not.toThrow();
  expect(() => createWorkloads('tiny', ['lu', 'sparse', 'fft'])).toThrow('heap is too small');
  expect(() => createWorkloads('small', ['sor'])).toThrow('heap is too small');
  expect(() => assertCapacity(heapF64.length, heapI32.length)).not.toThrow();
  expect(() => assertCapacity(heapF64.length + 1, 0)).toThrow('heap is too small');
  expect(() => assertCapacity(0, heapI32.length + 1)).toThrow('heap is too small');
});
