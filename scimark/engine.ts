/** A kernel engine: five routines, each bound to its part of the heap once, outside of all timing. */

/** Elements of the heap. */
export interface Room {
  readonly doubles: number;
  readonly ints: number;
}

/** Where a transform has its data, and where its engine may keep working data (offsets into the heap). */
export interface FftLayout {
  readonly n: number;
  readonly data: number;
  readonly planF64: number;
  readonly planI32: number;
}

export interface Transform {
  /** In place, without scaling. */
  forward(): void;
  /** In place, divided by n. */
  inverse(): void;
}

export interface Grid {
  readonly at: number;
  readonly rows: number;
  readonly columns: number;
}

/** Offsets of one factorisation: the source and the work matrix in doubles, row offsets and pivots in ints. */
export interface LuLayout {
  readonly n: number;
  readonly source: number;
  readonly matrix: number;
  /** Where each row starts, absolute. Rows are exchanged here, their data stays where it is. */
  readonly rows: number;
  readonly pivots: number;
}

/**
 * Offsets of one sparse matrix and its vectors: x, y and values in doubles, row starts and columns in ints. The tables
 * hold offsets into the heap: a row start is where the row's first column stands, a column is where its x stands.
 */
export interface SparseLayout {
  readonly n: number;
  /** Nonzeros in each row. */
  readonly perRow: number;
  readonly x: number;
  readonly y: number;
  readonly values: number;
  readonly rows: number;
  readonly columns: number;
}

/**
 * One way to compute SciMark's five kernels. All ways do the same operations on every element in the same order and so
 * leave the same bits. `bind` is called when the data stand in the heap, and may compute whatever does not depend on them
 * but on the size alone.
 */
export interface Engine {
  readonly fft: {
    /** Space for the plan of a transform of `n` complex numbers. */
    planRoom(n: number): Room;
    bind(layout: FftLayout): Transform;
  };
  readonly sor: { bind(grid: Grid): (omega: number, iterations: number) => void };
  /** Number of the first `samples` points inside the quarter circle; the generator's 17 integers are at `state`. */
  readonly monteCarlo: { bind(state: number): (samples: number) => number };
  /** y = A x. */
  readonly sparse: { bind(layout: SparseLayout): () => void };
  /** Copies the source over the work matrix and factors that. Returns false for a singular matrix. */
  readonly lu: { bind(layout: LuLayout): () => boolean };
}
