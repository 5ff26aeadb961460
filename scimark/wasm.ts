/** The engine `wasm`: the restructured loops as WebAssembly with vectors, on a heap that lies in the module's memory. */

import type { Engine } from './engine.ts';
import { forward, inverse } from './fft.ts';
import { wholeLinesF64 } from './heap.ts';
import { copySource } from './lu.ts';
import { MONTE_CARLO_SEED } from './monte-carlo.ts';
import { fftPlan } from './portable/fft.ts';
import { monteCarloRest, monteCarloSeed } from './portable/monte-carlo.ts';
import { LEAST_PLANNED, tuned } from './tuned.ts';

/** What the module offers; all places are bytes of its memory (simd/). */
interface Exports {
  simdTransform(
    data: number,
    scratch: number,
    n: number,
    roots: number,
    mirrored: number,
    inverse: number,
    norm: number,
  ): void;
  simdRelax(at: number, rows: number, columns: number, omega: number, iterations: number): void;
  simdCount(state: number, samples: number): number;
  simdMultiply(n: number, y: number, rows: number, values: number): void;
  simdFactor(n: number, rows: number, pivots: number): number;
}

/** The part of the standard that is used here; the types of Node.js don't have it. */
interface WebAssemblyApi {
  readonly Memory: new (limits: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
}
const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi };

const PAGE_BYTES = 65536;
/** The limit of 32-bit addresses. */
const MOST_PAGES = 65536;
/** Samples after which vectors of four numbers and the generator's 17 integers are both at their start again. */
const WHOLE_SAMPLES = 34;

let module: Exports | undefined;

/**
 * Instantiates the module on a separate memory and returns the two arrays of the heap, which lie in it. Throws when the
 * memory can't be that large, and where the processor has no vectors for WebAssembly.
 */
export function openWasm(bytes: Uint8Array, doubles: number, ints: number): { f64: Float64Array; i32: Int32Array } {
  const firstInt = wholeLinesF64(doubles) * 8;
  const pages = Math.ceil((firstInt + ints * 4) / PAGE_BYTES);
  if (pages > MOST_PAGES) {
    throw new Error(
      `The wasm kernels reach ${MOST_PAGES} pages of 64 KiB; ${doubles} doubles and ${ints} ints need ${pages}`,
    );
  }
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  try {
    const compiled = new WebAssembly.Module(bytes);
    module = new WebAssembly.Instance(compiled, { env: { memory } }).exports as Exports;
  } catch (error) {
    throw new Error(
      `The wasm kernels can't run here, --kernels tuned can: ${error instanceof Error ? error.message : error}`,
    );
  }
  return {
    f64: new Float64Array(memory.buffer, 0, doubles),
    i32: new Int32Array(memory.buffer, firstInt, ints),
  };
}

function exports(): Exports {
  if (module === undefined)
    throw new Error('There is no heap for the wasm kernels: call allocateHeap with their bytes');
  return module;
}

/** From offsets in the two arrays to bytes of the memory. */
const byteF64 = (offset: number) => heapF64.byteOffset + offset * 8;
const byteI32 = (offset: number) => heapI32.byteOffset + offset * 4;

export const wasm: Engine = {
  fft: {
    planRoom: tuned.fft.planRoom,
    bind({ n, data, planF64: scratch, planI32: mirrored }) {
      if (n < LEAST_PLANNED) return { forward: () => forward(data, n), inverse: () => inverse(data, n) };
      const roots = scratch + wholeLinesF64(2 * n);
      fftPlan(n, roots, mirrored);
      const { simdTransform } = exports();
      const [at, by, from, order] = [byteF64(data), byteF64(scratch), byteF64(roots), byteI32(mirrored)];
      const norm = 1 / n;
      return {
        forward: () => simdTransform(at, by, n, from, order, 0, 1),
        inverse: () => simdTransform(at, by, n, from, order, 1, norm),
      };
    },
  },
  sor: {
    bind({ at, rows, columns }) {
      const { simdRelax } = exports();
      const place = byteF64(at);
      return (omega, iterations) => simdRelax(place, rows, columns, omega, iterations);
    },
  },
  monteCarlo: {
    bind(state) {
      const { simdCount } = exports();
      const place = byteI32(state);
      return (samples) => {
        monteCarloSeed(state, MONTE_CARLO_SEED);
        const rest = samples % WHOLE_SAMPLES;
        return simdCount(place, samples - rest) + monteCarloRest(state, rest);
      };
    },
  },
  sparse: {
    bind({ n, y, values, rows, columns }) {
      const { simdMultiply } = exports();
      // Tables of bytes: WebAssembly has no access that scales an index by the way.
      const stored = heapI32[rows + n]! - heapI32[rows]!;
      for (let k = columns; k < columns + stored; k++) heapI32[k] = byteF64(heapI32[k]!);
      for (let row = rows; row <= rows + n; row++) heapI32[row] = byteI32(heapI32[row]!);
      const [result, table, factors] = [byteF64(y), byteI32(rows), byteF64(values)];
      return () => simdMultiply(n, result, table, factors);
    },
  },
  lu: {
    bind(layout) {
      const { simdFactor } = exports();
      const { n } = layout;
      const [rows, pivots] = [byteI32(layout.rows), byteI32(layout.pivots)];
      return () => {
        copySource(layout);
        return simdFactor(n, rows, pivots) !== 0;
      };
    },
  },
};
