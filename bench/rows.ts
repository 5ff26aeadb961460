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

/** All at the same moment, or a few at a time. */
export const STORM_ORDERS = ['at-once', 'staggered'] as const;
export type StormOrder = (typeof STORM_ORDERS)[number];

/** What holds the boxes of a storm back: nothing, a small CPU weight, a CPU quota. */
export const STORM_SHARES = ['none', 'weight', 'quota'] as const;
export type StormShare = (typeof STORM_SHARES)[number];

/** One box of a storm of starts: one row of `storm.csv`. The figures of the storm are the same in all its rows. */
export interface StormRow {
  readonly block: number;
  readonly position: number;
  readonly env: string;
  /** Boxes of the storm, of which this is the instance-th. */
  readonly instances: number;
  readonly order: StormOrder;
  readonly share: StormShare;
  readonly instance: number;
  readonly startId: string;
  readonly status: InstanceStatus;
  /** Empty where it was completed. */
  readonly reason: string;
  /** From the beginning of its own start, and from that of the storm, until it was ready. */
  readonly startMs: number | null;
  readonly readyMs: number | null;
  /** Of a box that ran bursts meanwhile, ns a pass: medians before and during the storm, 99th percentile during it. */
  readonly victimBeforeNs: number | null;
  readonly victimDuringNs: number | null;
  readonly victimP99Ns: number | null;
  /** Bursts of it in the storm. */
  readonly victimBursts: number | null;
  /** The longest time in which a thread of the harness that sleeps for 10 ms got no CPU, and how often it was above 1 s. */
  readonly longestGapMs: number | null;
  readonly missedBeats: number;
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
  density: DensityRow;
  storm: StormRow;
  load: LoadRow;
  neighbour: NeighbourRow;
}
export type KindTable = keyof KindRow;
export type KindRows = { readonly [K in KindTable]: readonly KindRow[K][] };
