/** Fast Fourier transform: complex, in place, radix 2, over interleaved real and imaginary parts. */

import type { Engine } from './engine.ts';
import { checksumF64 } from './fnv.ts';
import { wholeLinesF64 } from './heap.ts';
import { fillF64, type Kernel, type KernelSize } from './kernel.ts';

/** Transforms `n` complex numbers (a power of two) from offset `at`, without scaling. */
export function forward(at: number, n: number): void {
  transform(at, n, -1);
}

/** The inverse of `forward`: transforms back and divides by `n`. */
export function inverse(at: number, n: number): void {
  transform(at, n, 1);
  const norm = 1 / n;
  const end = at + 2 * n;
  for (let k = at; k < end; k = (k + 1) | 0) heapF64[k]! *= norm;
}

/**
 * Danielson-Lanczos: log2(n) stages of butterflies after a bit reversal. The roots of unity come from a recurrence on
 * sines that are computed here, within the pass, as in SciMark.
 */
function transform(at: number, n: number, direction: number): void {
  if (n === 1) return;
  bitReverse(at, n);
  const end = (at + (n << 1)) | 0;
  for (let dual = 1; dual < n; dual = dual << 1) {
    // In doubles: the distance within a pair, and from pair to pair.
    const apart = dual << 1;
    const stride = dual << 2;
    let wReal = 1;
    let wImag = 0;
    const theta = (2 * direction * Math.PI) / (2 * dual);
    const s = Math.sin(theta);
    const t = Math.sin(theta / 2);
    const s2 = 2 * t * t;

    // The first root is 1: nothing to multiply.
    for (let i = at | 0; i < end; i = (i + stride) | 0) {
      const j = (i + apart) | 0;
      const zReal = heapF64[j]!;
      const zImag = heapF64[j + 1]!;
      const xReal = heapF64[i]!;
      const xImag = heapF64[i + 1]!;
      heapF64[j] = xReal - zReal;
      heapF64[j + 1] = xImag - zImag;
      heapF64[i] = xReal + zReal;
      heapF64[i + 1] = xImag + zImag;
    }

    for (let a = 1; a < dual; a = (a + 1) | 0) {
      const nextReal = wReal - s * wImag - s2 * wReal;
      const nextImag = wImag + s * wReal - s2 * wImag;
      wReal = nextReal;
      wImag = nextImag;
      for (let i = (at + (a << 1)) | 0; i < end; i = (i + stride) | 0) {
        const j = (i + apart) | 0;
        const yReal = heapF64[j]!;
        const yImag = heapF64[j + 1]!;
        const zReal = wReal * yReal - wImag * yImag;
        const zImag = wReal * yImag + wImag * yReal;
        const xReal = heapF64[i]!;
        const xImag = heapF64[i + 1]!;
        heapF64[j] = xReal - zReal;
        heapF64[j + 1] = xImag - zImag;
        heapF64[i] = xReal + zReal;
        heapF64[i + 1] = xImag + zImag;
      }
    }
  }
}

/** Swaps each complex number with the one at the mirrored index (Gold and Rader). */
export function bitReverse(at: number, n: number): void {
  for (let i = 0, j = 0; i < n - 1; i++) {
    if (i < j) {
      const p = (at + (i << 1)) | 0;
      const q = (at + (j << 1)) | 0;
      const real = heapF64[p]!;
      const imag = heapF64[p + 1]!;
      heapF64[p] = heapF64[q]!;
      heapF64[p + 1] = heapF64[q + 1]!;
      heapF64[q] = real;
      heapF64[q + 1] = imag;
    }
    let k = n >> 1;
    while (k <= j) {
      j = (j - k) | 0;
      k = k >> 1;
    }
    j = (j + k) | 0;
  }
}

/** SciMark's count for a cycle of forward and inverse transform, which by its formula is that of one transform. */
export function flopsOf(n: number): number {
  return (5 * n - 2) * Math.log2(n) + 2 * (n + 1);
}

function sizeOf(n: number, engine: Engine, referenceChecksum: string): KernelSize {
  const plan = engine.fft.planRoom(n);
  const doubles = wholeLinesF64(2 * n) + plan.doubles;
  return { parameters: { N: n }, doubles, ints: plan.ints, flops: flopsOf(n), referenceChecksum };
}

export function fftKernel(engine: Engine): Kernel {
  return {
    id: 'fft',
    title: 'Fast Fourier transform',
    summary: 'complex 1D transform forward and back: shuffled access, sines, add and multiply',
    repeatable: false,
    sizes: {
      // All three are in the reference vectors (`roundtrip` of N = 16, 1024 and 2^20).
      tiny: sizeOf(16, engine, '9be23e5677821491'),
      small: sizeOf(1024, engine, '17c53731bd474399'),
      large: sizeOf(1048576, engine, 'b9fb1bc4fa975825'),
    },
    prepare(size, { f64: data, i32: planI32 }, random) {
      const n = this.sizes[size].parameters.N!;
      fillF64(data, 2 * n, random);
      const transform = engine.fft.bind({ n, data, planF64: data + wholeLinesF64(2 * n), planI32 });
      return {
        pass() {
          transform.forward();
          transform.inverse();
        },
        checksum: () => checksumF64(data, 2 * n),
      };
    },
  };
}
