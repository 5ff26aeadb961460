/** What docs/kernels.json holds, and what follows from it: operations and bytes of a pass, bounds, and shares of them. */

import type { Size } from '../../bench/types.ts';
import { WORKLOADS } from '../../scimark/index.ts';
import type { Figures, Side } from './kernels.ts';

/** What roof.c measures. Bandwidths are those of a triad in each level of the memory. */
export interface Roofs {
  readonly scalarGflops: number;
  readonly vectorGflops: number;
  readonly addNs: number;
  readonly multiplyNs: number;
  readonly l1GBps: number;
  readonly l2GBps: number;
  readonly l3GBps: number;
  readonly memoryGBps: number;
}

/** The figures of one size under one Node.js. */
export interface Run {
  readonly node: string;
  readonly v8: string;
  readonly size: Size;
  readonly kernels: readonly Figures[];
}

export interface Measured {
  /** Date. */
  readonly measured: string;
  readonly processor: string;
  readonly cpus: number;
  /** Tasks that waited for a CPU on average, before and after: noise. */
  readonly load: readonly number[];
  readonly compiler: string;
  readonly flags: string;
  readonly roofs: Roofs;
  readonly runs: readonly Run[];
}

/** A pass of a kernel: nominal operations, and the bytes that it has to read and write at least, each once. */
export interface Work {
  readonly flops: number;
  readonly bytes: number;
}

export function workOf(id: string, size: Size): Work {
  const { flops, parameters } = WORKLOADS.find((one) => one.id === id)!.sizes[size];
  return { flops, bytes: bytesOf(id, parameters) };
}

function bytesOf(id: string, { N: n = 0, nonzeros = 0 }: Readonly<Record<string, number>>): number {
  switch (id) {
    // Forward and inverse: each reads and writes n complex numbers.
    case 'fft':
      return 64 * n;
    case 'sor':
      return 16 * n * n;
    // The generator's 17 integers, in and out.
    case 'monte-carlo':
      return 136;
    // A value and a column for each nonzero, x, y, and the start of each row.
    case 'sparse':
      return 12 * nonzeros + 20 * n;
    // The copy of the matrix, then the matrix in and out.
    case 'lu':
      return 32 * n * n;
    default:
      throw new Error(`${id} has no bytes`);
  }
}

export const intensityOf = ({ flops, bytes }: Work): number => flops / bytes;

/** The level of memory that the data of a pass lie in: those of small fit the second one, of large the third one. */
export const levelOf = (size: Size): 'l2GBps' | 'l3GBps' => (size === 'large' ? 'l3GBps' : 'l2GBps');

/** GFLOPS that neither arithmetic in vectors nor the memory allow to exceed. */
export function roofOf(roofs: Roofs, id: string, size: Size): number {
  return Math.min(roofs.vectorGflops, intensityOf(workOf(id, size)) * roofs[levelOf(size)]);
}

/**
 * GFLOPS of one chain of waiting, for loops that have no other: a point of SOR waits for its left neighbour through two
 * sums, a product and a sum, of six nominal operations; a row of the sparse product through a sum for each nonzero of two.
 */
export function chainOf({ addNs, multiplyNs }: Roofs, id: string): number | null {
  if (id === 'sor') return 6 / (3 * addNs + multiplyNs);
  if (id === 'sparse') return 2 / addNs;
  return null;
}

export function figuresOf(measured: Measured, id: string, size: Size, node?: string): Figures {
  const run = measured.runs.find((one) => one.size === size && (node === undefined || one.node === node))!;
  return run.kernels.find((one) => one.id === id)!;
}

/** Mean over kernels, SciMark's composite, in MFLOPS. */
export function compositeOf({ kernels }: Run, side: Side): number {
  return kernels.reduce((sum, { best }) => sum + best[side], 0) / kernels.length;
}
