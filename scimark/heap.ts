/** The one heap of all kernels: a Float64Array and an Int32Array in global properties that are defined exactly once. */

// V8 turns a global property that never changes into a compile-time constant: base address and length of the array
// become immediates in the loops. Arrays in parameters, closures or module constants are reloaded and checked on every
// access (1.3 to 2 times slower with V8 11.3). So kernels name these two globals directly and take integer offsets.
declare global {
  var heapF64: Float64Array;
  var heapI32: Int32Array;
}

/** An offset into each of the two arrays. */
export interface Place {
  readonly f64: number;
  readonly i32: number;
}

/** Doubles in a cache line of 64 bytes: parts of the heap start at multiples of it. */
const LINE_F64 = 8;
const LINE_I32 = 16;

/** Arrays of 64 bytes and less live in V8's movable heap and so have no constant address. */
const LEAST = 64;

/** True once `allocateHeap` has run. */
export function isHeapAllocated(): boolean {
  return Object.hasOwn(globalThis, 'heapF64');
}

/**
 * Allocates the heap, once per process. Sizes are numbers of elements.
 * `arrays` makes the two, where they have to lie in a certain memory.
 * Throws on a second call (a second array would cost every kernel its constants) and on sizes that aren't counts.
 */
export function allocateHeap(
  doubles: number,
  ints: number,
  arrays: (doubles: number, ints: number) => { f64: Float64Array; i32: Int32Array } = plainArrays,
): void {
  if (isHeapAllocated()) {
    throw new Error(
      `The heap exists already, with ${heapF64.length} doubles and ${heapI32.length} ints: allocate once per process, for all workloads`,
    );
  }
  if (!isCount(doubles) || !isCount(ints)) {
    throw new Error(`The heap takes whole numbers of doubles and ints, not ${doubles} and ${ints}`);
  }
  const { f64, i32 } = arrays(Math.max(doubles, LEAST), Math.max(ints, LEAST));
  Object.defineProperty(globalThis, 'heapF64', { value: f64, enumerable: false });
  Object.defineProperty(globalThis, 'heapI32', { value: i32, enumerable: false });
}

function plainArrays(doubles: number, ints: number) {
  return { f64: new Float64Array(doubles), i32: new Int32Array(ints) };
}

/** Rounds a number of doubles up to whole cache lines. */
export function wholeLinesF64(doubles: number): number {
  return Math.ceil(doubles / LINE_F64) * LINE_F64;
}

/** Rounds a number of 32-bit integers up to whole cache lines. */
export function wholeLinesI32(ints: number): number {
  return Math.ceil(ints / LINE_I32) * LINE_I32;
}

/** Throws unless the heap has room for `doubles` and `ints`: an access past the end would silently read NaN. */
export function assertCapacity(doubles: number, ints: number): void {
  if (!isHeapAllocated()) throw new Error('There is no heap: call allocateHeap first');
  if (doubles > heapF64.length || ints > heapI32.length) {
    throw new Error(
      `The heap is too small: ${doubles} doubles and ${ints} ints are needed, ${heapF64.length} and ${heapI32.length} were allocated`,
    );
  }
}

/** A copy of a part of the heap, kept outside it. */
export interface Contents {
  readonly f64: Float64Array;
  readonly i32: Int32Array;
}

/** A copy of the `doubles` and `ints` at `place`. */
export function copyContents({ f64, i32 }: Place, doubles: number, ints: number): Contents {
  return { f64: heapF64.slice(f64, f64 + doubles), i32: heapI32.slice(i32, i32 + ints) };
}

/** Swaps the part of the heap at `place` with `contents`, element by element: nothing is allocated. */
export function exchangeContents({ f64, i32 }: Place, contents: Contents): void {
  const { f64: doubles, i32: ints } = contents;
  for (let k = 0; k < doubles.length; k++) {
    const kept = heapF64[f64 + k]!;
    heapF64[f64 + k] = doubles[k]!;
    doubles[k] = kept;
  }
  for (let k = 0; k < ints.length; k++) {
    const kept = heapI32[i32 + k]!;
    heapI32[i32 + k] = ints[k]!;
    ints[k] = kept;
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
