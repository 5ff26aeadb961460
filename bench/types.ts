/** The central types, shared by all folders. Plain readonly data and the interfaces of the plug-ins. */

import type { Limits } from './box/box.ts';
import type { KernelEngine, Size } from './workload.ts';

export type * from './box/box.ts';
export type * from './box/facts.ts';
export * from './box/traits.ts';
export * from './rows.ts';
export * from './workload.ts';

// ---------------------------------------------------------------- plan

export const PROFILES = ['glance', 'quick', 'standard', 'publish'] as const;
export type Profile = (typeof PROFILES)[number];
export type Schedule = 'interleaved' | 'sequential';

export interface PlannedEnvironment {
  readonly path: string;
  /** The alias under which it was requested, if any. */
  readonly alias?: string;
}

export interface Contrast {
  readonly env: string;
  readonly baseline: string;
}

/**
 * What is measured instead of one box's workloads: many short starts; memory and disk of idle instances; several
 * instances that work at once; how many idle ones fit; many starts at once; latency of requests under load; one beside
 * another that wears out what they share; what a host takes.
 */
export const COST_MEASURES = [
  'startup',
  'footprint',
  'scale',
  'density',
  'storm',
  'load',
  'neighbour',
  'capacity',
] as const;
export type CostMeasure = (typeof COST_MEASURES)[number];

/** Neighbours of a victim, by what they wear out. */
export const AGGRESSORS = ['cpu', 'memory', 'cache', 'forks', 'files', 'disk'] as const;
export type Aggressor = (typeof AGGRESSORS)[number];

/** What a box's output is compared with: that of the others; nothing. */
export const EXPECTATIONS = ['same-output', 'any'] as const;
export type Expectation = (typeof EXPECTATIONS)[number];

export const DIRECTIONS = ['lower', 'higher'] as const;
/** Which of two figures is the better one. */
export type Direction = (typeof DIRECTIONS)[number];

/** A figure that a command prints, or that a workload of Boxmark's has, beside its time. */
export interface Metric {
  /** As a workload: `openssl.throughput`. */
  readonly id: string;
  /** Of a command: regular expression whose first group is the number; the last match counts. Else `json`. */
  readonly pattern?: string;
  /** Path in a JSON document on standard output: `.results.0.mean`. */
  readonly json?: string;
  readonly unit: string;
  readonly better: Direction;
}

/** A program of the user's as a workload: a pass is one run of it, from its start to its exit. */
export interface CommandWorkload {
  readonly id: string;
  /** As the user gave it: words, or with `shell` one text for `sh -c`. */
  readonly command: readonly string[];
  readonly shell?: boolean;
  /** What is run in a box; words that begin with `IMAGE_MARK` are paths in the image. Empty until it is found. */
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Absolute; a fresh folder that it may write to when left out. */
  readonly workdir?: string;
  /** File for standard input, below the working folder or absolute; empty input when left out. */
  readonly stdin?: string;
  /** `SRC[:DEST]`: what the box needs beside the program. */
  readonly files?: readonly string[];
  /** Shell texts: once in every start; before every burst, and at the end of a start, none of them timed. */
  readonly setup?: string;
  readonly prepare?: string;
  readonly cleanup?: string;
  /** Exit codes that count as success; 0 when left out. */
  readonly exit?: readonly number[];
  /** Copies of it that run at once, one a CPU; left out: as many as of every workload of the plan. */
  readonly threads?: number;
  /** A run that takes longer has failed; stretched in boxes that are slow by design. Left out: only the plan's limit of a request. */
  readonly timeoutMs?: number;
  /** Left out: what a trial on the baseline suggests. */
  readonly expect?: Expectation;
  /** Of the output, where it is compared: FNV-1a 64 of what the trial printed, 16 hex digits. */
  readonly output?: string;
  readonly metrics?: readonly Metric[];
  /** The shortest run of the trial on the baseline, ns. */
  readonly runNs?: number;
  /** A run of a program that does nothing, started in the same way there, ns: a part of every run. */
  readonly startNs?: number;
}

/** A container image as the root of programs. */
export interface PlannedRoot {
  /** As the user gave it: `docker:debian:12`. */
  readonly source: string;
  /** SHA-256 over all that is in it, 64 hex digits. */
  readonly digest: string;
  /** SHA-256 of the image's configuration, by which docker names it; absent for a folder. */
  readonly id?: string;
  /** What the image runs by itself. */
  readonly entrypoint: readonly string[];
}

/** Everything that decides what is measured and in which order. Frozen, pure, seeded. */
export interface Plan {
  readonly schema: 1;
  readonly seed: number;
  readonly profile: Profile;
  readonly environments: readonly PlannedEnvironment[];
  readonly baseline: string;
  readonly workloads: readonly string[];
  /** Those of them that the suite is the mean of; all when left out. */
  readonly suite?: readonly string[];
  /** The workloads that are programs of the user's. */
  readonly commands?: readonly CommandWorkload[];
  /** `SRC[:DEST]`: what all of them need in a box. */
  readonly with?: readonly string[];
  /** Figures that Boxmark's own workloads have beside their rate, by the workload. Each is among `workloads`, too. */
  readonly metrics?: Readonly<Record<string, readonly Metric[]>>;
  /** The container image in which they run; Boxmark's own image when left out. */
  readonly root?: PlannedRoot;
  readonly size: Size;
  readonly kernels: KernelEngine;
  readonly contrasts: readonly Contrast[];
  readonly schedule: Schedule;
  /** Blocks that are measured at least, and at most. Equal when the number is fixed. */
  readonly minBlocks: number;
  readonly maxBlocks: number;
  /** Half-width, in logs, of the 95 % intervals at which a session may end from `minBlocks` on; null: none. */
  readonly target: number | null;
  /** Differences up to this share (0.02 is 2 %) count as none. */
  readonly margin: number;
  /** Inequalities that a setting makes don't cost the verdict. */
  readonly allowUnequal: boolean;
  readonly rounds: number;
  /**
   * Of programs that run long: a visit is one burst, without a lead-in; the first run in a box is its warm-up; the order of
   * the boxes is balanced over the session, not in each block.
   */
  readonly singleBursts?: true;
  /** Warm-up bursts of each workload in every box of the first block, which decides how many later blocks do. 0: none. */
  readonly pilotBursts: number;
  readonly burstNs: number;
  /** Passes of a lead-in as a share of a burst's, one pass at least; left out: 1, as in early versions. */
  readonly leadIn?: number;
  /** Least length of a long visit. */
  readonly longNs: number;
  /** Long visits of each box to each workload in a block. */
  readonly longVisits: number;
  readonly maxTimeMs?: number;
  readonly timeoutMs: number;
  readonly limits: Limits;
  /** Copies of every workload that run at once, one a CPU; left out: one. */
  readonly threads?: number;
  /** What is measured instead of one box's workloads. */
  readonly measure?: CostMeasure;
  /** Start-up: begin each block with a start of every box for which the page cache was dropped. */
  readonly cold?: boolean;
  /** How many instances are held or work at a time, ascending. Density: at which numbers they are weighed, the last of which is the most. */
  readonly instances?: readonly number[];
  /** Capacity: numbers of boxes that are started at once, and the time in which they must be ready, ns; left out: not asked. */
  readonly storms?: readonly number[];
  readonly recoverNs?: number;
  /** Length of a window in which all instances work, or of a victim's visit, ns. */
  readonly windowNs?: number;
  /** Load: arrivals a second, ascending; left out: shares of what the baseline can do, which the session finds. */
  readonly rates?: readonly number[];
  /** Load: requests arrive for so long at a rate, and until there are so many. */
  readonly levelNs?: number;
  readonly levelArrivals?: number;
  /** Neighbours that the victim is given, one kind at a time. */
  readonly aggressors?: readonly Aggressor[];
}

// ---------------------------------------------------------------- results

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** A ratio with its interval of 95 %; no interval from one block. */
export interface Estimate {
  readonly ratio: number;
  readonly interval: Interval | null;
  /** Blocks that have a value. */
  readonly blocks: number;
}

/** Unit of the kernels' rate: nominal floating-point operations × passes ÷ wall seconds ÷ 10⁶. */
export const MFLOPS = 'MFLOPS';

export const PHASES = ['warmup', 'lead', 'measure', 'long'] as const;
export type Phase = (typeof PHASES)[number];

/** One burst: one row of `samples.csv`. */
export interface Sample {
  readonly block: number;
  readonly round: number;
  readonly position: number;
  readonly env: string;
  readonly startId: string;
  readonly phase: Phase;
  readonly workload: string;
  readonly size: Size;
  /** Kernel passes in the burst; of copies, of all of them together. */
  readonly work: number;
  readonly wallNs: number;
  readonly cpuNs: number | null;
  /** Null when the answer was wrong, and for a workload without nominal floating-point operations. */
  readonly mflops: number | null;
  /** Empty when the state was not read right after this burst. */
  readonly checksum: string;
  readonly ok: boolean;
  readonly startedAt: string;
  /** Host's bracket around the request, on the last burst of each request. */
  readonly hostNs: number | null;
  readonly clock: 'guest' | 'host';
  readonly kernels: string;
  /** What `rate` counts: `MFLOPS` of a kernel, else things a second, such as `calls/s`. */
  readonly unit: string;
  /** Null when the answer was wrong. */
  readonly rate: number | null;
  /** Of a figure beside the time (`Metric`), which stands in `rate`: its better direction. Else null: the time counts. */
  readonly better: Direction | null;
  /** Copies that ran at once; left out or null: one. */
  readonly threads?: number | null;
  /** Time of the slowest copy over that of the fastest; null for one. */
  readonly spread?: number | null;
  /** From the barrier to the beginning of the last copy; null for one. */
  readonly lateNs?: number | null;
}

/** `dropped`: right after the page cache was dropped; `first`: the first one since the image was prepared, with the cache as it was. */
export const START_TEMPERATURES = ['warm', 'dropped', 'first'] as const;
export type StartTemperature = (typeof START_TEMPERATURES)[number];

interface StartBase {
  readonly block: number;
  readonly position: number;
  readonly env: string;
  readonly startId: string;
  /** Where a block starts a box several times: which round; 0 for the start that opens the block. */
  readonly round?: number;
  readonly temperature?: StartTemperature;
}

/** What is read of a start; null where it could not be read. `bench/session/tables.ts` says what each is. */
export const START_FIGURES = [
  'spawnMs',
  'firstInstructionMs',
  'readyMs',
  'runMs',
  'teardownMs',
  'clockRatio',
  'cpuUserMs',
  'cpuSystemMs',
  'throttledMs',
  'stealMs',
  'memoryPeakBytes',
  'hostMemoryDeltaBytes',
  'idleCpuMs',
  'clockStepNs',
] as const;
export type StartFigures = Readonly<Record<(typeof START_FIGURES)[number], number | null>>;

/** Of a start that failed before its payload answered. */
export const NO_FIGURES = Object.fromEntries(START_FIGURES.map((key) => [key, null])) as StartFigures;

/** The reason of a start that an interrupt ended: no fault of the box. */
export const INTERRUPTED = 'interrupted';

/** One fresh start: one row of `starts.csv`. */
export type Start =
  | (StartBase & StartFigures & { readonly status: 'completed' })
  | (StartBase & StartFigures & { readonly status: 'failed' | 'timed-out'; readonly reason: string })
  | (StartBase & { readonly status: 'skipped'; readonly reason: string });

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

/** A fact in which a box is not like the baseline's. */
export interface Inequality {
  readonly fact: string;
  /** A few words to print beside a result: `CPUs 1 against 2`. */
  readonly label: string;
  /** The fact on both sides; of lists only what differs. */
  readonly baseline: string | number;
  readonly env: string | number;
  /** A setting caused it, and it makes figures incomparable; otherwise the layer is so by design. */
  readonly avoidable: boolean;
  /** What it comes from, or what to do about it. */
  readonly why: string;
}

export const VERDICTS = ['slower', 'faster', 'equivalent', 'inconclusive', 'untrusted'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** One row of `contrasts.csv`. Ratios are time ratios: above 1 takes longer. */
export interface ContrastResult {
  readonly env: string;
  readonly baseline: string;
  /** A workload id, or `suite`. */
  readonly workload: string;
  readonly blocks: number;
  readonly timeRatio: number;
  readonly interval: Interval | null;
  readonly throughputChangePercent: number;
  readonly hodgesLehmann: { readonly ratio: number; readonly interval: Interval } | null;
  readonly controlRatio: number | null;
  readonly controlInterval: Interval | null;
  /** Null for the control, about which nothing is decided. */
  readonly verdict: Verdict | null;
  /** The typical ratio with what either side loses by rare long bursts. */
  readonly total: Estimate | null;
  /** Of long visits, paired as the rounds are. */
  readonly sustained: Estimate | null;
  /** 1 + what the lead-in of `env` loses over the time of its measured burst. */
  readonly wakeupRatio: number | null;
  /** Does one side stall more often than the other, or was one throttled? */
  readonly intermittent: boolean;
  /** Lead-ins and measured bursts that stalled, on either side; the baseline's copies together. */
  readonly stalledBursts: number;
  readonly baselineStalledBursts: number;
  /** Medians over measured bursts of either side; null for the suite. A slower host changes them, unlike the ratio. */
  readonly nsPerPass: number | null;
  readonly baselineNsPerPass: number | null;
}

// ---------------------------------------------------------------- warm-up

export const WARMUP_CLASSES = ['flat', 'warm-up', 'slow-down', 'no steady state'] as const;
export type WarmupClass = (typeof WARMUP_CLASSES)[number];

/** One workload in one box of the pilot. */
export interface WarmupSeries {
  readonly env: string;
  readonly workload: string;
  readonly class: WarmupClass;
  /** Bursts before the steady state; of a series without one, bursts before its last level. */
  readonly length: number;
  readonly bursts: number;
  /** First bursts of the segments, counted from 0, and each segment's mean time over that of the last. */
  readonly segments: readonly { readonly start: number; readonly level: number }[];
}

/** What the pilot decided for all later blocks. */
export interface Warmup {
  /** Warm-up bursts in every box: of every workload in sessions of early versions, else of the one that needs most. */
  readonly length: number;
  /** Those of each workload. */
  readonly lengths?: Readonly<Record<string, number>>;
  readonly series: readonly WarmupSeries[];
}
