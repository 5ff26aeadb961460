/** The registry of the kernels, and workloads laid out one after the other in the heap. */

import type { KernelEngine, Size, Workload } from '../bench/types.ts';
import type { Engine } from './engine.ts';
import { fftKernel } from './fft.ts';
import { allocateHeap, assertCapacity, type Contents, copyContents, exchangeContents, type Place } from './heap.ts';
import type { Kernel, KernelInfo } from './kernel.ts';
import { luKernel } from './lu.ts';
import { monteCarloKernel } from './monte-carlo.ts';
import { reference } from './reference.ts';
import { sorKernel } from './sor.ts';
import { sparseKernel } from './sparse.ts';
import { tuned } from './tuned.ts';
import { openWasm, wasm } from './wasm.ts';

export { allocateHeap, type Contents } from './heap.ts';
export type { KernelInfo } from './kernel.ts';
export { createRandom } from './random.ts';

/** The engines: the same five workloads, the same answers bit for bit, another way to compute them. */
export const ENGINES: Readonly<Record<KernelEngine, Engine>> = { reference, tuned, wasm };

/** All workloads in every engine, SciMark's five in its own order. */
const KERNELS: Readonly<Record<KernelEngine, readonly Kernel[]>> = {
  reference: kernelsOf(reference),
  tuned: kernelsOf(tuned),
  wasm: kernelsOf(wasm),
};

function kernelsOf(engine: Engine): Kernel[] {
  return [fftKernel(engine), sorKernel(engine), monteCarloKernel(engine), sparseKernel(engine), luKernel(engine)];
}

/** SciMark's seed for the input of all kernels. */
export const INPUT_SEED = 101010;

/** What there is, readable without a heap. */
export const WORKLOADS: readonly KernelInfo[] = KERNELS.reference;

/** Allocates a heap that lies in the memory of the wasm kernels; all engines can work on it. `bytes` are their module. */
export function allocateWasmHeap(bytes: Uint8Array, doubles: number, ints: number): void {
  allocateHeap(doubles, ints, (f64, i32) => openWasm(bytes, f64, i32));
}

/** Elements of the heap that workloads take up together: the sizes to give to `allocateHeap`. */
export function heapNeeds(
  size: Size,
  ids: readonly string[],
  kernels: KernelEngine = 'reference',
): { doubles: number; ints: number } {
  let doubles = 0;
  let ints = 0;
  for (const id of ids) {
    const part = kernelOf(kernels, id).sizes[size];
    doubles += part.doubles;
    ints += part.ints;
  }
  return { doubles, ints };
}

/**
 * A workload whose part of the heap can be exchanged with a copy. A second state is worked on in the place of the first,
 * because a second prepared workload would not run at the same speed: V8 makes the place a constant of a pass only while
 * there is one such pass (up to 7 % on the sparse product with V8 11.3).
 */
export interface ExchangeableWorkload extends Workload {
  /** The present content of its part of the heap. */
  copy(): Contents;
  /** Swaps its part of the heap with `contents`, an earlier copy of it. */
  exchange(contents: Contents): void;
}

/** Counts calls of `createWorkloads`, so that workloads of an earlier one are known to have lost their memory. */
let layouts = 0;

/**
 * The workloads with these ids, each with its own part of the heap, in the order given. Every call lays out the heap
 * from its start: workloads of an earlier call are void, and throw when they are prepared or checked.
 * Throws when the heap isn't there or too small, and for an unknown or repeated id.
 */
export function createWorkloads(
  size: Size,
  ids: readonly string[],
  kernels: KernelEngine = 'reference',
): ExchangeableWorkload[] {
  if (new Set(ids).size !== ids.length) throw new Error(`A workload is named twice: ${ids.join(', ')}`);
  const needs = heapNeeds(size, ids, kernels);
  assertCapacity(needs.doubles, needs.ints);
  layouts += 1;
  const layout = layouts;
  const place = { f64: 0, i32: 0 };
  return ids.map((id) => {
    const kernel = kernelOf(kernels, id);
    const part = kernel.sizes[size];
    const mine = { ...place };
    place.f64 += part.doubles;
    place.i32 += part.ints;
    return workloadOf(kernel, size, mine, () => {
      if (layout !== layouts) throw new Error(`The heap was laid out again: workload ${id} has lost its memory`);
    });
  });
}

function workloadOf(kernel: Kernel, size: Size, place: Place, assertCurrent: () => void): ExchangeableWorkload {
  const { flops, doubles, ints, referenceChecksum } = kernel.sizes[size];
  const { id, title, repeatable } = kernel;
  return {
    ...{ id, title, size, flops, doubles, ints, repeatable, referenceChecksum },
    prepare(random) {
      assertCurrent();
      const { pass, checksum } = kernel.prepare(size, place, random);
      return {
        pass,
        checksum() {
          assertCurrent();
          return checksum();
        },
      };
    },
    copy() {
      assertCurrent();
      return copyContents(place, doubles, ints);
    },
    exchange(contents) {
      assertCurrent();
      exchangeContents(place, contents);
    },
  };
}

function kernelOf(kernels: KernelEngine, id: string): Kernel {
  const kernel = KERNELS[kernels].find((one) => one.id === id);
  if (!kernel) throw new Error(`There is no workload ${id}: there are ${WORKLOADS.map((one) => one.id).join(', ')}`);
  return kernel;
}
