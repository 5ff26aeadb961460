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
  /** Of the whole window: time stolen from all CPUs of the host, and memory that the host lost to all instances. */
  readonly stealMs: number | null;
  readonly hostDeltaBytes: number | null;
}

/** How the visit of a victim ended; `results/README.md` says what each means. */
export const VISIT_STATUSES = ['completed', 'uncovered', 'neighbour-failed', 'refused', 'failed', 'timed-out'] as const;

/** One visit of a victim, without or beside a neighbour that works: one row of `neighbour.csv`. */
export interface NeighbourRow {
  readonly block: number;
  readonly position: number;
  readonly env: string;
  readonly workload: string;
  readonly aggressor: string;
  /** The pair: one visit without the neighbour, and one beside it. */
  readonly round: number;
  readonly beside: boolean;
  /** Which visit of the victim's it was; also the round of its bursts. 0 where there was none. */
  readonly turn: number;
  readonly startId: string;
  readonly status: (typeof VISIT_STATUSES)[number];
  readonly reason: string;
  /** Passes of a burst, and times of a pass in all bursts of the visit together, in its median and in its longest one, ns. */
  readonly work: number | null;
  readonly meanPassNs: number | null;
  readonly medianPassNs: number | null;
  readonly longestPassNs: number | null;
  /** Boxes of the neighbour that worked, and what they did in the requests that surround the visit, all together. */
  readonly copies: number;
  readonly aggressorPasses: number | null;
  /** From the last beginning among them to the visit's, and from its end to the first end among them, ns; negative: uncovered. */
  readonly leadNs: number | null;
  readonly tailNs: number | null;
  /** Time stolen from all CPUs of the host in the visit. */
  readonly stealMs: number | null;
}

/** All of them, by the name of their table. */
export interface KindRow {
  footprint: FootprintRow;
  scale: ScaleRow;
  neighbour: NeighbourRow;
}
export type KindTable = keyof KindRow;
export type KindRows = { readonly [K in KindTable]: readonly KindRow[K][] };
