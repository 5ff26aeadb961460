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

/** What ended a series of idle instances: their planned number, a resource of the host, or an error of the engine. */
export const SERIES_ENDS = ['max', 'memory', 'disk', 'load', 'processes', 'engine'] as const;
export type SeriesEnd = (typeof SERIES_ENDS)[number];

/** `stopped`: not started, because the host had no room for it. */
export const INSTANCE_STATUS = ['completed', 'failed', 'timed-out', 'stopped'] as const;
export type InstanceStatus = (typeof INSTANCE_STATUS)[number];

/** One of the idle instances that are started one after another: one row of `density.csv`. */
export interface DensityRow {
  readonly block: number;
  readonly position: number;
  readonly env: string;
  /** Instances held, this one included. */
  readonly instances: number;
  readonly startId: string;
  readonly status: InstanceStatus;
  /** Of the last row of a series. */
  readonly endedBy: SeriesEnd | null;
  /** Empty where it was completed. */
  readonly reason: string;
  readonly readyMs: number | null;
  /** Available memory of the host before the first of them was started, less that now. */
  readonly hostDeltaBytes: number | null;
  /** Only at some numbers, and of the last instance of a series: sums over the instances. */
  readonly pssBytes: number | null;
  readonly rssBytes: number | null;
  readonly cgroupBytes: number | null;
  /** At the same numbers: what was added since before the first of them. */
  readonly diskBytes: number | null;
  readonly slabBytes: number | null;
  readonly ksmBytes: number | null;
}

/** All of them, by the name of their table. */
export interface KindRow {
  footprint: FootprintRow;
  density: DensityRow;
}
export type KindTable = keyof KindRow;
export type KindRows = { readonly [K in KindTable]: readonly KindRow[K][] };
