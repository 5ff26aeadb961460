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

/** One instance of an environment in a window in which so many of them work at once: one row of `scale.csv`. */
export interface ScaleRow {
  readonly block: number;
  readonly position: number;
  readonly env: string;
  readonly workload: string;
  /** The level: so many at once, of which this is the instance-th. */
  readonly instances: number;
  readonly instance: number;
  readonly startId: string;
  readonly status: 'completed' | 'failed' | 'timed-out';
  readonly reason: string;
  /** Of its first burst's beginning and its last burst's end, from the first request of the window, ns. Null without bursts. */
  readonly beginNs: number | null;
  readonly endNs: number | null;
  /** CPU time of the box in its request, by the host's account. */
  readonly cpuNs: number | null;
  /** Of the whole window: time stolen from all CPUs of the host; memory that the host lost to all instances, of so much. */
  readonly stealMs: number | null;
  readonly hostDeltaBytes: number | null;
  readonly availableBytes: number | null;
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
export interface KindRow {
  footprint: FootprintRow;
  scale: ScaleRow;
  load: LoadRow;
}
export type KindTable = keyof KindRow;
export type KindRows = { readonly [K in KindTable]: readonly KindRow[K][] };
