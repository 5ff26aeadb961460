/** Tests of the engines against each other: any size and seed gives the same bits in all of them. */

import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { KERNEL_ENGINES } from '../../bench/types.ts';
import type { Engine } from '../../scimark/engine.ts';
import { wholeLinesF64 } from '../../scimark/heap.ts';
import { allocateWasmHeap, createRandom, ENGINES } from '../../scimark/index.ts';
import { fillF64 } from '../../scimark/kernel.ts';
import { luLayout } from '../../scimark/lu.ts';
import { MONTE_CARLO_SEED } from '../../scimark/monte-carlo.ts';
import { sparseLayout, writeStructure } from '../../scimark/sparse.ts';
import { checkFft, checkLu, checkSor, checkSparse, SMALL_ROOM } from './checks.ts';
import { bytesOf, expectDouble, VECTORS } from './vectors.ts';
import { WASM_KERNELS } from './wasm-kernels.ts';

const MARK = -7.25;
const OTHERS = KERNEL_ENGINES.filter((name) => name !== 'reference');
const LIMIT_MS = 120_000;

beforeAll(() => allocateWasmHeap(WASM_KERNELS, 4 * SMALL_ROOM.doubles, SMALL_ROOM.ints));

const seeds = fc.integer({ min: 1, max: 2 ** 31 - 2 });
/** Places in the heap, on cache lines as the registry gives them. */
const places = fc.record({ f64: fc.nat({ max: 20 }), i32: fc.nat({ max: 20 }) }).map(({ f64, i32 }) => ({
  f64: 8 * f64,
  i32: 16 * i32,
}));

/** What the whole heap holds after `run` on a fresh one, as bytes. */
function statesAfter(run: (engine: Engine) => readonly [from: number, count: number][]): Uint8Array[] {
  return KERNEL_ENGINES.map((name) => {
    heapF64.fill(MARK);
    heapI32.fill(-1);
    const parts = run(ENGINES[name]);
    return Uint8Array.from(parts.flatMap(([from, count]) => [...bytesOf(heapF64.slice(from, from + count))]));
  });
}

function expectAllAlike(states: readonly Uint8Array[]): void {
  for (const state of states) expect(Buffer.compare(state, states[0]!)).toBe(0);
}

describe.each(KERNEL_ENGINES)('%s equals NIST bit for bit', (name) => {
  const engine = ENGINES[name];
  const fresh = () => createRandom(VECTORS.constants.RANDOM_SEED);
  test.each(VECTORS.fft.filter(({ N }) => N <= 1024))('in the transform at N = $N', (vector) =>
    checkFft(engine, vector, fresh()),
  );
  test.each(VECTORS.sor.filter(({ N }) => N <= 100))('in the relaxation at $M by $N', (vector) =>
    checkSor(engine, vector, fresh()),
  );
  test.each(VECTORS.sparse.filter(({ N }) => N <= 1000))('in the product at N = $N with $nz nonzeros', (vector) =>
    checkSparse(engine, vector, fresh()),
  );
  test.each(VECTORS.lu.filter(({ N }) => N <= 100))('in the factorisation at N = $N', (vector) =>
    checkLu(engine, vector, fresh()),
  );
  test.each(VECTORS.monteCarlo)(
    'in the count after $samples samples',
    ({ samples, underCurve, pi }) => {
      const under = engine.monteCarlo.bind(32)(samples);
      expect(under).toBe(underCurve);
      expectDouble((under / samples) * 4, pi);
    },
    LIMIT_MS,
  );
});

describe('all engines leave the same bits', () => {
  test(
    'in the transform of any power of two, there and back, beyond a block too',
    () => {
      fc.assert(
        fc.property(fc.integer({ min: 0, max: 13 }), seeds, places, (log, seed, { f64, i32 }) => {
          const n = 2 ** log;
          expectAllAlike(
            statesAfter((engine) => {
              fillF64(f64, 2 * n, createRandom(seed));
              const planF64 = f64 + wholeLinesF64(2 * n);
              const transform = engine.fft.bind({ n, data: f64, planF64, planI32: i32 });
              transform.forward();
              const forward = heapF64.slice(f64, f64 + 2 * n);
              transform.inverse();
              heapF64.set(forward, planF64);
              const room = engine.fft.planRoom(n);
              expect(heapF64.subarray(planF64 + Math.max(room.doubles, 2 * n)).every((value) => value === MARK)).toBe(
                true,
              );
              expect(heapI32.subarray(i32 + room.ints).every((value) => value === -1)).toBe(true);
              return [
                [0, f64 + 2 * n],
                [planF64, 2 * n],
              ];
            }),
          );
        }),
        { numRuns: 60 },
      );
    },
    LIMIT_MS,
  );

  test('in the transform of zeros of both signs', () => {
    expectAllAlike(
      statesAfter((engine) => {
        const values = Array.from({ length: 64 }, (_, k) => [0, -0, 1, -1][(k * 7) % 4]!);
        heapF64.set(values, 0);
        const transform = engine.fft.bind({ n: 32, data: 0, planF64: 64, planI32: 0 });
        transform.forward();
        transform.inverse();
        return [[0, 64]];
      }),
    );
  });

  test(
    'in the relaxation of any grid',
    () => {
      const grids = fc.record({
        rows: fc.integer({ min: 2, max: 40 }),
        columns: fc.integer({ min: 2, max: 40 }),
        iterations: fc.integer({ min: 0, max: 3 }),
        omega: fc.constantFrom(1.25, 1, 0.3, 1.9),
      });
      fc.assert(
        fc.property(grids, seeds, places, ({ rows, columns, iterations, omega }, seed, { f64 }) => {
          expectAllAlike(
            statesAfter((engine) => {
              fillF64(f64, rows * columns, createRandom(seed));
              engine.sor.bind({ at: f64, rows, columns })(omega, iterations);
              return [[0, f64 + rows * columns + 64]];
            }),
          );
        }),
      );
    },
    LIMIT_MS,
  );

  test(
    'in the product of any matrix, rows of none to eleven nonzeros',
    () => {
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 60 }),
          fc.integer({ min: 0, max: 11 }),
          seeds,
          places,
          (n, wish, seed, place) => {
            const perRow = Math.min(wish, n);
            const layout = sparseLayout(place, n, n * perRow);
            expectAllAlike(
              statesAfter((engine) => {
                const random = createRandom(seed);
                fillF64(layout.x, n, random);
                fillF64(layout.values, n * perRow, random);
                if (perRow > 0) writeStructure(layout);
                else heapI32.fill(layout.columns, layout.rows, layout.rows + n + 1);
                engine.sparse.bind(layout)();
                return [[0, layout.values + n * perRow + 64]];
              }),
            );
          },
        ),
      );
    },
    LIMIT_MS,
  );

  test(
    'in the product of a matrix whose rows differ in length',
    () => {
      const lengths = fc.array(fc.integer({ min: 0, max: 11 }), { minLength: 1, maxLength: 40 });
      fc.assert(
        fc.property(lengths, seeds, places, (perRow, seed, place) => {
          const n = perRow.length;
          const stored = perRow.reduce((sum, length) => sum + length, 0);
          const layout = sparseLayout(place, n, 11 * n);
          expectAllAlike(
            statesAfter((engine) => {
              const random = createRandom(seed);
              fillF64(layout.x, n, random);
              fillF64(layout.values, stored, random);
              let at = layout.columns;
              for (const [row, length] of perRow.entries()) {
                heapI32[layout.rows + row] = at;
                for (let k = 0; k < length; k++) heapI32[at + k] = layout.x + Math.floor(random.next() * n);
                at += length;
              }
              heapI32[layout.rows + n] = at;
              engine.sparse.bind(layout)();
              return [[0, layout.values + stored + 64]];
            }),
          );
        }),
      );
    },
    LIMIT_MS,
  );

  test(
    'in the factorisation of any matrix, pivots and order of rows included',
    () => {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 45 }), seeds, places, (n, seed, place) => {
          const layout = luLayout(place, n);
          const tables: Int32Array[] = [];
          expectAllAlike(
            statesAfter((engine) => {
              fillF64(layout.source, n * n, createRandom(seed));
              expect(engine.lu.bind(layout)()).toBe(true);
              tables.push(heapI32.slice(0, layout.pivots + n + 64));
              return [[0, layout.matrix + n * n + 64]];
            }),
          );
          for (const table of tables) expect(table).toEqual(tables[0]);
        }),
      );
    },
    LIMIT_MS,
  );

  test(
    'in the number of points and the state of the generator after any number of samples',
    () => {
      fc.assert(
        fc.property(fc.nat({ max: 3000 }), places, (samples, { i32 }) => {
          const results = KERNEL_ENGINES.map((name) => {
            heapI32.fill(-1);
            return [ENGINES[name].monteCarlo.bind(i32)(samples), ...heapI32.slice(0, i32 + 64)];
          });
          for (const result of results) expect(result).toEqual(results[0]);
          expect(results[0]!.slice(1 + i32, 18 + i32)).toEqual([...stateAfter(samples).m]);
        }),
      );
    },
    LIMIT_MS,
  );
});

test.each(OTHERS)('%s refuses a singular matrix as the reference does', (name) => {
  const matrices = [
    [0, 0, 0, 0],
    [1, 2, 2, 4],
  ];
  for (const matrix of matrices) {
    const layout = luLayout({ f64: 0, i32: 0 }, 2);
    heapF64.set(matrix, 0);
    expect(ENGINES[name].lu.bind(layout)()).toBe(false);
  }
  const layout = luLayout({ f64: 0, i32: 0 }, 9);
  fillF64(0, 81, createRandom(5));
  heapF64.copyWithin(8 * 9, 3 * 9, 4 * 9);
  heapF64.fill(0, 6, 6 + 1);
  for (let row = 0; row < 9; row++) heapF64[row * 9 + 6] = 0;
  expect(ENGINES.reference.lu.bind(layout)()).toBe(false);
  expect(ENGINES[name].lu.bind(layout)()).toBe(false);
});

function stateAfter(samples: number) {
  const random = createRandom(MONTE_CARLO_SEED);
  for (let number = 0; number < 2 * samples; number++) random.next();
  return random.state();
}
