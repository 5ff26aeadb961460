/** The reference vectors of NIST's kernels, and how their encodings are compared. */

import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { expect } from 'vitest';
import type { Size } from '../../bench/types.ts';
import { fnv1a64 } from '../../scimark/fnv.ts';

/** A double: its bits as 16 hex digits, and as `%.17g`. */
export interface Double {
  readonly hex: string;
  readonly dec: string;
}

/** What is kept of an array of doubles. */
export interface Digest {
  readonly count: number;
  readonly sum: Double;
  readonly fnv1a64: string;
  readonly crc32: string;
}

interface GeneratorState {
  readonly i: number;
  readonly j: number;
  readonly m: readonly number[];
}

export interface RandomVector {
  readonly seed: number;
  readonly left?: Double;
  readonly right?: Double;
  readonly state0: GeneratorState;
  readonly firstK: readonly number[];
  readonly first20: readonly Double[];
  readonly at1000000: Double;
  readonly first1000000: Digest;
  readonly stateAfter1000000: GeneratorState;
}

export interface TrigVector {
  readonly direction: number;
  readonly dual: number;
  readonly theta: Double;
  readonly s: Double;
  readonly t: Double;
  readonly s2: Double;
}

export interface FftVector {
  readonly N: number;
  readonly numFlops: number;
  readonly input8: readonly Double[];
  readonly input: Digest;
  readonly bitreversed: Digest;
  readonly forward8: readonly Double[];
  readonly forward: Digest;
  readonly inverse8: readonly Double[];
  readonly inverse: Digest;
  readonly roundtrip8: readonly Double[];
  readonly roundtrip: Digest;
  readonly roundtripRms: Double;
  readonly cycles: number;
  readonly afterCycles: Digest;
}

export interface SorVector {
  readonly M: number;
  readonly N: number;
  readonly omega: number;
  readonly numFlops1: number;
  readonly input: Digest;
  readonly after: readonly {
    readonly iterations: number;
    readonly g11: Double;
    readonly gMid: Double;
    readonly gLast: Double;
    readonly grid: Digest;
  }[];
}

export interface MonteCarloVector {
  readonly samples: number;
  readonly numFlops: number;
  readonly underCurve: number;
  readonly pi: Double;
}

export interface SparseVector {
  readonly N: number;
  readonly nz: number;
  readonly nr: number;
  readonly anz: number;
  readonly numFlops1: number;
  readonly rowFnv1a64_i32le: string;
  readonly colFnv1a64_i32le: string;
  readonly maxCol: number;
  readonly col24: readonly number[];
  readonly x: Digest;
  readonly val: Digest;
  readonly y8: readonly Double[];
  readonly y: Digest;
  readonly yIdempotent: boolean;
  readonly y_v4_accumulated10: Digest;
}

export interface LuVector {
  readonly N: number;
  readonly numFlops: number;
  readonly rc: number;
  readonly A: Digest;
  readonly pivot: readonly number[];
  readonly pivotFnv1a64_i32le: string;
  readonly row0_8: readonly Double[];
  readonly rowLast_8: readonly Double[];
  readonly lastDiag: Double;
  readonly LU: Digest;
  readonly solveX: Digest;
  readonly meanAbsResidual: Double;
}

export interface StreamVector {
  readonly fft: FftVector;
  readonly sor: SorVector;
  readonly sparse: SparseVector;
  readonly lu: LuVector;
}

export interface Vectors {
  readonly constants: {
    readonly RANDOM_SEED: number;
    readonly MONTE_CARLO_SEED: number;
    readonly SOR_OMEGA: number;
    readonly sizes: Readonly<
      Record<Size, { readonly FFT: number; readonly SOR: number; SPARSE_M: number; SPARSE_nz: number; LU: number }>
    >;
    readonly order: readonly string[];
  };
  readonly random: readonly RandomVector[];
  readonly randomRange: readonly Required<RandomVector>[];
  readonly trig: readonly TrigVector[];
  readonly fft: readonly FftVector[];
  readonly sor: readonly SorVector[];
  readonly monteCarlo: readonly MonteCarloVector[];
  readonly sparse: readonly SparseVector[];
  readonly lu: readonly LuVector[];
  readonly benchmarkStream: Readonly<Record<Size, StreamVector>>;
}

export const VECTORS = JSON.parse(
  readFileSync(new URL('../data/scimark-vectors.json', import.meta.url), 'utf8'),
) as Vectors;

/** The bits of a double, most significant first. */
export function hexOf(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16).padStart(16, '0');
}

export function bytesOf(values: Float64Array | Int32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

export function crcOf(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, '0');
}

/** Equal bit for bit; both notations of the vector are compared. */
export function expectDouble(value: number, expected: Double): void {
  expect(hexOf(value)).toBe(expected.hex);
  expect(value).toBe(Number(expected.dec));
}

/** The first numbers of an array, bit for bit. */
export function expectFirst(values: Float64Array, expected: readonly Double[]): void {
  expect([...values.subarray(0, expected.length)].map(hexOf)).toEqual(expected.map(({ hex }) => hex));
  expect([...values.subarray(0, expected.length)]).toEqual(expected.map(({ dec }) => Number(dec)));
}

/** Count, plain sum in order, FNV-1a 64 and CRC-32 of an array. */
export function expectDigest(values: Float64Array, expected: Digest): void {
  let sum = 0;
  for (const value of values) sum += value;
  const bytes = bytesOf(values);
  expect({ count: values.length, sum: hexOf(sum), fnv1a64: fnv1a64([bytes]), crc32: crcOf(bytes) }).toEqual({
    count: expected.count,
    sum: expected.sum.hex,
    fnv1a64: expected.fnv1a64,
    crc32: expected.crc32,
  });
  expect(sum).toBe(Number(expected.sum.dec));
}
