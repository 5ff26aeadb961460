/** The rows that kinds of measurement record beside bursts and starts, each kind of row in a table of its own. */

/** One number of idle instances of an environment, held at the same time: one row of `footprint.csv`. */
export interface FootprintRow {
  readonly block: number;
  readonly position: number;
  readonly env: string;
  readonly instances: number;
  /** Available memory of the host before the first of them was started, less that when all were idle. */
  readonly hostDeltaBytes: number | null;
  /** Sums over the instances. */
  readonly pssBytes: number | null;
  readonly cgroupBytes: number | null;
  /** Bytes on disk that were added while they were held; what several of them share is counted once. */
  readonly diskBytes: number | null;
  /** Of the image as the engine holds it, which all instances share or copy. */
  readonly imageBytes: number | null;
}

/** All of them, by the name of their table. */
export interface KindRow {
  footprint: FootprintRow;
}
export type KindTable = keyof KindRow;
export type KindRows = { readonly [K in KindTable]: readonly KindRow[K][] };
