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

/** What became of a request: its answer came; it was never sent to the box, because the level was stopped; the box failed. */
export const REQUEST_STATUSES = ['answered', 'dropped', 'failed'] as const;
export type RequestStatus = (typeof REQUEST_STATUSES)[number];

/** One request of a level of load: one row of `load.csv`. Times are ns from the level's beginning, by the host's clock. */
export interface LoadRow {
  readonly block: number;
  /** Place of the level in the block. */
  readonly position: number;
  readonly env: string;
  readonly startId: string;
  readonly workload: string;
  /** Arrivals a second, on average. */
  readonly rate: number;
  /** Count from 1. */
  readonly arrival: number;
  readonly intendedNs: number;
  readonly sentNs: number;
  /** Null without an answer. */
  readonly doneNs: number | null;
  /** Of the burst itself, by the box's own clock. */
  readonly serviceNs: number | null;
  readonly status: RequestStatus;
}

/** All of them, by the name of their table. */
export interface KindRows {
  readonly footprint: readonly FootprintRow[];
  readonly load: readonly LoadRow[];
}
export type KindTable = keyof KindRows;
