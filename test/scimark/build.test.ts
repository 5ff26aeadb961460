/** Tests of how the wasm kernels are made: the same bytes every time, from sources one of which serves two compilers. */

import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { allocateHeap, wholeLinesF64 } from '../../scimark/heap.ts';
import { fillF64 } from '../../scimark/kernel.ts';
import { copySource, luChecksum, luLayout } from '../../scimark/lu.ts';
import * as fft from '../../scimark/portable/fft.ts';
import * as lu from '../../scimark/portable/lu.ts';
import * as monteCarlo from '../../scimark/portable/monte-carlo.ts';
import * as sor from '../../scimark/portable/sor.ts';
import * as sparse from '../../scimark/portable/sparse.ts';
import { createRandom } from '../../scimark/random.ts';
import { compile, SIMD_SOURCES } from '../../scimark/simd/build.mjs';
import { sparseLayout, writeStructure } from '../../scimark/sparse.ts';
import { WASM_KERNELS } from './wasm-kernels.ts';

const LIMIT_MS = 180_000;
const DOUBLES = 2 ** 15;
/** The sine of AssemblyScript has a table below this place, in doubles. */
const ORIGIN = 512;

test(
  'two builds give the same bytes, and those are the ones in dist',
  async () => {
    const [first, second] = [await compile(SIMD_SOURCES), await compile(SIMD_SOURCES)];
    expect(Buffer.compare(first, second)).toBe(0);
    expect(Buffer.compare(first, WASM_KERNELS)).toBe(0);
  },
  LIMIT_MS,
);

test('the module needs a memory and nothing else, and brings no data along', () => {
  const { Module } = (globalThis as unknown as { WebAssembly: { Module: WasmModule } }).WebAssembly;
  const module = new Module(WASM_KERNELS);
  expect(Module.imports(module)).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
  expect(Module.exports(module).map(({ name }) => name)).toContain('simdFactor');
  // Section 11 of a module holds data.
  expect(sectionsOf(WASM_KERNELS)).not.toContain(11);
});

test('the package installs without a compiler: none is a dependency, and nothing is run on installation', () => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { dependencies, scripts } = JSON.parse(text) as Record<string, Record<string, string>>;
  expect(Object.keys(dependencies!)).not.toContain('assemblyscript');
  for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) expect(scripts![name]).toBeUndefined();
});

describe('the portable sources, compiled as they stand by AssemblyScript, leave the bits that they leave in JavaScript', () => {
  type Portable = typeof fft & typeof lu & typeof monteCarlo & typeof sor & typeof sparse;
  const inJavaScript: Portable = { ...fft, ...lu, ...monteCarlo, ...sor, ...sparse };
  let inWasm: Portable;
  let memory: { readonly buffer: ArrayBuffer };

  beforeAll(async () => {
    const names = ['fft', 'lu', 'monte-carlo', 'sor', 'sparse'];
    const bytes = await compile(['heap.ts', ...names.map((name) => `../portable/${name}.ts`)]);
    const api = (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly;
    memory = new api.Memory({ initial: 16 });
    inWasm = new api.Instance(new api.Module(bytes), { env: { memory, abort: () => {} } }).exports as Portable;
    // Both arrays begin where the memory does: offsets of doubles and of ints must not meet.
    const arrays = { f64: new Float64Array(memory.buffer, 0, DOUBLES), i32: new Int32Array(memory.buffer) };
    allocateHeap(DOUBLES, 0, () => arrays);
  }, LIMIT_MS);

  /** Ints stand behind the doubles of the same memory. */
  const place = { f64: ORIGIN, i32: 2 * DOUBLES };

  function bothLeave(run: (kernels: Portable) => readonly [from: number, count: number]): void {
    const [js, wasm] = [inJavaScript, inWasm].map((kernels) => {
      heapF64.fill(0, ORIGIN);
      const [from, count] = run(kernels);
      return Buffer.from(heapF64.slice(from, from + count).buffer);
    });
    expect(js!.some((byte) => byte !== 0)).toBe(true);
    expect(Buffer.compare(js!, wasm!)).toBe(0);
  }

  test.each([4, 8, 32, 1024])('in the transform of %d numbers, roots included', (n) => {
    bothLeave((kernels) => {
      fillF64(ORIGIN, 2 * n, createRandom(7));
      const scratch = ORIGIN + wholeLinesF64(2 * n);
      const roots = scratch + wholeLinesF64(2 * n);
      kernels.fftPlan(n, roots, place.i32);
      kernels.fftTransform(ORIGIN, scratch, n, roots, place.i32, 1);
      kernels.fftTransform(ORIGIN, scratch, n, roots, place.i32, -1);
      kernels.fftScale(ORIGIN, n);
      return [ORIGIN, 6 * n];
    });
  });

  test.each([3, 8, 41])('in the relaxation of %d rows', (n) => {
    bothLeave((kernels) => {
      fillF64(ORIGIN, n * n, createRandom(7));
      kernels.sorRelax(ORIGIN, n, n, 1.25, 2);
      return [ORIGIN, n * n];
    });
  });

  test.each([
    [10, 7],
    [60, 7],
    [61, 5],
  ])('in the product of %d rows of %d nonzeros', (n, perRow) => {
    bothLeave((kernels) => {
      const layout = sparseLayout(place, n, perRow * n);
      const { x, y, values, rows, columns } = layout;
      const random = createRandom(7);
      fillF64(x, n, random);
      fillF64(values, n * perRow, random);
      writeStructure(layout);
      kernels.sparseMultiply(n, y, values - columns, rows);
      return [y, n];
    });
  });

  test.each([5, 33])('in the factorisation of %d rows', (n) => {
    const checksums: string[] = [];
    bothLeave((kernels) => {
      const layout = luLayout(place, n);
      fillF64(layout.source, n * n, createRandom(7));
      copySource(layout);
      expect(Boolean(kernels.luFactor(n, layout.rows, layout.pivots))).toBe(true);
      checksums.push(luChecksum(layout));
      return [layout.matrix, n * n];
    });
    expect(checksums[0]).toBe(checksums[1]);
  });

  test('in the count of points', () => {
    bothLeave((kernels) => {
      kernels.monteCarloSeed(place.i32, 113);
      heapF64[ORIGIN] = kernels.monteCarloWhole(place.i32, 17 * 50) + kernels.monteCarloRest(place.i32, 11);
      return [ORIGIN, 1];
    });
  });
});

interface WasmModule {
  new (bytes: Uint8Array): object;
  imports(module: object): object[];
  exports(module: object): { readonly name: string }[];
}
interface WasmApi {
  readonly Module: WasmModule;
  readonly Memory: new (limits: { initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
}

/** Ids of the sections of a module, in order. */
function sectionsOf(bytes: Uint8Array): number[] {
  const ids: number[] = [];
  for (let at = 8; at < bytes.length; ) {
    ids.push(bytes[at]!);
    at += 1;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at]!;
      at += 1;
      length += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    at += length;
  }
  return ids;
}
