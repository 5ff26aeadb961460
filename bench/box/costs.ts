/** Types of what environments cost beside CPU time: starts, memory, disk, posture, and the parts of a layer. Import them from `types.ts`. */

import type { Estimate, Interval } from './estimate.ts';

/** What environments cost beside CPU time: many short starts; memory and disk of idle instances. */
export const COST_MEASURES = ['startup', 'footprint'] as const;
export type CostMeasure = (typeof COST_MEASURES)[number];

/** `dropped`: right after the page cache was dropped; `first`: the first one since the image was prepared, with the cache as it was. */
export const START_TEMPERATURES = ['warm', 'dropped', 'first'] as const;
export type StartTemperature = (typeof START_TEMPERATURES)[number];

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

/** Memory of a started environment at one moment, read on the host. Absent where it can't be read. */
export interface Holdings {
  /** Proportional set size, summed over the processes of the innermost box and the commands that hold it open. */
  readonly pssBytes?: number;
  /** What the box's own control group is charged with. */
  readonly cgroupBytes?: number;
}

/** What an engine does for the posture of its boxes; null: it is not told. */
export interface EnginePosture {
  /** Does a daemon of root's start its boxes? */
  readonly rootDaemon: boolean | null;
  /** Was the image refused unless its signature held? */
  readonly signedImage: boolean | null;
}

/** Where an environment keeps what it needs on the host's disk. */
export interface DiskHoldings {
  /** Folders that its engine writes to, absolute; others may write there too. */
  readonly folders: readonly string[];
  /** Size of the image as the innermost engine holds it. */
  readonly imageBytes?: number;
}

/** One part of what a layer does, as a setting of it takes it away or exchanges it. */
export interface Ablation {
  /** The part in a few words: `seccomp filter`. */
  readonly part: string;
  /** The settings without it. */
  readonly settings: Readonly<Record<string, string>>;
  /**
   * `removes`: the box without the part, a step of the ladder from the barest box to the whole one. `exchanges`: another
   * way of doing the same, held against the whole box beside the ladder.
   */
  readonly kind: 'removes' | 'exchanges';
}

export const STARTUP_FIGURES = ['spawned', 'first-instruction', 'ready', 'removal'] as const;
export type StartupFigure = (typeof STARTUP_FIGURES)[number];

/** One environment, temperature and figure: one row of `startup.csv`. */
export interface StartupRow {
  readonly env: string;
  readonly baseline: string;
  /** `cold`: after the page cache was dropped, or the first start since the image was prepared. */
  readonly temperature: 'cold' | 'warm';
  readonly figure: StartupFigure;
  readonly starts: number;
  /** Median over all starts. */
  readonly medianMs: number;
  /** Of the mean over blocks of the logarithm of the block's median: of a typical block, ms. Null with one block. */
  readonly interval: Interval | null;
  /** Time of `env` over that of the baseline; null for the baseline itself, and where no round has both. */
  readonly ratio: Estimate | null;
}
